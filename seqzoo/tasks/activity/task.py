"""Activity: classification of windows, and of recordings by what their windows say together."""

from collections import defaultdict
from pathlib import Path

import numpy as np
from sklearn.metrics import confusion_matrix

from seqzoo.data import recording_files, recordings
from seqzoo.data.batches import in_order
from seqzoo.data.recording_files import Roles
from seqzoo.data.recordings import majority
from seqzoo.evaluation import linear_baselines
from seqzoo.evaluation.metrics import classification_metrics
from seqzoo.inspection import plots
from seqzoo.tasks.activity.data import WINDOW
from seqzoo.tasks.classification import ClassificationTask

LEAST = 1e-7  # a probability, of which the logarithm is taken


class ActivityTask(ClassificationTask):
    """Windows of recordings, or whole sequences, with a label each; models with `answers(inputs)`."""

    imports = "import numpy as np"
    usage = 'window = np.zeros((100, *model.encoder.input_shape_of_step), "float32")\nprint(model.answers([window])[0])'
    fold_metrics = ("accuracy", "accuracy_of_recordings")

    def __init__(self, config):
        self.config = config

    def metrics(self, model, split):
        p = probabilities(model, split.inputs)
        return scores(split, best(model.labels, p), of_recordings(split, model.labels, p))

    def baselines(self, dataset):
        fitted_to = ((split.inputs, split.targets) for split in (dataset.train, dataset.validation))
        found = linear_baselines.classification_baselines(*fitted_to, dataset.test.inputs)
        return {name: scores(dataset.test, given, by_vote(dataset.test, given)) for name, given in found.items()}

    def plots(self, model, split, folder, title):
        """The confusion matrices of windows and of recordings."""
        p = probabilities(model, split.inputs)
        counts = confusion_matrix(split.targets, best(model.labels, p), labels=list(model.labels))
        plots.confusion(counts, model.labels, folder / "confusion.png", f"{title}: {len(split):,} test windows")
        if split.domains:
            found, targets = of_recordings(split, model.labels, p), by_vote(split, split.targets)
            counts = confusion_matrix(list(targets.values()), [found[name] for name in targets], labels=list(model.labels))
            plots.confusion(counts, model.labels, folder / "recordings.png", f"{title}: {len(targets):,} test recordings")

    def predict(self, model, lines, recording_column=None, channels=()):
        if not isinstance(lines, Path):
            yield from super().predict(model, lines)
            return
        roles = Roles(recording=recording_column or self.config.recording_column, channels=channels or model.encoder.channels)
        found, _ = recording_files.read(lines, roles, needs_label=False)
        size = self.config.window or WINDOW
        for recording in found:
            p = probabilities(model, [w.values for w in recordings.windows(recording, size, max(1, size // 2))])
            best = int(np.log(np.maximum(p, LEAST)).sum(axis=0).argmax())
            yield f"{model.labels[best]}\t{p[:, best].mean():.3f}\t{recording.name}"


def probabilities(model, inputs):
    """P of each label, `(N, labels)`."""
    return in_order(model.predict_on_batch, model.sequences(inputs))


def best(labels, p):
    """The most probable labels."""
    return [labels[i] for i in p.argmax(axis=1)]


def of_recordings(split, labels, p):
    """`{recording: label}` with the highest product of its windows' probabilities; `{}` without recordings."""
    sums = defaultdict(lambda: 0)
    for name, row in zip(split.domains or (), np.log(np.maximum(p, LEAST)), strict=False):
        sums[name] = sums[name] + row
    return {name: labels[int(total.argmax())] for name, total in sums.items()}


def by_vote(split, given):
    """`{recording: the commonest label of its windows}`."""
    votes = defaultdict(list)
    for name, label in zip(split.domains or (), given, strict=False):
        votes[name].append(label)
    return {name: majority(labels) for name, labels in votes.items()}


def scores(split, predicted, predicted_of_recordings):
    """The metrics of windows, and the share of recordings that are right."""
    found = classification_metrics(split.targets, predicted)
    if split.domains:
        targets = by_vote(split, split.targets)
        right = [predicted_of_recordings[name] == label for name, label in targets.items()]
        found["accuracy_of_recordings"] = float(np.mean(right))
    return found
