"""How much of a loss reaches the states far before it: ‖dL<T>/da<t>‖, where it vanishes and where it explodes."""

import numpy as np
from keras import ops

from seqzoo import backend


def of_states(layer, sequences, loss):
    """The norm of dL<T>/da<t> for t = 1..T_x: an array `(T_x,)`, the mean over the sequences.

    The chain rule a step at a time, through the layer's own `step`. The state of an LSTM is a and c: the norm is that of both.

    Args:
        layer: a built `layers.Recurrent`, which goes forward.
        sequences: `(batch, T_x, inputs)`.
        loss: takes a<T_x> `(batch, units)` to the loss of each sequence `(batch,)`.
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
    """The mean over the batch; in float64, for the squares of small numbers are none in float32."""
    parts = np.concatenate([ops.convert_to_numpy(part) for part in state], axis=1).astype(np.float64)
    return np.sqrt((parts**2).sum(axis=1)).mean()
