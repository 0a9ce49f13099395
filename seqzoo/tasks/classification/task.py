"""Classification, or regression where targets are numbers: one prediction for each input."""

import numpy as np
from sklearn.metrics import confusion_matrix

from seqzoo.data import user_files
from seqzoo.evaluation import linear_baselines
from seqzoo.evaluation.metrics import classification_metrics, regression_metrics
from seqzoo.inspection import plots
from seqzoo.recipe import Task


class ClassificationTask(Task):
    """Texts or sequences of numbers with a label, or a number, each; models with `answers(inputs)`."""

    usage = 'print(model.answers(["a delightful, moving film"]))'

    def metrics(self, model, split):
        answers = model.answers(split.inputs)
        return _metrics(model.labels, split.targets, [answer.label if model.labels else answer.score for answer in answers])

    def baselines(self, dataset):
        fit = linear_baselines.classification_baselines if dataset.labels else linear_baselines.regression_baselines
        fitted_to = ((split.inputs, split.targets) for split in (dataset.train, dataset.validation))
        predictions = fit(*fitted_to, dataset.test.inputs)
        return {name: _metrics(dataset.labels, dataset.test.targets, predicted) for name, predicted in predictions.items()}

    def examples(self, model, split, seed, count=5):
        rows = np.random.default_rng(seed).permutation(len(split.inputs))[:count]
        answers = model.answers([split.inputs[i] for i in rows])
        for i, answer in zip(rows, answers, strict=True):
            yield self.format_input(split.inputs[i]), answer.label, self.format_input(split.targets[i])

    def format_input(self, value):
        """An input or a target on one line."""
        if isinstance(value, np.ndarray):
            return f"{', '.join(f'{x:.3g}' for x in value.flat[:6])}, ... ({len(value)} steps)"
        return f"{value:.3f}" if isinstance(value, float) else " ".join(str(value).split())

    def plots(self, model, split, folder, title):
        """A confusion matrix and the accuracy in each domain; for numbers a scatter plot."""
        answers, title = model.answers(split.inputs), f"{title}: {len(split):,} test examples"
        if not model.labels:
            scores = [answer.score for answer in answers]
            return plots.scatter(split.targets, scores, folder / "scatter.png", "actual", "predicted", title)
        predicted, targets = np.array([answer.label for answer in answers]), np.array(split.targets)
        counts = confusion_matrix(targets, predicted, labels=list(model.labels))
        plots.confusion(counts, model.labels, folder / "confusion.png", title)
        if split.domains:
            domains = np.array(split.domains)
            inside = {name: domains == name for name in sorted(set(split.domains))}
            accuracy = [float((targets == predicted)[rows].mean()) for rows in inside.values()]
            majority = [max(float((targets[rows] == label).mean()) for label in model.labels) for rows in inside.values()]
            series = {"model": accuracy, "most frequent label": majority}
            plots.bars(list(inside), series, folder / "domains.png", "accuracy", title)

    def predict(self, model, lines):
        inputs = lines if model.tokenizer else [user_files.sequence(line) for line in lines]
        for line, answer in zip(lines, model.answers(inputs), strict=True):
            yield f"{answer.label}\t{answer.score:.3f}\t{' '.join(line.split())}"


def _metrics(labels, targets, predicted):
    return classification_metrics(targets, predicted) if labels else regression_metrics(targets, predicted)
