"""Translation: metrics beside baselines, translations with their scores, attention matrices, quality by length."""

import numpy as np

from seqzoo import recipe
from seqzoo.errors import note
from seqzoo.evaluation import tables
from seqzoo.inspection import attention_matrix, line_plots
from seqzoo.models import Output
from seqzoo.tasks.translation import data
from seqzoo.tasks.translation.baselines import outputs_of_baselines
from seqzoo.tasks.translation.metrics import metrics_of

BATCH = 128  # inputs that are decoded together
BLOCK = 1024  # inputs whose outputs are printed together
BEAM = 5
MATRICES = 3  # attention matrices that `plots` draws
GROUPS = 6  # of inputs by length


class TranslationTask(recipe.Task):
    """Texts with a list of outputs each, any of which is right; models with `answers(texts)`.

    Args:
        config: the recipe's, with the `levels` of the tokens of both sides, and what is read of the data.
    """

    def __init__(self, config):
        self.config, self.dates = config, config.data == "dates" and not config.reverse
        text = {"dates": "3 May 1979", "pronunciation": "recurrent"}.get("" if config.reverse else config.data, "...")
        self.usage = f'print(model.answers(["{text}"])[0].text)'

    def metrics(self, model, split):
        return self.metrics_of(split, texts_of(model, split.inputs))

    def metrics_of(self, split, outputs):
        """The metrics of outputs, texts, on a split."""
        return metrics_of(self.config.levels[1], split.targets, outputs, self.config.lowercase)

    def baselines(self, dataset):
        outputs = outputs_of_baselines(data.unrolled(dataset.train), dataset.test.inputs, self.config.levels)
        return {name: self.metrics_of(dataset.test, texts) for name, texts in outputs.items()}

    def examples(self, model, split, seed, count=5):
        rows = np.random.default_rng(seed).permutation(len(split.inputs))[:count]
        for i, text in zip(rows, texts_of(model, [split.inputs[i] for i in rows]), strict=True):
            right = self.metrics_of(split.take([i]), [text])
            is_right = right.get("exact_match", 1 - right.get("word_error_rate", 0)) == 1
            yield split.inputs[i], text, "right" if is_right else f"reference: {split.targets[i][0]}"

    def details(self, name, model, dataset):
        """Metrics of a beam search, where the table has those of greedy decoding; of dates those in held-out formats too."""
        test = dataset.test
        rows = {f"{name}, beam {BEAM}": self.metrics_of(test, texts_of(model, test.inputs, BEAM))}
        return tables.table(rows | (self._by_format(model) if self.dates else {}))

    def _by_format(self, model):
        """Metrics of dates in formats that no split has, all together and each alone."""
        held_out = data.held_out_formats(self.config.seed, self.config.locales)
        outputs, rows = texts_of(model, held_out.inputs), {}
        for name in ["held-out formats", *sorted(set(held_out.domains))]:
            inside = [i for i, domain in enumerate(held_out.domains) if name in (domain, "held-out formats")]
            rows[name] = self.metrics_of(held_out.take(inside), [outputs[i] for i in inside])
        return rows

    def plots(self, model, split, folder, title):
        """Attention matrices of a few inputs, and the quality by the length of the input."""
        if model.decoder.attention is not None:
            rows = np.random.default_rng(self.config.seed).permutation(len(split.inputs))[:MATRICES]
            for number, i in enumerate(rows, start=1):
                draw_attention(model, split.inputs[i], folder / f"attention-{number}.png", title)
        draw_by_length({title: by_length(self, model, split, texts_of(model, split.inputs))}, folder / "by_length.png", title)

    def predict(self, model, lines, beam=BEAM, n_best=1):
        texts = [" ".join(line.split()) for line in lines]
        note_long(model, texts)
        cut = 0
        for begin in range(0, len(texts), BLOCK):
            block = texts[begin : begin + BLOCK]
            found = iter(model.n_best([text for text in block if text], n_best, beam, batch_size=BATCH))
            for text in block:
                for output in next(found) if text else [Output("", 0.0, [])] * n_best:
                    cut += not output.ended
                    yield f"{output.text}\t{output.score:.3f}\t{text}"
        if cut:
            note(f"{cut:,} outputs reached {model.max_output} tokens, and were cut there")


def texts_of(model, inputs, width=1):
    """The text that the model makes of each input."""
    return [output.text for output in model.answers(inputs, width, batch_size=BATCH)]


def note_long(model, texts):
    """Notes which texts are longer than the model reads."""
    for number, tokens in enumerate(model.tokenizer.source.cut_all(texts), start=1):
        if len(tokens) > model.max_length:
            note(f"input {number}: {len(tokens):,} tokens, of which the first {model.max_length} are read")


def draw_attention(model, text, path, title):
    """Writes the attention matrix of an input and the model's output."""
    (output,) = model.answers([text])
    ((_, weights),) = model.forced([text], [output.tokens])
    (inputs,), tokens = model.tokenizer.source.cut_all([text]), model.tokenizer.target.tokens
    outputs = [tokens[i] for i in model.targets([output.tokens])[0][: len(weights) - (not output.ended)]]
    attention_matrix.draw(weights[: len(outputs)], inputs[: weights.shape[1]], outputs, path, title)


def by_length(task, model, split, outputs):
    """The name of the task's first metric; mean length and metric of groups of inputs, by their length in tokens."""
    lengths = np.array([len(ids) for ids in model.sequences(split.inputs)])
    order = np.argsort(lengths, kind="stable")
    groups = [rows for rows in np.array_split(order, GROUPS) if len(rows)]
    values = [task.metrics_of(split.take(list(rows)), [outputs[i] for i in rows]) for rows in groups]
    name = next(iter(values[0]))
    return name, [float(lengths[rows].mean()) for rows in groups], [metrics[name] for metrics in values]


def draw_by_length(series, path, title):
    """Writes a plot of `{name: by_length(...)}`."""
    name = next(iter(series.values()))[0]
    lines = {label: (x, y) for label, (_, x, y) in series.items()}
    line_plots.lines(lines, path, "length of the input, in tokens", name.replace("_", " "), title)
