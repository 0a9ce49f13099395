"""A saved layer is the layer."""

import json
import tempfile
from pathlib import Path

import keras
import numpy as np
from backends import arrays, needs_float64
from laws.cases import FEW, Case, cases, every_kind, every_unit, law, run, same_bits
from units import UNITS, randomise

from seqzoo.layers import Bidirectional, Recurrent, Stacked

FLAGS = ("return_sequences", "return_state", "go_backwards", "stateful", "unroll", "zero_output_for_mask")
OF_LAYER = dict.fromkeys(FLAGS, True) | {
    "use_bias": False,
    "kernel_initializer": keras.initializers.RandomNormal(stddev=0.3, seed=4),
    "recurrent_initializer": "glorot_normal",
    "bias_initializer": keras.initializers.Constant(0.2),
    "kernel_regularizer": keras.regularizers.L2(0.1),
    "recurrent_regularizer": "l1",
    "bias_regularizer": keras.regularizers.L1L2(0.1, 0.2),
    "activity_regularizer": keras.regularizers.L2(0.1),
    "kernel_constraint": keras.constraints.MaxNorm(3),
    "recurrent_constraint": "unit_norm",
    "bias_constraint": "non_neg",
    "implementation": 1,
    "segments": 2,
    "dropout": 0.25,
    "recurrent_dropout": 0.5,
    "zoneout": 0.1,
    "seed": 7,
}
OF_ALL = {"name": "mine", "trainable": False, "dtype": "mixed_bfloat16"}
OF_STACK = {"dropout": 0.3, "residual": True, "dense": (3, 2), "dense_activation": "relu", "seed": 5}

CASE = Case(3, 4, 3, 3, 0, True, np.array([[True, False, True, True], [False] * 4, [False, True, True, False]]), {}, {})


def off_default(unit, kind, units):
    """A layer of which no argument has its default."""
    layer = Recurrent(units, unit, open_gates=unit.gates[0], **OF_LAYER, **OF_ALL)
    if kind == "Bidirectional":
        return Bidirectional(layer, merge_mode=None, **OF_ALL)
    return Stacked(layer, 2, **OF_STACK, **OF_ALL) if kind == "Stacked" else layer


def plain(config):
    return json.loads(json.dumps(keras.saving.serialize_keras_object(config), sort_keys=True))


@every_kind
def test_no_argument_has_its_default(kind):
    default = Recurrent(1, UNITS["LSTM"])
    default = {"alone": default, "Bidirectional": Bidirectional(default), "Stacked": Stacked(default, 1)}[kind]
    layers = [off_default(UNITS["GRU"], kind, 2)]
    if kind == "Bidirectional":  # with a layer that is neither stateful nor goes backwards; lookahead_test saves it
        layers.append(Bidirectional(Recurrent(2, UNITS["GRU"], return_sequences=True), lookahead=2))
    defaults, *configs = (plain(layer.get_config()) for layer in (default, *layers))
    assert [name for name in defaults if all(config[name] == defaults[name] for config in configs)] == []


@every_unit
@every_kind
def test_a_saved_layer_returns_the_same_bits(unit, kind):
    layer, given = off_default(unit, kind, CASE.units), [CASE.x, CASE.mask, *CASE.random_state(unit, kind)]
    sequences, mask, *state = [keras.Input(batch_shape=a.shape, dtype=a.dtype.name) for a in given]
    model = keras.Model([sequences, mask, *state], layer(sequences, mask=mask, initial_state=state))
    randomise(layer)
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder) / "model.keras")
        copy = keras.saving.load_model(Path(folder) / "model.keras")
    assert plain(copy.get_layer("mine").get_config()) == plain(layer.get_config())
    found, expected = (arrays(keras.tree.flatten(m(given))) for m in (copy, model))
    assert all(np.array_equal(f, e) for f, e in zip(found, expected, strict=True))


@needs_float64
@every_unit
@every_kind
@law(FEW, case=cases())
def test_a_layer_of_the_same_config_and_weights_returns_the_same_bits(unit, kind, case):
    layer, state = case.layer(unit, kind), case.state(unit, kind)
    copy = type(layer).from_config(json.loads(json.dumps(layer.get_config())))
    copy.build((case.batch, None, case.inputs))
    copy.set_weights(layer.get_weights())
    assert plain(copy.get_config()) == plain(layer.get_config())
    assert same_bits(run(copy, case.x, case.mask, state), run(layer, case.x, case.mask, state))
