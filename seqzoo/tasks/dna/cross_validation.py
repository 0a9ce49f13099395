"""Cross-validation of models of DNA sequences, in folds that keep copies of a sequence together."""

import time

from sklearn.model_selection import StratifiedGroupKFold

from seqzoo.data.examples import Examples, hold_out
from seqzoo.errors import DataError
from seqzoo.evaluation import tables
from seqzoo.tasks.dna.sequence_task import KIND


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
        problems: a `data.targets.Dataset` for each fold.
        train_once: `problem -> model, history`.
    """
    rows, started = {}, time.time()
    for i, problem in enumerate(problems, start=1):
        model, _ = train_once(problem)
        of_all = {name: KIND.of_model(model, problem.test)} | KIND.of_baselines(problem)
        rows[f"fold {i}"] = {row: figures["accuracy"] for row, figures in of_all.items()}
        print(", ".join([f"fold {i}", *(f"{row} {accuracy:.3f}" for row, accuracy in rows[f"fold {i}"].items())]), flush=True)
    print(f"\naccuracy:\n{tables.table(rows | tables.mean_and_spread(rows))}\n\n{time.time() - started:.0f} s")
    return rows
