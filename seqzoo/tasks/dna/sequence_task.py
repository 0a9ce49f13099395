"""Classification of DNA sequences: baselines of positions or k-mers, and logos of the importance of bases."""

import sys

import numpy as np

from seqzoo.evaluation.metrics import classification_metrics
from seqzoo.inspection import saliency
from seqzoo.recipe import check
from seqzoo.tasks.classification import ClassificationTask
from seqzoo.tasks.dna import logo, sequences
from seqzoo.tasks.dna.baselines import sequence_baselines
from seqzoo.tasks.dna.dense_network import dense_baseline

PRINTED = 60  # bases of a sequence in a printed line


class SequenceTask(ClassificationTask):
    """DNA sequences with one label each; models with `answers(inputs)`.

    Args:
        middle: as for `sequences.vectors`.
    """

    imports = "from seqzoo.tasks.dna import sequences"
    usage = (
        'window = "GGCTTCTGCAAGGACTTCGCCAAGCTGGAGGTAAGTGCCCGGTGGAGGGACAGGGTCTCG"\n'
        "print(model.answers([sequences.vectors(window, middle=True)]))"
    )

    def __init__(self, middle):
        self.middle = middle

    def baselines(self, dataset):
        train, validation, test = (
            [sequences.bases(array) for array in split.inputs] for split in (dataset.train, dataset.validation, dataset.test)
        )
        fitted_to = (train, dataset.train.targets), (validation, dataset.validation.targets)
        predictions = sequence_baselines(*fitted_to, test) | dense_baseline(*fitted_to, test)
        return {name: classification_metrics(dataset.test.targets, predicted) for name, predicted in predictions.items()}

    def format_input(self, value):
        if isinstance(value, str):
            return value
        rest = f"... ({len(value)} bases)" if len(value) > PRINTED else ""
        return sequences.letters(value[:PRINTED]) + rest

    def plots(self, model, split, folder, title):
        """The plots of classification, and a sequence logo for each label."""
        super().plots(model, split, folder, title)
        title = f"{title}: mean |gradient x input| of the label's probability, {len(split):,} test examples"
        logo.draw(base_importance(model, split), sequences.BASES, folder / "logo.png", title)

    def predict(self, model, lines, form="text"):
        """Yields label TAB probability TAB name of each sequence; a note on standard error counts cut sequences."""
        check("as", form, lambda form: form == "text", "text of a model that answers for whole sequences")
        inputs = sequences.parse_lines(lines)
        longer = sum(len(sequence) > model.max_length for _, sequence in inputs)
        if longer:
            print(f"of {longer:,} long sequences only the first {model.max_length:,} bases are read", file=sys.stderr)
        answers = model.answers([sequences.vectors(sequence, self.middle) for _, sequence in inputs])
        for (name, _), answer in zip(inputs, answers, strict=True):
            yield f"{answer.label}\t{answer.score:.3f}\t{name}"


def base_importance(model, split):
    """Importance of each base for the label's probability, over the sequences of the label: `{label: heights (T, 4)}`."""
    inputs = model.sequences(split.inputs)
    gradients = saliency.gradients(model, inputs, [model.labels.index(label) for label in split.targets])
    heights = {}
    for label in model.labels:
        rows = np.flatnonzero([target == label for target in split.targets])
        if len(rows):
            heights[label] = sequences.bases(saliency.by_step([gradients[i] for i in rows], [inputs[i] for i in rows]))
    return heights
