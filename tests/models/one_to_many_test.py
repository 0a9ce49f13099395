"""What holds for a model that predicts each step from those before, with random weights."""

import itertools

import keras
import numpy as np
import pytest
import reference
from backends import arrays, full_on_others, needs_float64, tensors

from seqzoo.data.tokenizer import BOS, PAD
from seqzoo.models import OneToMany

pytestmark = full_on_others
KINDS = {
    "ids": {"vocabulary": 9},
    "tied": {"vocabulary": 9, "tied": True},
    "tied, narrow": {"vocabulary": 9, "tied": True, "embedding": 3},
    "classes": {"vocabulary": 9, "labels": ("a", "b", "c")},
    "vectors": {"features": 5},
    "vectors with classes": {"features": 5, "labels": ("a", "b", "c")},
}
every_kind = pytest.mark.parametrize("kind", KINDS)
every_cell = pytest.mark.parametrize("cell, depth", itertools.product(["rnn", "gru", "lstm-peephole"], [1, 2]))


def built(kind, **arguments):
    model = OneToMany(**{"units": 4, "embedding": 4} | KINDS[kind] | arguments)
    chance = np.random.default_rng(1)
    model.set_weights([chance.normal(0, 0.5, w.shape) for w in model.get_weights()])
    return model


def given(kind, batch=3, steps=6):
    chance = np.random.default_rng(0)
    if "vectors" in kind:
        y_prev = chance.integers(0, 2, (batch, steps, 5)).astype("float32")
    else:
        y_prev = chance.integers(3, 9, (batch, steps)).astype("int32")
    y_prev[:, 0] = 0
    return {"inputs": y_prev} | ({"label": np.arange(batch, dtype="int32") % 3} if "classes" in kind else {})


@every_kind
def test_a_step_at_a_time_equals_the_whole(kind):
    model, inputs = built(kind), given(kind)
    whole = arrays(model(inputs))
    state = model.initial_state(3, inputs.get("label"))
    for t in range(6):
        z, state = model.step(tensors(inputs["inputs"][:, t]), state)
        np.testing.assert_allclose(arrays(z), whole[:, t], atol=1e-5)


@every_cell
def test_so_it_does_for_every_cell(cell, depth):
    model, inputs = built("ids", cell=cell, depth=depth), given("ids")
    whole, state = arrays(model(inputs)), model.initial_state(3)
    for t in range(6):
        z, state = model.step(tensors(inputs["inputs"][:, t]), state)
    np.testing.assert_allclose(arrays(z), whole[:, -1], atol=1e-5)


@every_kind
def test_a_piece_goes_on_where_the_one_before_ended(kind):
    model, inputs = built(kind), given(kind)
    state = model.initial_state(3, inputs.get("label"))
    pieces = []
    for piece in (slice(0, 2), slice(2, 3), slice(3, 6)):
        z, state = model.run(tensors(inputs["inputs"][:, piece]), state)
        pieces.append(arrays(z))
    np.testing.assert_allclose(np.concatenate(pieces, axis=1), arrays(model(inputs)), atol=1e-5)


@every_kind
def test_a_step_knows_nothing_of_those_after_it(kind):
    model, inputs = built(kind), given(kind)
    changed = dict(inputs, inputs=inputs["inputs"].copy())
    changed["inputs"][:, 4:] = 0
    np.testing.assert_allclose(arrays(model(changed))[:, :4], arrays(model(inputs))[:, :4], atol=1e-6)


@pytest.mark.parametrize("kind", ["classes", "vectors with classes"])
def test_the_class_is_the_first_input(kind):
    model, inputs = built(kind), given(kind)
    other = dict(inputs, label=(inputs["label"] + 1) % 3)
    assert np.abs(arrays(model(inputs)) - arrays(model(other))).max() > 1e-3
    with pytest.raises(ValueError, match="`label` must be given if the model has classes"):
        model({"inputs": inputs["inputs"]})
    with pytest.raises(ValueError, match="and only then"):
        built("ids").initial_state(1, np.array([0]))


