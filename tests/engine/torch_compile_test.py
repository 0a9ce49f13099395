"""`torch.compile(fullgraph=True)` of models with our layers: the same outputs and gradients, without a break in the graph."""

import keras
import numpy as np
import pytest
import reference
from backends import BACKEND, arrays
from units import BATCH, INPUTS, MASKS, SIZE, STEPS, UNITS, automatic, random_x, randomise

from seqzoo.layers import GRU, LSTM, Bidirectional, Recurrent, SimpleRNN, Stacked

if BACKEND != "torch":
    pytest.skip("it compiles PyTorch", allow_module_level=True)

import torch

LAYERS = {
    "GRU": lambda: GRU(SIZE, return_sequences=True),
    "LSTM": lambda: LSTM(SIZE, peephole="all", zoneout=0.1),
    "Bidirectional": lambda: Bidirectional(GRU(SIZE, reset_after=True)),
    "Stacked": lambda: Stacked(LSTM(SIZE, return_sequences=True), 2, residual=True),
    "automatic": lambda: Recurrent(SIZE, UNITS["LayerNormLSTM"]),
    "segments": lambda: SimpleRNN(SIZE, segments=3),
}


@pytest.fixture(autouse=True)
def _anew():
    torch.compiler.reset()


def model_of(layer):
    """A layer that returns sequences gets no mask: Keras would attach it to the output, which breaks the graph."""
    given = [keras.Input((None, INPUTS)), *([] if layer.return_sequences else [keras.Input((None,), dtype="bool")])]
    model = keras.Model(given, keras.layers.Dense(2)(layer(given[0], mask=None if layer.return_sequences else given[1])))
    return randomise(model)


def gradients_of(call, model, given):
    model.zero_grad()
    outputs = call(given)
    outputs.pow(2).sum().backward()
    return outputs.detach(), [arrays(v.value.grad) for v in model.trainable_variables]


@pytest.mark.parametrize("make", LAYERS.values(), ids=LAYERS)
def test_outputs_and_gradients_are_those_of_eager_calls(make):
    model = model_of(make())
    given = [torch.tensor(random_x(dtype="float32")), torch.tensor(MASKS["gaps"])][: len(model.inputs)]
    compiled = torch.compile(model, fullgraph=True)
    (found, of_found), (expected, of_expected) = (gradients_of(call, model, given) for call in (compiled, model))
    assert reference.distance(arrays(found), arrays(expected)) <= 1e-6
    assert reference.distance(of_found, of_expected) <= 1e-5


def test_lengths_may_change_and_training_drops():
    layer = GRU(SIZE, dropout=0.5, recurrent_dropout=0.5)
    model = keras.Sequential([keras.Input((None, INPUTS)), layer])
    compiled = torch.compile(model, fullgraph=True, backend="aot_eager")
    for steps in (STEPS, STEPS + 3, 2):
        x = torch.tensor(random_x(steps=steps, dtype="float32"))
        assert reference.distance(arrays(compiled(x)), arrays(model(x))) <= 1e-6
    assert not np.array_equal(arrays(compiled(x, training=True)), arrays(model(x)))


def test_a_unit_of_ones_own_is_compiled():
    model = keras.Sequential([keras.Input((None, INPUTS)), Recurrent(SIZE, automatic(UNITS["GRU"]))])
    x = torch.tensor(random_x(BATCH, dtype="float32"))
    with torch.no_grad():
        found = torch.compile(model, fullgraph=True, backend="aot_eager")(x)
    assert reference.distance(arrays(found), arrays(model(x))) <= 1e-6


def test_an_exported_program_stands_alone(tmp_path):
    x = torch.tensor(random_x(1, dtype="float32"))
    layer = GRU(SIZE)
    expected = layer(x)
    program = torch.export.export(layer, (x,), strict=False)
    assert not [node for node in program.graph.nodes if "seqzoo" in str(node.target)]
    torch.export.save(program, tmp_path / "layer.pt2")
    assert reference.distance(arrays(torch.export.load(tmp_path / "layer.pt2").module()(x)), arrays(expected)) <= 1e-6
