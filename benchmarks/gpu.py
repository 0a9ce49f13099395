"""Benchmark of a GPU, at most nine minutes: `python -m benchmarks.gpu`. `--dry-run` runs all of it on a CPU, on tiny sizes.

Writes, as it goes: the machine; the tests of the engine and the laws on the GPU; a grid of layers, seqzoo against keras.layers
on the same backend, torch.nn with cuDNN, and the floor; and recipes in float32 and bfloat16 with their metric. It needs JAX or
PyTorch with CUDA, uses both if they are there, and leaves out from the end what time does not allow.

The floor of a case is the time of its matrix products at the card's own rate, or of its memory traffic, whichever is longer.
"""

import argparse
import csv
import importlib.util
import os
import platform
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

from benchmarks import gpu_plots
from benchmarks.gpu_cases import FIRST, FLOOR, KERAS, LOOP, MIB, NN, SEQZOO, STEP, TRAINING, Case, cases
from benchmarks.side_by_side import Framework

PARTS = "machine", "laws", "layers", "recipes"
BACKENDS = [name for name in ("jax", "torch") if importlib.util.find_spec(name)]
FIELDS = *Case._fields, "what", "backend", "name", "ms", "first_s", "MiB"
RECIPES = "sentiment", "ner", "language_model"
MOST_STEPS_OF_EAGER = 256  # of seqzoo's and Keras's loops on PyTorch, which run operation by operation
SECONDS_OF_LAWS = 120  # at most
SECONDS_OF_CASE = 30  # at most: with compilation, four contestants
SHARE_OF_RECIPES = 0.3  # of the time
# JAX takes memory as it needs it, so that PyTorch has some; the tests compare with products of exact float32.
ENVIRONMENT = {"XLA_PYTHON_CLIENT_PREALLOCATE": "false"}
EXACT = {"JAX_DEFAULT_MATMUL_PRECISION": "highest", "NVIDIA_TF32_OVERRIDE": "0", "XLA_FLAGS": ""}


