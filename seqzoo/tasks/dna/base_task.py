"""What a recipe says of a model that labels each base of DNA: figures of bases and of intervals, lines, pictures."""

from itertools import pairwise

import numpy as np
from keras import ops
from sklearn.metrics import confusion_matrix

from seqzoo.data.batches import steps_in_order
from seqzoo.evaluation import metrics as evaluation_metrics
from seqzoo.inspection import plots
from seqzoo.recipe import report
from seqzoo.tasks.dna import baselines as dna_baselines
from seqzoo.tasks.dna import sequences, tracks
from seqzoo.tasks.dna.intervals import runs

OVERLAP = 5  # of a window's bases a fifth is in the next window too
SHOWN = 4  # intervals in a printed line, and sequences in a picture


# Predictions


def probabilities(model, inputs, batch_size=32):
    """P(label) at each base of each input: a list of arrays `(T_x, labels)`.

    An input longer than the model's `max_length` is read in windows that overlap; a base is answered for by the window in which
    it lies further from an end.
    """
    windows = [_windows(len(sequence), model.max_length or len(sequence)) for sequence in inputs]
    read = [sequence[start:stop] for sequence, of_one in zip(inputs, windows, strict=True) for start, stop, _, _ in of_one]
    found = (of_window for (of_window,) in steps_in_order(_of_batch(model), read, batch_size))
    answered = [[next(found)[first - start : last - start] for start, _, first, last in of_one] for of_one in windows]
    return [np.concatenate(of_one) for of_one in answered]


def _windows(length, size):
    """`(start, stop, first, last)`: where a window lies, and which bases it answers for."""
    if length <= size:
        return [(0, length, 0, length)]
    overlap = size // OVERLAP
    count = -(-(length - overlap) // (size - overlap))
    starts = [i * (length - size) // (count - 1) for i in range(count)]
    borders = [0, *((a + b + size) // 2 for a, b in pairwise(starts)), length]
    return [(start, start + size, *own) for start, own in zip(starts, pairwise(borders), strict=True)]


def _of_batch(model):
    """A function of a batch; with a CRF it returns marginal probabilities."""
    if model.crf is None:
        return lambda batch: (model.predict_on_batch(batch),)
    return lambda batch: (ops.convert_to_numpy(model.crf.marginals(model.predict_on_batch(batch), batch["mask"])),)


def lines(model, inputs, form):
    """Yields what is said of `(name, sequence)` inputs.

    As "text" a line for each: its intervals, the mean probability of its labels, its name. As "bed" a line for each interval:
    name, start, end, label, a score, which in BED is an integer in 0..1000 (here 1000 times the mean probability of the label),
    and "." for no strand.
    """
    found = probabilities(model, [sequences.vectors(sequence) for _, sequence in inputs])
    for (name, _), p in zip(inputs, found, strict=True):
        spans = runs(p.argmax(axis=1))
        if form == "text":
            yield f"{_shown(spans, model.labels)}\t{p.max(axis=1).mean():.3f}\t{name}"
        else:
            for start, end, number in spans:
                score = round(1000 * float(p[start:end, number].mean()))
                yield f"{name}\t{start}\t{end}\t{model.labels[number]}\t{score}\t."


def _shown(spans, labels, most=None):
    rest = f", ... ({len(spans)} intervals)" if most and len(spans) > most else ""
    return ", ".join(f"{start}-{end} {labels[number]}" for start, end, number in spans[:most]) + rest or labels[0]


# Figures


def _of_model(model, part):
    return figures(part.y, _predicted(model, part))


def _predicted(model, part):
    return [p.argmax(axis=1) for p in probabilities(model, part.inputs)]


def _of_baselines(problem):
    guesses = dna_baselines.base_baselines((problem.train.inputs, problem.train.y), problem.test.inputs)
    return {name: figures(problem.test.y, guessed) for name, guessed in guesses.items()}


def figures(actual, predicted):
    """Of bases, the accuracy and the mean of the labels' F1; of intervals, the F1: one is right if its label and both its ends
    are."""
    there, found = ({(i, *run) for i, numbers in enumerate(of) for run in runs(numbers)} for of in (actual, predicted))
    f1 = 2 * len(there & found) / max(len(there) + len(found), 1)
    return evaluation_metrics.classification_metrics(np.concatenate(actual), np.concatenate(predicted)) | {"interval_f1": f1}


def _examples(model, part, seed, count=5):
    chosen = np.random.default_rng(seed).permutation(len(part.inputs))[:count]
    for i, p in zip(chosen, probabilities(model, [part.inputs[i] for i in chosen]), strict=True):
        text = f"{sequences.letters(part.inputs[i][:20])}... ({len(p)} bases)"
        yield text, *(_shown(runs(numbers), model.labels, SHOWN) for numbers in (p.argmax(axis=1), part.y[i]))


KIND = report.Kind(_of_model, _of_baselines, _examples)


# Pictures


def pictures(folder, model, part, history):
    """Curves; what bases are taken for; and tracks of some sequences. Returns the paths."""
    title, folder = folder.name, report.folder_of_pictures(folder)
    found = probabilities(model, part.inputs)
    predicted = [p.argmax(axis=1) for p in found]
    plots.curves(history, folder / "curves.png", title)
    title = f"{title}: {sum(map(len, found)):,} bases of the test part"
    counts = confusion_matrix(*map(np.concatenate, (part.y, predicted)), labels=range(len(model.labels)))
    plots.confusion(counts, model.labels, folder / "confusion.png", title)
    chosen = sorted(range(len(found)), key=lambda i: not part.y[i].any())[:SHOWN]  # those with intervals first
    both = {i: {"actual": runs(part.y[i]), "predicted": runs(predicted[i])} for i in chosen}
    rows = {f"test sequence {i + 1}, {len(found[i]):,} bases": (both[i], 1 - found[i][:, 0]) for i in chosen}
    tracks.draw(rows, model.labels, folder / "tracks.png", title)
    return sorted(folder.glob("*.png"))
