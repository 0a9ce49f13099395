"""Under mixed precision states stay float32."""

import pytest
from laws.cases import as_list, cases, dtypes_of, every_kind, every_unit, law, one_loop, one_way

mixed = pytest.mark.parametrize("compute", ["bfloat16", "float16"])


@mixed
@every_unit
@every_kind
@law(1, case=cases(one_loop, return_state=True))
def test_outputs_are_of_the_compute_dtype_and_states_float32(unit, kind, compute, case):
    layer, state = case.layer(unit, kind, f"mixed_{compute}"), case.state(unit, kind)
    results = as_list(layer(case.x, mask=case.mask, initial_state=state))
    parts = len(case.random_state(unit, kind))
    assert (dtypes_of(results[:-parts]), dtypes_of(results[-parts:])) == ({compute}, {"float32"})


@mixed
@every_unit
@one_way
@law(1, case=cases(one_loop, masked=False, go_backwards=False))
def test_the_states_of_a_step_are_float32_too(unit, kind, compute, case):
    output, state = case.layer(unit, kind, f"mixed_{compute}").step(case.x[:, 0], case.state(unit, kind))
    assert (dtypes_of([output]), dtypes_of(state)) == ({compute}, {"float32"})
