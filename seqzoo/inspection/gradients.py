"""Gradient norms over time, ‖dL<T>/da<t>‖: where the gradient of a loss vanishes and where it explodes."""

import numpy as np
from keras import ops

from seqzoo import backend


def state_gradient_norms(layer, sequences, loss):
    """Returns the norms of dL<T>/da<t> for t = 1..T_x, an array `(T_x,)`, each the mean over the sequences.

    The function applies the chain rule step by step, through the layer's own `step`. The state of an LSTM is a and c: its norm
    is that of both together.

    Args:
        layer: a built forward `layers.Recurrent`.
        sequences: `(batch, T_x, inputs)`.
        loss: function from a<T_x> `(batch, units)` to the loss of each sequence `(batch,)`.
    """
    x = ops.convert_to_tensor(sequences)
    states = [layer.get_initial_state(x.shape[0])]
    for t in range(x.shape[1]):
        states.append(_next(layer, states[-1], x[:, t]))
    upstream = backend.vjp(lambda state, _: loss(state[0]), states[-1], (), ops.ones(x.shape[0]))
    norms = [_norm(upstream)]
    for t in range(x.shape[1] - 1, 0, -1):
        upstream = backend.vjp(lambda state, x_t: _next(layer, state, x_t), states[t], x[:, t], upstream)
        norms.append(_norm(upstream))
    return np.array(norms[::-1])


def _next(layer, state, x_t):
    return layer.step(x_t, state)[1]


def _norm(state):
    """Returns the mean norm over the batch, in float64: squares of small numbers underflow in float32."""
    parts = np.concatenate([ops.convert_to_numpy(part) for part in state], axis=1).astype(np.float64)
    return np.sqrt((parts**2).sum(axis=1)).mean()
