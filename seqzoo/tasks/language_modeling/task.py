"""What a recipe says of a language model: perplexity beside n-grams, sampled lines, the surprise of each word."""

import numpy as np

from seqzoo.evaluation.n_grams import NGrams
from seqzoo.inspection import plots, token_heatmap
from seqzoo.models import Cloze
from seqzoo.models.cloze import GAP
from seqzoo.recipe import main as command_line
from seqzoo.recipe import report
from seqzoo.tasks.language_modeling import corpus
from seqzoo.tasks.language_modeling.generation import bits, generate

SAMPLED = 5  # lines
LONGEST = 60  # tokens of one; of a stream four times as many, in one piece
FEW = 500  # updates, with fewer of which a model has learnt hardly more than which words are frequent


def figures(log_p):
    """Of the natural logarithms of all tokens' probabilities: perplexity, and the mean in bits and in nats."""
    nats = -float(np.mean(np.concatenate(log_p)))
    return {"perplexity": float(np.exp(nats)), "bits_per_token": nats / np.log(2), "nats_per_token": nats}


def _of_model(model, part):
    if getattr(model, "carried", False):
        return figures(model.log_probabilities([corpus.stream(part)], batch_size=1))
    return figures(model.log_probabilities(part.y))


def _of_baselines(problem):
    """Unigrams, and the longest n-grams that counting is good for, each predicting from what stands before."""
    train, test = problem.train.y, problem.test.y
    if problem.carried:
        train, test = ([corpus.stream(part)] for part in (problem.train, problem.test))
    found = {}
    for order in (1, problem.order):
        n_grams = NGrams(order).fit(train, problem.possible)
        found[f"{order}-grams, Kneser-Ney"] = figures([n_grams.log_probabilities(ids) for ids in test])
    return found


def _samples(model, part, seed):
    for text in generate(model, SAMPLED, LONGEST * (4 if model.carried else 1), seed=seed)[: 1 if model.carried else None]:
        yield "", text.replace("\n", "\n  "), ""


def _gaps(model, part, seed):
    """Words of some lines, taken out and guessed."""
    chance = np.random.default_rng(seed)
    for i in chance.permutation([i for i, line in enumerate(part.inputs) if GAP not in line])[:SAMPLED]:
        words = part.inputs[i].split()
        gap = int(chance.integers(len(words)))
        text = " ".join([*words[:gap], GAP, *words[gap + 1 :]])
        yield text, ", ".join(f"{token} {p:.2f}" for token, p in model.fill(text, 3)), words[gap]


LINES = report.Kind(_of_model, _of_baselines, _samples, "sampled:", "`.score(texts)` asks it")
GAPS = report.Kind(
    _of_model,
    _of_baselines,
    _gaps,
    "of the test part, the best words for a gap (and what stood there):",
    "`.fill(text)` asks it",
)


def kind_of(model):
    return GAPS if isinstance(model, Cloze) else LINES


def note_what_is_little(epochs, batches, quick):
    """Notes, before a training, why not to expect much of it.

    Args:
        batches: of an epoch.
        quick: whether only the beginning of each part is read.
    """
    if quick:
        command_line.note("--quick reads the first lines only, also of the test part: no figures to compare with a full run's")
    elif epochs * batches < FEW:
        more = -(-FEW // (10 * batches)) * 10  # enough, a round number
        command_line.note(f"only {epochs * batches} updates in all; a small text wants more, such as --epochs {more}")


def pictures(folder, model, part, history, seed=0, count=6):
    """Curves; the surprise of each word of some lines. Returns the paths."""
    title, folder = folder.name, report.folder_of_pictures(folder)
    plots.curves(history, folder / "curves.png", title)
    if not isinstance(model, Cloze):
        chosen = np.random.default_rng(seed).permutation(
            [i for i, tokens in enumerate(model.tokenizer.cut_all(part.inputs)) if tokens]
        )[:count]
        rows = [bits(scored) for scored in model.score([part.inputs[i] for i in chosen])]
        token_heatmap.draw(rows, folder / "surprise.png", f"{title}: surprise of each token, in bits")
    return sorted(folder.glob("*.png"))
