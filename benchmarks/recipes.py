"""The recipes end to end, with our layers and with keras.layers in their place, in turns: `python -m benchmarks.recipes`.

Each training is a process of its own, from reading the data to the saved model; the recipes' flags may follow. On a shared
machine only the ratios of one run mean anything.
"""

import argparse
import json
import os
import runpy
import subprocess
import sys
import tempfile
from pathlib import Path

RECIPES = {"sentiment": "accuracy"}  # and the figure of the test part to show


def with_keras():
    """Puts keras.layers in the place of ours in `seqzoo.models`."""
    import keras

    from seqzoo.models import recurrent_stack

    recurrent_stack.CELLS.update(
        rnn=(keras.layers.SimpleRNN, {}), gru=(keras.layers.GRU, {"reset_after": False}), lstm=(keras.layers.LSTM, {})
    )
    recurrent_stack.Bidirectional = keras.layers.Bidirectional


def trained(recipe, layers, flags):
    """The record of one training: seconds, and the test figures."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "benchmarks.recipes", "--here", recipe, layers, "--out", f"{folder}/run", *flags]
        ran = subprocess.run(command, capture_output=True, text=True)
        if ran.returncode:
            sys.exit(f"error: {recipe} with {layers}: {(ran.stderr.strip() or 'failed').splitlines()[-1]}")
        return json.loads(Path(folder, "run", "metrics.json").read_text())


def main():
    if sys.argv[1:2] == ["--here"]:
        _, _, recipe, layers, *flags = sys.argv
        import recipes  # noqa: F401  (starts the backend quietly)

        if layers == "keras.layers":
            with_keras()
        sys.argv = [recipe, "train", *flags]
        runpy.run_module(f"recipes.{recipe}", run_name="__main__")
        return
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recipes", description=__doc__.splitlines()[0])
    parser.add_argument("--cells", nargs="+", choices=["rnn", "gru", "lstm"], default=["gru", "lstm"])
    parser.add_argument("--repetitions", type=int, default=1)
    asked, flags = parser.parse_known_args()
    print(f"{os.environ.get('KERAS_BACKEND', 'tensorflow')}, {os.cpu_count()} cores; seconds of a whole training", flush=True)
    for recipe, figure in RECIPES.items():
        for cell in asked.cells:
            seconds = {}
            for repetition in range(asked.repetitions):
                for layers in ("seqzoo", "keras.layers"):
                    record = trained(recipe, layers, ["--cell", cell, "--seed", str(repetition), *flags])
                    seconds.setdefault(layers, []).append(record["seconds"])
                    shown = f"{record['seconds']:7.1f} s   test {figure} {record['test'][figure]:.3f}"
                    print(f"{recipe}, {cell}   {layers:12} {shown}", flush=True)
            print(
                f"{recipe}, {cell}   seqzoo {sum(seconds['keras.layers']) / sum(seconds['seqzoo']):.2f} times as fast",
                flush=True,
            )


if __name__ == "__main__":
    main()
