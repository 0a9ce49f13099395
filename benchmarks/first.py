"""Benchmark of first steps, seqzoo against keras.layers: `python -m benchmarks.first`.

A new model, a new length and a new batch size cost tracing and perhaps compilation. Four parts measure this cost, in seconds:

- six: `train_on_batch` of two bidirectional layers at six lengths, each a first time, then all of them twice more
- forty: single requests of many lengths, by `predict`, by `model(x)`, and by a reloaded SavedModel
- thirty: `fit` on a `padded_batch` dataset whose batches have thirty lengths, behind an embedding with a mask
- rows: `train_on_batch` with changing numbers of rows, and `fit` with an odd last batch

Every run has a new process, and the contestants alternate. Each line gives the median seconds of seqzoo, those of keras.layers,
and their ratio: below 1 seqzoo is faster. Writes `first.csv`.
"""

import argparse
import csv
import functools
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np

from benchmarks.layers import machine
from seqzoo import layers

WHO = "seqzoo", "keras.layers"
FIELDS = ("unit", "part", "measure", "seqzoo", "keras.layers", "ratio")


class Sizes(NamedTuple):
    """Sizes of all parts."""

    batch: int = 32
    inputs: int = 64
    deep_units: int = 128  # of the two layers of part six
    units: int = 64  # of the one layer of the other parts
    lengths: tuple = (50, 100, 150, 200, 250, 300)
    requests: int = 40
    request_lengths: tuple = (10, 200)
    batches: int = 30
    batch_rows: int = 16
    vocabulary: int = 1000
    epochs: int = 3
    rows: tuple = (32, 17, 5, 31, 1, 32)
    steps: int = 100
    examples: int = 100
    eager: bool = False  # without graphs


QUICK = Sizes(4, 3, 4, 4, (3, 4), 3, (2, 5), 3, 3, 10, 2, (3, 2, 3), 4, 6, eager=True)


def bidirectional(who, unit, units, **options):
    """Returns a bidirectional layer of a contestant; the GRU of Keras computes the model of ours, `reset_after=False`."""
    module = layers if who == "seqzoo" else keras.layers
    options |= {"reset_after": False} if (who, unit) == ("keras.layers", "GRU") else {}
    return module.Bidirectional(getattr(module, unit)(units, **options))


def model_of(inputs, below, eager, who, unit, *units):
    """Returns a compiled model: bidirectional layers of these sizes, of which the last returns its last output, and a head."""
    x = below
    for size in units[:-1]:
        x = bidirectional(who, unit, size, return_sequences=True)(x)
    model = keras.Model(inputs, keras.layers.Dense(1)(bidirectional(who, unit, units[-1])(x)))
    model.compile("adam", "mse", run_eagerly=eager)
    return model


def model_of_vectors(who, unit, sizes, *units):
    x = keras.Input((None, sizes.inputs))
    return model_of(x, x, sizes.eager, who, unit, *units)


def vectors(sizes, rows, steps, seed=0):
    return np.random.default_rng(seed).normal(size=(rows, steps, sizes.inputs)).astype("float32")


def seconds(function):
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def train_seconds(model, x):
    """Returns the seconds of a training step, with the transfer of its loss."""
    y = np.ones((len(x), 1), "float32")
    return seconds(lambda: float(model.train_on_batch(x, y)))


def six(who, unit, sizes):
    model = model_of_vectors(who, unit, sizes, sizes.deep_units, sizes.deep_units)
    batches = [vectors(sizes, sizes.batch, steps) for steps in sizes.lengths]
    cold, *first = (train_seconds(model, x) for x in batches)
    again = [train_seconds(model, x) for _ in range(2) for x in batches]
    return {
        "all steps": cold + sum(first) + sum(again),
        "cold first step": cold,
        "new length, largest": max(first),
        "new length, median": float(np.median(first)),
        "known length, median": float(np.median(again)),
    }


def requests(sizes):
    """Returns inputs of random lengths with one row each."""
    low, high = sizes.request_lengths
    lengths = np.random.default_rng(0).integers(low, high + 1, sizes.requests)
    return [vectors(sizes, 1, steps, seed) for seed, steps in enumerate(lengths)]


def forty_predict(who, unit, sizes):
    model = model_of_vectors(who, unit, sizes, sizes.units)
    return {"predict": sum(seconds(lambda x=x: model.predict(x, verbose=0)) for x in requests(sizes))}


def forty_call(who, unit, sizes):
    model = model_of_vectors(who, unit, sizes, sizes.units)
    return {"model(x)": sum(seconds(lambda x=x: np.asarray(model(x))) for x in requests(sizes))}


def forty_served(who, unit, sizes):
    import tensorflow as tf

    model = model_of_vectors(who, unit, sizes, sizes.units)
    with tempfile.TemporaryDirectory() as folder:
        exporting = seconds(lambda: model.export(folder, verbose=False))
        start = time.perf_counter()
        served = tf.saved_model.load(folder)
        loading = time.perf_counter() - start
        serving = sum(seconds(lambda x=x: np.asarray(served.serve(x))) for x in requests(sizes))
    return {"SavedModel": serving, "export": exporting, "load": loading}


