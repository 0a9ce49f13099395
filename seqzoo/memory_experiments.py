"""The experiments of `recipes.long_range`: each trains, draws one picture, and returns `{row: {figure: value}}`."""

import functools
import math

import keras
import numpy as np
from keras import ops

from seqzoo.data import agreement as grammar
from seqzoo.data import memory_tasks
from seqzoo.data.batches import Batches
from seqzoo.data.tokenizer import Tokenizer
from seqzoo.inspection import gradients as inspection
from seqzoo.inspection import memory_plots
from seqzoo.layers import Recurrent, SimpleRNN
from seqzoo.models import ManyToOne
from seqzoo.models.recurrent_stack import recurrent_stack
from seqzoo.training import losses

BATCH, TESTED = 64, 2000
ILL_GAIN, ILL_STEPS, ILL_RATE = 1.05, 100, 0.01


def trainings(config):
    """(name, cell, seed) of each."""
    seeds = range(config.seed, config.seed + config.repeats)
    return [(cell + f", seed {seed}" * (config.repeats > 1), cell, seed) for cell in config.cells for seed in seeds]


def losses_of(model, batches):
    """The loss of each batch, up to the first that is not a number: what follows it is none either."""
    found = []
    for batch in batches:
        model.reset_metrics()
        found.append(float(model.train_on_batch(*batch)))
        if not math.isfinite(found[-1]):
            break
    return found


def learn(model, batches):
    """The loss of each batch; a `FloatingPointError` where one is not a number."""
    found = losses_of(model, batches)
    if not math.isfinite(found[-1]):
        raise FloatingPointError(
            f"the loss of batch {len(found)} is {found[-1]}: expected a lower --learning-rate or --clip-norm"
        )
    return found


def compile_(model, config, loss, rate):
    model.compile(keras.optimizers.Adam(rate, global_clipnorm=config.clip_norm), loss)


def remember(layer, steps, seed):
    """Gates that begin with memories of 1 to `steps` steps, a different one for each unit.

    Source: C. Tallec and Y. Ollivier, Can recurrent neural networks warp time?, ICLR 2018. A simple network has no gates.
    """
    cell = layer.cell
    bias = ops.convert_to_numpy(cell.bias).reshape(-1, cell.units).copy()
    keep = np.log(np.random.default_rng(seed).uniform(1, max(steps - 1, 2), cell.units))
    for gate, value in {"u": -keep, "f": keep}.items():
        if gate in cell.unit.gates:
            bias[cell.unit.gates.index(gate)] = value
    cell.bias.assign(bias.reshape(-1))


def recurrent_layer(model):
    return next(layer for layer in model.layers if isinstance(layer, Recurrent))


