"""Under mixed precision states stay float32."""

import keras
import numpy as np
from backends import arrays
from laws.cases import FEW, as_list, cases, dtypes_of, every_kind, law, one_loop, one_way
from units import every_unit

from seqzoo.layers import LSTM


@every_unit
@every_kind
@law(FEW, case=cases(one_loop, return_state=True))
def test_outputs_are_bfloat16_and_states_float32(unit, kind, case):
    layer, state = case.layer(unit, kind, "mixed_bfloat16"), case.state(unit, kind)
    results = as_list(layer(case.x, mask=case.mask, initial_state=state))
    parts = len(case.random_state(unit, kind))
    assert (dtypes_of(results[:-parts]), dtypes_of(results[-parts:])) == ({"bfloat16"}, {"float32"})


@every_unit
@one_way
@law(FEW, case=cases(one_loop, masked=False, go_backwards=False))
def test_the_states_of_a_step_are_float32_too(unit, kind, case):
    output, state = case.layer(unit, kind, "mixed_bfloat16").step(case.x[:, 0], case.state(unit, kind))
    assert (dtypes_of([output]), dtypes_of(state)) == ({"bfloat16"}, {"float32"})


def test_six_calls_of_a_hundred_steps_count_to_six_hundred():
    """All gates open and c̃ = 1: c grows by one each step, where a bfloat16 would stop at 256."""
    wide_open = {"bias_initializer": keras.initializers.Constant(30.0), "unit_forget_bias": False}
    layer = LSTM(1, dtype="mixed_bfloat16", stateful=True, return_state=True, **wide_open)
    for _ in range(6):
        _, _, c = layer(np.zeros((1, 100, 1), "float32"))
    assert arrays(c) == 600
