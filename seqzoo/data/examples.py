"""Labelled examples in memory, and their split into train, validation and test."""

import random
import unicodedata
from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from seqzoo.errors import DataError


@dataclass(frozen=True)
class Examples:
    """Labelled examples: inputs with their targets, and the domain of each where the source has domains.

    An input is a str or a float32 array `(T_x, features)`; a target is a class name (str) or a float.
    """

    inputs: list
    targets: list
    domains: list | None = None

    def __len__(self) -> int:
        return len(self.inputs)

    def take(self, indices: list[int]) -> "Examples":
        """Returns the examples at `indices`, in that order."""
        columns = (self.inputs, self.targets, self.domains)
        return Examples(*(column and [column[i] for i in indices] for column in columns))


@dataclass(frozen=True)
class Splits:
    """Data set in three splits: train to fit a model, validation to choose it, test to report on it."""

    train: Examples
    validation: Examples
    test: Examples
    name: str


def hold_out(examples: Examples, seed: int, share: float = 1 / 10, name: str = "data") -> tuple[Examples, Examples]:
    """Returns a stratified split `(kept, held)`: `held` has about `share` of each class, at least one where a class has two.

    Equal inputs stay in one split. The same seed gives the same split.

    Raises:
        DataError: no class has two different inputs, so nothing can be held out.
    """
    rng = random.Random(seed)
    held: set[int] = set()
    for groups in _groups_by_class(examples):
        rng.shuffle(groups)
        count = max(1, round(share * len(groups))) if len(groups) > 1 else 0
        held.update(i for group in groups[:count] for i in group)
    if not held:
        raise DataError(f"{name}: too few different examples ({len(examples)}) to split: expected 3 of some class")
    rows = range(len(examples))
    return examples.take([i for i in rows if i not in held]), examples.take([i for i in rows if i in held])


def _groups_by_class(examples: Examples) -> list[list[list[int]]]:
    """Returns the row numbers of each class, grouped by equal input; numeric targets are one class."""
    same = defaultdict(list)
    for i, sequence in enumerate(examples.inputs):
        same[identity(sequence)].append(i)
    classes = defaultdict(list)
    for rows in same.values():
        target = examples.targets[rows[0]]
        classes[target if isinstance(target, str) else None].append(rows)
    return list(classes.values())


def identity(sequence):
    """Returns a key that equal inputs share. Of texts, and of words, capitals, white space, invisible characters and the way in
    which Unicode composes a character do not count."""
    if isinstance(sequence, np.ndarray):
        return sequence.shape, (sequence + 0.0).tobytes()  # of -0.0 and 0.0 one
    if isinstance(sequence, list):
        return identity(" ".join(sequence))
    if not isinstance(sequence, str):
        return sequence
    if not sequence.isascii():
        composed = unicodedata.normalize("NFKC", sequence)
        sequence = "".join(character for character in composed if unicodedata.category(character) != "Cf")
    return " ".join(sequence.casefold().split())
