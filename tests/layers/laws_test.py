"""What holds for a layer of any unit, of today or of tomorrow."""

import keras
import numpy as np
import pytest
import reference
from backends import arrays, needs_float64
from hypothesis import given, settings
from hypothesis import strategies as st
from units import BATCH, INPUTS, MASKS, SIZE, STEPS, every_unit, random_state, random_x, randomise

from seqzoo.layers import Recurrent, RecurrentCell
from seqzoo.through_time import one_step

bounded = settings(max_examples=8, deadline=None, derandomize=True)


def built(unit, dtype="float64", **arguments):
    layer = Recurrent(SIZE, unit, dtype=dtype, **{"return_sequences": True, "return_state": True} | arguments)
    layer.build((BATCH, None, INPUTS))
    return randomise(layer)


def spread(x, positions, steps):
    """`x` with its steps moved to `positions` among `steps` steps of noise, and the mask that says so."""
    padded = 100 * np.random.default_rng(9).normal(size=(len(x), steps, INPUTS))
    mask = np.zeros((len(x), steps), bool)
    padded[:, positions], mask[:, positions] = x, True
    return padded, mask


@needs_float64
@every_unit
@pytest.mark.parametrize("positions", [range(STEPS), range(3, STEPS + 3)], ids=["right", "left"])
def test_padding_changes_nothing(unit, positions):
    layer, x = built(unit), random_x()
    padded, mask = spread(x, list(positions), STEPS + 3)
    outputs, *last = arrays(layer(padded, mask=mask))
    assert reference.distance([outputs[:, list(positions)], *last], list(arrays(layer(x)))) <= 1e-14


@needs_float64
@every_unit
def test_gaps_change_nothing(unit):
    layer, x = built(unit), random_x()
    expected = list(arrays(layer(x)))

    @bounded
    @given(st.permutations(range(STEPS + 3)))
    def law(order):
        positions = sorted(order[:STEPS])
        padded, mask = spread(x, positions, STEPS + 3)
        outputs, *last = arrays(layer(padded, mask=mask))
        assert reference.distance([outputs[:, positions], *last], expected) <= 1e-14

    law()


@needs_float64
@every_unit
def test_a_masked_step_repeats_the_step_before(unit):
    layer, x, state = built(unit), random_x(), random_state(unit)

    @bounded
    @given(st.lists(st.lists(st.booleans(), min_size=STEPS, max_size=STEPS), min_size=BATCH, max_size=BATCH))
    def law(rows):
        outputs, *_ = arrays(layer(x, initial_state=state, mask=np.array(rows)))
        before = np.concatenate([state[0][:, None], outputs[:, :-1]], 1)
        assert np.array_equal(outputs[~np.array(rows)], before[~np.array(rows)])

    law()


@every_unit
def test_a_fully_masked_row_returns_its_initial_state(unit):
    layer, state = built(unit, "float32"), random_state(unit, dtype="float32")
    _, *last = arrays(layer(random_x(dtype="float32"), initial_state=state, mask=MASKS["row"]))
    assert all(np.array_equal(part[2], first[2]) for part, first in zip(last, state, strict=True))


@needs_float64
@every_unit
def test_a_sample_alone_is_the_sample_in_a_batch(unit):
    layer, x, mask = built(unit), random_x(), MASKS["gaps"]
    whole = arrays(layer(x, mask=mask))
    alone = arrays(layer(x[1:2], mask=mask[1:2]))
    assert reference.distance(list(alone), [part[1:2] for part in whole]) <= 1e-14


@needs_float64
@every_unit
def test_reversing_the_input_and_the_flag_reverses_the_output(unit):
    forward, backward, x, mask = built(unit), built(unit, go_backwards=True), random_x(), MASKS["gaps"]
    expected = arrays(forward(x, mask=mask))
    assert reference.distance(list(arrays(backward(x[:, ::-1], mask=mask[:, ::-1]))), list(expected)) == 0


