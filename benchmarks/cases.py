"""Benchmark cases: a unit, a size and a mask, and the batch that every framework gets."""

from typing import NamedTuple

import numpy as np

UNITS = (
    "simplified GRU",
    "full GRU",
    "reset-after GRU",
    "LSTM",
    "LSTM peephole",
    "simple RNN",
    "bidirectional GRU",
    "bidirectional LSTM",
    "stacked LSTM",
)
SIZES = ((32, 100, 32, 64), (32, 200, 128, 256), (64, 100, 128, 512), (8, 1000, 32, 128), (1, 512, 64, 128))


class Case(NamedTuple):
    """Benchmark case: unit, size and whether the batch is masked."""

    unit: str
    size: tuple[int, int, int, int]  # batch, steps, inputs, units
    masked: bool = False


def lengths(case):
    """Returns the sequence lengths of a right-padded batch, from half of the steps to all."""
    batch, steps, _, _ = case.size
    return np.random.default_rng(1).integers(steps // 2, steps + 1, batch)


def data(case):
    """Returns x `(batch, steps, inputs)`, y `(batch, steps, 1)`, and, if masked, a mask `(batch, steps)`, else None."""
    batch, steps, inputs, _ = case.size
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(batch, steps, inputs)), rng.normal(size=(batch, steps, 1))
    mask = np.arange(steps) < lengths(case)[:, None] if case.masked else None
    return x.astype("float32"), y.astype("float32"), mask
