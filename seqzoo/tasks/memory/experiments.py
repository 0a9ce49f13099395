"""The experiments of `recipes.long_range`: each trains, draws one plot, and returns `{row: {metric: value}}`."""

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

_adder = functools.cache(networks.train_adder)  # of two experiments


def trainings(config):
    """(name, cell, seed) of each."""
    seeds = range(config.seed, config.seed + config.repeats)
    return [(cell + f", seed {seed}" * (config.repeats > 1), cell, seed) for cell in config.cells for seed in seeds]


def far_distance(config):
    """The fewest words between subject and verb in the training sentences of the rows `far`."""
    return max(config.words * 2 // 3, 1)


def agreement(config, path):
    """Accuracy by distance, of networks trained on all distances, and on the longest ones only."""
    test, rows = Sentences.draw(config, TEST), {}
    for extra, least in (("", 1), (", far", far_distance(config))):
        for name, cell, seed in trainings(config):
            model, _ = networks.train_reader(config, cell, seed, least)
            rows[name + extra] = test.metrics(model)
    baselines = test.baselines()
    drawn = {name: (list(figures), list(figures.values())) for name, figures in (rows | baselines).items()}
    line_plots.lines(drawn, path, "between subject and verb", "accuracy", "was or were?", baselines, ylim=(-0.02, 1.04))
    return rows | baselines


def adding(config, path):
    """Mean squared error on new sequences, beside that of the constant 1, the mean."""
    test, rows, drawn = Sums.draw(config, TEST), {}, {}
    for name, cell, seed in trainings(config):
        model, found = _adder(config, cell, seed)
        rows[name], drawn[name] = test.metrics(model), _smooth(found)
    for name, figures in test.baselines().items():
        rows[name], drawn[name] = figures, ([1, config.batches], [figures["mean_squared_error"]] * 2)
    labels = "batch", "mean squared error", f"adding, T = {config.steps}"
    line_plots.lines(drawn, path, *labels, baselines=list(test.baselines()), log="y")
    return rows


def _smooth(found, points=50):
    """(batch, mean loss) of so many stretches."""
    parts = np.array_split(np.array(found), min(points, len(found)))
    return np.cumsum([len(part) for part in parts]), [part.mean() for part in parts]


def copying(config, path):
    """Share of the letters that are right after each wait, and cross-entropy, beside those of a guess without a memory."""
    tests, rows, baselines = [Letters.draw(config, TEST, blanks) for blanks in config.blanks], {}, {}
    for name, cell, seed in trainings(config):
        rows[name] = {}
        for test in tests:
            model, _ = networks.train_copier(config, cell, seed, test.blanks)
            rows[name] |= test.metrics(model)
    for test in tests:
        for name, figures in test.baselines().items():
            baselines.setdefault(name, {}).update(figures)
    rows |= baselines
    waits = [str(blanks) for blanks in config.blanks]  # names: few, and far from each other
    drawn = {name: (waits, [of[f"right, T = {blanks}"] for blanks in config.blanks]) for name, of in rows.items()}
    labels = "T, blanks between", "letters that are right", "copying ten letters"
    line_plots.lines(drawn, path, *labels, baselines=list(baselines), ylim=(-0.02, 1.04))
    return rows


def gradients(config, path):
    """The norm of dL<T>/da<t> of the adding task by T - t, before and after training."""
    x, y = adding_and_copying.adding(networks.BATCH, config.steps, np.random.default_rng((config.seed, 2)))
    distances = np.unique(np.geomspace(1, config.steps, 5).astype(int)) - 1
    rows, drawn = {}, {}
    for name, cell, seed in trainings(config):
        trained, _ = _adder(config, cell, seed)
        for when, model in {"before": networks.new_adder(config, cell, seed), "after": trained}.items():
            norms = _norms(model, x, y)[::-1]
            drawn[f"{name}, {when}"] = np.arange(config.steps), norms
            logs = np.log10(np.maximum(norms[distances], 1e-99))
            rows[f"{name}, {when}"] = {f"T - t = {d}": float(log) for d, log in zip(distances, logs, strict=True)}
    labels = "T - t", "norm of dL<T>/da<t>", f"gradients of the adding task, T = {config.steps}"
    line_plots.lines(drawn, path, *labels, log="y")
    return rows


def _norms(model, x, y):
    layer, dense = model.layers
    y = ops.convert_to_tensor(y)
    return inspection.state_gradient_norms(layer, x, lambda a: ops.sum((dense(a) - y) ** 2, axis=-1))


def exploding(config, path):
    """An ill initialised network, trained by plain descent without clipping, and with it."""
    rows, drawn, batches = {}, {}, min(config.batches, 300)
    for name, clip_norm in {"no clipping": None, f"clip norm {config.clip_norm:g}": config.clip_norm}.items():
        model, chance = _unstable(config, clip_norm), np.random.default_rng(config.seed)
        found = networks.losses_of(
            model, (adding_and_copying.adding(networks.BATCH, UNSTABLE_STEPS, chance) for _ in range(batches))
        )
        finite = [loss for loss in found if math.isfinite(loss)]
        rows[name] = {"batches": len(finite), "first_loss": found[0], "last_loss": float(np.mean(finite[-20:]))}
        if len(finite) < len(found):
            print(f"{name}: the loss of batch {len(found)} is {found[-1]}", flush=True)
            name += f": {finite[-1]:,.4g}, then {found[-1]} at batch {len(found)}"
        drawn[name] = np.arange(1, len(found) + 1), [loss if math.isfinite(loss) else math.inf for loss in found]
    line_plots.lines(drawn, path, "batch", "mean squared error", "a relu network with too large weights", log="xy")
    return rows


def _unstable(config, clip_norm):
    keras.utils.set_random_seed(config.seed)
    grows, precision = keras.initializers.Identity(UNSTABLE_GAIN), config.precision
    layer = SimpleRNN(config.units, activation="relu", recurrent_initializer=grows, dtype=precision)
    model = keras.Sequential([keras.Input((None, 2)), layer, keras.layers.Dense(1, dtype="float32")])
    networks.compile_(model, precision, keras.optimizers.SGD(UNSTABLE_RATE, global_clipnorm=clip_norm), "mse")
    return model
