"""Benchmark of batch sizes, the training steps that larger batches save: `python -m benchmarks.batch_sizes`.

Trains a recipe with several batch sizes; Adam's learning rate grows with the root of the size. The recipe's own flags may
follow. Prints the steps and rows until the validation loss is within some percent of the lowest loss of the first size, and
the fitted critical batch size C of steps = least (1 + C / size).
"""

import argparse
import dataclasses
import importlib
import math
import sys
import time

import keras
import numpy as np

from seqzoo.errors import DataError, UsageError, one_line
from seqzoo.recipe import check
from seqzoo.recipe.flags import parse

RECIPES = "sentiment", "ner", "dna", "names", "language_model"


def arguments():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.batch_sizes", description=__doc__.splitlines()[0])
    parser.add_argument("--recipe", choices=RECIPES, default=RECIPES[0])
    parser.add_argument("--sizes", nargs="+", type=int, default=[32, 64, 128, 256, 512, 1024])
    parser.add_argument("--within", type=float, default=0.02, help="target loss: this share above the lowest of the first size")
    return parser.parse_known_args()


def losses_of(recipe, config, dataset, size):
    """Trains with one batch size. Returns the validation loss after each epoch."""
    keras.utils.clear_session()
    rate = config.learning_rate * math.sqrt(size / config.batch_size)
    config = dataclasses.replace(config, batch_size=size, learning_rate=rate)
    _, history = recipe.train(config, dataset, verbose=False)
    return [metrics["val_loss"] for metrics in history]


def epochs_until(losses, goal):
    """Returns the interpolated number of epochs until the loss reaches the goal; infinity if it never does."""
    for epoch, loss in enumerate(losses):
        if loss <= goal:
            before = losses[epoch - 1] if epoch else loss
            return epoch + ((before - goal) / (before - loss) if before > loss else 1.0)
    return math.inf


def critical(sizes, steps):
    """Returns the critical batch size C of steps = least (1 + C / size), by least squares of the relative errors."""
    steps, over = np.array(steps), 1 / np.array(sizes)
    (least, slope), *_ = np.linalg.lstsq(np.stack([1 / steps, over / steps], axis=1), np.ones(len(steps)), rcond=None)
    return slope / least if least > 0 else math.inf


def main():
    options, flags = arguments()
    recipe = importlib.import_module(f"recipes.{options.recipe}").RECIPE
    check("sizes", options.sizes, lambda sizes: min(sizes) >= 1, "positive integers")
    config = parse(recipe.config, flags, "benchmarks.batch_sizes")
    dataset = recipe.dataset(config)
    count, goal, steps_by_size = len(dataset.train.inputs), None, {}
    print(f"{'batch':>6} {'epochs':>7} {'steps':>8} {'rows':>10} {'lowest loss':>12} {'seconds':>8}")
    for size in options.sizes:
        started = time.perf_counter()
        losses = losses_of(recipe, config, dataset, size)
        goal = goal or min(losses) * (1 + options.within)
        epochs = epochs_until(losses, goal)
        steps, seconds = epochs * math.ceil(count / size), time.perf_counter() - started
        print(f"{size:6} {epochs:7.2f} {steps:8.0f} {epochs * count:10.0f} {min(losses):12.4f} {seconds:8.1f}", flush=True)
        if math.isfinite(steps):
            steps_by_size[size] = steps
    if len(steps_by_size) > 1:
        sizes, steps = zip(*steps_by_size.items(), strict=True)
        print(f"critical batch: {critical(sizes, steps):.0f} rows (loss {goal:.4f})")


if __name__ == "__main__":
    try:
        main()
    except (DataError, UsageError, OSError, FloatingPointError) as error:
        sys.exit(f"error: {one_line(error)}")
