"""Language models: perplexity beside n-grams, sampled lines or filled gaps, heat maps of surprise."""

import numpy as np

from seqzoo.data.digest import stretches
from seqzoo.errors import note
from seqzoo.evaluation.n_grams import NGrams
from seqzoo.inspection import token_heatmap
from seqzoo.models.cloze import GAP
from seqzoo.recipe import Task
from seqzoo.tasks.language_modeling import corpus
from seqzoo.tasks.language_modeling.generation import bits, sample
from seqzoo.tasks.language_modeling.metrics import perplexity_metrics

SAMPLED = 5  # lines
LONGEST = 60  # tokens of a sampled line; with a carried state four times as many, as one text
FEW_UPDATES = 500  # with fewer updates a model knows hardly more than the frequencies of words
PLOTTED = 6  # lines
STRETCH, CHOSEN = 16, 4  # words of a stretch; one stretch in so many, chosen by its content, is a row


class LanguageModelTask(Task):
    """Lines of text; models with `score(texts)`, `log_probabilities(ids)` and `step`."""

    heading = "sampled:"
    usage = 'print(model.score(["the lord is my shepherd"])[0].perplexity)'

    def metrics(self, model, split):
        if getattr(model, "carried", False):
            return perplexity_metrics(model.log_probabilities([corpus.stream(split)], batch_size=1))
        return perplexity_metrics(model.log_probabilities(split.y))

    def baselines(self, dataset):
        """Perplexity of unigrams, and of n-grams of the dataset's order."""
        train, test = dataset.train.y, dataset.test.y
        if dataset.carried:
            train, test = ([corpus.stream(split)] for split in (dataset.train, dataset.test))
        rows = {}
        for order in (1, dataset.order):
            n_grams = NGrams(order).fit(train, dataset.possible)
            rows[f"{order}-grams, Kneser-Ney"] = perplexity_metrics([n_grams.log_probabilities(ids) for ids in test])
        return rows

    def examples(self, model, split, seed):
        texts = sample(model, SAMPLED, LONGEST * (4 if model.carried else 1), seed=seed)
        for text in texts[: 1 if model.carried else None]:
            yield "", text.replace("\n", "\n  "), ""

    def plots(self, model, split, folder, title, seed=0):
        """Heat maps of the surprise of each token of some lines."""
        lines = [i for i, tokens in enumerate(model.tokenizer.cut_all(split.inputs)) if tokens]
        chosen = np.random.default_rng(seed).permutation(lines)[:PLOTTED]
        rows = [bits(scored) for scored in model.score([split.inputs[i] for i in chosen])]
        token_heatmap.draw(rows, folder / "surprise.png", f"{title}: surprise of each token, in bits")


class StreamTask(LanguageModelTask):
    """One text of many lines, or of one; models that carry their state."""

    row_name = f"stretches of {STRETCH} words"

    def rows(self, inputs):
        """Stretches of words, or of characters where a script has no spaces, chosen by their content."""
        text = " ".join(inputs)
        words = text.split()
        return stretches(words if len(words) > len(text) / 40 else text, STRETCH, CHOSEN)


class ClozeTask(LanguageModelTask):
    """Lines of text; models with `fill(text)`."""

    heading = "examples of the test split, best words for a gap (reference):"
    usage = 'print(model.fill("in the beginning ___ created the heaven and the earth ."))'

    def examples(self, model, split, seed):
        """A word of some lines, predicted from the other words."""
        rng = np.random.default_rng(seed)
        for i in rng.permutation([i for i, line in enumerate(split.inputs) if GAP not in line])[:SAMPLED]:
            words = split.inputs[i].split()
            gap = int(rng.integers(len(words)))
            text = " ".join([*words[:gap], GAP, *words[gap + 1 :]])
            yield text, ", ".join(f"{token} {p:.2f}" for token, p in model.fill(text, 3)), words[gap]

    def plots(self, model, split, folder, title):
        """No plots for a cloze model."""


def task_of(config):
    """The task of a recipe's config, with `bidirectional` and `stream`."""
    return ClozeTask() if config.bidirectional else StreamTask() if config.stream else LanguageModelTask()


def note_few_updates(epochs, batches, quick):
    """Prints a note before a training that is a smoke run, or has few updates.

    Args:
        batches: batches of an epoch.
        quick: whether only the beginning of each split is read.
    """
    if quick:
        note("--quick reads the first lines only, also of the test split: its metrics are not comparable")
    elif epochs * batches < FEW_UPDATES:
        more = -(-FEW_UPDATES // (10 * batches)) * 10  # enough, a round number
        note(f"only {epochs * batches} updates in all; a small text wants more, such as --epochs {more}")
