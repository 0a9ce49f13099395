"""What a recipe says of a model of DNA: figures beside baselines that know positions, folds, logos of what matters."""

import sys
import time

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

from seqzoo import report
from seqzoo.data import dna
from seqzoo.data.errors import DataError
from seqzoo.data.examples import Examples, hold_out
from seqzoo.inspection import logo, saliency
from seqzoo.training import baselines, metrics

SHOWN = 60  # letters of a sequence in a printed line


def _of_baselines(problem):
    train, validation, test = (
        [dna.bases(array) for array in part.inputs] for part in (problem.train, problem.validation, problem.test)
    )
    guesses = baselines.of_bases((train, problem.train.actual), (validation, problem.validation.actual), test)
    return {name: metrics.of_labels(problem.test.actual, guessed) for name, guessed in guesses.items()}


def _examples(model, part, seed, count=5):
    chosen = np.random.default_rng(seed).permutation(len(part.inputs))[:count]
    answers = model.answers([part.inputs[i] for i in chosen])
    return [(_shown(part.inputs[i]), answer.label, part.actual[i]) for i, answer in zip(chosen, answers, strict=True)]


def _shown(array):
    rest = f"... ({len(array)} bases)" if len(array) > SHOWN else ""
    return dna.letters(array[:SHOWN]) + rest


KIND = report.Kind(report.ONE_ANSWER.of_model, _of_baselines, _examples)


def lines(model, inputs, middle):
    """Yields label TAB probability TAB name of each `(name, sequence)`; says on standard error if some are too long.

    Args:
        middle: of `dna.vectors`.
    """
    longer = sum(len(sequence) > model.max_length for _, sequence in inputs)
    if longer:
        print(f"of {longer:,} long sequences only the first {model.max_length:,} bases are read", file=sys.stderr)
    answers = model.answers([dna.vectors(sequence, middle) for _, sequence in inputs])
    for (name, _), answer in zip(inputs, answers, strict=True):
        yield f"{answer.label}\t{answer.score:.3f}\t{name}"


# Folds


def folds(splits, count, seed):
    """Yields `(train, validation, test)` examples of each fold: all sequences, with about the same share of each label in every
    test part, each sequence and its copies in one of them. A ninth of the rest is the validation part.

    Raises:
        DataError: a label has fewer sequences than there are folds.
    """
    parts = (splits.train, splits.validation, splits.test)
    whole = Examples(*(sum((getattr(part, column) for part in parts), []) for column in ("inputs", "targets")))
    label, least = min(((label, whole.targets.count(label)) for label in set(whole.targets)), key=lambda pair: pair[1])
    if least < count:
        raise DataError(f"--folds: expected at most {least}, as many as there are sequences of {label!r}, got {count}")
    chooser = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
    for learnt, tested in chooser.split(whole.inputs, whole.targets, groups=whole.inputs):
        train, validation = hold_out(whole.take(learnt), seed, 1 / 9, splits.name)
        yield train, validation, whole.take(tested)


def cross_validate(name, problems, train_once):
    """Trains on each problem and prints its accuracy beside the baselines', then mean and spread. Returns the table's rows.

    Args:
        name: of the model.
        problems: a `data.targets.Problem` for each fold.
        train_once: `problem -> model, history`.
    """
    rows, started = {}, time.time()
    for i, problem in enumerate(problems, start=1):
        model, _ = train_once(problem)
        of_all = {name: KIND.of_model(model, problem.test)} | KIND.of_baselines(problem)
        rows[f"fold {i}"] = {row: figures["accuracy"] for row, figures in of_all.items()}
        print(", ".join([f"fold {i}", *(f"{row} {accuracy:.3f}" for row, accuracy in rows[f"fold {i}"].items())]), flush=True)
    print(f"\naccuracy:\n{report.table(rows | report.mean_and_spread(rows))}\n\n{time.time() - started:.0f} s")
    return rows


# Pictures


def pictures(folder, model, part, history):
    """Those of `report.pictures`, and a logo of the bases that the answers rest on, a row for each label. Returns the paths."""
    paths = report.pictures(folder, model, part, history)
    path = paths[0].parent / "logo.png"
    title = f"{folder.name}: mean |gradient x input| of the label's probability, {len(part.inputs):,} of the test part"
    logo.draw(by_label(model, part), dna.BASES, path, title)
    return sorted([*paths, path])


def by_label(model, part):
    """{label: heights `(T, 4)`}: what the probability of the label owes to each base, in the sequences of that label."""
    sequences = model.sequences(part.inputs)
    gradients = saliency.gradients(model, sequences, [model.labels.index(label) for label in part.actual])
    heights = {}
    for label in model.labels:
        rows = [i for i, actual in enumerate(part.actual) if actual == label]
        if rows:
            heights[label] = dna.bases(saliency.by_step([gradients[i] for i in rows], [sequences[i] for i in rows]))
    return heights