def far(config):
    """The fewest words between subject and verb in the sentences of those that learn from far away."""
    return max(config.words * 2 // 3, 1)


def agreement(config, path):
    """Accuracy by distance, of networks that learnt from all distances, and from the longest ones only."""
    held_out = grammar.generate(TESTED, config.seed + 1, config.words, held_out=True)
    actual, distances = (np.array([getattr(each, name) for each in held_out]) for name in ("plural", "distance"))
    ranges = [part for part in np.array_split(np.arange(1, config.words + 1), 5) if len(part)]
    inside = {f"{part[0]}-{part[-1]} words": np.isin(distances, part) for part in ranges}

    def row(said):
        return {name: float(np.mean(said[rows] == actual[rows])) for name, rows in inside.items()}

    rows = {}
    for extra, least in (("", 1), (", far", far(config))):
        for name, cell, seed in trainings(config):
            rows[name + extra] = row(_reader(config, cell, seed, least)(held_out))
    baselines = {
        "number of the nearest noun": row(np.array([grammar.nearest_is_plural(each.before) for each in held_out])),
        "always was": row(np.zeros(len(held_out), bool)),
    }
    drawn = {name: (list(figures), list(figures.values())) for name, figures in (rows | baselines).items()}
    memory_plots.lines(drawn, path, "between subject and verb", "accuracy", "was or were?", baselines, ylim=(-0.02, 1.04))
    return rows | baselines


def _reader(config, cell, seed, least):
    """A function that says of sentences whether their verb is plural, learnt from those with `least` words between or more."""
    keras.utils.set_random_seed(seed)
    count = config.batches // 4 * BATCH or BATCH
    drawn = grammar.generate(count, seed, config.words, held_out=False, least_between=least)
    tokenizer = Tokenizer.train(grammar.vocabulary())
    labels = {"labels": grammar.VERBS, "answer": "yes-no"}
    model = ManyToOne(tokenizer.size, **labels, embedding=16, cell=cell, units=config.units, tokenizer=tokenizer)
    sequences = model.sequences([each.before for each in drawn])
    if config.long_memory:
        remember(recurrent_layer(model), max(map(len, sequences)), seed)
    batches = Batches(sequences, [[each.plural] for each in drawn], BATCH, seed, buckets=[max(map(len, sequences))])
    compile_(model, config, losses.CrossEntropy(sigmoid=True), config.learning_rate / 3)
    learn(model, (batches[i] for i in range(len(batches))))
    return lambda asked: np.array([answer.label == "were" for answer in model.answers([each.before for each in asked])])


@functools.cache
def _adder(config, cell, seed):
    """A network that learnt to add, its weights before, and the losses of its batches."""
    keras.utils.set_random_seed(seed)
    layers = recurrent_stack(cell, config.units)
    model = keras.Sequential([keras.Input((None, 2)), *layers, keras.layers.Dense(1)])
    if config.long_memory:
        remember(layers[0], config.steps, seed)
    before, chance = model.get_weights(), np.random.default_rng(seed)
    compile_(model, config, "mse", config.learning_rate)
    return model, before, learn(model, (memory_tasks.adding(BATCH, config.steps, chance) for _ in range(config.batches)))


def adding(config, path):
    """Mean squared error on new sequences, beside that of always saying 1, the mean."""
    x, y = memory_tasks.adding(TESTED, config.steps, np.random.default_rng((config.seed, 1)))
    rows, drawn = {}, {}
    for name, cell, seed in trainings(config):
        model, _, found = _adder(config, cell, seed)
        rows[name] = {"mean_squared_error": float(np.mean((model.predict(x, batch_size=BATCH, verbose=0) - y) ** 2))}
        drawn[name] = _smooth(found)
    rows["always 1"] = {"mean_squared_error": float(np.mean((y - 1) ** 2))}
    drawn["always 1"] = [1, config.batches], [rows["always 1"]["mean_squared_error"]] * 2
    labels = "batch", "mean squared error", f"adding, T = {config.steps}"
    memory_plots.lines(drawn, path, *labels, baselines=["always 1"], log="y")
    return rows


def _smooth(found, points=50):
    """(batch, mean loss) of so many stretches."""
    parts = np.array_split(np.array(found), min(points, len(found)))
    return np.cumsum([len(part) for part in parts]), [part.mean() for part in parts]


def copying(config, path):
    """Share of the letters that are right after each wait, and cross-entropy, beside those of a guess without a memory."""
    rows = {}
    for name, cell, seed in trainings(config):
        rows[name] = {}
        for blanks in config.blanks:
            rows[name] |= _copier(config, cell, seed, blanks)
    rows["no memory"] = {}
    for blanks in config.blanks:
        steps = blanks + 2 * memory_tasks.LENGTH
        guess = memory_tasks.LENGTH * math.log(memory_tasks.LETTERS) / steps
        rows["no memory"] |= {f"right, T = {blanks}": 1 / memory_tasks.LETTERS, f"loss, T = {blanks}": guess}
    waits = [str(blanks) for blanks in config.blanks]  # names: few, and far from each other
    drawn = {name: (waits, [of[f"right, T = {blanks}"] for blanks in config.blanks]) for name, of in rows.items()}
    labels = "T, blanks between", "letters that are right", "copying ten letters"
    memory_plots.lines(drawn, path, *labels, baselines=["no memory"], ylim=(-0.02, 1.04))
    return rows


def _copier(config, cell, seed, blanks):
    keras.utils.set_random_seed(seed)
    (layer,) = recurrent_stack(cell, 2 * config.units, return_sequences=True)
    inputs = keras.Input((None, memory_tasks.SYMBOLS))
    y_hat = keras.layers.Dense(memory_tasks.LETTERS, activation="softmax")
    model = keras.Model(inputs, y_hat(layer(inputs)[:, -memory_tasks.LENGTH :]))
    steps, chance = blanks + 2 * memory_tasks.LENGTH, np.random.default_rng(seed)
    if config.long_memory:
        remember(layer, steps, seed)
    compile_(model, config, losses.CrossEntropy(), config.learning_rate)
    learn(model, (memory_tasks.copying(BATCH, blanks, chance) for _ in range(config.batches)))
    x, y = memory_tasks.copying(TESTED, blanks, np.random.default_rng((config.seed, 1)))
    p = model.predict(x, batch_size=BATCH, verbose=0)
    loss = -np.log(np.maximum(np.take_along_axis(p, y[:, :, None], axis=2), losses.SMALLEST)).sum(axis=1).mean() / steps
    return {f"right, T = {blanks}": float(np.mean(p.argmax(axis=-1) == y)), f"loss, T = {blanks}": float(loss)}


def gradients(config, path):
    """The norm of dL<T>/da<t> of the adding task by T - t, before and after training."""
    x, y = memory_tasks.adding(BATCH, config.steps, np.random.default_rng((config.seed, 2)))
    distances = np.unique(np.geomspace(1, config.steps, 5).astype(int)) - 1
    rows, drawn = {}, {}
    for name, cell, seed in trainings(config):
        model, before, _ = _adder(config, cell, seed)
        after = model.get_weights()
        for when, weights in {"before": before, "after": after}.items():
            model.set_weights(weights)
            norms = _norms(model, x, y)[::-1]
            drawn[f"{name}, {when}"] = np.arange(config.steps), norms
            logs = np.log10(np.maximum(norms[distances], 1e-99))
            rows[f"{name}, {when}"] = {f"T - t = {d}": float(log) for d, log in zip(distances, logs, strict=True)}
    labels = "T - t", "norm of dL<T>/da<t>", f"gradients of the adding task, T = {config.steps}"
    memory_plots.lines(drawn, path, *labels, log="y")
    return rows


def _norms(model, x, y):
    layer, dense = model.layers
    y = ops.convert_to_tensor(y)
    return inspection.of_states(layer, x, lambda a: ops.sum((dense(a) - y) ** 2, axis=-1))


def exploding(config, path):
    """An ill initialised network, trained by plain descent without clipping, and with it."""
    rows, drawn, batches = {}, {}, min(config.batches, 300)
    for name, clip_norm in {"no clipping": None, f"clip norm {config.clip_norm:g}": config.clip_norm}.items():
        keras.utils.set_random_seed(config.seed)
        grows = keras.initializers.Identity(ILL_GAIN)
        layer = SimpleRNN(config.units, activation="relu", recurrent_initializer=grows)
        model = keras.Sequential([keras.Input((None, 2)), layer, keras.layers.Dense(1)])
        model.compile(keras.optimizers.SGD(ILL_RATE, global_clipnorm=clip_norm), "mse")
        chance = np.random.default_rng(config.seed)
        found = losses_of(model, (memory_tasks.adding(BATCH, ILL_STEPS, chance) for _ in range(batches)))
        finite = [loss for loss in found if math.isfinite(loss)]
        rows[name] = {"batches": len(finite), "first_loss": found[0], "last_loss": float(np.mean(finite[-20:]))}
        if len(finite) < len(found):
            print(f"{name}: the loss of batch {len(found)} is {found[-1]}", flush=True)
            name += f": {finite[-1]:,.4g}, then {found[-1]} at batch {len(found)}"
        drawn[name] = np.arange(1, len(found) + 1), [loss if math.isfinite(loss) else math.inf for loss in found]
    memory_plots.lines(drawn, path, "batch", "mean squared error", "a relu network with too large weights", log="xy")
    return rows
