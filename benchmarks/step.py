"""A training step beside keras.layers', in one process: `python -m benchmarks.step [--size BATCH,T,INPUTS,UNITS]`.

Both models are compiled with Keras's defaults; repetitions alternate; medians, with the quartiles in brackets. On a shared
machine only the ratios of one run mean anything.
"""

import argparse
import time

import keras
import numpy as np

from seqzoo import layers

PAIRS = {
    "full GRU": (lambda units: layers.GRU(units, return_sequences=True),
                 lambda units: keras.layers.GRU(units, reset_after=False, return_sequences=True)),
    "LSTM": (lambda units: layers.LSTM(units, return_sequences=True),
             lambda units: keras.layers.LSTM(units, return_sequences=True)),
    "simple RNN": (lambda units: layers.SimpleRNN(units, return_sequences=True),
                   lambda units: keras.layers.SimpleRNN(units, return_sequences=True)),
}  # fmt: skip


def model(layer, steps, inputs):
    x = keras.Input((steps, inputs))
    result = keras.Model(x, keras.layers.Dense(1)(layer(x)))
    result.compile("sgd", "mse")
    return result


def milliseconds(models, x, y, repetitions):
    """{name: times of a training step}, after one that compiles."""
    for m in models.values():
        m.train_on_batch(x, y)
    times = {name: [] for name in models}
    for _ in range(repetitions):
        for name, m in models.items():
            start = time.perf_counter()
            float(m.train_on_batch(x, y))
            times[name].append(1000 * (time.perf_counter() - start))
    return times


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", default="8,500,32,128", help="batch, steps, inputs, units")
    parser.add_argument("--repetitions", type=int, default=20)
    asked = parser.parse_args()
    batch, steps, inputs, units = map(int, asked.size.split(","))
    chance = np.random.default_rng(0)
    x, y = chance.normal(size=(batch, steps, inputs)), chance.normal(size=(batch, steps, 1))
    print(f"{keras.backend.backend()}, keras {keras.__version__}, training step, ms, of {asked.size}")
    for name, pair in PAIRS.items():
        models = {who: model(make(units), steps, inputs) for who, make in zip(("seqzoo", "keras"), pair, strict=True)}
        times = milliseconds(models, x, y, asked.repetitions)
        quartiles = {who: np.percentile(values, [25, 50, 75]) for who, values in times.items()}
        ratio = quartiles["keras"][1] / quartiles["seqzoo"][1]
        shown = "   ".join(f"{who} {q[1]:7.1f} [{q[0]:.1f}, {q[2]:.1f}]" for who, q in quartiles.items())
        print(f"{name:12} {shown}   {ratio:.2f} times as fast")


if __name__ == "__main__":
    main()
