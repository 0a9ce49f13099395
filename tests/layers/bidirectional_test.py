"""Where `Bidirectional` differs from Keras's, and that it wraps what Keras's wraps."""

import keras
import numpy as np
import pytest
import reference
from backends import arrays
from units import BATCH, INPUTS, MASKS, SIZE, STEPS, random_x

from seqzoo.layers import GRU, LSTM, Bidirectional, GRUCell, LSTMCell, Stacked
from seqzoo.layers.arguments import as_list

X, MASK = random_x(dtype="float32"), MASKS["right"]
WRAPPED = {
    "keras LSTM": lambda **a: keras.layers.LSTM(SIZE, **a),
    "keras GRU": lambda **a: keras.layers.GRU(SIZE, **a),
    "keras RNN of our cell": lambda **a: keras.layers.RNN(LSTMCell(SIZE), **a),
    "keras RNN of cells": lambda **a: keras.layers.RNN([keras.layers.GRUCell(4), GRUCell(SIZE)], **a),
}


@pytest.mark.parametrize("wrapped", WRAPPED.values(), ids=WRAPPED.keys())
@pytest.mark.parametrize("merge_mode", ["concat", "sum"])
def test_any_recurrent_layer_is_wrapped_as_keras_wraps_it(wrapped, merge_mode):
    ours = Bidirectional(wrapped(return_sequences=True), merge_mode=merge_mode)
    theirs = keras.layers.Bidirectional(wrapped(return_sequences=True), merge_mode=merge_mode)
    expected = theirs(X, mask=MASK)
    ours.build(X.shape)
    ours.set_weights(theirs.get_weights())
    assert reference.distance(arrays(ours(X, mask=MASK)), arrays(expected)) == 0


def test_the_cells_of_the_two_directions_have_seeds_of_their_own():
    both = Bidirectional(keras.layers.RNN([keras.layers.GRUCell(3, seed=1), GRUCell(3, dropout=0.5, seed=5)]))
    forward, backward = ([cell.seed for cell in d.cell.cells] for d in (both.forward_layer, both.backward_layer))
    assert len({*forward, *backward}) == 4


def test_initial_weights_arrive():
    template = Bidirectional(LSTM(SIZE))
    template(X)
    both = Bidirectional(LSTM(SIZE), weights=template.get_weights())
    assert reference.distance(arrays(both(X)), arrays(template(X))) == 0


@pytest.mark.parametrize("given", [1, 3, 5])
def test_states_of_another_number_are_refused(given):
    with pytest.raises(ValueError, match=f"2 tensors of the forward and 2 of the backward layer, got {given}"):
        Bidirectional(LSTM(SIZE))(X, initial_state=[np.zeros((BATCH, SIZE), "float32")] * given)


def test_a_stateful_layer_that_returns_its_state_takes_a_mask():
    ids = np.array([[1, 2, 0], [3, 0, 0]])
    both = Bidirectional(GRU(SIZE, stateful=True, return_state=True, return_sequences=True))
    x = keras.layers.Embedding(4, INPUTS, mask_zero=True)(ids)
    both(x)
    output, *states = both(x)
    assert not arrays(output)[ids == 0].any()
    assert len(states) == 2


def test_a_seed_of_an_initializer_is_no_seed_of_dropout():
    both = Bidirectional(GRU(SIZE, kernel_initializer=keras.initializers.GlorotUniform(seed=4), seed=1))
    assert both.backward_layer.kernel_initializer.seed == 4
    assert both.backward_layer.seed != 1


def test_a_backward_layer_must_be_recurrent():
    with pytest.raises(ValueError, match="`backward_layer` must be a recurrent layer"):
        Bidirectional(GRU(SIZE), backward_layer=keras.layers.Dense(3))


def test_the_mask_of_reversed_outputs_is_reversed():
    both = Bidirectional(GRU(SIZE, return_sequences=True, go_backwards=True))
    assert np.array_equal(arrays(both.compute_mask(X, np.array([[1, 1, 0]], bool))), [[0, 1, 1]])


def test_states_of_directions_that_differ_are_refused():
    both = Bidirectional(LSTM(SIZE), backward_layer=GRU(SIZE, go_backwards=True))
    with pytest.raises(ValueError, match="two directions of as many parts, got 2 and 1"):
        both(X, initial_state=[np.zeros((BATCH, SIZE), "float32")] * 3)


def unequal(merge_mode, forward=3, backward=5, **arguments):
    layer, back = GRU(forward, **arguments), LSTM(backward, go_backwards=True, **arguments)
    return Bidirectional(layer, merge_mode=merge_mode, backward_layer=back)


@pytest.mark.parametrize("return_sequences", [True, False])
@pytest.mark.parametrize("return_state", [True, False])
@pytest.mark.parametrize("merge_mode", ["concat", None])
def test_directions_of_two_sizes_have_the_shapes_that_they_declare(merge_mode, return_state, return_sequences, tmp_path):
    x = random_x(dtype="float32")
    layer = unequal(merge_mode, return_sequences=return_sequences, return_state=return_state)
    given = keras.Input((STEPS, INPUTS))
    model = keras.Model(given, layer(given))
    found, declared = model(x), layer.compute_output_shape(x.shape)
    declared = [declared] if isinstance(declared[0], int) else declared
    assert [tuple(a.shape) for a in as_list(found)] == [tuple(shape) for shape in declared]
    assert [tuple(a.shape)[1:] for a in as_list(model.output)] == [tuple(shape)[1:] for shape in declared]
    model.save(tmp_path / "model.keras")
    copy = keras.saving.load_model(tmp_path / "model.keras")
    for a, b in zip(as_list(copy(x)), as_list(found), strict=True):
        assert np.array_equal(arrays(a), arrays(b))


def test_two_sizes_side_by_side_are_the_two_directions():
    layer, x = unequal("concat", return_sequences=True), random_x(dtype="float32")
    outputs = arrays(layer(x))
    assert np.array_equal(outputs[..., :3], arrays(layer.forward_layer(x)))
    assert np.array_equal(outputs[..., 3:], arrays(layer.backward_layer(x))[:, ::-1])
    stack = Stacked([layer, GRU(4)])
    assert tuple(stack(x).shape) == tuple(stack.compute_output_shape(x.shape)) == (BATCH, 4)


@pytest.mark.parametrize("merge_mode", ["sum", "ave", "mul"])
def test_two_sizes_cannot_be_added(merge_mode):
    with pytest.raises(ValueError, match=f'`merge_mode="{merge_mode}"` needs directions of one size, got 3 and 5'):
        unequal(merge_mode)
