"""Benchmark of layers, seqzoo against keras.layers and torch.nn in one run: `python -m benchmarks.layers`.

Every framework has its own process; repetitions of the frameworks alternate. Each line gives the median in milliseconds with
quartiles, and the speedup of seqzoo. At the end: medians over the grid, the worst row, and peak memory. Writes `layers.csv`,
`layers.png` and, with `--growth` or `--full`, `growth.csv` and `growth.png`.
"""

import argparse
import csv
import importlib.util
import os
import platform
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np

from benchmarks import plots
from benchmarks.cases import SIZES, UNITS, Case
from benchmarks.side_by_side import Framework, alone, in_turns

KERAS, TORCH, MATMULS = "benchmarks.compare_keras", "benchmarks.compare_torch", "benchmarks.matmul_floor"
USUAL = ("full GRU", "LSTM", "bidirectional GRU", "bidirectional LSTM")
PASSES = ("forward", "training step")
MEMORY = (8, 1000, 32, 128)
FIELDS = ("unit", "batch", "steps", "inputs", "units", "masked", "what", "backend", "name", "low", "median", "high", "ratio")
GROWTH = ("unit", "axis", "value", "backend", "name", "ms", "MiB")


def arguments():
    """Returns the parsed command-line options."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.layers", description=__doc__.splitlines()[0])
    parser.add_argument("--units", nargs="+", choices=UNITS, default=None, help=f"by default {', '.join(USUAL)}; all by --full")
    parser.add_argument("--sizes", nargs="+", type=_size, default=SIZES, metavar="BATCH,T,INPUTS,UNITS")
    parser.add_argument("--backend", nargs="+", choices=["tensorflow", "jax"], default=None, help="by default KERAS_BACKEND")
    parser.add_argument("--full", action="store_true", help="all units, Keras with jit_compile=True, all memory, growth")
    parser.add_argument("--growth", action="store_true", help="only growth: time and memory against T, batch size and units")
    parser.add_argument("--seconds", type=float, default=1.5, help="time limit for repetitions of one line; at least five run")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"), help="folder of the results")
    return parser.parse_args()


def _size(text):
    size = tuple(map(int, text.split(",")))
    if len(size) != 4 or min(size) < 1:
        raise argparse.ArgumentTypeError(f"a size is BATCH,T,INPUTS,UNITS, got {text}")
    return size


def machine(backends):
    """Returns a description of the machine and the versions."""
    names = [*backends, "keras", *(["torch"] if importlib.util.find_spec("torch") else [])]
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    return f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, {versions}"


def frameworks(backends):
    """Starts the processes. Returns {framework: its module}."""
    started = {Framework(KERAS, backend): KERAS for backend in backends}
    if importlib.util.find_spec("torch"):
        started[Framework(TORCH, "torch")] = TORCH
    return started | {Framework(MATMULS, "numpy"): MATMULS}


def measured(backends, cases, wanted, seconds):
    """Measures and prints all cases. Returns one row for each contestant of each case."""
    started, rows = frameworks(backends), []
    for case in cases:
        for what in PASSES:
            rows += _rows(case, what, in_turns(started, case, what, wanted, seconds))
    for framework in started:
        framework.close()
    return rows


def _rows(case, what, times):
    medians = {contestant: float(np.median(values)) for contestant, values in times.items()}
    ours = {backend: median for (backend, name), median in medians.items() if name == "seqzoo"}
    print(f"\n{case.unit}, {case.size}{', masked' if case.masked else ''}, {what}", flush=True)
    rows = []
    for (backend, name), values in times.items():
        low, median, high = np.percentile(values, [25, 50, 75])
        ratio = median / ours.get(backend, min(ours.values()))  # torch.nn and the matmuls against the faster backend of seqzoo
        against = "" if name == "seqzoo" else f"{ratio:8.2f}"
        print(f"  {backend:10} {name:26} {median:9.1f} [{low:.1f}, {high:.1f}] {against}")
        fields = (case.unit, *case.size, case.masked, what, backend, name, low, median, high, ratio)
        rows.append(dict(zip(FIELDS, fields, strict=True)))
    return rows


def summary(rows):
    """Prints the speedup of seqzoo over the grid of sizes: median and worst row."""
    print("\nhow many times as fast seqzoo is        over the grid: median   worst row")
    lines = {}
    for row in rows:
        if row["name"] != "seqzoo":
            key = row["what"], row["unit"], f"{row['name']} ({row['backend']})", "masked" if row["masked"] else ""
            lines.setdefault(key, []).append(row["ratio"])
    for (what, unit, against, masked), ratios in sorted(lines.items()):
        print(f"  {what:14} {unit:18} {against:36} {masked:7} {np.median(ratios):6.2f} {min(ratios):8.2f}")


def memory(backends, cases):
    """Prints the peak memory of a training step in MiB, each measured in a new process."""
    print("\npeak memory of a training step, MiB                        seqzoo  keras.layers")
    for case in cases:
        for backend in backends:
            ours, theirs = (alone(KERAS, backend, case, name)[1] for name in ("seqzoo", "keras.layers"))
            if ours is not None:
                label = f"{case.unit}, {case.size}, {backend}"
                print(f"  {label:55} {ours:8.1f} {theirs:8.1f} {ours / theirs:6.2f}", flush=True)


def growth(backends, units, out):
    """Measures time and memory of a training step against T, batch size and units, one of them at a time."""
    base = {"batch": 8, "T": 500, "inputs": 32, "units": 128}
    axes = {"T": (250, 500, 1000, 2000), "batch": (2, 8, 32), "units": (64, 128, 256, 512)}
    contestants = [(KERAS, backend, name) for backend in backends for name in ("seqzoo", "keras.layers")]
    if importlib.util.find_spec("torch"):
        contestants.append((TORCH, "torch", "torch.nn"))
    rows = []
    for unit in units:
        for axis, values in axes.items():
            for value in values:
                size = tuple((base | {axis: value}).values())
                for module, backend, name in contestants:
                    milliseconds, rise = alone(module, backend, Case(unit, size), name)
                    print(f"{unit}, {axis} = {value:5}  {backend:10} {name:14} {milliseconds:9.1f} ms  {rise} MiB", flush=True)
                    rows.append(dict(zip(GROWTH, (unit, axis, value, backend, name, milliseconds, rise), strict=True)))
    _write(rows, out / "growth.csv")
    plots.growth(rows, out / "growth.png", machine(backends))


def _write(rows, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows({name: f"{v:.3f}" if isinstance(v, float) else v for name, v in row.items()} for row in rows)


def main():
    options = arguments()
    backends = options.backend or [os.environ.get("KERAS_BACKEND", "tensorflow")]
    units = options.units or (UNITS if options.full else USUAL)
    print(f"{machine(backends)}\ntimes in ms, median [quartiles]; last column: how many times as fast seqzoo is")
    start = time.perf_counter()
    if not options.growth:
        wanted = None if options.full else ("seqzoo", "keras.layers", "keras.layers, reset_after", "torch.nn", "matmuls")
        cases = [Case(unit, size, masked) for unit in units for masked in (False, True) for size in options.sizes]
        rows = measured(backends, cases, wanted, options.seconds)
        _write(rows, options.out / "layers.csv")
        plots.ratios(rows, options.out / "layers.png", machine(backends))
        summary(rows)
        sizes = options.sizes if options.full else [MEMORY]
        memory(backends, [Case(unit, size) for unit in units for size in sizes])
    if options.growth or options.full:
        growth(backends, ("full GRU", "LSTM"), options.out)
    print(f"\n{time.perf_counter() - start:.0f} s; written to {options.out}")


if __name__ == "__main__":
    main()
