"""Benchmark of recipes end to end, with layers of seqzoo and of keras.layers: `python -m benchmarks.recipes`.

Each training is a new process, from reading the data to the saved model; trainings alternate. The recipes' flags may follow. On
a shared machine only the ratios of one run mean anything.
"""

import argparse
import json
import os
import runpy
import subprocess
import sys
import tempfile
from pathlib import Path

RECIPES = {"sentiment": "accuracy"}  # {recipe: metric of the test split to print}


def with_keras():
    """Replaces the layers of `seqzoo.models` by keras.layers."""
    import keras

    from seqzoo.models import recurrent_stack

    recurrent_stack.CELLS.update(
        rnn=(keras.layers.SimpleRNN, {}), gru=(keras.layers.GRU, {"reset_after": False}), lstm=(keras.layers.LSTM, {})
    )
    recurrent_stack.Bidirectional = keras.layers.Bidirectional


def trained(recipe, layers, flags):
    """Trains a recipe. Returns the record of the run, with seconds and test metrics."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "benchmarks.recipes", "--here", recipe, layers, "--out", f"{folder}/run", *flags]
        ran = subprocess.run(command, capture_output=True, text=True)
        if ran.returncode:
            sys.exit(f"error: {recipe} with {layers}: {(ran.stderr.strip() or 'failed').splitlines()[-1]}")
        return json.loads(Path(folder, "run", "metrics.json").read_text())


def main():
    if sys.argv[1:2] == ["--here"]:
        _, _, recipe, layers, *flags = sys.argv
        import recipes  # noqa: F401  (silences the start of the backend)

        if layers == "keras.layers":
            with_keras()
        sys.argv = [recipe, "train", *flags]
        runpy.run_module(f"recipes.{recipe}", run_name="__main__")
        return
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recipes", description=__doc__.splitlines()[0])
    parser.add_argument("--cells", nargs="+", choices=["rnn", "gru", "lstm"], default=["gru", "lstm"])
    parser.add_argument("--repetitions", type=int, default=1)
    options, flags = parser.parse_known_args()
    print(f"{os.environ.get('KERAS_BACKEND', 'tensorflow')}, {os.cpu_count()} cores; seconds of a whole training", flush=True)
    for recipe, metric in RECIPES.items():
        for cell in options.cells:
            seconds = {}
            for repetition in range(options.repetitions):
                for layers in ("seqzoo", "keras.layers"):
                    record = trained(recipe, layers, ["--cell", cell, "--seed", str(repetition), *flags])
                    seconds.setdefault(layers, []).append(record["seconds"])
                    text = f"{record['seconds']:7.1f} s   test {metric} {record['test'][metric]:.3f}"
                    print(f"{recipe}, {cell}   {layers:12} {text}", flush=True)
            print(
                f"{recipe}, {cell}   seqzoo {sum(seconds['keras.layers']) / sum(seconds['seqzoo']):.2f} times as fast",
                flush=True,
            )


if __name__ == "__main__":
    main()
