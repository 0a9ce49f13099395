"""Dropout: one mask a sequence, none at inference, and a random generator that moves only when it is needed."""

import keras
import numpy as np
import pytest
import reference
from backends import arrays
from units import INPUTS, SIZE, every_layer, every_unit, layer_of, random_x

from seqzoo.layers import Bidirectional, Recurrent, SimpleRNN


def transparent(units, **arguments):
    """A layer that passes its input or its state on: relu, no bias, and kernels that are the identity or nothing."""
    return SimpleRNN(units, "relu", return_sequences=True, **arguments)


def x_masks(rate, batch, steps, units, seed=0):
    layer = transparent(units, kernel_initializer="identity", recurrent_initializer="zeros", dropout=rate, seed=seed)
    return arrays(layer(np.ones((batch, steps, units), "float32"), training=True))


def state_masks(rate, batch, units, seed=0):
    layer = transparent(units, kernel_initializer="zeros", recurrent_initializer="identity", recurrent_dropout=rate, seed=seed)
    x, ones = np.ones((batch, 2, 1), "float32"), np.ones((batch, units), "float32")
    return arrays(layer(x, initial_state=[ones], training=True))


def generator_of(layer):
    return arrays(layer.cell.seed_generator.state.value)


def generator_at(seed):
    return arrays(keras.random.SeedGenerator(seed).state.value)


def test_the_mask_of_x_is_constant_over_time():
    masks = x_masks(0.5, 3, 5, 8)
    assert np.array_equal(masks, np.repeat(masks[:, :1], 5, 1))
    assert set(np.unique(masks)) == {0, 2}


def test_the_mask_of_the_state_is_constant_over_time():
    """a<1> is the mask, a<2> its square."""
    masks = state_masks(0.5, 3, 8)
    assert np.array_equal(masks[:, 1], masks[:, 0] ** 2)
    assert set(np.unique(masks[:, 0])) == {0, 2}


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.8])
def test_dropout_preserves_the_mean_and_drops_its_rate(rate):
    for masks in (x_masks(rate, 400, 1, 50)[:, 0], state_masks(rate, 400, 50)[:, 0]):
        deviation = np.sqrt(rate / (1 - rate) / masks.size)
        assert abs(masks.mean() - 1) <= 5 * deviation
        assert abs((masks == 0).mean() - rate) <= 5 * np.sqrt(rate * (1 - rate) / masks.size)


def test_rows_have_masks_of_their_own():
    masks = x_masks(0.5, 2, 1, 64)
    assert not np.array_equal(masks[0], masks[1])


@every_unit
def test_dropout_has_no_effect_at_inference(unit):
    layer = Recurrent(SIZE, unit, dropout=0.5, recurrent_dropout=0.5)
    x = random_x(dtype="float32")
    plain = Recurrent(SIZE, unit)
    plain.build(x.shape)
    layer.build(x.shape)
    plain.set_weights(layer.get_weights())
    assert reference.distance(arrays(layer(x)), arrays(plain(x))) == 0
    assert reference.distance(arrays(layer(x, training=True)), arrays(plain(x))) > 1e-3


@every_unit
def test_inference_leaves_the_random_generator_alone(unit):
    layer = Recurrent(SIZE, unit, dropout=0.5, recurrent_dropout=0.5, seed=1)
    states, x = [], random_x(dtype="float32")
    for arguments in ({}, {"training": False}, {"training": True}):
        layer(x, **arguments)
        states.append(generator_of(layer))
    assert np.array_equal(states[0], generator_at(1))
    assert np.array_equal(states[0], states[1])
    assert not np.array_equal(states[1], states[2])


@every_layer
def test_predict_leaves_the_random_generator_alone(name):
    layer = layer_of(name, dropout=0.5, recurrent_dropout=0.5, seed=1)
    model = keras.Sequential([keras.Input((None, INPUTS)), layer])
    model.predict(random_x(dtype="float32"), verbose=0)
    assert np.array_equal(generator_of(layer), generator_at(1))


@every_unit
@pytest.mark.parametrize("rate", ["dropout", "recurrent_dropout"])
def test_the_same_seed_draws_the_same_masks_and_another_seed_others(unit, rate):
    x = random_x(dtype="float32")

    def draw(seed):
        keras.utils.set_random_seed(5)
        return arrays(Recurrent(SIZE, unit, seed=seed, return_sequences=True, **{rate: 0.5})(x, training=True))

    assert np.array_equal(draw(1), draw(1))
    assert not np.array_equal(draw(1), draw(2))


@every_unit
def test_a_second_call_draws_new_masks(unit):
    layer, x = Recurrent(SIZE, unit, dropout=0.5, seed=1), random_x(dtype="float32")
    assert not np.array_equal(arrays(layer(x, training=True)), arrays(layer(x, training=True)))


@pytest.mark.parametrize("seed", [None, 3])
def test_the_two_directions_have_seeds_of_their_own(seed):
    layer = SimpleRNN(8, kernel_initializer="ones", recurrent_initializer="zeros", dropout=0.5, seed=seed)
    both = Bidirectional(layer)
    assert not np.array_equal(generator_of(both.forward_layer), generator_of(both.backward_layer))


def test_the_seeds_of_the_two_directions_survive_a_round_trip():
    both = Bidirectional(SimpleRNN(8, dropout=0.5, seed=3))
    copy = Bidirectional.from_config(both.get_config())
    seeds = [(b.forward_layer.cell.seed, b.backward_layer.cell.seed) for b in (both, copy)]
    assert seeds[0] == seeds[1]
    assert seeds[0][0] != seeds[0][1]
