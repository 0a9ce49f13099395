"""Whether the recipes learn as well in a lower precision: `python -m benchmarks.precision`.

Trains recipes in each precision, each time with several seeds, in turns and in one process; the recipes' own flags may follow.
Prints the test part's figure after each training; at the end its mean and standard deviation, the difference of the means in
standard deviations of the first precision, and seconds. Writes `precision.csv`.
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

from seqzoo.errors import DataError, one_line
from seqzoo.recipe import main as command_line
from seqzoo.recipe import report
from seqzoo.tasks.language_modeling import task as language_modeling_task
from seqzoo.tasks.tagging import task

# What is said of each recipe's model, and the figure to compare.
RECIPES = {
    "sentiment": (report.ONE_ANSWER, "accuracy"),
    "ner": (task.KIND, "f1"),
    "language_model": (language_modeling_task.LINES, "nats_per_token"),
}
PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")


def arguments():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.precision", description=__doc__.splitlines()[0])
    parser.add_argument("--recipes", nargs="+", choices=RECIPES, default=list(RECIPES))
    parser.add_argument("--precisions", nargs="+", choices=PRECISIONS, default=PRECISIONS[:2])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    return parser.parse_known_args()


def trainings(name, precisions, seeds, flags):
    """One row for each training of a recipe, printed as they come."""
    recipe, (kind, figure), rows = importlib.import_module(f"recipes.{name}"), RECIPES[name], []
    config = command_line.parse(recipe.Config, flags, "benchmarks.precision")
    problem = recipe.load(config)
    for seed in seeds:
        for precision in precisions:
            keras.utils.clear_session()
            started = time.perf_counter()
            model, history = recipe.train_once(dataclasses.replace(config, seed=seed, precision=precision), problem)
            seconds = time.perf_counter() - started
            value = kind.of_model(model, problem.test)[figure]
            row = {"recipe": name, "backend": keras.backend.backend(), "precision": precision, "seed": seed}
            rows.append(row | {"figure": figure, "value": value, "epochs": len(history), "seconds": seconds})
            print(f"{name}, seed {seed}, {precision}: {figure} {value:.4f}, {seconds:.0f} s", flush=True)
    return rows


def summary(rows):
    """The lines of the table, one for each recipe and precision."""
    by = {}
    for row in rows:
        by.setdefault(row["recipe"], {}).setdefault(row["precision"], []).append(row)
    lines = [f"{'recipe':15} {'precision':15} {'figure':15} {'mean':>8} {'sd':>7} {'differs':>10} {'seconds':>8}"]
    for recipe, of_precision in by.items():
        values = {precision: np.array([row["value"] for row in of]) for precision, of in of_precision.items()}
        first = next(iter(values.values()))
        for precision, of in of_precision.items():
            mean, sd = values[precision].mean(), _deviation(values[precision])
            apart = (mean - first.mean()) / _deviation(first)
            seconds = np.mean([row["seconds"] for row in of])
            lines.append(
                f"{recipe:15} {precision:15} {of[0]['figure']:15} {mean:8.4f} {sd:7.4f} {apart:+7.2f} sd {seconds:8.1f}"
            )
    return lines


def _deviation(values):
    """Of a sample; of one value there is none."""
    return np.std(values, ddof=1) if len(values) > 1 else np.nan


def main():
    asked, flags = arguments()
    rows = [row for name in asked.recipes for row in trainings(name, asked.precisions, asked.seeds, flags)]
    print("\n" + "\n".join(summary(rows)))
    asked.out.mkdir(parents=True, exist_ok=True)
    with (asked.out / "precision.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows({name: f"{v:.4f}" if isinstance(v, float) else v for name, v in row.items()} for row in rows)


if __name__ == "__main__":
    try:
        main()
    except (DataError, command_line.UsageError, OSError) as error:
        sys.exit(f"error: {one_line(error)}")
