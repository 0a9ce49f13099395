"""Benchmark of long sequences, a training step with and without `segments`: `python -m benchmarks.long_sequences`.

Each line is measured in a new process: the rise of peak resident memory since before the model was built, and the time of the
second step; the first step compiles.
"""

import argparse
import json
import resource
import subprocess
import sys
import time

import keras
import numpy as np

from seqzoo import layers


def megabytes():
    """Returns the peak resident memory of this process in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def step(unit, steps, units, segments):
    """Measures one model in this process. Returns memory, seconds and loss."""
    keras.utils.set_random_seed(0)
    x, y = np.random.default_rng(0).normal(size=(1, steps, 1)).astype("float32"), np.ones((1, 1), "float32")
    warm = keras.Sequential([keras.Input((10, 1)), keras.layers.Dense(1)])  # the backend's own memory
    warm.compile("sgd", "mse")
    warm.train_on_batch(x[:, :10], y)
    before = megabytes()
    inputs = keras.Input((steps, 1))
    model = keras.Model(inputs, keras.layers.Dense(1)(getattr(layers, unit)(units, segments=segments)(inputs)))
    model.compile("sgd", "mse")
    for _ in range(2):
        start = time.perf_counter()
        loss = float(model.train_on_batch(x, y))
        seconds = time.perf_counter() - start
    return {"MiB": megabytes() - before, "all MiB": megabytes(), "seconds": seconds, "loss": loss}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=100_000)
    parser.add_argument("--units", type=int, default=64)
    parser.add_argument("--unit", default="LSTM", choices=["GRU", "LSTM", "SimpleRNN"])
    parser.add_argument("--segments", type=int, nargs="+", default=None, help="by default 1 and about the root of --steps")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    unit, steps, units = options.unit, options.steps, options.units
    segments = options.segments or [1, round(steps**0.5)]
    if options.here:
        print(json.dumps(step(unit, steps, units, segments[0])))
        return
    print(f"{keras.backend.backend()}, keras {keras.__version__}, {unit}({units}), batch 1, {steps:,} steps")
    for n in segments:
        arguments = [f"--steps={steps}", f"--units={units}", f"--unit={unit}", "--segments", str(n), "--here"]
        ran = subprocess.run([sys.executable, "-m", "benchmarks.long_sequences", *arguments], capture_output=True, text=True)
        if ran.returncode:
            print(f"segments {n:5}   failed: {ran.stderr.strip().splitlines()[-1][:120]}")
            continue
        measured = json.loads(ran.stdout.splitlines()[-1])
        text = "rise {MiB:8.0f} MiB   process {all MiB:8.0f} MiB   {seconds:6.2f} s a step   loss {loss:.6f}".format(**measured)
        print(f"segments {n:5}   {text}", flush=True)


if __name__ == "__main__":
    main()
