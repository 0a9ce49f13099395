"""How many steps larger batches save: `python -m benchmarks.batch_sizes`.

Trains a recipe with batches of several sizes, Adam's learning rate growing with the root of the size; the recipe's own flags
may follow. Prints steps and rows until the validation loss is within some percent of the lowest one of the first size, and
the critical batch C of steps = least (1 + C / size), fitted to them.
"""

import argparse
import dataclasses
import importlib
import math
import sys
import time

import keras
import numpy as np

from seqzoo.errors import DataError, one_line
from seqzoo.recipe import main as command_line

RECIPES = "sentiment", "ner", "dna", "names", "language_model"


def arguments():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.batch_sizes", description=__doc__.splitlines()[0])
    parser.add_argument("--recipe", choices=RECIPES, default=RECIPES[0])
    parser.add_argument("--sizes", nargs="+", type=int, default=[32, 64, 128, 256, 512, 1024])
    parser.add_argument("--within", type=float, default=0.02, help="how far above the lowest loss counts as there: a share")
    return parser.parse_known_args()


def losses_of(recipe, config, problem, size):
    """The validation loss after each epoch."""
    keras.utils.clear_session()
    rate = config.learning_rate * math.sqrt(size / config.batch_size)
    config = dataclasses.replace(config, batch_size=size, learning_rate=rate)
    _, history = recipe.train_once(config, problem, verbose=False)
    return [figures["val_loss"] for figures in history]


def epochs_until(losses, goal):
    """Epochs, and a share of one, until the loss is as low; infinity if it never is."""
    for epoch, loss in enumerate(losses):
        if loss <= goal:
            before = losses[epoch - 1] if epoch else loss
            return epoch + ((before - goal) / (before - loss) if before > loss else 1.0)
    return math.inf


def critical(sizes, steps):
    """C of steps = least (1 + C / size), by least squares of the relative errors."""
    steps, over = np.array(steps), 1 / np.array(sizes)
    (least, slope), *_ = np.linalg.lstsq(np.stack([1 / steps, over / steps], axis=1), np.ones(len(steps)), rcond=None)
    return slope / least if least > 0 else math.inf


def main():
    asked, flags = arguments()
    recipe = importlib.import_module(f"recipes.{asked.recipe}")
    command_line.check("sizes", asked.sizes, lambda sizes: min(sizes) >= 1, "positive integers")
    config = command_line.parse(recipe.Config, flags, "benchmarks.batch_sizes")
    problem = recipe.load(config)
    count, goal, found = len(problem.train.inputs), None, {}
    print(f"{'batch':>6} {'epochs':>7} {'steps':>8} {'rows':>10} {'lowest loss':>12} {'seconds':>8}")
    for size in asked.sizes:
        started = time.perf_counter()
        losses = losses_of(recipe, config, problem, size)
        goal = goal or min(losses) * (1 + asked.within)
        epochs = epochs_until(losses, goal)
        steps, seconds = epochs * math.ceil(count / size), time.perf_counter() - started
        print(f"{size:6} {epochs:7.2f} {steps:8.0f} {epochs * count:10.0f} {min(losses):12.4f} {seconds:8.1f}", flush=True)
        if math.isfinite(steps):
            found[size] = steps
    if len(found) > 1:
        print(f"critical batch: {critical(list(found), list(found.values())):.0f} rows (loss {goal:.4f})")


if __name__ == "__main__":
    try:
        main()
    except (DataError, command_line.UsageError, OSError, FloatingPointError) as error:
        sys.exit(f"error: {one_line(error)}")
