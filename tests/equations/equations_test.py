"""What every unit promises the engine, and its activations."""

import dataclasses

import keras
import numpy as np
import pytest
from backends import arrays, dtypes, needs_float64
from keras import ops
from units import every_unit

from seqzoo import equations
from seqzoo.equations.unit import sigmoid, tanh


@every_unit
def test_gates_are_the_products_letters_without_repetition(unit):
    assert unit.gates == "".join(unit.products)
    assert len(set(unit.gates)) == len(unit.gates)


@every_unit
def test_peepholes_belong_to_gates_and_need_a_state_c(unit):
    assert set(unit.peepholes) <= set(unit.gates)
    assert not unit.peepholes or "c" in unit.State._fields


@every_unit
def test_a_unit_is_frozen_hashable_and_equal_to_its_copy(unit):
    copy = dataclasses.replace(unit)
    assert copy == unit
    assert hash(copy) == hash(unit)
    assert not {"step", "step_gradient"} & set(vars(unit))


def test_units_of_two_kinds_are_never_equal():
    assert equations.GRU() != equations.SimplifiedGRU()


def test_a_unit_without_a_step_says_so():
    with pytest.raises(TypeError, match="Unit defines no `step`"):
        equations.Unit().step(None, None, None)


@dtypes
@pytest.mark.parametrize("ours, exact", [(tanh, np.tanh), (sigmoid, lambda x: 1 / (1 + np.exp(-x)))])
def test_activations_are_exact_and_keep_the_dtype(ours, exact, dtype):
    x = np.concatenate([np.linspace(-30, 30, 601), [1e-9, -1e-9, 1e-4, 0]]).astype(dtype)
    y = ours(ops.convert_to_tensor(x))
    assert keras.backend.standardize_dtype(y.dtype) == dtype
    assert np.abs(arrays(y) - exact(x.astype("float64"))).max() <= {"float64": 1e-15, "float32": 5e-7}[dtype]


@needs_float64
def test_tanh_saturates_without_nan():
    assert arrays(tanh(ops.convert_to_tensor(np.array([-1e4, 1e4])))).tolist() == [-1, 1]
