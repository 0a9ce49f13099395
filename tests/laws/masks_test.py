"""Masked steps do not exist."""

import numpy as np
from backends import needs_float64
from hypothesis import strategies as st
from laws.cases import FEW, added, cases, close, every_kind, every_unit, in_time, law, one_way, run

GARBAGE = np.array([np.nan, 1e30, -1e30, np.inf])


@st.composite
def padded_cases(draw):
    """A case, and where its steps stand among more of them: `(batch, steps)`, for each row in its own way."""
    case = draw(cases())
    steps = case.steps + draw(added)
    orders = [draw(st.permutations(range(steps))) for _ in range(case.batch)]
    return case, np.sort(np.array(orders)[:, : case.steps]), steps


def padded(case, at, steps):
    """The inputs with garbage between them, and the mask."""
    row = np.arange(case.batch)[:, None]
    x, mask = case.rng(9).choice(GARBAGE, (case.batch, steps, case.inputs)), np.zeros((case.batch, steps), bool)
    x[row, at], mask[row, at] = case.x, True if case.mask is None else case.mask
    return x, mask


@needs_float64
@every_unit
@every_kind
@law(drawn=padded_cases())
def test_padding_never_changes_an_output(unit, kind, drawn):
    case, at, steps = drawn
    layer, state, row = case.layer(unit, kind), case.state(unit, kind), np.arange(case.batch)[:, None]
    expected, expected_last = run(layer, case.x, case.mask, state)
    outputs, last = run(layer, *padded(case, at, steps), state)
    if layer.return_sequences:
        outputs, expected = [output[row, at] for output in in_time(layer, outputs)], in_time(layer, expected)
    assert close((outputs, last), (expected, expected_last))


@needs_float64
@every_unit
@one_way
@law(case=cases(masked=True, return_sequences=True, zero_output_for_mask=False, dense=()))
def test_a_masked_step_repeats_the_step_before(unit, kind, case):
    layer, state = case.layer(unit, kind), case.random_state(unit, kind)
    (outputs,), _ = run(layer, case.x, case.mask, state)
    starts = state[:: len(unit.State._fields)]
    first = sum(starts) if case.of_kind["residual"] else starts[-1]
    before = np.concatenate([first[:, None], outputs[:, :-1]], axis=1)
    mask = case.mask[:, ::-1] if case.arguments["go_backwards"] else case.mask
    assert np.array_equal(outputs[~mask], before[~mask])


@needs_float64
@every_unit
@every_kind
@law(FEW, case=cases(masked=True, return_state=True))
def test_a_row_without_a_real_step_returns_its_initial_state(unit, kind, case):
    state, mask = case.random_state(unit, kind), case.mask & (np.arange(case.batch) > 0)[:, None]
    _, last = run(case.layer(unit, kind), case.x, mask, state)
    assert all(np.array_equal(part[0], first[0]) for part, first in zip(last, state, strict=True))
