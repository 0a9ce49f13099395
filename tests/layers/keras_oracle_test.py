"""Where Keras has the same model, ours is the same."""

import keras
import numpy as np
import pytest
import reference
from backends import arrays
from units import BATCH, INPUTS, MASKS, SIZE, UNITS, layer_of, random_state, random_x, randomise

KERAS = {
    "SimpleRNN tanh": (keras.layers.SimpleRNN, {}),
    "SimpleRNN relu": (keras.layers.SimpleRNN, {"activation": "relu"}),
    "GRU": (keras.layers.GRU, {"reset_after": False}),
    "LSTM": (keras.layers.LSTM, {}),
}
# Our columns in Keras's order, and their signs: Keras's update gate is 1 - Γu.
COLUMNS = {
    "SimpleRNN tanh": [("a", 1)],
    "SimpleRNN relu": [("a", 1)],
    "GRU": [("u", -1), ("r", 1), ("c", 1)],
    "LSTM": [("u", 1), ("f", 1), ("c", 1), ("o", 1)],
}


def as_kerass(name, weight):
    gates = dict(zip(UNITS[name].gates, np.split(arrays(weight), len(UNITS[name].gates), -1), strict=True))
    return np.concatenate([sign * gates[gate] for gate, sign in COLUMNS[name]], -1)


@pytest.mark.parametrize("name", KERAS)
@pytest.mark.parametrize("mask", [None, MASKS["right"]], ids=["no mask", "right"])
@pytest.mark.parametrize("go_backwards", [False, True], ids=["forward", "backward"])
def test_the_layer_is_kerass(name, mask, go_backwards):
    settings = {"return_sequences": True, "return_state": True, "go_backwards": go_backwards}
    ours, (cls, own) = layer_of(name, **settings), KERAS[name]
    theirs = cls(SIZE, **own, **settings)
    for layer in (ours, theirs):
        layer.build((BATCH, None, INPUTS))
    randomise(ours)
    theirs.set_weights([as_kerass(name, w) for w in (ours.cell.kernel, ours.cell.recurrent_kernel, ours.cell.bias)])
    x, state = random_x(dtype="float32"), random_state(UNITS[name], dtype="float32")
    found, expected = (arrays(layer(x, initial_state=list(state), mask=mask)) for layer in (ours, theirs))
    real = MASKS["right"][:, ::-1] if go_backwards else MASKS["right"]  # before the first one Keras differs
    assert reference.distance([found[0][real], *found[1:]], [expected[0][real], *expected[1:]]) <= 2e-6
