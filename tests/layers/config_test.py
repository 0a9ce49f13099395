"""Every argument survives `get_config` and a `.keras` file, and the loaded model returns the same bits."""

import json

import keras
import numpy as np
import pytest
from backends import arrays
from keras.src.saving.serialization_lib import ObjectSharingScope
from units import (
    BATCH,
    INPUTS,
    LAYERS,
    SIZE,
    STEPS,
    UNITS,
    cell_of,
    every_layer,
    every_unit,
    layer_of,
    random_x,
    randomise,
)

from seqzoo import equations
from seqzoo.layers import GRU, Bidirectional, Recurrent, RecurrentCell, SimpleRNN, Stacked

OF_BOTH = {
    "kernel_initializer": keras.initializers.RandomNormal(stddev=0.3, seed=4),
    "recurrent_initializer": "glorot_normal",
    "bias_initializer": keras.initializers.Constant(0.2),
    "use_bias": False,
    "kernel_regularizer": keras.regularizers.L2(0.1),
    "recurrent_regularizer": "l1",
    "bias_regularizer": keras.regularizers.L1L2(0.1, 0.2),
    "kernel_constraint": keras.constraints.MaxNorm(3),
    "recurrent_constraint": "unit_norm",
    "bias_constraint": "non_neg",
    "implementation": 1,
    "dropout": 0.25,
    "recurrent_dropout": 0.5,
    "zoneout": 0.1,
    "seed": 7,
    "trainable": False,
    "dtype": "mixed_bfloat16",
}
OF_LAYER = {
    "return_sequences": True,
    "return_state": True,
    "go_backwards": True,
    "stateful": True,
    "unroll": True,
    "zero_output_for_mask": True,
    "segments": 2,
    "activity_regularizer": keras.regularizers.L2(0.1),
}
OWN = {  # off their defaults
    "SimpleRNN relu": {},
    "SimplifiedGRU": {},
    "LayerNormGRU": {},
    "LSTM all": {"unit_forget_bias": False},
    "LayerNormLSTM": {"unit_forget_bias": False},
}
ONE_VALUE = {"activation", "recurrent_activation"}  # of a GRU and an LSTM
OTHERS = {"SimplifiedGRU": {"reset_after", "layer_norm"}, "LayerNormGRU": {"relevance_gate"}}  # what excludes each other
OTHERS |= {"LSTM all": {"layer_norm"}, "LayerNormLSTM": {"peephole"}}
changed = pytest.mark.parametrize("name", OWN)


def plain(config):
    return json.loads(json.dumps(keras.saving.serialize_keras_object(config), sort_keys=True))


@changed
@pytest.mark.parametrize("make, arguments", [(layer_of, OF_BOTH | OF_LAYER), (cell_of, OF_BOTH)], ids=["layer", "cell"])
def test_every_argument_is_off_its_default_and_survives(name, make, arguments):
    cls = LAYERS[name][make is cell_of]
    if make is layer_of and cls is not SimpleRNN:
        arguments = arguments | {"use_cudnn": False}
    made, default = make(name, name="mine", **arguments, **OWN[name]), cls(SIZE + 1)
    config, defaults = plain(made.get_config()), plain(default.get_config())
    assert {key for key in config if config[key] == defaults.get(key)} <= (
        {*ONE_VALUE, *OTHERS[name]} if name in OTHERS else set()
    )
    assert set(arguments) | set(OWN[name]) | {"units", "name"} <= set(config)
    assert plain(type(made).from_config(made.get_config()).get_config()) == config


@every_unit
@pytest.mark.parametrize("cls", [Recurrent, RecurrentCell])
def test_the_unit_and_its_open_gates_survive(unit, cls):
    made = cls(SIZE, unit, open_gates=unit.gates[0])
    copy = cls.from_config(json.loads(json.dumps(made.get_config())))
    cells = [getattr(m, "cell", m) for m in (made, copy)]
    assert cells[0].unit == cells[1].unit
    assert cells[0].open_gates == cells[1].open_gates
    assert plain(copy.get_config()) == plain(made.get_config())


@every_unit
def test_a_unit_is_what_its_config_says(unit):
    assert type(unit).from_config(unit.get_config()) == unit
    assert keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(unit)) == unit


