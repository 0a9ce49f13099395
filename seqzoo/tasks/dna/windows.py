"""Probabilities of labels at each base, of sequences of any length, read in overlapping windows."""

from itertools import pairwise

import numpy as np
from keras import ops

from seqzoo.data.batches import steps_in_order

OVERLAP = 5  # of a window's bases a fifth is in the next window too


def probabilities(model, inputs, batch_size=32):
    """P(label) at each base of each input: a list of arrays `(T_x, labels)`.

    An input longer than the model's `max_length` is read in windows that overlap; a base is answered for by the window in which
    it lies further from an end.
    """
    windows = [_windows(len(sequence), model.max_length or len(sequence)) for sequence in inputs]
    read = [sequence[start:stop] for sequence, own in zip(inputs, windows, strict=True) for start, stop, _, _ in own]
    predicted = (p for (p,) in steps_in_order(_batch_function(model), read, batch_size))
    parts = [[next(predicted)[first - start : last - start] for start, _, first, last in own] for own in windows]
    return [np.concatenate(own) for own in parts]


def _windows(length, size):
    """`(start, stop, first, last)`: where a window lies, and which bases it answers for."""
    if length <= size:
        return [(0, length, 0, length)]
    overlap = size // OVERLAP
    count = -(-(length - overlap) // (size - overlap))
    starts = [i * (length - size) // (count - 1) for i in range(count)]
    borders = [0, *((a + b + size) // 2 for a, b in pairwise(starts)), length]
    return [(start, start + size, *own) for start, own in zip(starts, pairwise(borders), strict=True)]


def _batch_function(model):
    """A function of a batch; with a CRF it returns marginal probabilities."""
    if model.crf is None:
        return lambda batch: (model.predict_on_batch(batch),)
    return lambda batch: (ops.convert_to_numpy(model.crf.marginals(model.predict_on_batch(batch), batch["mask"])),)
