"""A sequence can be cut anywhere."""

import numpy as np
from backends import arrays, needs_float64
from laws.cases import FEW, cases, close, every_kind, every_unit, law, one_loop, one_way, run, same_bits


@needs_float64
@every_unit
@one_way
@law(case=cases(masked=False, go_backwards=False, return_sequences=True, return_state=True))
def test_a_step_at_a_time_is_the_whole_sequence(unit, kind, case):
    layer, state = case.layer(unit, kind), case.state(unit, kind)
    expected, outputs = run(layer, case.x, state=state), []
    for t in range(case.steps):
        output, state = layer.step(case.x[:, t], state)
        outputs.append(arrays(output))
    assert close(([np.stack(outputs, axis=1)], arrays(state)), expected)


@needs_float64
@every_unit
@one_way
@law(case=cases(least_steps=2, return_sequences=True, return_state=True))
def test_two_parts_of_a_stateful_layer_are_the_whole(unit, kind, case):
    layer, state = case.layer(unit, kind, stateful=True), case.state(unit, kind)
    first, then = parts(case)
    (early,), middle = run(layer, *first, state)
    (late,), last = run(layer, *then)
    assert close(([np.concatenate([early, late], axis=1)], last), run(case.layer(unit, kind), case.x, case.mask, state))
    layer.reset_state()
    assert state or same_bits(run(layer, *first), ([early], middle))


def parts(case):
    """The inputs and the mask in two parts, in the order in which they are needed."""
    cut = case.steps // 2
    both = [(case.x[:, part], case.mask if case.mask is None else case.mask[:, part]) for part in np.s_[:cut, cut:]]
    return both[::-1] if case.arguments["go_backwards"] else both


@needs_float64
@every_unit
@every_kind
@law(FEW, case=cases(one_loop))
def test_unrolled_or_in_segments_it_is_the_same_sequence(unit, kind, case):
    loop = case.layer(unit, kind, unroll=False, segments=1)
    other = case.layer(unit, kind, unroll=case.seed % 2 == 0, segments=2 + case.seed % 2)
    state = case.state(unit, kind)
    assert close(run(other, case.x, case.mask, state), run(loop, case.x, case.mask, state))
