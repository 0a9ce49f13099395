"""The networks of `recipes.long_range`, each of which learns one task from sequences that are drawn as it goes."""

import math
import sys

import keras
import numpy as np
from keras import ops

from seqzoo.data.batches import Batches
from seqzoo.data.tokenizer import Tokenizer
from seqzoo.datasets import adding_and_copying
from seqzoo.datasets import agreement as grammar
from seqzoo.layers import Recurrent
from seqzoo.models import ManyToOne
from seqzoo.models.recurrent_stack import recurrent_stack
from seqzoo.training import losses

BATCH = 64


# Training


def compile_(model, precision, optimizer, loss):
    model.dtype_policy = keras.dtype_policies.get(precision)  # by which Keras decides whether the loss is scaled
    model.compile(optimizer, loss)


def losses_of(model, batches):
    """The loss of each batch, up to the first that is not a number: what follows it is none either.

    Where the loss is scaled, an update whose gradients are beyond float16 is skipped; a note says how many were. The loss
    itself is not scaled: where it is not a number, the network's own outputs are beyond float16.
    """
    found = []
    for batch in batches:
        model.reset_metrics()
        found.append(float(model.train_on_batch(*batch)))
        if not math.isfinite(found[-1]):
            break
    if isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer):
        skipped = len(found) - int(ops.convert_to_numpy(model.optimizer.iterations))
        if skipped:
            print(f"note: {skipped} of {len(found)} updates skipped, gradients beyond float16", file=sys.stderr)
    return found


def learn(model, batches):
    """The loss of each batch; a `FloatingPointError` where one is not a number."""
    found = losses_of(model, batches)
    if not math.isfinite(found[-1]):
        raise FloatingPointError(
            f"the loss of batch {len(found)} is {found[-1]}: expected a lower --learning-rate or --clip-norm"
        )
    return found


def _learn(model, config, rate, loss, batches):
    compile_(model, config.precision, keras.optimizers.Adam(rate, global_clipnorm=config.clip_norm), loss)
    return learn(model, batches)


def init_gate_timescales(layer, steps, seed):
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


# Tasks


def train_network(config, cell, seed):
    """The network that learnt the configuration's task, and the loss of each batch; of copying the longest wait."""
    if config.task == "copying":
        return train_copier(config, cell, seed, max(config.blanks))
    return {"agreement": train_reader, "adding": train_adder}[config.task](config, cell, seed)


def train_reader(config, cell, seed, least=1):
    """A `ManyToOne` that says was or were, learnt from sentences with `least` words between or more; the losses."""
    keras.utils.set_random_seed(seed)
    count = config.batches // 4 * BATCH or BATCH
    drawn = grammar.generate(count, seed, config.words, held_out=False, least_between=least)
    tokenizer = Tokenizer.train(grammar.vocabulary())
    sizes = {"embedding": 16, "cell": cell, "units": config.units, "dtype": config.precision}
    model = ManyToOne(tokenizer.size, labels=grammar.VERBS, answer="yes-no", tokenizer=tokenizer, **sizes)
    sequences = model.sequences([each.before for each in drawn])
    if config.long_memory:
        init_gate_timescales(
            next(layer for layer in model.layers if isinstance(layer, Recurrent)), max(map(len, sequences)), seed
        )
    batches = Batches(sequences, [[each.plural] for each in drawn], BATCH, seed, buckets=[max(map(len, sequences))])
    loss = losses.CrossEntropy(sigmoid=True)
    return model, _learn(model, config, config.learning_rate / 3, loss, (batches[i] for i in range(len(batches))))


def new_adder(config, cell, seed):
    """A network `(batch, T, 2)` -> `(batch, 1)` that has learnt nothing yet."""
    keras.utils.set_random_seed(seed)
    layers = recurrent_stack(cell, config.units, dtype=config.precision)
    model = keras.Sequential([keras.Input((None, 2)), *layers, keras.layers.Dense(1, dtype="float32")])
    if config.long_memory:
        init_gate_timescales(layers[0], config.steps, seed)
    return model


def train_adder(config, cell, seed):
    """`new_adder`, when it has learnt to add, and the losses."""
    model, chance = new_adder(config, cell, seed), np.random.default_rng(seed)
    batches = (adding_and_copying.adding(BATCH, config.steps, chance) for _ in range(config.batches))
    return model, _learn(model, config, config.learning_rate, "mse", batches)


def train_copier(config, cell, seed, blanks):
    """A network `(batch, T, symbols)` -> `(batch, 10, letters)` that learnt to copy after so many blanks, and the losses."""
    keras.utils.set_random_seed(seed)
    (layer,) = recurrent_stack(cell, 2 * config.units, return_sequences=True, dtype=config.precision)
    inputs = keras.Input((None, adding_and_copying.SYMBOLS))
    y_hat = keras.layers.Dense(adding_and_copying.LETTERS, activation="softmax", dtype="float32")
    model = keras.Model(inputs, y_hat(layer(inputs)[:, -adding_and_copying.LENGTH :]))
    if config.long_memory:
        init_gate_timescales(layer, blanks + 2 * adding_and_copying.LENGTH, seed)
    chance = np.random.default_rng(seed)
    batches = (adding_and_copying.copying(BATCH, blanks, chance) for _ in range(config.batches))
    return model, _learn(model, config, config.learning_rate, losses.CrossEntropy(), batches)
