"""cuDNN on PyTorch: on a CPU PyTorch's own function of the same signature stands in for it."""

import numpy as np
import pytest
import reference
from backends import BACKEND, arrays, constant_tensors, gradients, tensors
from engine.gradients_test import loss
from units import MASKS, UNITS, random_arguments

from seqzoo.engine.through_time import through_time
from seqzoo.layers import LSTM

if BACKEND != "torch":
    pytest.skip("cuDNN is PyTorch's", allow_module_level=True)

import torch

from seqzoo.backend import torch_cudnn

OF_CUDNN = {name: unit for name, unit in UNITS.items() if unit.cudnn}
every_unit = pytest.mark.parametrize("unit", OF_CUDNN.values(), ids=OF_CUDNN)


@pytest.fixture
def calls(monkeypatch):
    """What cuDNN was asked for, as if there were a GPU."""
    calls, run = [], torch_cudnn.run
    monkeypatch.setattr(torch_cudnn, "_on_gpu", lambda x: True)
    monkeypatch.setattr("seqzoo.backend.torch.cudnn", lambda *given: calls.append(given) or run(*given))
    return calls


def test_cudnn_knows_the_units_that_keras_and_pytorch_have():
    assert set(OF_CUDNN) == {"LSTM", "ResetAfterGRU", "SimpleRNN tanh", "SimpleRNN relu"}


@every_unit
@pytest.mark.parametrize("mask", ["no mask", "right"])
@pytest.mark.parametrize("bias", [True, False])
def test_cudnn_is_the_loop(unit, mask, bias, calls):
    arguments = random_arguments(unit)
    if not bias:
        arguments["weights"] = {name: w for name, w in arguments["weights"].items() if not name.endswith("bias")}
    constants = constant_tensors(mask=MASKS[mask])
    found = through_time(unit, **tensors(arguments), **constants, use_cudnn=True)
    expected = through_time(unit, **tensors(arguments), **constants)
    assert reference.distance(arrays(found), arrays(expected)) <= 1e-14
    of_cudnn, of_loop = (gradients(loss(unit, MASKS[mask], **way), arguments) for way in ({"use_cudnn": True}, {}))
    assert reference.distance(of_cudnn, of_loop) <= 1e-12
    assert len(calls) == 2


@every_unit
def test_cudnn_is_left_out_where_it_computes_something_else(unit, calls):
    arguments, low = tensors(random_arguments(unit)), tensors(random_arguments(unit, dtype="float32"))
    drop = torch.ones_like(arguments["state"][0])
    through_time(unit, **arguments, use_cudnn=True, mask=torch.from_numpy(MASKS["gaps"]))
    through_time(unit, **arguments, use_cudnn=True, mask=torch.from_numpy(MASKS["left"]))
    through_time(unit, **arguments, use_cudnn=True, mask=torch.from_numpy(MASKS["right"] & (np.arange(4) > 0)[:, None]))
    through_time(unit, **arguments, use_cudnn=True, recurrent_dropout=drop)
    through_time(unit, **arguments, use_cudnn=True, segments=2)
    through_time(unit, **arguments, use_cudnn=True, unroll=True)
    through_time(unit, **(low | {"x": low["x"].bfloat16()}), use_cudnn=True)
    with pytest.raises(TypeError, match="backward only"):
        torch.func.jvp(lambda x: through_time(unit, **(arguments | {"x": x}), use_cudnn=True)[0], *[(arguments["x"],)] * 2)
    assert not calls


def test_a_layer_asks_for_cudnn_unless_told_not_to(calls):
    x = torch.randn(2, 3, 4)
    outputs = [LSTM(5, use_cudnn=use, seed=0, kernel_initializer="ones")(x) for use in ("auto", True, False)]
    assert len(calls) == 2
    assert outputs[0].shape == (2, 5)
