"""Benchmark of precision, test metrics of recipes under mixed precision: `python -m benchmarks.precision`.

Trains recipes in each precision with several seeds, alternating in one process; the recipes' own flags may follow. Prints the
test metric after each training; at the end its mean and standard deviation, the difference of the means in standard deviations
of the first precision, and seconds. Writes `precision.csv`.
"""

import argparse
import csv
import dataclasses
import importlib
import sys
import time
from pathlib import Path

import keras
import numpy as np

from seqzoo.errors import DataError, UsageError, one_line
from seqzoo.recipe.flags import parse

# {recipe: metric to compare}
RECIPES = {
    "sentiment": "accuracy",
    "ner": "f1",
    "language_model": "nats_per_token",
}
PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")


def arguments():
    """Returns the parsed command-line options, and the flags of the recipes."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.precision", description=__doc__.splitlines()[0])
    parser.add_argument("--recipes", nargs="+", choices=RECIPES, default=list(RECIPES))
    parser.add_argument("--precisions", nargs="+", choices=PRECISIONS, default=PRECISIONS[:2])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    return parser.parse_known_args()


def trainings(name, precisions, seeds, flags):
    """Trains a recipe in each precision with each seed. Returns one row for each training."""
    recipe, figure, rows = importlib.import_module(f"recipes.{name}").RECIPE, RECIPES[name], []
    config = parse(recipe.config, flags, "benchmarks.precision")
    dataset = recipe.dataset(config)
    for seed in seeds:
        for precision in precisions:
            keras.utils.clear_session()
            started = time.perf_counter()
            model, history = recipe.train(dataclasses.replace(config, seed=seed, precision=precision), dataset)
            seconds = time.perf_counter() - started
            value = recipe.task_of(config).metrics(model, dataset.test)[figure]
            row = {"recipe": name, "backend": keras.backend.backend(), "precision": precision, "seed": seed}
            rows.append(row | {"figure": figure, "value": value, "epochs": len(history), "seconds": seconds})
            print(f"{name}, seed {seed}, {precision}: {figure} {value:.4f}, {seconds:.0f} s", flush=True)
    return rows


def summary(rows):
    """Returns the lines of the table, one for each recipe and precision."""
    by_recipe = {}
    for row in rows:
        by_recipe.setdefault(row["recipe"], {}).setdefault(row["precision"], []).append(row)
    lines = [f"{'recipe':15} {'precision':15} {'figure':15} {'mean':>8} {'sd':>7} {'differs':>10} {'seconds':>8}"]
    for recipe, by_precision in by_recipe.items():
        values = {precision: np.array([row["value"] for row in runs]) for precision, runs in by_precision.items()}
        first = next(iter(values.values()))
        for precision, runs in by_precision.items():
            mean, sd = values[precision].mean(), _deviation(values[precision])
            apart = (mean - first.mean()) / _deviation(first)
            seconds = np.mean([row["seconds"] for row in runs])
            lines.append(
                f"{recipe:15} {precision:15} {runs[0]['figure']:15} {mean:8.4f} {sd:7.4f} {apart:+7.2f} sd {seconds:8.1f}"
            )
    return lines


def _deviation(values):
    """Returns the sample standard deviation; NaN for one value."""
    return np.std(values, ddof=1) if len(values) > 1 else np.nan


def main():
    options, flags = arguments()
    rows = [row for name in options.recipes for row in trainings(name, options.precisions, options.seeds, flags)]
    print("\n" + "\n".join(summary(rows)))
    options.out.mkdir(parents=True, exist_ok=True)
    with (options.out / "precision.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows({name: f"{v:.4f}" if isinstance(v, float) else v for name, v in row.items()} for row in rows)


if __name__ == "__main__":
    try:
        main()
    except (DataError, UsageError, OSError) as error:
        sys.exit(f"error: {one_line(error)}")
