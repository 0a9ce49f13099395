"""Bad arguments: the message names the argument and the value."""

import keras
import numpy as np
import pytest
from units import SIZE, cell_of, every_layer, layer_of, random_x

from seqzoo import layers


@pytest.mark.parametrize("units", [0, -3, "a", True, 2.5, None], ids=repr)
@pytest.mark.parametrize("make", [layer_of, cell_of])
@every_layer
def test_units_must_be_a_positive_integer(name, make, units):
    with pytest.raises(ValueError, match=f"`units` must be a positive integer, got {units!r}"):
        make(name, units)


@pytest.mark.parametrize("rate", [1.0, -0.1, "a", float("nan")], ids=repr)
@pytest.mark.parametrize("argument", ["dropout", "recurrent_dropout"])
@every_layer
def test_a_rate_is_at_least_0_and_below_1(name, argument, rate):
    with pytest.raises(ValueError, match=f"`{argument}` must be .*, got {rate!r}"):
        layer_of(name, **{argument: rate})


@pytest.mark.parametrize("cls", [layers.LSTM, layers.LSTMCell])
def test_an_unknown_peephole_is_refused(cls):
    with pytest.raises(ValueError, match="`peephole` must be .*, got 'input'"):
        cls(SIZE, peephole="input")


@pytest.mark.parametrize("cls", [layers.SimpleRNN, layers.SimpleRNNCell])
def test_an_unknown_activation_is_refused(cls):
    with pytest.raises(ValueError, match="`activation` must be .*, got 'sine'"):
        cls(SIZE, activation="sine")


@pytest.mark.parametrize("cls", [layers.GRU, layers.SimpleRNN, layers.LSTM])
def test_an_unknown_argument_is_refused(cls):
    with pytest.raises((TypeError, ValueError), match="unit_count"):
        cls(SIZE, unit_count=3)


@every_layer
def test_an_initial_state_of_the_wrong_length_is_refused(name):
    layer, x = layer_of(name), random_x(dtype="float32")
    with pytest.raises(ValueError, match="`initial_state` must hold .*, got 3"):
        layer(x, initial_state=[x[:, 0, :1].repeat(SIZE, 1)] * 3)


@every_layer
def test_an_input_that_is_no_sequence_is_refused(name):
    with pytest.raises(ValueError, match="ndim"):
        layer_of(name)(random_x(dtype="float32")[:, 0])


@pytest.mark.parametrize("shape", [(3, 1), (3, 5, 1), (3,), (1, 4)])
def test_a_mask_of_another_shape_is_refused(shape):
    with pytest.raises(ValueError, match="`mask` must be"):
        layers.GRU(2)(np.ones((3, 4, 2), "float32"), mask=np.ones(shape, bool))


@pytest.mark.parametrize("shape", [(1, 2), (3, 1), (3, 4), (2,)])
def test_a_state_of_another_shape_is_refused(shape):
    with pytest.raises(ValueError, match="`initial_state` must be"):
        layers.GRU(2)(np.ones((3, 4, 2), "float32"), initial_state=np.ones(shape, "float32"))


def test_a_sequence_without_a_step_is_refused():
    with pytest.raises(ValueError, match="a step at least"):
        layers.GRU(2)(np.ones((3, 0, 2), "float32"))


@pytest.mark.parametrize("unit", ["gru", layers.GRU])
def test_what_is_no_unit_is_refused(unit):
    with pytest.raises(ValueError, match="`unit` must be"):
        layers.Recurrent(3, unit)


def test_bidirectional_wants_a_recurrent_layer():
    with pytest.raises(ValueError, match="must be a recurrent layer"):
        layers.Bidirectional(keras.layers.Dense(2))
