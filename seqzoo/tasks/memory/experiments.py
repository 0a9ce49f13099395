"""Experiments of `recipes.long_range`: each trains networks, draws one plot, and returns `{row: {metric: value}}`."""

import functools
import math

import keras
import numpy as np
from keras import ops

from seqzoo.datasets import adding_and_copying
from seqzoo.inspection import gradients as inspection
from seqzoo.inspection import line_plots
from seqzoo.layers import SimpleRNN
from seqzoo.tasks.memory import networks
from seqzoo.tasks.memory.problems import TEST, Letters, Sentences, Sums

UNSTABLE_GAIN, UNSTABLE_STEPS, UNSTABLE_RATE = 1.05, 100, 0.01

_adder = functools.cache(networks.train_adder)  # for two experiments


def trainings(config):
    """`(name, cell, seed)` of each training."""
    seeds = range(config.seed, config.seed + config.repeats)
    return [(cell + f", seed {seed}" * (config.repeats > 1), cell, seed) for cell in config.cells for seed in seeds]


def far_distance(config):
    """The fewest words between subject and verb in the training sentences of the rows `far`."""
    return max(config.words * 2 // 3, 1)


def agreement(config, path):
    """Agreement: accuracy by distance, of networks trained on all distances, and on the longest ones only."""
    test, rows = Sentences.draw(config, TEST), {}
    for suffix, least in (("", 1), (", far", far_distance(config))):
        for name, cell, seed in trainings(config):
            model, _ = networks.train_reader(config, cell, seed, least)
            rows[name + suffix] = test.metrics(model)
    baselines = test.baselines()
    curves = {name: (list(metrics), list(metrics.values())) for name, metrics in (rows | baselines).items()}
    line_plots.lines(curves, path, "between subject and verb", "accuracy", "was or were?", baselines, ylim=(-0.02, 1.04))
    return rows | baselines


def adding(config, path):
    """Adding: mean squared error on new sequences, beside that of the constant 1, the mean."""
    test, rows, curves = Sums.draw(config, TEST), {}, {}
    for name, cell, seed in trainings(config):
        model, losses = _adder(config, cell, seed)
        rows[name], curves[name] = test.metrics(model), _smooth(losses)
    for name, metrics in test.baselines().items():
        rows[name], curves[name] = metrics, ([1, config.batches], [metrics["mean_squared_error"]] * 2)
    labels = "batch", "mean squared error", f"adding, T = {config.steps}"
    line_plots.lines(curves, path, *labels, baselines=list(test.baselines()), log="y")
    return rows


def _smooth(losses, points=50):
    """A curve `(batches, mean losses)` of so many points."""
    stretches = np.array_split(np.array(losses), min(points, len(losses)))
    return np.cumsum([len(stretch) for stretch in stretches]), [stretch.mean() for stretch in stretches]


def copying(config, path):
    """Copying: share of right letters and cross-entropy by the number of blanks, beside a guess without a memory."""
    tests, rows, baselines = [Letters.draw(config, TEST, blanks) for blanks in config.blanks], {}, {}
    for name, cell, seed in trainings(config):
        rows[name] = {}
        for test in tests:
            model, _ = networks.train_copier(config, cell, seed, test.blanks)
            rows[name] |= test.metrics(model)
    for test in tests:
        for name, metrics in test.baselines().items():
            baselines.setdefault(name, {}).update(metrics)
    rows |= baselines
    waits = [str(blanks) for blanks in config.blanks]  # as names, for an axis with even distances
    curves = {name: (waits, [row[f"right, T = {blanks}"] for blanks in config.blanks]) for name, row in rows.items()}
    labels = "T, blanks between", "letters that are right", "copying ten letters"
    line_plots.lines(curves, path, *labels, baselines=list(baselines), ylim=(-0.02, 1.04))
    return rows


def gradients(config, path):
    """Gradients: the norm of dL<T>/da<t> of the adding task by T - t, before and after training."""
    x, y = adding_and_copying.adding(networks.BATCH, config.steps, np.random.default_rng((config.seed, 2)))
    distances = np.unique(np.geomspace(1, config.steps, 5).astype(int)) - 1
    rows, curves = {}, {}
    for name, cell, seed in trainings(config):
        trained, _ = _adder(config, cell, seed)
        for when, model in {"before": networks.new_adder(config, cell, seed), "after": trained}.items():
            norms = _norms(model, x, y)[::-1]
            curves[f"{name}, {when}"] = np.arange(config.steps), norms
            logs = np.log10(np.maximum(norms[distances], 1e-99))
            rows[f"{name}, {when}"] = {f"T - t = {d}": float(log) for d, log in zip(distances, logs, strict=True)}
    labels = "T - t", "norm of dL<T>/da<t>", f"gradients of the adding task, T = {config.steps}"
    line_plots.lines(curves, path, *labels, log="y")
    return rows


def _norms(model, x, y):
    layer, dense = model.layers
    y = ops.convert_to_tensor(y)
    return inspection.state_gradient_norms(layer, x, lambda a: ops.sum((dense(a) - y) ** 2, axis=-1))


def exploding(config, path):
    """Exploding gradients: losses of a badly initialised network under plain descent, without clipping and with it."""
    rows, curves, batches = {}, {}, min(config.batches, 300)
    for name, clip_norm in {"no clipping": None, f"clip norm {config.clip_norm:g}": config.clip_norm}.items():
        model, rng = _unstable(config, clip_norm), np.random.default_rng(config.seed)
        losses = networks.train_while_finite(
            model, (adding_and_copying.adding(networks.BATCH, UNSTABLE_STEPS, rng) for _ in range(batches))
        )
        finite = [loss for loss in losses if math.isfinite(loss)]
        rows[name] = {"batches": len(finite), "first_loss": losses[0], "last_loss": float(np.mean(finite[-20:]))}
        if len(finite) < len(losses):
            print(f"{name}: the loss of batch {len(losses)} is {losses[-1]}", flush=True)
            name += f": {finite[-1]:,.4g}, then {losses[-1]} at batch {len(losses)}"
        curves[name] = np.arange(1, len(losses) + 1), [loss if math.isfinite(loss) else math.inf for loss in losses]
    line_plots.lines(curves, path, "batch", "mean squared error", "a relu network with too large weights", log="xy")
    return rows


def _unstable(config, clip_norm):
    """A relu network whose recurrent matrix is `UNSTABLE_GAIN` times the identity."""
    keras.utils.set_random_seed(config.seed)
    initializer, precision = keras.initializers.Identity(UNSTABLE_GAIN), config.precision
    layer = SimpleRNN(config.units, activation="relu", recurrent_initializer=initializer, dtype=precision)
    model = keras.Sequential([keras.Input((None, 2)), layer, keras.layers.Dense(1, dtype="float32")])
    networks.compile_(model, precision, keras.optimizers.SGD(UNSTABLE_RATE, global_clipnorm=clip_norm), "mse")
    return model