@needs_float64
def test_the_equations_of_the_notes():
    """x<1> = 0, x<t+1> = y<t>, and softmax is over Wy a<t> + by, in float64."""
    model = built("ids", cell="gru", dtype="float64")
    y_prev = given("ids")["inputs"]
    (table, *_), weights = model.get_weights(), model.recurrent.layers[0].as_notes()
    x = table[y_prev] * (y_prev != 0)[:, :, None]
    a, _ = reference.run("GRU", weights, x, [np.zeros((3, 4))])
    w_y, b_y = model.y_hat.get_weights()
    z = a @ w_y + b_y
    possible = [i for i in range(9) if i not in (PAD, BOS)]
    np.testing.assert_allclose(arrays(model({"inputs": y_prev}))[:, :, possible], z[:, :, possible], atol=1e-6)


@pytest.mark.parametrize("kind", ["ids", "tied", "tied, narrow", "classes"])
def test_padding_and_the_beginning_are_never_predicted(kind):
    p = arrays(keras.ops.softmax(built(kind)(given(kind))))
    assert p[:, :, [PAD, BOS]].max() == 0
    np.testing.assert_allclose(p.sum(axis=-1), 1, atol=1e-6)


def test_a_tied_output_is_the_transposed_embedding():
    model = built("tied")
    before = arrays(model(given("tied")))
    table = model.embed.embeddings
    table.assign(keras.ops.concatenate([table[:8], 2 * table[8:]]))  # a token that the inputs may hold, too
    rest = {"inputs": np.where(given("tied")["inputs"] == 8, 3, given("tied")["inputs"])}
    twice = arrays(model(rest))[:, :, 8] - arrays(model.bias)[8]
    table.assign(keras.ops.concatenate([table[:8], 0.5 * table[8:]]))
    once = arrays(model(rest))[:, :, 8] - arrays(model.bias)[8]
    np.testing.assert_allclose(twice, 2 * once, atol=1e-5)
    assert before.shape == (3, 6, 9)


@every_kind
def test_saved_and_loaded_it_says_the_same(kind, tmp_path):
    model = built(kind, depth=2, dropout=0.1, recurrent_dropout=0.2)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(arrays(loaded(given(kind))), arrays(model(given(kind))))
    assert loaded.get_config() == model.get_config()


def test_dropout_is_constant_over_a_sequence():
    """With the same input at each step and no way from a state to the next, all steps are the same."""
    model = built("vectors", dropout=0.5)
    cell = model.recurrent.layers[0].cell
    cell.recurrent_kernel.assign(np.zeros(cell.recurrent_kernel.shape))
    cell.kernel.assign(np.where(np.repeat([gate == "u" for gate in cell.unit.gates], 4), 0, arrays(cell.kernel)))
    cell.bias.assign(np.repeat([20.0 if gate == "u" else 0.0 for gate in cell.unit.gates], 4))  # Γu is open
    z, _ = model.run(np.ones((2, 5, 5), "float32"), model.initial_state(2), training=True)
    np.testing.assert_allclose(arrays(z)[:, 1:], arrays(z)[:, :-1], atol=1e-5)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({}, "Give `vocabulary`"),
        ({"vocabulary": 5, "features": 3}, "got 5 and 3"),
        ({"features": 3, "tied": True}, "`tied` needs"),
    ],
)
def test_arguments_that_cannot_be(arguments, message):
    with pytest.raises(ValueError, match=message):
        OneToMany(**arguments)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "mixed_float16"])
def test_in_less_precision_a_step_still_equals_the_whole_and_states_stay_float32(kind, dtype):
    model, inputs = built(kind, dtype=dtype), given(kind)
    whole, state = model(inputs), model.initial_state(3, inputs.get("label"))
    assert keras.backend.standardize_dtype(whole.dtype) == "float32"
    for t in range(6):
        z, state = model.step(tensors(inputs["inputs"][:, t]), state)
        np.testing.assert_allclose(arrays(z), arrays(whole)[:, t], atol=0.05)
    assert {keras.backend.standardize_dtype(part.dtype) for part in state} == {"float32"}
