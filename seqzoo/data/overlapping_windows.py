"""Predictions for sequences of any length, made in overlapping windows of a limited length."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from seqzoo.data.batches import steps_in_order

OVERLAP = 5  # a fifth of a window's steps is in the next window too


class Window(NamedTuple):
    """Window of a sequence: the steps that it reads, `start` to `stop`, and those that it predicts, `first` to `last`."""

    start: int
    stop: int
    first: int
    last: int


def windows(length: int, size: int) -> list[Window]:
    """Returns the windows, of `size` steps each, of a sequence. Of two windows with a step that one predicts it in which the
    step lies further from an end."""
    if length <= size:
        return [Window(0, length, 0, length)]
    overlap = size // OVERLAP
    count = -(-(length - overlap) // (size - overlap))
    starts = [i * (length - size) // (count - 1) for i in range(count)]
    borders = [0, *((a + b + size) // 2 for a, b in pairwise(starts)), length]
    return [Window(start, start + size, *predicted) for start, predicted in zip(starts, pairwise(borders), strict=True)]


def predict(predict_batch: Callable, sequences: Sequence, size: int | None, batch_size: int = 32) -> list[np.ndarray]:
    """Returns an array `(T_x, ...)` for each sequence, made of the predictions of windows of at most `size` steps.

    Args:
        predict_batch: as for `batches.steps_in_order`, with a tuple of one array with steps.
    """
    by_sequence = [windows(len(sequence), size or len(sequence)) for sequence in sequences]
    read = [sequence[w.start : w.stop] for sequence, read in zip(sequences, by_sequence, strict=True) for w in read]
    predicted = (array for (array,) in steps_in_order(predict_batch, read, batch_size))
    pieces = [[next(predicted)[w.first - w.start : w.last - w.start] for w in read] for read in by_sequence]
    return [np.concatenate(of_sequence) for of_sequence in pieces]