def saved_and_loaded(model, folder):
    model.save(folder / "model.keras")
    return keras.saving.load_model(folder / "model.keras")


def assert_the_same_bits(model, copy):
    x = random_x(dtype="float32")
    for found, expected in zip(*(keras.tree.flatten(m(x)) for m in (copy, model)), strict=True):
        assert np.array_equal(arrays(found), arrays(expected))


@changed
def test_a_saved_layer_returns_the_same_bits(name, tmp_path):
    inputs = keras.Input(batch_shape=(BATCH, STEPS, INPUTS))
    layer = layer_of(name, name="mine", **OF_BOTH, **OF_LAYER, **OWN[name])
    model = keras.Model(inputs, layer(inputs))
    randomise(layer)
    copy = saved_and_loaded(model, tmp_path)
    assert plain(copy.get_layer("mine").get_config()) == plain(layer.get_config())
    assert_the_same_bits(model, copy)


@every_layer
def test_a_saved_layer_of_default_arguments_returns_the_same_bits(name, tmp_path):
    model = keras.Sequential([keras.Input((None, INPUTS)), layer_of(name)])
    randomise(model.layers[0])
    assert_the_same_bits(model, saved_and_loaded(model, tmp_path))


@every_unit
def test_a_saved_recurrent_layer_returns_the_same_bits(unit, tmp_path):
    model = keras.Sequential([keras.Input((None, INPUTS)), Recurrent(SIZE, unit, return_sequences=True)])
    randomise(model.layers[0])
    assert_the_same_bits(model, saved_and_loaded(model, tmp_path))


@pytest.mark.parametrize("merge_mode", ["sum", "mul", None])
@changed
def test_a_saved_bidirectional_layer_returns_the_same_bits(name, merge_mode, tmp_path):
    inputs = keras.Input(batch_shape=(BATCH, STEPS, INPUTS))
    of_layer = OF_LAYER | {"go_backwards": False, "stateful": False}
    both = Bidirectional(layer_of(name, **OF_BOTH, **of_layer, **OWN[name]), merge_mode=merge_mode, name="both")
    model = keras.Model(inputs, both(inputs))
    randomise(both)
    copy = saved_and_loaded(model, tmp_path)
    assert plain(copy.get_layer("both").get_config()) == plain(both.get_config())
    assert_the_same_bits(model, copy)


def test_a_backward_layer_of_its_own_survives(tmp_path):
    both = Bidirectional(layer_of("GRU"), backward_layer=layer_of("GRU", go_backwards=True, seed=9), name="both")
    model = keras.Sequential([keras.Input((None, INPUTS)), both])
    randomise(both)
    copy = saved_and_loaded(model, tmp_path)
    assert copy.get_layer("both").backward_layer.cell.seed == 9
    assert_the_same_bits(model, copy)


@every_layer
def test_a_cell_saved_in_kerass_rnn_returns_the_same_bits(name, tmp_path):
    layer = keras.layers.RNN(cell_of(name))
    model = keras.Sequential([keras.Input((None, INPUTS)), layer])
    randomise(layer)
    assert_the_same_bits(model, saved_and_loaded(model, tmp_path))


def test_every_field_of_a_unit_has_choices_that_are_tested():
    assert {"LSTM", "LSTM output", "LSTM all", "SimpleRNN tanh", "SimpleRNN relu", "GRU", "SimplifiedGRU"} <= set(UNITS)
    assert all(isinstance(unit, equations.Unit) for unit in UNITS.values())


def test_layers_made_while_a_model_is_loaded_share_nothing():
    """Nor do they take what belonged to layers that are gone, which Keras would know by their `id`."""
    layer = GRU(3, return_sequences=True)
    with ObjectSharingScope():  # as `keras.saving.load_model` has it open; a model's constructor runs within
        layers = [Stacked(Bidirectional(layer), 2) for _ in range(3)]
    directions = [way for stacked in layers for both in stacked.layers for way in (both.forward_layer, both.backward_layer)]
    initializers = [way.cell.recurrent_initializer for way in directions]
    assert len(set(map(id, initializers))) == 12