def padded_batches(sizes):
    """Returns a dataset of batches of ids, each padded to a length of its own; the last batch has fewer rows."""
    import tensorflow as tf

    rng = np.random.default_rng(0)
    examples = []
    for longest in rng.permutation(10 + 5 * np.arange(sizes.batches)):
        lengths = [longest, *rng.integers(longest // 2, longest + 1, sizes.batch_rows - 1)]
        examples += [rng.integers(1, sizes.vocabulary, length) for length in lengths]
    examples = examples[: len(examples) - sizes.batch_rows // 2]
    spec = tf.TensorSpec((None,), "int32"), tf.TensorSpec((1,), "float32")
    rows = tf.data.Dataset.from_generator(lambda: ((ids, [1.0]) for ids in examples), output_signature=spec)
    return rows.padded_batch(sizes.batch_rows).apply(tf.data.experimental.assert_cardinality(sizes.batches))


def thirty(who, unit, sizes):
    ids, dataset = keras.Input((None,), dtype="int32"), padded_batches(sizes)
    embedded = keras.layers.Embedding(sizes.vocabulary, sizes.units, mask_zero=True)(ids)
    model = model_of(ids, embedded, sizes.eager, who, unit, sizes.units)
    return {"fit": seconds(lambda: model.fit(dataset, epochs=sizes.epochs, verbose=0))}


def rows_steps(who, unit, sizes):
    model = model_of_vectors(who, unit, sizes, sizes.units)
    of_each = {}
    for rows in sizes.rows:
        name = f"{rows} rows again" if f"{rows} rows" in of_each else f"{rows} rows"
        of_each[name] = train_seconds(model, vectors(sizes, rows, sizes.steps))
    return of_each | {"all steps": sum(of_each.values())}


def rows_fit(who, unit, sizes):
    model, x = model_of_vectors(who, unit, sizes, sizes.units), vectors(sizes, sizes.examples, sizes.steps)
    y = np.ones((len(x), 1), "float32")
    return {"fit": seconds(lambda: model.fit(x, y, batch_size=sizes.batch, verbose=0))}


PARTS = {"six": [six], "forty": [forty_predict, forty_call, forty_served], "thirty": [thirty], "rows": [rows_steps, rows_fit]}
RUNS = {run.__name__: run for runs in PARTS.values() for run in runs}


def apart(name, who, unit):
    """Returns {measure: seconds} of a run in a new process."""
    command = [sys.executable, "-m", "benchmarks.first", "--here", name, who, unit]
    ran = subprocess.run(command, capture_output=True, text=True)
    if ran.returncode:
        raise RuntimeError(f"{name}, {unit} of {who}: {(ran.stderr.strip().splitlines() or ['no message'])[-1][:200]}")
    return json.loads(ran.stdout.splitlines()[-1])


def here(name, who, unit):
    """Returns {measure: seconds} of a run in this process: of tiny sizes, operation by operation."""
    return RUNS[name](who, unit, QUICK)


def measured(part, unit, repetitions, run):
    """Runs a part. Returns and prints one row for each measure; NaN where a contestant failed."""
    rows = []
    for name in (function.__name__ for function in PARTS[part]):
        times = {who: [] for who in WHO}
        for repetition in range(repetitions):
            for who in WHO[:: 1 if repetition % 2 == 0 else -1]:
                try:
                    times[who].append(run(name, who, unit))
                except Exception as error:
                    print(f"  failed: {str(error).splitlines()[0]}", flush=True)
        for measure in dict.fromkeys(measure for runs in times.values() for of_run in runs for measure in of_run):
            rows.append(_row(unit, part, measure, *(_median(times[who], measure) for who in WHO)))
    return rows


def _median(runs, measure):
    return float(np.median([of_run[measure] for of_run in runs])) if runs else float("nan")


def _row(unit, part, measure, ours, of_keras):
    print(f"  {unit:5} {part:7} {measure:22} {ours:9.3f} {of_keras:13.3f} {ours / of_keras:7.2f}", flush=True)
    return dict(zip(FIELDS, (unit, part, measure, ours, of_keras, ours / of_keras), strict=True))


def write(rows, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, FIELDS)
        writer.writeheader()
        writer.writerows({name: f"{v:.3f}" if isinstance(v, float) else v for name, v in row.items()} for row in rows)


def arguments():
    """Returns the parsed command-line options."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.first", description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), help="parts to run; all by default")
    parser.add_argument("--units", nargs="+", choices=["LSTM", "GRU"], default=["LSTM", "GRU"], help="both by default")
    parser.add_argument("--repetitions", type=int, default=5, help="new processes of each contestant; lines give medians")
    parser.add_argument(
        "--quick", action="store_true", help="smoke run: tiny sizes, no graphs, one process; its times mean nothing"
    )
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"), help="folder of first.csv")
    parser.add_argument("--here", nargs=3, help=argparse.SUPPRESS)
    return parser.parse_args()


def main():
    options = arguments()
    if options.here:
        name, *contestant = options.here
        print(json.dumps(RUNS[name](*contestant, Sizes())))
        return
    print(f"{machine([os.environ.get('KERAS_BACKEND', 'tensorflow')])}\nmedian seconds\n")
    print(f"  {'unit':5} {'part':7} {'measure':22} {WHO[0]:>9} {WHO[1]:>13} {'ratio':>7}")
    how = {"repetitions": 1, "run": here} if options.quick else {"repetitions": options.repetitions, "run": apart}
    run = functools.partial(measured, **how)
    rows = [row for part in options.only for unit in options.units for row in run(part, unit)]
    write(rows, options.out / "first.csv")


if __name__ == "__main__":
    main()
