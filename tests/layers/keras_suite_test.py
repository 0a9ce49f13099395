"""Keras's own tests of its recurrent layers, those in the installed package, with our classes in the place of Keras's."""

import types
import unittest

import keras
import pytest
from keras.src import layers as kerass_layers
from keras.src import testing
from units import LAYERS, UNITS, cell_of, few_layers, few_units, layer_of

from seqzoo import layers

try:
    from keras.src.layers.rnn import bidirectional_test, lstm_test, simple_rnn_test, stacked_rnn_cells_test
except ImportError:  # the package of a nightly holds no tests
    SUITES = {}
else:
    SUITES = {
        "lstm": (lstm_test, lstm_test.LSTMTest),
        "simple_rnn": (simple_rnn_test, simple_rnn_test.SimpleRNNTest),
        "bidirectional": (bidirectional_test, bidirectional_test.SimpleRNNTest),
        "stacked_rnn_cells": (stacked_rnn_cells_test, stacked_rnn_cells_test.StackedRNNTest),
    }
two_layers = pytest.mark.parametrize("name", ["GRU", "LSTM all"])
LEFT_OUT = {
    "test_fused_lstm_eligibility": "when Keras hands two LSTMs to cuDNN, asked of a private method",
    "test_fused_gru_eligibility": "the same of GRUs",
    "test_torch_cudnn_bidirectional_gru_dispatch_fires": "the same on PyTorch, asked of cuDNN itself",
}
NOT_ALIKE = {"AdditiveAttention"}  # Keras's has no weight matrices, ours takes the `units` of its own
OURS = {
    name: getattr(layers, name)
    for name in dir(layers)
    if hasattr(kerass_layers, name) and hasattr(getattr(layers, name), "call") and name not in NOT_ALIKE
}
# Where figures are expected of `GRU`, Keras's own stays: by default it has `reset_after=True`, another model.
FIGURES_OF_A_GRU = {"test_correctness", "test_masking"}

CASES = [
    pytest.param(module, suite, name, id=f"{suite_name}-{name}")
    for suite_name, (module, suite) in SUITES.items()
    for name in unittest.defaultTestLoader.getTestCaseNames(suite)
    if name not in LEFT_OUT
]


@pytest.mark.parametrize("module, suite, name", CASES)
def test_of_keras(module, suite, name, monkeypatch):
    keeps_kerass_gru = module is bidirectional_test and name in FIGURES_OF_A_GRU
    replaced = {of: cls for of, cls in OURS.items() if not (of == "GRU" and keeps_kerass_gru)}
    monkeypatch.setattr(module, "layers", types.SimpleNamespace(**vars(kerass_layers) | replaced))
    suite(name).debug()


def test_all_classes_on_both_sides_are_replaced():
    assert set(OURS) == {"Bidirectional", "GRU", "GRUCell", "LSTM", "LSTMCell", "SimpleRNN", "SimpleRNNCell"}


def run_layer_test(cls, arguments, outputs, weights, **expected):
    testing.TestCase().run_layer_test(
        cls,
        init_kwargs=arguments,
        input_shape=(3, 2, 4),
        expected_output_shape=outputs,
        expected_num_trainable_weights=weights,
        expected_num_non_trainable_weights=0,
        **{"supports_masking": True} | expected,
    )


def built(unit):
    layer = layers.Recurrent(5, unit)
    layer.build((None, None, 3))
    return layer


@few_units
def test_recurrent_passes_kerass_layer_test(unit):
    arguments = {"units": 5, "unit": unit, "dropout": 0.5, "recurrent_dropout": 0.5, "segments": 2}
    run_layer_test(layers.Recurrent, arguments, (3, 5), len(built(unit).weights), expected_num_seed_generators=1)


@few_layers
def test_each_layer_passes_kerass_layer_test(name):
    cls, _, own = LAYERS[name]
    arguments = {
        "units": 5,
        "return_sequences": True,
        "kernel_regularizer": "l2",
        "recurrent_regularizer": "l1",
        "bias_regularizer": "l2",
        **own,
    }
    peepholes = len(UNITS[name].peepholes)
    run_layer_test(cls, arguments, (3, 2, 5), 3 + peepholes, expected_num_losses=3 + peepholes)


@two_layers
def test_bidirectional_passes_kerass_layer_test(name):
    weights = 2 * (3 + len(UNITS[name].peepholes))
    run_layer_test(layers.Bidirectional, {"layer": layer_of(name)}, (3, 10), weights)


@pytest.mark.parametrize("merge_mode", ["sum", "ave", "mul"])
def test_every_merge_mode_passes_kerass_layer_test(merge_mode):
    run_layer_test(layers.Bidirectional, {"layer": layer_of("LSTM"), "merge_mode": merge_mode}, (3, 5), 6)


@two_layers
def test_stacked_passes_kerass_layer_test(name):
    arguments = {"layer": layer_of(name), "depth": 2, "dropout": 0.5, "residual": True, "dense": (4, 2)}
    run_layer_test(layers.Stacked, arguments, (3, 2), 2 * (3 + len(UNITS[name].peepholes)) + 4)


@few_layers
def test_cells_pass_kerass_layer_test_in_kerass_rnn(name):
    cells = {"cell": [cell_of(name), cell_of(name)], "return_sequences": True}
    expected = {"expected_num_seed_generators": 2, "supports_masking": None}  # Keras's RNN passes a mask on up to 3.15 only
    run_layer_test(keras.layers.RNN, cells, (3, 2, 5), 2 * (3 + len(UNITS[name].peepholes)), **expected)
