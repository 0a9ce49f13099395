"""Time backward is time forward on the reversed sequence."""

import numpy as np
from backends import needs_float64
from laws.cases import cases, every_unit, law, one_way, run, same_bits


def reversed_in_time(case):
    return case.x[:, ::-1], case.mask if case.mask is None else case.mask[:, ::-1]


@needs_float64
@every_unit
@one_way
@law(case=cases())
def test_going_backwards_is_going_forwards_over_the_reversed_sequence(unit, kind, case):
    forward, backward = (case.layer(unit, kind, go_backwards=backwards) for backwards in (False, True))
    state = case.state(unit, kind)
    assert same_bits(run(backward, case.x, case.mask, state), run(forward, *reversed_in_time(case), state))


def halves_swapped(parts):
    return [*parts[len(parts) // 2 :], *parts[: len(parts) // 2]]


def directions_swapped(case, outputs):
    if case.of_kind["merge_mode"] == "concat":
        return [np.concatenate(halves_swapped(np.split(output, 2, axis=-1)), axis=-1) for output in outputs]
    return halves_swapped(outputs) if case.of_kind["merge_mode"] is None else outputs


@needs_float64
@every_unit
@law(case=cases())
def test_the_reversed_sequence_swaps_the_two_directions(unit, case):
    layer, swapped = case.layer(unit, "Bidirectional"), case.layer(unit, "Bidirectional")
    swapped.set_weights(halves_swapped(layer.get_weights()))
    state = case.state(unit, "Bidirectional")
    outputs, last = run(swapped, *reversed_in_time(case), state and halves_swapped(state))
    outputs = [output[:, ::-1] for output in outputs] if layer.return_sequences else outputs
    found = directions_swapped(case, outputs), halves_swapped(last)
    assert same_bits(found, run(layer, case.x, case.mask, state))
