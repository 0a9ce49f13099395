"""Attention: e<t,t'> = score(s<t>, a<t'>), α<t,t'> = softmax over t' of e<t,t'>, context<t> = Σ_t' α<t,t'> a<t'>.

`keras.layers.AdditiveAttention` and `keras.layers.Attention` have no weight matrices, take their softmax in 16 bits under mixed
precision, and give padding weight where a whole row is masked.
"""

from typing import NamedTuple

import keras
from keras import ops

from seqzoo.backend import at_least_float32, matmul
from seqzoo.equations.unit import tanh
from seqzoo.layers.arguments import positive_integer

MASKED = -1e9  # the score of a masked step
LEAST = 1e-9  # sum of a row's weights before they are divided by it: 1 at least, or 0


class Memory(NamedTuple):
    """What queries attend to: values a<1>…a<T_x> `(batch, T_x, size)`, their keys `(batch, T_x, ...)`, and the mask or None."""

    values: object
    keys: object
    mask: object = None


class Attention(keras.layers.Layer):
    """Attention with the score of a subclass: `_keys(values)`, and `_scores(queries, keys)`.

    Call arguments:
        inputs: `[queries (batch, T_y, query size), values (batch, T_x, size)]`.
        mask: `[anything, booleans (batch, T_x)]`, as Keras passes masks, or None. A masked value has no weight; a row all
            False has the context 0.
        return_attention_scores: whether to return the weights α too.

    Returns:
        The context `(batch, T_y, size)`, and with `return_attention_scores` the weights `(batch, T_y, T_x)`. The softmax and
        the weights are float32 at least.
    """

    def __init__(self, **kwargs):
        super().__init__(autocast=False, **kwargs)
        self.supports_masking = True

    @property
    def weights_dtype(self):
        """The dtype of the softmax and of the weights, never below float32."""
        return at_least_float32(self.compute_dtype)

    def call(self, inputs, mask=None, return_attention_scores=False):
        queries, values = inputs
        context, weights = self.attend(queries, self.memory(values, None if mask is None else mask[1]))
        return (context, weights) if return_attention_scores else context

    def memory(self, values, mask=None):
        """Returns the `Memory` of values, whose keys are computed once for all queries."""
        values = ops.cast(values, self.compute_dtype)
        return Memory(values, self._keys(values), mask)

    def attend(self, queries, memory):
        """Returns the contexts `(batch, T_y, size)` of queries `(batch, T_y, query size)`, and the weights."""
        scores = self._scores(ops.cast(queries, self.compute_dtype), memory.keys)
        scores = ops.cast(scores, self.weights_dtype)
        mask = None if memory.mask is None else ops.cast(memory.mask, "bool")[:, None]
        alpha = _softmax(scores, mask)
        return matmul(ops.cast(alpha, self.compute_dtype), memory.values), alpha

    def step(self, query, memory):
        """Returns the context `(batch, size)` of one query `(batch, query size)`, and the weights `(batch, T_x)`."""
        context, alpha = self.attend(query[:, None], memory)
        return context[:, 0], alpha[:, 0]

    def compute_output_spec(self, inputs, mask=None, return_attention_scores=False):
        queries, values = inputs
        context = keras.KerasTensor((*queries.shape[:-1], values.shape[-1]), self.compute_dtype)
        weights = keras.KerasTensor((*queries.shape[:-1], values.shape[1]), self.weights_dtype)
        return (context, weights) if return_attention_scores else context

    def compute_mask(self, inputs, mask=None):
        return None if mask is None else mask[0]

    def _kernel(self, name, shape):
        return self.add_weight(name=name, shape=shape, initializer="glorot_uniform", autocast=False)

    def _product(self, x, kernel):
        return matmul(x, ops.cast(kernel, self.compute_dtype))


@keras.saving.register_keras_serializable("seqzoo")
class AdditiveAttention(Attention):
    """Attention of Bahdanau et al. 2015: e<t,t'> = v·tanh(W[s<t>, a<t'>]).

    The memory of a call grows with batch * T_y * T_x * units.

    Args:
        units: the size of v.
    """

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = positive_integer("units", units)

    def build(self, shapes):
        (*_, query), (*_, value) = shapes
        self.query_kernel = self._kernel("query_kernel", (query, self.units))
        self.value_kernel = self._kernel("value_kernel", (value, self.units))
        self.v = self._kernel("v", (self.units, 1))
        self.built = True

    def _keys(self, values):
        return self._product(values, self.value_kernel)

    def _scores(self, queries, keys):
        s = self._product(queries, self.query_kernel)
        return self._product(tanh(s[:, :, None] + keys[:, None]), self.v)[..., 0]

    def as_notes(self):
        """Returns the weights in the notes' letters: `W` `(units, query size + size)` acts on [s<t>, a<t'>], `v` `(units,)`."""
        w = ops.concatenate([ops.convert_to_tensor(self.query_kernel), ops.convert_to_tensor(self.value_kernel)])
        return {"W": ops.convert_to_numpy(w).T, "v": ops.convert_to_numpy(self.v)[:, 0]}

    def get_config(self):
        return super().get_config() | {"units": self.units}


@keras.saving.register_keras_serializable("seqzoo")
class MultiplicativeAttention(Attention):
    """Attention of Luong et al. 2015: e<t,t'> = s<t>·W a<t'> ("general"), or s<t>·a<t'> ("dot").

    Args:
        score: "general", or "dot", for queries and values of one size.
    """

    def __init__(self, score="general", **kwargs):
        super().__init__(**kwargs)
        if score not in ("general", "dot"):
            raise ValueError(f'`score` must be "general" or "dot", got {score!r}.')
        self.score = score

    def build(self, shapes):
        (*_, query), (*_, value) = shapes
        if self.score == "dot" and query != value:
            raise ValueError(f'`score="dot"` needs queries and values of one size, got {query} and {value}.')
        self.kernel = self._kernel("kernel", (value, query)) if self.score == "general" else None
        self.built = True

    def _keys(self, values):
        return values if self.kernel is None else self._product(values, self.kernel)

    def _scores(self, queries, keys):
        return matmul(queries, ops.swapaxes(keys, 1, 2))

    def as_notes(self):
        """Returns `{"W": (query size, size)}` of the "general" score."""
        return {} if self.kernel is None else {"W": ops.convert_to_numpy(self.kernel).T}

    def get_config(self):
        return super().get_config() | {"score": self.score}


def _softmax(scores, mask):
    """Returns the softmax over the real steps, zeros where there are none. (Keras's warns of a single step.)"""
    scores = scores if mask is None else ops.where(mask, scores, MASKED)
    alpha = ops.exp(scores - ops.stop_gradient(ops.max(scores, axis=-1, keepdims=True)))
    if mask is None:
        return alpha / ops.sum(alpha, axis=-1, keepdims=True)
    alpha = ops.where(mask, alpha, ops.zeros_like(alpha))
    return alpha / ops.maximum(ops.sum(alpha, axis=-1, keepdims=True), LEAST)
