"""What `through_time` and `one_step` return, against the NumPy oracle."""

import contextlib

import keras
import numpy as np
import pytest
import reference
from backends import TOLERANCES, arrays, constant_tensors, dtypes, needs_float64, only_tensorflow, tensors
from extent import compiled
from keras import ops
from units import (
    MASKS,
    SIZE,
    STEPS,
    UNITS,
    automatic,
    every_mask,
    every_unit,
    in_the_notes_form,
    name_of,
    random_arguments,
    random_drop,
)

from seqzoo.backend import common as backend_module
from seqzoo.backend import xla
from seqzoo.engine.through_time import one_step, through_time

with_oracle = pytest.mark.parametrize("unit", [UNITS[name] for name in reference.STEPS], ids=reference.STEPS.keys())


def engine(unit, arguments, mask=None, recurrent_dropout=None):
    constants = constant_tensors(mask=mask, recurrent_dropout=recurrent_dropout)
    return arrays(through_time(unit, **tensors(arguments), **constants))


def oracle(unit, arguments, mask=None, recurrent_dropout=None):
    weights = in_the_notes_form(unit, arguments["weights"])
    x, state = arguments["x"], arguments["state"]
    return reference.run(name_of(unit), weights, x, state, mask, recurrent_dropout=recurrent_dropout)


def test_every_unit_of_the_oracle_is_found():
    assert set(reference.STEPS) <= set(UNITS)


@with_oracle
@every_mask
@dtypes
def test_the_engine_is_the_oracle(unit, mask, dtype):
    arguments = random_arguments(unit, dtype=dtype)
    assert reference.distance(engine(unit, arguments, mask), oracle(unit, arguments, mask)) <= TOLERANCES[dtype]


@with_oracle
@every_mask
@dtypes
def test_recurrent_dropout_is_the_oracles(unit, mask, dtype):
    arguments, drop = random_arguments(unit, dtype=dtype), random_drop(SIZE, dtype=dtype)
    expected = oracle(unit, arguments, mask, drop)
    assert reference.distance(engine(unit, arguments, mask, drop), expected) <= TOLERANCES[dtype]


@with_oracle
@pytest.mark.parametrize("batch, steps", [(1, STEPS), (3, 1), (1, 1)])
@dtypes
def test_one_row_and_one_step_are_the_oracle(unit, batch, steps, dtype):
    arguments = random_arguments(unit, batch, steps, dtype=dtype)
    mask = MASKS["gaps"][1 : batch + 1, :steps]
    assert reference.distance(engine(unit, arguments, mask), oracle(unit, arguments, mask)) <= TOLERANCES[dtype]


@compiled
@only_tensorflow
@with_oracle
@dtypes
def test_xla_is_the_oracle(unit, dtype):
    arguments, drop = random_arguments(unit, dtype=dtype), random_drop(SIZE, dtype=dtype)
    with xla(True):
        outputs = engine(unit, arguments, MASKS["row"], drop)
    assert reference.distance(outputs, oracle(unit, arguments, MASKS["row"], drop)) <= TOLERANCES[dtype]


@needs_float64
@every_unit
def test_the_automatic_unit_is_the_unit(unit):
    arguments, drop = random_arguments(unit), random_drop(SIZE)
    expected = engine(unit, arguments, MASKS["row"], drop)
    assert reference.distance(engine(automatic(unit), arguments, MASKS["row"], drop), expected) <= 1e-14


@needs_float64
@every_unit
def test_steps_one_by_one_are_the_sequence(unit):
    arguments, drop = tensors((random_arguments(unit), random_drop(SIZE)))
    state, outputs = arguments["state"], []
    for t in range(STEPS):
        state = one_step(unit, arguments["x"][:, t], state, arguments["weights"], drop)
        outputs.append(arrays(state[0]))
    stepped = np.stack(outputs, axis=1), arrays(tuple(state))
    assert reference.distance(stepped, engine(unit, arguments, recurrent_dropout=drop)) <= 1e-14


@needs_float64
@every_unit
def test_no_bias_is_a_bias_of_zero(unit):
    arguments = random_arguments(unit)
    biases = {"zero": np.zeros_like(arguments["weights"]["bias"]), "none": None}
    by_bias = {}
    for name, bias in biases.items():
        weights = {k: v for k, v in tensors(arguments["weights"]).items() if k != "bias"} | {"bias": bias}
        by_bias[name] = arrays(through_time(unit, arguments["x"], arguments["state"], weights))
    assert reference.distance(by_bias["none"], by_bias["zero"]) == 0


@every_unit
def test_states_are_named_and_keep_the_states_dtype(unit):
    arguments = tensors(random_arguments(unit, dtype="float32"))
    outputs, last = through_time(unit, arguments["x"], arguments["state"], arguments["weights"])
    assert isinstance(last, unit.State)
    assert {keras.backend.standardize_dtype(a.dtype) for a in (outputs, *last)} == {"float32"}


@every_unit
@pytest.mark.parametrize("compute, tolerance", [("bfloat16", 0.05), ("float16", 0.01)])
def test_low_precision_products_stay_near_the_float32_ones(unit, compute, tolerance):
    arguments = random_arguments(unit, dtype="float32")
    low = tensors(arguments) | {"x": ops.cast(arguments["x"], compute)}
    outputs = arrays(through_time(unit, **low, **constant_tensors(mask=MASKS["gaps"])))
    assert 0 < reference.distance(outputs, engine(unit, arguments, MASKS["gaps"])) <= tolerance


@compiled
def test_the_xla_switch_is_put_back_after_an_error():
    with contextlib.suppress(KeyError), xla(True):
        raise KeyError
    assert backend_module._xla is None