def arguments():
    """Returns the parsed command-line options."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--minutes", type=float, default=9.0, help="the time of all parts; 9 unless given")
    parser.add_argument(
        "--data", nargs="+", type=_data, default=[], metavar="RECIPE=PATH", help="data of a recipe; its own by default"
    )
    parser.add_argument("--dry-run", action="store_true", help="tiny sizes, on any device")
    parser.add_argument("--out", type=Path, help="folder of the results: benchmarks/results, of a dry run runs/gpu-dry-run")
    options = parser.parse_args()
    options.out = options.out or Path("runs/gpu-dry-run" if options.dry_run else "benchmarks/results")
    return options


def _data(text):
    recipe, _, path = text.partition("=")
    if recipe not in RECIPES or not path:
        raise argparse.ArgumentTypeError(f"data are RECIPE=PATH, a recipe one of {', '.join(RECIPES)}, got {text}")
    return recipe, path


def card():
    """Name, driver and memory of the GPU, or None."""
    smi = ["nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"]
    try:
        return subprocess.run(smi, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def machine(options, until):
    """Writes the card and the versions."""
    versions = ", ".join(f"{name} {version(name)}" for name in (*BACKENDS, "keras"))
    text = f"{card() or 'no NVIDIA GPU'}\n{os.cpu_count()} cores, Python {platform.python_version()}, {versions}\n"
    (options.out / "gpu-machine.txt").write_text(text)
    print(text, end="", flush=True)


def laws(options, until):
    """Runs the tests of the engine and the laws on the device, both backends at once, and writes their last lines."""
    what = ["tests/engine/outputs_test.py", "-k", "found"] if options.dry_run else ["tests/engine", "tests/laws", "-n", "8"]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *what]
    started = time.monotonic()
    running = {
        name: subprocess.Popen(
            command, env=_environment(name) | EXACT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        for name in BACKENDS
    }
    with (options.out / "gpu-laws.txt").open("w") as file:
        for name, process in running.items():
            try:
                lines, _ = process.communicate(timeout=min(until, started + SECONDS_OF_LAWS) - time.monotonic())
            except subprocess.TimeoutExpired:
                process.kill()
                lines = "out of time"
            told = [line for line in lines.splitlines() if line.startswith(("FAILED", "ERROR"))] + lines.splitlines()[-1:]
            file.writelines(f"{name}: {line}\n" for line in told)
            print(*(f"{name}: {line}" for line in told), sep="\n", flush=True)


def layers(options, until):
    """Times the grid, case by case, and writes a row for each contestant."""
    os.environ |= ENVIRONMENT
    grid = _tiny() if options.dry_run else cases()
    frameworks = [Framework("benchmarks.gpu_layers", name) for name in BACKENDS]
    rows = []
    with (options.out / "gpu-layers.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, FIELDS)
        writer.writeheader()
        for case, whats in grid:
            if time.monotonic() > until - SECONDS_OF_CASE:
                print(f"out of time: {len(grid) - grid.index((case, whats))} of {len(grid)} cases left out", flush=True)
                break
            of_case = [row for framework in frameworks for row in _measured(framework, case, whats)]
            writer.writerows(of_case)
            file.flush()
            rows += of_case
            _tell(case, whats, of_case)
    for framework in frameworks:
        framework.close()
    if any(row["what"] == TRAINING for row in rows):
        gpu_plots.by_units(rows, options.out / "gpu-layers.png")


def _tiny():
    masked = Case("LSTM peephole", 2, 4, 16, "bfloat16", "gaps", recurrent_dropout=0.5)
    plain = Case("LSTM", 2, 4, 16)
    return [(case, (TRAINING,)) for case in (plain, plain._replace(mask="right"), masked)] + [(Case("GRU", 1, 2, 16), (STEP,))]


def _measured(framework, case, whats):
    """Returns the rows of one backend; a contestant that fails has no number."""
    rows = []
    for name in _names(framework.backend, case):
        row = dict.fromkeys(FIELDS, "") | case._asdict() | {"backend": framework.backend, "name": name}
        try:
            framework.ask("build", case, [name])
            if TRAINING in whats and name != FLOOR:
                row |= {"first_s": framework.ask("value", name, FIRST), "MiB": framework.ask("value", name, MIB)}
            for what in whats:
                request = "value" if name == FLOOR else "time"
                rows.append(row | {"what": what, "ms": framework.ask(request, name, what)})
        except RuntimeError as error:
            print(f"{framework.backend}, {name}: {error}"[:200], flush=True)
    return rows


def _names(backend, case):
    """The contestants of a case: PyTorch, where loops run operation by operation, does not wait for the longest."""
    if backend == "jax":
        return [SEQZOO, LOOP, KERAS]
    known = (
        case.layer in ("LSTM", "GRU", "reset-after GRU", "simple RNN") and case.mask != "gaps" and not case.recurrent_dropout
    )
    return [NN] * known + [SEQZOO, KERAS] * (case.steps <= MOST_STEPS_OF_EAGER) + [FLOOR]


def _tell(case, whats, rows):
    for what in whats:
        times = [f"{row['backend']} {row['name']} {row['ms']:.2f}" for row in rows if row["what"] == what]
        print(*(str(v) for v in case if v not in ("none", 0.0)), f"| {what}, ms:", "; ".join(times), flush=True)


def recipes(options, until):
    """Trains recipes in float32 and bfloat16, and writes the metric and the seconds of each training."""
    data, rows = dict(options.data), []
    path, out = options.out / "gpu-precision.csv", options.out / "gpu-recipe"
    out.mkdir(exist_ok=True)
    if options.dry_run:
        data = {"sentiment": str(out / "tiny.csv")}
        lines = [f"{('bad', 'good')[i % 2]} thing {i},{('negative', 'positive')[i % 2]}" for i in range(60)]
        Path(data["sentiment"]).write_text("\n".join(["text,label", *lines]))
    for name in data if options.dry_run else RECIPES:
        command = [sys.executable, "-m", "benchmarks.precision", "--recipes", name, "--seeds", "0", "--out", str(out)]
        command += ["--data", data[name]] if name in data else []
        tiny = ["--units", "4", "--embedding", "4", "--epochs", "1", "--max-length", "8"]
        command += tiny if options.dry_run else ["--epochs", "3", "--units", "256"]
        try:
            subprocess.run(command, env=_environment(BACKENDS[0]), timeout=max(until - time.monotonic(), 1), check=True)
        except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as error:
            print(f"{name}: {error}"[:200], flush=True)
            continue
        with (out / "precision.csv").open() as file:
            rows += csv.DictReader(file)
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)


def _environment(backend):
    return os.environ | ENVIRONMENT | {"KERAS_BACKEND": backend}


def main():
    options = arguments()
    if not BACKENDS:
        sys.exit("error: neither JAX nor PyTorch is installed")
    if not options.dry_run and card() is None:
        sys.exit("error: no NVIDIA GPU; --dry-run runs all of it on a CPU, on tiny sizes")
    options.out.mkdir(parents=True, exist_ok=True)
    end = time.monotonic() + 60 * options.minutes
    for part in PARTS:
        if part in options.only:
            later = SHARE_OF_RECIPES * 60 * options.minutes if part != "recipes" and "recipes" in options.only else 0
            print(f"-- {part}", flush=True)
            {"machine": machine, "laws": laws, "layers": layers, "recipes": recipes}[part](options, end - later)


if __name__ == "__main__":
    main()
