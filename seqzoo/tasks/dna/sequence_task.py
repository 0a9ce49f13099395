"""What a recipe says of a model of DNA: figures beside baselines that know positions, folds, logos of what matters."""

import sys

import numpy as np

from seqzoo.evaluation import metrics as evaluation_metrics
from seqzoo.inspection import saliency
from seqzoo.recipe import report
from seqzoo.tasks.dna import baselines as dna_baselines
from seqzoo.tasks.dna import logo
from seqzoo.tasks.dna import sequences as dna_sequences

SHOWN = 60  # letters of a sequence in a printed line


def _of_baselines(problem):
    train, validation, test = (
        [dna_sequences.bases(array) for array in part.inputs] for part in (problem.train, problem.validation, problem.test)
    )
    guesses = dna_baselines.sequence_baselines((train, problem.train.targets), (validation, problem.validation.targets), test)
    return {name: evaluation_metrics.classification_metrics(problem.test.targets, guessed) for name, guessed in guesses.items()}


def _examples(model, part, seed, count=5):
    chosen = np.random.default_rng(seed).permutation(len(part.inputs))[:count]
    answers = model.answers([part.inputs[i] for i in chosen])
    return [(_shown(part.inputs[i]), answer.label, part.targets[i]) for i, answer in zip(chosen, answers, strict=True)]


def _shown(array):
    rest = f"... ({len(array)} bases)" if len(array) > SHOWN else ""
    return dna_sequences.letters(array[:SHOWN]) + rest


KIND = report.Kind(report.ONE_ANSWER.of_model, _of_baselines, _examples)


def lines(model, inputs, middle):
    """Yields label TAB probability TAB name of each `(name, sequence)`; says on standard error if some are too long.

    Args:
        middle: of `dna.vectors`.
    """
    longer = sum(len(sequence) > model.max_length for _, sequence in inputs)
    if longer:
        print(f"of {longer:,} long sequences only the first {model.max_length:,} bases are read", file=sys.stderr)
    answers = model.answers([dna_sequences.vectors(sequence, middle) for _, sequence in inputs])
    for (name, _), answer in zip(inputs, answers, strict=True):
        yield f"{answer.label}\t{answer.score:.3f}\t{name}"


# Folds


# Pictures


def pictures(folder, model, part, history):
    """Those of `report.pictures`, and a logo of the bases that the answers rest on, a row for each label. Returns the paths."""
    paths = report.pictures(folder, model, part, history)
    path = paths[0].parent / "logo.png"
    title = f"{folder.name}: mean |gradient x input| of the label's probability, {len(part.inputs):,} of the test part"
    logo.draw(by_label(model, part), dna_sequences.BASES, path, title)
    return sorted([*paths, path])


def by_label(model, part):
    """{label: heights `(T, 4)`}: what the probability of the label owes to each base, in the sequences of that label."""
    sequences = model.sequences(part.inputs)
    gradients = saliency.gradients(model, sequences, [model.labels.index(label) for label in part.targets])
    heights = {}
    for label in model.labels:
        rows = [i for i, actual in enumerate(part.targets) if actual == label]
        if rows:
            heights[label] = dna_sequences.bases(saliency.by_step([gradients[i] for i in rows], [sequences[i] for i in rows]))
    return heights
