"""Deep layers: what `Stacked` is made of, and what it refuses. Its laws are in tests/laws."""

import keras
import numpy as np
import pytest
import reference
from backends import TOLERANCES, arrays, dtypes
from units import INPUTS, MASKS, SIZE, UNITS, every_layer, layer_of, random_state, random_x, randomise, zero_state

from seqzoo.layers import GRU, LSTM, Bidirectional, SimpleRNN, Stacked

X, MASK = random_x(dtype="float32"), MASKS["right"]


def built(layer):
    layer.build((None, None, INPUTS))
    return randomise(layer)


def by_hand(name, stack, x, states, mask, residual=False):
    """The outputs of a stack of layers of one kind, and the last states, by the oracle."""
    last = []
    for i, (layer, state) in enumerate(zip(stack.layers, states, strict=True)):
        outputs, now = reference.run(name, layer.as_notes(), x, state, mask)
        x = outputs + x if residual and i else outputs
        last += now
    return x, last


@pytest.mark.parametrize("residual", [False, True], ids=["", "residual"])
@every_layer
def test_a_stack_is_its_layers_one_above_the_other(name, residual):
    stack = built(Stacked(layer_of(name, return_sequences=True, return_state=True), depth=3, residual=residual))
    states = [random_state(UNITS[name], seed=seed, dtype="float32") for seed in range(3)]
    outputs, *last = arrays(stack(X, initial_state=[part for state in states for part in state], mask=MASK))
    expected, expected_last = by_hand(name, stack, X, states, MASK, residual)
    assert reference.distance([outputs, *last], [expected, *expected_last]) <= 4e-6


@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS.keys())
def test_the_last_output_with_residuals_is_that_of_the_last_real_step(mask):
    stack = built(Stacked(GRU(SIZE), depth=2, residual=True))
    outputs, _ = by_hand("GRU", stack, X, [zero_state(UNITS["GRU"])] * 2, mask, residual=True)
    assert reference.distance(arrays(stack(X, mask=mask)), outputs[:, -1]) <= 4e-6


def test_copies_have_weights_names_and_seeds_of_their_own():
    stack = Stacked(LSTM(SIZE, name="deep", dropout=0.5, seed=3), depth=3)
    assert [layer.name for layer in stack.layers] == ["deep_1", "deep_2", "deep_3"]
    assert [layer.return_sequences for layer in stack.layers] == [True, True, False]
    assert len({layer.seed for layer in stack.layers}) == 3
    stack(X)
    kernels = {arrays(layer.cell.recurrent_kernel.value).tobytes() for layer in stack.layers}
    assert len(kernels) == 3


def test_the_seeds_of_a_stack_of_two_directions_are_all_different():
    stack = Stacked(Bidirectional(LSTM(SIZE, seed=3)), depth=3)
    seeds = [direction.seed for both in stack.layers for direction in (both.forward_layer, both.backward_layer)]
    assert len(set(seeds)) == 6


def test_a_list_of_layers_is_taken_as_it_is():
    layers = [SimpleRNN(3, return_sequences=True), keras.layers.LSTM(4, return_sequences=True), GRU(SIZE)]
    stack = Stacked(layers)
    x = stack(X, mask=MASK)
    assert all(mine is given for mine, given in zip(stack.layers, layers, strict=True))
    one_by_one = layers[2](layers[1](layers[0](X, mask=MASK), mask=MASK), mask=MASK)
    assert reference.distance(arrays(x), arrays(one_by_one)) == 0


@dtypes
def test_dense_layers_stand_on_top_of_each_step(dtype):
    stack = built(Stacked(GRU(SIZE, return_sequences=True, dtype=dtype), depth=2, dense=(4, 2), dtype=dtype))
    expected = arrays(Stacked(stack.layers, dtype=dtype)(X))
    for dense in stack.top:
        kernel, bias = arrays([dense.kernel.value, dense.bias.value])
        expected = np.tanh(expected @ kernel + bias)
    assert [dense.units for dense in stack.top] == [4, 2]
    assert reference.distance(arrays(stack(X)), expected) <= TOLERANCES[dtype]


