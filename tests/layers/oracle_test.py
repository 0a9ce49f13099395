"""The layers, against the NumPy oracle: every unit, mask, initial state and direction."""

import numpy as np
import pytest
import reference
from backends import TOLERANCES, arrays, dtypes, needs_float64
from keras.ops import convert_to_tensor
from units import (
    BATCH,
    INPUTS,
    LAYERS,
    MASKS,
    SIZE,
    STEPS,
    cell_of,
    every_mask,
    layer_of,
    random_drop,
    random_state,
    random_x,
    randomise,
    zero_state,
)

from seqzoo.layers import Bidirectional, RecurrentCell

every_layer = pytest.mark.parametrize("name", LAYERS)


def built(name, **arguments):
    layer = layer_of(name, **arguments)
    layer.build((None, None, INPUTS))
    return randomise(layer)


def oracle(name, layer, x, state=None, mask=None, **arguments):
    state = state or zero_state(layer.cell.unit, len(x))
    return reference.run(name, layer.as_notes(), x, state, mask, **arguments)


@every_layer
@every_mask
@pytest.mark.parametrize("start", ["zeros", "random"])
@pytest.mark.parametrize("go_backwards", [False, True], ids=["forward", "backward"])
@dtypes
def test_the_layer_is_the_oracle(name, mask, start, go_backwards, dtype):
    layer = built(name, dtype=dtype, go_backwards=go_backwards, return_sequences=True, return_state=True)
    x = random_x(dtype=dtype)
    state = random_state(layer.cell.unit, dtype=dtype) if start == "random" else None
    outputs, *last = arrays(layer(x, initial_state=state, mask=mask))
    expected = oracle(name, layer, x, state, mask, go_backwards=go_backwards)
    assert reference.distance((outputs, last), expected) <= TOLERANCES[dtype]


@every_layer
@pytest.mark.parametrize("batch, steps", [(1, STEPS), (3, 1)])
@dtypes
def test_one_row_and_one_step_are_the_oracle(name, batch, steps, dtype):
    layer, x = built(name, dtype=dtype, return_sequences=True), random_x(batch, steps, dtype=dtype)
    mask = MASKS["gaps"][:batch, :steps]
    state = random_state(layer.cell.unit, batch, dtype=dtype)
    outputs = arrays(layer(x, initial_state=state, mask=mask))
    assert reference.distance(outputs, oracle(name, layer, x, state, mask)[0]) <= TOLERANCES[dtype]


@needs_float64
@every_layer
@pytest.mark.parametrize("go_backwards", [False, True], ids=["forward", "backward"])
def test_zero_output_for_mask_is_the_oracles(name, go_backwards):
    settings = {"go_backwards": go_backwards, "zero_output_for_mask": True}
    layer, x = built(name, dtype="float64", return_sequences=True, return_state=True, **settings), random_x()
    outputs, *last = arrays(layer(x, mask=MASKS["row"]))
    assert reference.distance((outputs, last), oracle(name, layer, x, mask=MASKS["row"], **settings)) <= 1e-12


@needs_float64
@every_layer
@every_mask
def test_without_return_sequences_the_output_is_that_of_the_last_step(name, mask):
    layer, x = built(name, dtype="float64"), random_x()
    outputs, last = oracle(name, layer, x, mask=mask)
    assert reference.distance(arrays(layer(x, mask=mask)), last[0]) <= 1e-12
    assert reference.distance(outputs[:, -1], last[0]) == 0


@needs_float64
@every_layer
def test_dropout_in_the_layer_is_the_oracles(name, monkeypatch):
    masks = {0.25: random_drop(INPUTS), 0.5: random_drop(SIZE, seed=4)}
    monkeypatch.setattr(RecurrentCell, "dropout_mask", lambda cell, ones, rate: convert_to_tensor(masks[rate]))
    layer, x = built(name, dtype="float64", dropout=0.25, recurrent_dropout=0.5, return_sequences=True), random_x()
    expected, _ = oracle(name, layer, x, mask=MASKS["gaps"], dropout=masks[0.25], recurrent_dropout=masks[0.5])
    assert reference.distance(arrays(layer(x, mask=MASKS["gaps"], training=True)), expected) <= 1e-12


@every_layer
def test_nan_at_masked_steps_reaches_no_output(name):
    layer, x, mask = built(name, return_sequences=True, return_state=True), random_x(dtype="float32"), MASKS["row"]
    clean, spoilt = (arrays(layer(np.where(mask[:, :, None], x, v).astype("float32"), mask=mask)) for v in (0, np.nan))
    assert reference.distance(spoilt, clean) == 0


@needs_float64
@every_layer
def test_a_chain_of_cell_calls_is_the_oracle(name):
    cell, x = cell_of(name, dtype="float64"), random_x()
    cell.build((None, INPUTS))
    randomise(cell)
    state, outputs = cell.get_initial_state(BATCH), []
    for t in range(STEPS):
        output, state = cell(x[:, t], state)
        outputs.append(arrays(output))
    last = tuple(arrays(state)) if isinstance(state, list) else (arrays(state),)
    expected = reference.run(name, cell.as_notes(), x, zero_state(cell.unit))
    assert reference.distance((np.stack(outputs, 1), last), expected) <= 1e-12


@needs_float64
@every_layer
@every_mask
def test_bidirectional_is_two_oracles(name, mask):
    """The backward outputs are put back in the order of time, and masked steps give zeros."""
    both = Bidirectional(layer_of(name, dtype="float64", return_sequences=True, return_state=True), dtype="float64")
    both.build((None, None, INPUTS))
    randomise(both)
    x = random_x()
    outputs, *last = arrays(both(x, mask=mask))
    settings = {"mask": mask, "zero_output_for_mask": True}
    forward, forward_last = oracle(name, both.forward_layer, x, **settings)
    backward, backward_last = oracle(name, both.backward_layer, x, go_backwards=True, **settings)
    expected = np.concatenate([forward, backward[:, ::-1]], -1), [*forward_last, *backward_last]
    assert reference.distance((outputs, last), expected) <= 1e-12
