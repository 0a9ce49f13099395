"""Classification of DNA bases: metrics of bases and of intervals, predictions as intervals, plots of tracks."""

import numpy as np
from sklearn.metrics import confusion_matrix

from seqzoo.data.digest import stretches
from seqzoo.evaluation.metrics import classification_metrics
from seqzoo.inspection import plots
from seqzoo.recipe import Task
from seqzoo.tasks.dna import sequences, tracks
from seqzoo.tasks.dna.baselines import base_baselines
from seqzoo.tasks.dna.intervals import runs
from seqzoo.tasks.dna.windows import probabilities

STRETCH, CHOSEN = 32, 16  # bases of a stretch; one stretch in so many, chosen by its content, is a row
MOST_DISPLAYED = 4  # intervals in a printed line, and sequences in a plot


class BaseTask(Task):
    """DNA sequences with a label for each base; models of probabilities for each base."""

    row_name = f"stretches of {STRETCH} bases"
    imports = "from seqzoo.tasks.dna import sequences, windows"
    usage = 'print(windows.probabilities(model, [sequences.vectors("GGCTTCTGCAAGGACTTC")])[0].argmax(axis=1))'

    def rows(self, inputs):
        """Stretches of bases, chosen by their content: the same in each window of a sequence, wherever it begins."""
        return (stretch for bases in map(sequences.letters, inputs) for stretch in stretches(bases, STRETCH, CHOSEN))

    def metrics(self, model, split):
        return base_metrics(split.y, _predicted(model, split))

    def baselines(self, dataset):
        predictions = base_baselines((dataset.train.inputs, dataset.train.y), dataset.test.inputs)
        return {name: base_metrics(dataset.test.y, predicted) for name, predicted in predictions.items()}

    def examples(self, model, split, seed, count=5):
        rows = np.random.default_rng(seed).permutation(len(split.inputs))[:count]
        for i, p in zip(rows, probabilities(model, [split.inputs[i] for i in rows]), strict=True):
            text = f"{sequences.letters(split.inputs[i][:20])}... ({len(p)} bases)"
            both = (runs(numbers) for numbers in (p.argmax(axis=1), split.y[i]))
            yield text, *(_format_intervals(intervals, model.labels, MOST_DISPLAYED) for intervals in both)

    def plots(self, model, split, folder, title):
        """A confusion matrix of bases, and tracks of some sequences."""
        p = probabilities(model, split.inputs)
        predicted, title = [steps.argmax(axis=1) for steps in p], f"{title}: {sum(map(len, p)):,} bases of the test split"
        counts = confusion_matrix(*map(np.concatenate, (split.y, predicted)), labels=range(len(model.labels)))
        plots.confusion(counts, model.labels, folder / "confusion.png", title)
        with_intervals_first = sorted(range(len(p)), key=lambda i: not split.y[i].any())
        chosen = with_intervals_first[:MOST_DISPLAYED]
        both = {i: {"reference": runs(split.y[i]), "predicted": runs(predicted[i])} for i in chosen}
        rows = {f"test sequence {i + 1}, {len(p[i]):,} bases": (both[i], 1 - p[i][:, 0]) for i in chosen}
        tracks.draw(rows, model.labels, folder / "tracks.png", title)

    def predict(self, model, lines, form="text"):
        """Yields a line for each sequence, or for each interval, by the format `form`.

        A line of "text" is a sequence: its intervals TAB the mean probability of its labels TAB its name. A line of "bed" is an
        interval: name, start, end, label, score, and "." for no strand. The score is 1000 times the mean probability of the
        label, since BED has integers in 0..1000.
        """
        inputs = sequences.parse_lines(lines)
        p_by_sequence = probabilities(model, [sequences.vectors(sequence) for _, sequence in inputs])
        for (name, _), p in zip(inputs, p_by_sequence, strict=True):
            intervals = runs(p.argmax(axis=1))
            if form == "text":
                yield f"{_format_intervals(intervals, model.labels)}\t{p.max(axis=1).mean():.3f}\t{name}"
            else:
                for start, end, number in intervals:
                    score = round(1000 * float(p[start:end, number].mean()))
                    yield f"{name}\t{start}\t{end}\t{model.labels[number]}\t{score}\t."


def base_metrics(targets, predicted):
    """Accuracy and macro F1 of bases, and the F1 of intervals: an interval is right if its label and both its ends are."""
    true, positive = ({(i, *run) for i, numbers in enumerate(all) for run in runs(numbers)} for all in (targets, predicted))
    f1 = 2 * len(true & positive) / max(len(true) + len(positive), 1)
    return classification_metrics(np.concatenate(targets), np.concatenate(predicted)) | {"interval_f1": f1}


def _predicted(model, split):
    return [p.argmax(axis=1) for p in probabilities(model, split.inputs)]


def _format_intervals(intervals, labels, most=None):
    rest = f", ... ({len(intervals)} intervals)" if most and len(intervals) > most else ""
    return ", ".join(f"{start}-{end} {labels[number]}" for start, end, number in intervals[:most]) + rest or labels[0]
