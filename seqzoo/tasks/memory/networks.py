"""Networks of `recipes.long_range`, one for each memory task, and their training on generated sequences."""

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
    """Compiles a model with a dtype policy of Keras, `precision`, and an optimizer and a loss."""
    model.dtype_policy = keras.dtype_policies.get(precision)  # by which Keras decides whether the loss is scaled
    model.compile(optimizer, loss)


def train_while_finite(model, batches):
    """Trains a model; returns the loss of each batch. The first loss that is not finite ends the training.

    With a loss scale, updates whose gradients are beyond float16 are skipped; a note counts these updates. The returned losses
    are not scaled: where one is not finite, the network's own outputs are beyond float16.
    """
    history = []
    for batch in batches:
        model.reset_metrics()
        history.append(float(model.train_on_batch(*batch)))
        if not math.isfinite(history[-1]):
            break
    if isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer):
        skipped = len(history) - int(ops.convert_to_numpy(model.optimizer.iterations))
        if skipped:
            print(f"note: {skipped} of {len(history)} updates skipped, gradients beyond float16", file=sys.stderr)
    return history


def train(model, batches):
    """Trains a model; returns the loss of each batch.

    Raises:
        FloatingPointError: a loss is not finite.
    """
    history = train_while_finite(model, batches)
    if not math.isfinite(history[-1]):
        raise FloatingPointError(
            f"the loss of batch {len(history)} is {history[-1]}: expected a lower --learning-rate or --clip-norm"
        )
    return history


def _compile_and_train(model, config, rate, loss, batches):
    compile_(model, config.precision, keras.optimizers.Adam(rate, global_clipnorm=config.clip_norm), loss)
    return train(model, batches)


def init_gate_timescales(layer, steps, seed):
    """Sets gate biases so that the memories of the units begin with different time scales, from 1 to `steps` steps.

    A simple network has no gates. Source: C. Tallec and Y. Ollivier, Can recurrent neural networks warp time?, ICLR 2018.
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
    """A network trained on the config's task, and the loss of each batch; for copying with the most blanks."""
    if config.task == "copying":
        return train_copier(config, cell, seed, max(config.blanks))
    return {"agreement": train_reader, "adding": train_adder}[config.task](config, cell, seed)


def train_reader(config, cell, seed, least=1):
    """A `ManyToOne` trained to choose was or were, and the loss of each batch.

    Training sentences have at least `least` words between the subject and its verb.
    """
    keras.utils.set_random_seed(seed)
    count = config.batches // 4 * BATCH or BATCH
    sentences = grammar.generate(count, seed, config.words, held_out=False, least_between=least)
    tokenizer = Tokenizer.train(grammar.vocabulary())
    sizes = {"embedding": 16, "cell": cell, "units": config.units, "dtype": config.precision}
    model = ManyToOne(tokenizer.size, labels=grammar.VERBS, answer="yes-no", tokenizer=tokenizer, **sizes)
    sequences = model.sequences([sentence.before for sentence in sentences])
    if config.long_memory:
        init_gate_timescales(
            next(layer for layer in model.layers if isinstance(layer, Recurrent)), max(map(len, sequences)), seed
        )
    targets = [[sentence.plural] for sentence in sentences]
    batches = Batches(sequences, targets, BATCH, seed, buckets=[max(map(len, sequences))])
    loss = losses.CrossEntropy(sigmoid=True)
    epoch = (batches[i] for i in range(len(batches)))
    return model, _compile_and_train(model, config, config.learning_rate / 3, loss, epoch)


def new_adder(config, cell, seed):
    """An untrained network `(batch, T, 2)` -> `(batch, 1)` for the adding task."""
    keras.utils.set_random_seed(seed)
    layers = recurrent_stack(cell, config.units, dtype=config.precision)
    model = keras.Sequential([keras.Input((None, 2)), *layers, keras.layers.Dense(1, dtype="float32")])
    if config.long_memory:
        init_gate_timescales(layers[0], config.steps, seed)
    return model


def train_adder(config, cell, seed):
    """`new_adder` trained to add, and the loss of each batch."""
    model, rng = new_adder(config, cell, seed), np.random.default_rng(seed)
    batches = (adding_and_copying.adding(BATCH, config.steps, rng) for _ in range(config.batches))
    return model, _compile_and_train(model, config, config.learning_rate, "mse", batches)


def train_copier(config, cell, seed, blanks):
    """A network `(batch, T, symbols)` -> `(batch, 10, letters)` trained to copy after `blanks`; the loss of each batch."""
    keras.utils.set_random_seed(seed)
    (layer,) = recurrent_stack(cell, 2 * config.units, return_sequences=True, dtype=config.precision)
    inputs = keras.Input((None, adding_and_copying.SYMBOLS))
    y_hat = keras.layers.Dense(adding_and_copying.LETTERS, activation="softmax", dtype="float32")
    model = keras.Model(inputs, y_hat(layer(inputs)[:, -adding_and_copying.LENGTH :]))
    if config.long_memory:
        init_gate_timescales(layer, blanks + 2 * adding_and_copying.LENGTH, seed)
    rng = np.random.default_rng(seed)
    batches = (adding_and_copying.copying(BATCH, blanks, rng) for _ in range(config.batches))
    return model, _compile_and_train(model, config, config.learning_rate, losses.CrossEntropy(), batches)
