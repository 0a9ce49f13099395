"""What holds for a layer of any unit, of today or of tomorrow."""

import keras
import numpy as np
import pytest
import reference
from backends import arrays
from units import BATCH, INPUTS, MASKS, SIZE, STEPS, every_unit, random_x, randomise

from seqzoo.layers import Recurrent, RecurrentCell


def built(unit, dtype="float64", **arguments):
    layer = Recurrent(SIZE, unit, dtype=dtype, **{"return_sequences": True, "return_state": True} | arguments)
    layer.build((BATCH, None, INPUTS))
    return randomise(layer)


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