@needs_float64
@every_unit
def test_steps_of_the_engine_and_of_the_cell_are_the_layer(unit):
    layer, x = built(unit), random_x()
    engine, cell = layer.cell.get_initial_state(BATCH), layer.cell.get_initial_state(BATCH)
    for t in range(STEPS):
        engine = one_step(unit, keras.ops.convert_to_tensor(x[:, t]), engine, layer.cell.weight_tensors())
        _, cell = layer.cell(x[:, t], cell)
    _, *last = arrays(layer(x))
    assert reference.distance(list(arrays(tuple(engine))), last) <= 1e-14
    assert reference.distance(list(arrays(cell)) if isinstance(cell, list) else [arrays(cell)], last) <= 1e-14


@needs_float64
@every_unit
def test_two_halves_of_a_stateful_layer_are_the_whole(unit):
    whole, halves, x = built(unit), built(unit, stateful=True), random_x()
    _, *expected = arrays(whole(x))
    halves(x[:, :2])
    _, *last = arrays(halves(x[:, 2:]))
    assert reference.distance(last, expected) <= 1e-14
    halves.reset_state()
    assert reference.distance(list(arrays(halves(x)))[1:], expected) <= 1e-14


@every_unit
def test_unroll_has_no_effect(unit):
    x = random_x(dtype="float32")
    results = [list(arrays(built(unit, "float32", unroll=unroll)(x, mask=MASKS["gaps"]))) for unroll in (False, True)]
    assert reference.distance(*results) <= 2e-6


@every_unit
def test_a_mask_of_numbers_is_a_mask_of_booleans(unit):
    layer, x, mask = built(unit, "float32"), random_x(dtype="float32"), MASKS["gaps"]
    assert reference.distance(list(arrays(layer(x, mask=mask.astype("int32")))), list(arrays(layer(x, mask=mask)))) == 0


@every_unit
def test_an_embeddings_mask_arrives(unit):
    ids = np.array([[3, 1, 2, 0, 0], [1, 0, 2, 0, 3]])
    embedding, layer = keras.layers.Embedding(4, INPUTS, mask_zero=True), built(unit, "float32")
    expected = layer(np.array(arrays(embedding(ids)), "float32"), mask=ids != 0)
    assert reference.distance(list(arrays(layer(embedding(ids)))), list(arrays(expected))) == 0


@every_unit
@pytest.mark.parametrize("mask", [None, MASKS["right"]], ids=["no mask", "right"])
def test_the_cell_works_in_kerass_rnn(unit, mask):
    ours, x = built(unit, "float32"), random_x(dtype="float32")
    theirs = keras.layers.RNN(RecurrentCell(SIZE, unit), return_sequences=True, return_state=True)
    theirs.build((BATCH, None, INPUTS))
    theirs.set_weights(ours.get_weights())
    assert reference.distance(list(arrays(theirs(x, mask=mask))), list(arrays(ours(x, mask=mask)))) <= 2e-6


@every_unit
def test_the_layer_works_in_kerass_bidirectional(unit):
    both = keras.layers.Bidirectional(Recurrent(SIZE, unit, return_sequences=True))
    x = random_x(dtype="float32")
    outputs, copy = arrays(both(x, mask=MASKS["gaps"])), type(both).from_config(both.get_config())
    copy.build(x.shape)
    copy.set_weights(both.get_weights())
    assert outputs.shape == (BATCH, STEPS, 2 * SIZE)
    assert not outputs[~MASKS["gaps"]].any()
    assert reference.distance(arrays(copy(x, mask=MASKS["gaps"])), outputs) == 0


@every_unit
def test_the_gates_whose_bias_starts_at_one_are_the_open_ones(unit):
    cell = RecurrentCell(SIZE, unit, open_gates=unit.gates[-1])
    cell.build((None, INPUTS))
    notes = cell.as_notes()
    assert all(set(notes[f"b_{gate}"]) == {float(gate == unit.gates[-1])} for gate in unit.gates)


@every_unit
def test_every_weight_starts_with_values_of_its_own(unit):
    cell = RecurrentCell(SIZE, unit)
    cell.build((None, SIZE))
    drawn = [arrays(cell.kernel), arrays(cell.recurrent_kernel), *(arrays(p) for p in cell.peepholes.values())]
    assert len({array.tobytes() for array in drawn}) == len(drawn)


@every_unit
def test_as_notes_needs_the_weights(unit):
    with pytest.raises(ValueError, match="as_notes.*build"):
        Recurrent(SIZE, unit).as_notes()
