"""Datasets as arrays: inputs and targets of the training, validation and test split."""

import dataclasses
import math

import numpy as np

from seqzoo.data.examples import Examples
from seqzoo.errors import DataError

LARGEST = float(np.finfo(np.float32).max)


@dataclasses.dataclass(frozen=True)
class Split:
    """Split of a data set: inputs, targets and y, the targets as numbers; and domains, where the source has domains.

    A target is a label, a number, or a list of labels, one for each step. y is accordingly a one-hot array `(N, labels)`, an
    array `(N, 1)`, or lists of class numbers.
    """

    inputs: list
    targets: list
    y: np.ndarray | list
    domains: list | None = None

    def __len__(self) -> int:
        return len(self.inputs)

    def take(self, rows: list[int]) -> "Split":
        """Returns the examples at `rows`, in that order."""
        y = self.y[rows] if isinstance(self.y, np.ndarray) else self.y and [self.y[i] for i in rows]
        columns = (column and [column[i] for i in rows] for column in (self.inputs, self.targets, self.domains))
        inputs, targets, domains = columns
        return Split(inputs, targets, y, domains)


@dataclasses.dataclass(frozen=True)
class Dataset:
    """Data set of a task: `labels` (none for a regression), and the splits train, validation and test."""

    labels: tuple[str, ...]
    train: Split
    validation: Split
    test: Split


def of_labels(examples: Examples, labels: tuple[str, ...], source: str) -> Split:
    """Returns a split for classification: y is one-hot, in the order of `labels`.

    Raises:
        DataError: an example has a label that is not in `labels`.
    """
    number = _numbers(set(examples.targets), labels, source)
    y = np.eye(len(labels), dtype=np.float32)[[number[target] for target in examples.targets]]
    return Split(examples.inputs, examples.targets, y, examples.domains)


def of_steps(examples: Examples, labels: tuple[str, ...], source: str) -> Split:
    """Returns a split for tagging: y has the class number of each step's label.

    Raises:
        DataError: an example has a label that is not in `labels`.
    """
    number = _numbers({label for sequence in examples.targets for label in sequence}, labels, source)
    return Split(examples.inputs, examples.targets, [[number[label] for label in sequence] for sequence in examples.targets])


def _numbers(used: set[str], labels: tuple[str, ...], source: str) -> dict[str, int]:
    unknown = sorted(used - set(labels))
    if unknown:
        raise DataError(f"{source}: label {unknown[0]!r} is unknown to the model, expected {', '.join(labels[:10])}")
    return {label: i for i, label in enumerate(labels)}


def of_numbers(examples: Examples, source: str) -> Split:
    """Returns a split for regression: y is the number itself.

    Raises:
        DataError: a target is no finite number.
    """
    numbers = to_numbers(examples.targets, source)
    return Split(examples.inputs, numbers, np.array(numbers, np.float32)[:, None], examples.domains)


def to_numbers(targets: list, source: str) -> list[float]:
    """Returns targets as finite numbers.

    Raises:
        DataError: a target is no finite number.
    """
    return [_number(target, source) for target in targets]


def _number(target, source: str) -> float:
    try:
        number = float(target)
    except ValueError:
        number = math.nan
    if not abs(number) <= LARGEST:  # NaN compares false
        raise DataError(f"{source}: expected a number in the label column, found {target!r}")
    return number
