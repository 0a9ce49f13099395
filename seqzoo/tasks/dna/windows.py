"""Label probabilities of each base, for sequences of any length, predicted in overlapping windows."""

from itertools import pairwise

import numpy as np
from keras import ops

from seqzoo.data.batches import steps_in_order

OVERLAP = 5  # a fifth of a window's bases is in the next window too


def probabilities(model, inputs, batch_size=32):
    """P(label) at each base of each input: a list of arrays `(T_x, labels)`.

    An input longer than the model's `max_length` is read in overlapping windows. Of two windows that hold a base, the window
    in which the base lies further from an end predicts it.
    """
    by_input = [_windows(len(sequence), model.max_length or len(sequence)) for sequence in inputs]
    read = [sequence[start:stop] for sequence, windows in zip(inputs, by_input, strict=True) for start, stop, _, _ in windows]
    predicted = (p for (p,) in steps_in_order(_batch_function(model), read, batch_size))
    pieces = [[next(predicted)[first - start : last - start] for start, _, first, last in windows] for windows in by_input]
    return [np.concatenate(windows) for windows in pieces]


def _windows(length, size):
    """`(start, stop, first, last)` of each window: the bases that it reads, and the bases that it predicts."""
    if length <= size:
        return [(0, length, 0, length)]
    overlap = size // OVERLAP
    count = -(-(length - overlap) // (size - overlap))
    starts = [i * (length - size) // (count - 1) for i in range(count)]
    borders = [0, *((a + b + size) // 2 for a, b in pairwise(starts)), length]
    return [(start, start + size, *predicted) for start, predicted in zip(starts, pairwise(borders), strict=True)]


def _batch_function(model):
    """A function from a batch to label probabilities; with a CRF marginal probabilities."""
    if model.crf is None:
        return lambda batch: (model.predict_on_batch(batch),)
    return lambda batch: (ops.convert_to_numpy(model.crf.marginals(model.predict_on_batch(batch), batch["mask"])),)
