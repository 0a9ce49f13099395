"""Encoder–decoders of seqzoo and of keras.layers, equal in their equations, for `benchmarks.encoder_decoder`."""

import keras
import numpy as np
from keras import ops

from seqzoo.models import EncoderDecoder
from seqzoo.training.losses import CrossEntropy

BATCH, STEPS, VOCABULARY, EMBEDDING, UNITS = 64, 40, 1000, 64, 256
CASES = {
    "no attention": {"attention": None},
    "general": {"attention": "general"},
    "additive, input feeding": {"attention": "additive", "input_feeding": True},
}


def of_seqzoo(attention, input_feeding=False):
    """Returns our model; its inputs are a dict."""
    options = {"embedding": EMBEDDING, "units": UNITS, "attention": attention, "input_feeding": input_feeding}
    return EncoderDecoder(VOCABULARY, **options)


class AttentionCell(keras.layers.Layer):
    """A GRU cell with additive attention; `encoded`, `keys` and `mask` are set before each run."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        layers = keras.layers
        self.state_size, self.output_size = [UNITS], UNITS
        self.cell, self.query = layers.GRUCell(UNITS, reset_after=False), layers.Dense(UNITS, use_bias=False)
        self.attention, self.combine = layers.AdditiveAttention(), layers.Dense(UNITS, "tanh")

    def build(self, shape):
        self.cell.build((None, EMBEDDING + 2 * UNITS))
        self.query.build((None, UNITS))
        self.attention.build([(None, 1, UNITS), (None, STEPS, 2 * UNITS), (None, STEPS, UNITS)])
        self.combine.build((None, 3 * UNITS))
        self.built = True

    def call(self, x, states):
        query = self.query(states[0])[:, None]
        context = self.attention([query, self.encoded, self.keys], mask=[None, self.mask])[:, 0]
        s, _ = self.cell(ops.concatenate([x, context], axis=-1), states)
        return self.combine(ops.concatenate([context, s], axis=-1)), [s]


class AdditiveLoop(keras.layers.Layer):
    """Runs the cell over the steps."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.cell, self.keys = AttentionCell(), keras.layers.Dense(UNITS, use_bias=False)
        self.rnn = keras.layers.RNN(self.cell, return_sequences=True)

    def build(self, x, *_):
        self.keys.build((None, None, 2 * UNITS))
        self.rnn.build(x)
        self.built = True

    def call(self, x, first, encoded, mask):
        self.cell.encoded, self.cell.keys, self.cell.mask = encoded, self.keys(encoded), mask
        return self.rnn(x, initial_state=first)

    def compute_output_shape(self, x, *_):
        return (*x[:2], UNITS)


def of_keras(attention, input_feeding=False):
    """Returns the model of keras.layers, with the same inputs."""
    layers = keras.layers
    inputs, y_prev = keras.Input((None,), dtype="int32", name="inputs"), keras.Input((None,), dtype="int32", name="y_prev")
    mask = keras.Input((None,), dtype="bool", name="mask")
    encoder = layers.Bidirectional(layers.GRU(UNITS, return_sequences=True, return_state=True, reset_after=False))
    encoded, *states = encoder(layers.Embedding(VOCABULARY, EMBEDDING)(inputs), mask=mask)
    first, x = layers.Dense(UNITS, "tanh")(layers.Concatenate()(states)), layers.Embedding(VOCABULARY, EMBEDDING)(y_prev)
    if input_feeding:
        h = AdditiveLoop()(x, first, encoded, mask)
    else:
        h = layers.GRU(UNITS, return_sequences=True, reset_after=False)(x, initial_state=first)
    if attention and not input_feeding:
        context = layers.Attention()([layers.Dense(2 * UNITS, use_bias=False)(h), encoded], mask=[None, mask])
        h = layers.Dense(UNITS, "tanh")(layers.Concatenate()([context, h]))
    return keras.Model({"inputs": inputs, "mask": mask, "y_prev": y_prev}, layers.Dense(VOCABULARY)(h))


def contestants(case, wanted=None):
    """Returns {name: {"training step": function}}; a function runs one batch."""
    makers = {"seqzoo": of_seqzoo, "keras.layers": of_keras}
    return {name: _runs(maker(**CASES[case])) for name, maker in makers.items() if wanted is None or name in wanted}


def _runs(model):
    rng = np.random.default_rng(0)
    x, y = rng.integers(4, VOCABULARY, (2, BATCH, STEPS)).astype("int32")
    mask = np.arange(STEPS) < rng.integers(STEPS // 2, STEPS + 1, BATCH)[:, None]
    inputs = {"inputs": x, "mask": mask, "y_prev": np.roll(y, 1, axis=1)}
    inputs, y = {name: ops.convert_to_tensor(a) for name, a in inputs.items()}, ops.convert_to_tensor(y)
    model.compile("adam", CrossEntropy(logits=True))
    return {"training step": lambda: float(model.train_on_batch(inputs, y))}
