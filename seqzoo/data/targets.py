"""What a model learns from: examples with their answers as arrays."""

import dataclasses
import math

import numpy as np

from seqzoo.data.examples import Examples
from seqzoo.errors import DataError

LARGEST = float(np.finfo(np.float32).max)


@dataclasses.dataclass(frozen=True)
class Split:
    """Inputs; what is actual of each, a label, a number or a label for each step; that as y, an array `(N, labels)` or `(N, 1)`
    or lists of the labels' numbers; the domains."""

    inputs: list
    targets: list
    y: np.ndarray | list
    domains: list | None = None


@dataclasses.dataclass(frozen=True)
class Dataset:
    """What is asked, one of `labels` or (none) a number; what to learn it from, what to choose by, what to report on."""

    labels: tuple[str, ...]
    train: Split
    validation: Split
    test: Split


def of_labels(examples: Examples, labels: tuple[str, ...], source: str) -> Split:
    """y is one-hot in the order of `labels`.

    Raises:
        DataError: an example has another label.
    """
    number = _numbers(set(examples.targets), labels, source)
    y = np.eye(len(labels), dtype=np.float32)[[number[target] for target in examples.targets]]
    return Split(examples.inputs, examples.targets, y, examples.domains)


def of_steps(examples: Examples, labels: tuple[str, ...], source: str) -> Split:
    """y has the number of each step's label.

    Raises:
        DataError: an example has another label.
    """
    number = _numbers({label for of_one in examples.targets for label in of_one}, labels, source)
    return Split(examples.inputs, examples.targets, [[number[label] for label in of_one] for of_one in examples.targets])


def _numbers(found: set[str], labels: tuple[str, ...], source: str) -> dict[str, int]:
    unknown = sorted(found - set(labels))
    if unknown:
        raise DataError(f"{source}: label {unknown[0]!r} is unknown to the model, expected {', '.join(labels[:10])}")
    return {label: i for i, label in enumerate(labels)}


def of_numbers(examples: Examples, source: str) -> Split:
    """y is the number itself.

    Raises:
        DataError: a target is none.
    """
    numbers = to_numbers(examples.targets, source)
    return Split(examples.inputs, numbers, np.array(numbers, np.float32)[:, None], examples.domains)


def to_numbers(targets: list, source: str) -> list[float]:
    """Targets as finite numbers.

    Raises:
        DataError: one is none.
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
