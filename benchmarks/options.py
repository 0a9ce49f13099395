"""Benchmark of options, the cost of masks and dropout in a training step: `python -m benchmarks.options`.

All layers run in one process, and repetitions alternate. Prints medians, quartiles in brackets, and the ratio to the plain
layer. On a shared machine only the ratios of one run mean anything. `KERAS_BACKEND=jax` chooses the other backend.
"""

import argparse
import functools

import keras
import numpy as np

from benchmarks.side_by_side import milliseconds
from seqzoo import layers

UNITS = {
    "simplified GRU": lambda units, **options: layers.GRU(units, relevance_gate=False, **options),
    "full GRU": layers.GRU,
    "LSTM": layers.LSTM,
    "LSTM, peephole": lambda units, **options: layers.LSTM(units, peephole="output", **options),
    "simple RNN": layers.SimpleRNN,
}
MASKS = ("right-padded mask", "mask with gaps")
OPTIONS = {
    "plain": {},
    **{name: {} for name in MASKS},
    "recurrent dropout": {"recurrent_dropout": 0.2},
    "dropout": {"dropout": 0.2},
    "all of them": {"dropout": 0.2, "recurrent_dropout": 0.2},
}


class Masked(keras.Model):
    """Model with a layer whose mask, the same for every batch, is a constant."""

    def __init__(self, layer, mask):
        super().__init__()
        self.layer, self.dense, self.mask_of_all = layer, keras.layers.Dense(1), mask

    def call(self, x, training=False):
        mask = None if self.mask_of_all is None else keras.ops.convert_to_tensor(self.mask_of_all)
        return self.dense(self.layer(x, mask=mask, training=training))


def masks(batch, steps):
    """Returns {option: mask} for the options with a mask."""
    rng = np.random.default_rng(1)
    right = np.arange(steps) < rng.integers(steps // 2, steps + 1, batch)[:, None]
    gaps = rng.random((batch, steps)) < 0.75
    return {"right-padded mask": right, "mask with gaps": gaps, "all of them": right & gaps}


def by_turns(models, x, y, repetitions):
    """Returns {option: milliseconds of each training step}, after a first step that compiles."""
    steps = {option: functools.partial(_step, model, x, y) for option, model in models.items()}
    for step in steps.values():
        step()
    turns = [{option: milliseconds(step) for option, step in steps.items()} for _ in range(repetitions)]
    return {option: [turn[option] for turn in turns] for option in models}


def _step(model, x, y):
    return float(model.train_on_batch(x, y))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", default="8,500,32,128", help="batch, steps, inputs, units")
    parser.add_argument("--repetitions", type=int, default=20)
    options = parser.parse_args()
    batch, steps, inputs, units = map(int, options.size.split(","))
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(batch, steps, inputs)), rng.normal(size=(batch, steps, 1))
    print(f"{keras.backend.backend()}, keras {keras.__version__}, training step, ms, of {options.size}")
    for unit, make in UNITS.items():
        models = {}
        for option, arguments in OPTIONS.items():
            models[option] = Masked(make(units, return_sequences=True, **arguments), masks(batch, steps).get(option))
            models[option].compile("sgd", "mse")
        times = by_turns(models, x.astype("float32"), y.astype("float32"), options.repetitions)
        quartiles = {option: np.percentile(values, [25, 50, 75]) for option, values in times.items()}
        for option, (low, median, high) in quartiles.items():
            ratio = median / quartiles["plain"][1]
            print(
                f"{unit:15} {option:18} {median:7.1f} [{low:.1f}, {high:.1f}]   {ratio:.2f} times the plain layer", flush=True
            )


if __name__ == "__main__":
    main()
