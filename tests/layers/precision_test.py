"""Mixed precision: products in the compute dtype, states and variables in float32."""

import keras
import numpy as np
import pytest
import reference
from backends import arrays
from units import BATCH, INPUTS, MASKS, SIZE, cell_of, every_layer, every_unit, layer_of, random_x

from seqzoo.layers import LSTM, Bidirectional, Recurrent

mixed = pytest.mark.parametrize("policy, compute", [("mixed_bfloat16", "bfloat16"), ("mixed_float16", "float16")])
FINE = np.full((BATCH, SIZE), 1 + 2.0**-12, "float32")  # bfloat16 and float16 round it to 1


def dtypes_of(tensors):
    return {keras.backend.standardize_dtype(t.dtype) for t in tensors}


@mixed
@every_unit
def test_outputs_are_of_the_compute_dtype_and_states_and_variables_float32(unit, policy, compute):
    layer = Recurrent(SIZE, unit, dtype=policy, return_state=True, return_sequences=True)
    output, *state = layer(random_x(dtype="float32"))
    assert (dtypes_of([output]), dtypes_of(state), dtypes_of(layer.weights)) == ({compute}, {"float32"}, {"float32"})
    symbolic, *state = layer(keras.Input((None, INPUTS)))
    assert (symbolic.dtype, dtypes_of(state)) == (compute, {"float32"})


@mixed
@every_unit
def test_an_initial_state_is_not_rounded(unit, policy, compute):
    layer = Recurrent(SIZE, unit, dtype=policy, return_state=True)
    _, *last = arrays(layer(random_x(), initial_state=[FINE] * len(unit.State._fields), mask=MASKS["row"]))
    assert all(np.array_equal(part[2], FINE[2]) for part in last)


@mixed
def test_bidirectional_rounds_no_initial_state(policy, compute):
    both = Bidirectional(LSTM(SIZE, dtype=policy, return_state=True), dtype=policy)
    output, *last = both(random_x(), initial_state=[FINE] * 4, mask=MASKS["row"])
    assert dtypes_of([output]) == {compute}
    assert all(np.array_equal(part[2], FINE[2]) for part in arrays(last))


@mixed
@every_unit
def test_a_stateful_layer_keeps_its_state_in_float32(unit, policy, compute):
    layer = Recurrent(SIZE, unit, dtype=policy, return_state=True, stateful=True)
    _, *last = layer(random_x())
    assert dtypes_of(layer.states) == {"float32"}
    assert reference.distance([arrays(v.value) for v in layer.states], [arrays(part) for part in last]) == 0


@mixed
@every_unit
def test_a_stateful_layer_starts_from_its_state_unrounded(unit, policy, compute):
    """A fully masked batch hands the state on as it was."""
    layer, x = Recurrent(SIZE, unit, dtype=policy, return_state=True, stateful=True), random_x()
    layer.build(x.shape)
    for variable in layer.states:
        variable.assign(FINE)
    _, *last = arrays(layer(x, mask=np.zeros(x.shape[:2], bool)))
    assert all(np.array_equal(part, FINE) for part in last)


@mixed
@every_unit
def test_mixed_precision_stays_near_float32(unit, policy, compute):
    low, high = (Recurrent(SIZE, unit, dtype=dtype, return_sequences=True) for dtype in (policy, "float32"))
    low(random_x())
    high(random_x())
    high.set_weights(low.get_weights())
    assert reference.distance(arrays(low(random_x())), arrays(high(random_x()))) <= 0.03


@mixed
def test_a_counter_does_not_stall(policy, compute):
    """All gates open and c̃ = 1: c counts the steps, where bfloat16 would stop at 256."""
    wide_open = {"bias_initializer": keras.initializers.Constant(30.0), "unit_forget_bias": False}
    layer = LSTM(1, dtype=policy, return_state=True, **wide_open)
    _, _, c = arrays(layer(np.zeros((1, 300, 1), "float32")))
    assert c == 300


@every_layer
def test_the_cell_alone_follows_the_policy(name):
    cell = cell_of(name, dtype="mixed_bfloat16")
    output, state = cell(random_x()[:, 0], cell.get_initial_state(BATCH))
    assert dtypes_of([output]) == {"bfloat16"}
    assert dtypes_of(state if isinstance(state, list) else [state]) == {"float32"}


@every_layer
def test_a_global_policy_reaches_layer_and_cell(name):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        layer = layer_of(name)
    finally:
        keras.config.set_dtype_policy("float32")
    assert {layer.compute_dtype, layer.cell.compute_dtype} == {"bfloat16"}
    assert layer.cell.state_dtype == "float32"