def test_dropout_is_between_the_layers_only():
    stack = Stacked([SimpleRNN(8, "relu", return_sequences=True, **identity(), name=f"{i}") for i in range(2)], dropout=0.5)
    x = np.ones((2, 3, 8), "float32")
    dropped = arrays(stack(x, training=True))
    assert set(np.unique(dropped)) == {0, 2}
    assert np.array_equal(arrays(stack(x)), x)
    alone = Stacked(SimpleRNN(8, "relu", return_sequences=True, **identity()), depth=1, dropout=0.5)
    assert np.array_equal(arrays(alone(x, training=True)), x)


def identity():
    return {"kernel_initializer": "identity", "recurrent_initializer": "zeros"}


def test_a_stack_that_goes_backwards_is_one_on_the_reversed_input():
    backward = built(Stacked(GRU(SIZE, return_sequences=True, go_backwards=True), depth=3, residual=True))
    forward = built(Stacked(GRU(SIZE, return_sequences=True), depth=3, residual=True))
    expected = arrays(forward(X[:, ::-1], mask=MASK[:, ::-1]))
    assert reference.distance(arrays(backward(X, mask=MASK)), expected) == 0


def test_an_embeddings_mask_reaches_every_layer():
    ids = np.array([[3, 1, 2, 0, 0], [1, 2, 0, 0, 0]])
    embedding, stack = keras.layers.Embedding(4, INPUTS, mask_zero=True), Stacked(GRU(SIZE), depth=2)
    assert reference.distance(arrays(stack(embedding(ids))), arrays(stack(embedding(ids[:, :3]), mask=ids[:, :3] != 0))) <= 2e-6


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: Stacked(keras.layers.Dense(3), depth=2), "`layer` must be a recurrent layer"),
        (lambda: Stacked([]), "`layer` must be a recurrent layer"),
        (lambda: Stacked(GRU(3)), "`depth` must be a positive integer, got None"),
        (lambda: Stacked(GRU(3), depth=0), "`depth` must be a positive integer, got 0"),
        (lambda: Stacked(GRU(3), depth=2, dropout=1.0), "`dropout` must be at least 0 and below 1, got 1.0"),
        (lambda: Stacked(GRU(3), depth=2, dropout="a"), "`dropout` must be at least 0 and below 1, got 'a'"),
        (lambda: Stacked(GRU(3), depth=2, dense=(4, "5")), "`dense` must be a positive integer, got '5'"),
        (lambda: Stacked(GRU(3), depth=2, dense=None), "`dense` must be a positive integer, got None"),
        (lambda: Stacked(GRU(3), depth=2, seed="a"), "`seed` must be an integer, got 'a'"),
        (lambda: Stacked([GRU(3)], depth=2), "`depth` is for copies of one layer"),
        (lambda: Stacked([GRU(3, name="below"), GRU(3)]), "need `return_sequences=True`; 'below' has not"),
        (lambda: Stacked([GRU(3, return_sequences=True), GRU(3, return_state=True)]), "agree on `return_state`"),
        (lambda: Stacked([GRU(3, return_sequences=True), GRU(3, stateful=True)]), "agree on `stateful`"),
        (lambda: Stacked([GRU(3, return_sequences=True)] * 2), "got one of them twice"),
        (lambda: Stacked(Bidirectional(GRU(3), merge_mode=None), depth=2), "needs a `merge_mode`"),
        (lambda: Stacked(Bidirectional(GRU(3)), depth=2, residual=True), "needs its `return_sequences=True`"),
        (lambda: Stacked([GRU(3, return_sequences=True), GRU(4)], residual=True)(X), "layer 1 takes 3 and returns 4"),
        (lambda: Stacked(GRU(3), depth=2)(X, initial_state=[X[:, 0]]), r"must hold 2 tensors \(\[1, 1\] by layer\), got 1"),
        (lambda: Stacked(Bidirectional(GRU(3)), depth=2).step(X[:, 0]), "A Bidirectional layer cannot `step`"),
    ],
)
def test_what_makes_no_stack_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_stack_that_has_stepped_can_be_called():
    stack = Stacked(GRU(SIZE, return_sequences=True), depth=2, dense=(4,))
    output, _ = stack.step(X[:, 0])
    assert reference.distance(arrays(stack(X))[:, 0], arrays(output)) <= 2e-6
