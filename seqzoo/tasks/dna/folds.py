"""Folds of cross-validation, which keep copies of a sequence together."""

from sklearn.model_selection import StratifiedGroupKFold

from seqzoo.data.examples import Examples, hold_out
from seqzoo.errors import DataError


def folds(splits, count, seed):
    """Yields the `(train, validation, test)` examples of each fold.

    Each sequence is in the test split of one fold, together with its copies; the test splits have about the same share of each
    label. A ninth of the other sequences is the validation split.

    Raises:
        DataError: a label has fewer sequences than there are folds.
    """
    examples = (splits.train, splits.validation, splits.test)
    whole = Examples(*(sum((getattr(split, column) for split in examples), []) for column in ("inputs", "targets")))
    label, least = min(((label, whole.targets.count(label)) for label in set(whole.targets)), key=lambda pair: pair[1])
    if least < count:
        raise DataError(f"--folds: expected at most {least}, as many as there are sequences of {label!r}, got {count}")
    k_fold = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
    for rest, test in k_fold.split(whole.inputs, whole.targets, groups=whole.inputs):
        train, validation = hold_out(whole.take(rest), seed, 1 / 9, splits.name)
        yield train, validation, whole.take(test)
