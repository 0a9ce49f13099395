"""Gradients of states against small differences and against what is known of a linear network."""

import keras
import numpy as np
import pytest
from keras import ops

from seqzoo.inspection import gradients
from seqzoo.layers import GRU, LSTM, SimpleRNN

T, UNITS, BATCH = 6, 3, 2


def loss(a):
    return ops.sum((a - 0.3) ** 2, axis=-1)


def built(layer, seed=1):
    """The layer with random weights, and inputs."""
    chance = np.random.default_rng(seed)
    layer.build((None, None, 2))
    layer.set_weights([chance.normal(0, 0.7, weight.shape) for weight in layer.weights])
    return layer, chance.normal(size=(BATCH, T, 2)).astype(np.float32)


def loss_from(layer, x, t, state):
    """Of each sequence, where the state after t steps is this."""
    state = [ops.convert_to_tensor(part) for part in state]
    for step in range(t, T):
        _, state = layer.step(ops.convert_to_tensor(x[:, step]), state)
    return ops.convert_to_numpy(loss(state[0])).astype(np.float64)


@pytest.mark.parametrize("make", [SimpleRNN, GRU, LSTM])
def test_the_norm_is_that_of_small_differences(make, small=1e-2):
    layer, x = built(make(UNITS))
    found = gradients.state_gradient_norms(layer, x, loss)
    assert found.shape == (T,)
    state = layer.get_initial_state(BATCH)
    for t in range(1, T + 1):
        _, state = layer.step(ops.convert_to_tensor(x[:, t - 1]), state)
        here = [ops.convert_to_numpy(part) for part in state]
        slopes = []
        for part in range(len(here)):
            for unit in range(UNITS):
                change = [np.zeros_like(array) for array in here]
                change[part][:, unit] = small
                above, below = (
                    loss_from(layer, x, t, [a + sign * c for a, c in zip(here, change, strict=True)]) for sign in (1, -1)
                )
                slopes.append((above - below) / (2 * small))
        expected = np.sqrt((np.array(slopes) ** 2).sum(axis=0)).mean()
        assert found[t - 1] == pytest.approx(expected, rel=0.02, abs=1e-4)


@pytest.mark.parametrize("radius", [0.5, 1.0, 2.0])
def test_where_nothing_bends_it_grows_or_shrinks_by_the_radius_at_each_step(radius):
    layer = SimpleRNN(UNITS, activation="relu", recurrent_initializer=keras.initializers.Identity(radius))
    layer.build((None, None, 2))
    layer.set_weights([np.abs(weight) for weight in layer.get_weights()])
    found = gradients.state_gradient_norms(layer, np.ones((BATCH, T, 2), np.float32), lambda a: ops.sum(a, axis=-1))
    np.testing.assert_allclose(found, np.sqrt(UNITS) * radius ** np.arange(T - 1.0, -1, -1), rtol=1e-5)
