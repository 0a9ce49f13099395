"""The backward direction that sees the next n steps only: its laws, and the same a step at a time."""

import keras
import numpy as np
import pytest
from backends import arrays, as_graph, full_on_others, gradients
from extent import compiled
from keras import ops
from units import BATCH, INPUTS, MASKS, SIZE, STEPS, every_layer, every_mask, layer_of, random_x, randomise

from seqzoo.layers import GRU, LSTM, Bidirectional, Stacked, conversion

X = random_x(dtype="float32")
TOLERANCE = 1e-6


def both_ways(name="GRU", lookahead=2, merge_mode="concat", **arguments):
    layer = Bidirectional(layer_of(name, return_sequences=True, **arguments), merge_mode=merge_mode, lookahead=lookahead)
    layer.build(X.shape)
    return randomise(layer)


def full(layer):
    """The same weights, and the whole future."""
    config = layer.get_config() | {"lookahead": None}
    whole = Bidirectional.from_config(config)
    whole.build(X.shape)
    whole.set_weights(layer.get_weights())
    return whole


def distance(a, b):
    return max(float(np.abs(x - y).max()) for x, y in zip(flat(a), flat(b), strict=True))


def flat(outputs):
    return keras.tree.flatten(arrays(outputs))


def any_number_of_steps(layer):
    """The layer in a graph that does not know T_x."""
    inputs, mask = keras.Input((None, INPUTS)), keras.Input((None,), dtype="bool")
    model = keras.Model([inputs, mask], layer(inputs, mask=mask))
    return lambda x, mask: model([ops.convert_to_tensor(x), ops.convert_to_tensor(mask)])


@every_layer
@every_mask
def test_each_step_sees_so_many_steps_of_future_and_no_more(name, mask):
    layer = both_ways(name, lookahead=2)
    y = arrays(layer(X, mask=mask))
    for t in range(STEPS):
        cut = None if mask is None else mask[:, : t + 3]
        assert distance(y[:, t], full(layer)(X[:, : t + 3], mask=cut)[:, t]) < TOLERANCE


@pytest.mark.parametrize("lookahead", [STEPS - 1, STEPS, STEPS + 3])
@every_mask
def test_all_of_the_future_is_the_full_layer(lookahead, mask):
    layer = both_ways("LSTM", lookahead, return_state=True)
    state = [np.random.default_rng(i).normal(size=(BATCH, SIZE)).astype("float32") for i in range(4)]
    expected = full(layer)(X, mask=mask, initial_state=state)
    assert distance(layer(X, mask=mask, initial_state=state), expected) == 0


@every_mask
def test_all_of_the_future_is_the_full_layer_where_its_length_is_not_known(mask):
    layer = both_ways("GRU", STEPS)
    mask = np.ones((BATCH, STEPS), bool) if mask is None else mask
    assert distance(any_number_of_steps(layer)(X, mask), full(layer)(X, mask=mask)) < TOLERANCE


@pytest.mark.parametrize("mode", ["concat", "sum", "ave", "mul", None])
def test_windows_of_the_whole_future_merge_as_the_full_layer_does(mode):
    layer = both_ways("LSTM", STEPS - 2, mode, return_state=True)
    state = [np.random.default_rng(i).normal(size=(BATCH, SIZE)).astype("float32") for i in range(4)]
    mask = np.tile(np.arange(STEPS) < STEPS - 1, (BATCH, 1))  # a step less, or the full layer would be what runs
    assert distance(layer(X, mask=mask, initial_state=state), full(layer)(X, mask=mask, initial_state=state)) < TOLERANCE


@pytest.mark.parametrize("lookahead", [0, 1, 3])
def test_what_comes_later_does_not_matter(lookahead):
    layer, t = both_ways("GRU", lookahead), 1
    changed = X.copy()
    changed[:, t + lookahead + 1 :] = 100
    y, y_changed = arrays(layer(X)), arrays(layer(changed))
    assert distance(y[:, : t + 1], y_changed[:, : t + 1]) == 0
    assert (np.abs(y[:, t + 1] - y_changed[:, t + 1]) > 0).any()


def test_padding_and_the_rest_of_the_batch_do_not_matter():
    layer = both_ways("LSTM", 2)
    y = arrays(layer(X, mask=MASKS["right"]))
    for row, length in enumerate(MASKS["right"].sum(axis=1)):
        assert distance(y[row, :length], arrays(layer(X[row : row + 1, :length]))[0]) < TOLERANCE
        assert not y[row, length:].any()


def streamed(layer, x):
    outputs, state = [], None
    for t in range(x.shape[1]):
        output, state = layer.step(x[:, t], state)
        outputs += [] if output is None else [output]
    waited = len(outputs)
    outputs += layer.finish(state)
    return np.stack([arrays(output) for output in outputs], axis=1), waited


@every_layer
@pytest.mark.parametrize("lookahead", [0, 1, 3, STEPS + 2])
def test_a_step_at_a_time_is_the_whole_sequence(name, lookahead):
    layer = both_ways(name, lookahead)
    y, at_once = streamed(layer, X)
    assert at_once == max(STEPS - lookahead, 0)
    assert distance(y, layer(X)) < TOLERANCE


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("lookaheads", [(1, 2), (0, 3), (2, 2, 1), (STEPS, STEPS)])
def test_a_stack_is_late_by_the_sum_of_its_layers(residual, lookaheads):
    layers = [Bidirectional(LSTM(SIZE, return_sequences=True), "sum", lookahead=n) for n in lookaheads]
    stack = Stacked([GRU(SIZE, return_sequences=True), *layers], residual=residual, dense=4)
    stack.build(X.shape)
    randomise(stack)
    y, at_once = streamed(stack, X)
    assert at_once == max(STEPS - sum(lookaheads), 0)
    assert distance(y, stack(X)) < TOLERANCE


def test_a_layer_that_was_never_built_can_step():
    layer = Bidirectional(GRU(SIZE, return_sequences=True), lookahead=1)
    y, _ = streamed(layer, X)
    assert distance(y, layer(X)) < TOLERANCE


@full_on_others
@pytest.mark.parametrize("mask", [None, MASKS["gaps"]], ids=["no mask", "gaps"])
def test_the_gradient_is_that_of_each_window_by_itself(mask):
    layer, upstream = both_ways("LSTM", 2), random_x(dtype="float32", seed=5)[:, :, :1]

    def of(windowed):
        def loss(x):
            y = layer(x, mask=mask) if windowed else by_windows(x)
            return ops.sum(y * upstream)

        return loss

    def by_windows(x):
        whole = full(layer)
        masks = [None if mask is None else mask[:, : t + 3] for t in range(STEPS)]
        return ops.stack([whole(x[:, : t + 3], mask=masks[t])[:, t] for t in range(STEPS)], axis=1)

    assert distance(gradients(of(True), X), gradients(of(False), X)) < 1e-5


def test_it_trains_and_saves(tmp_path):
    inputs = keras.Input((None, INPUTS))
    layer = Bidirectional(GRU(SIZE, return_sequences=True, recurrent_dropout=0.2), lookahead=1)
    model = keras.Model(inputs, keras.layers.Dense(1)(layer(inputs)))
    model.compile("sgd", "mse")
    model.fit(X, X[:, :, :1], verbose=0)
    model.save(tmp_path / "model.keras")
    copy = keras.saving.load_model(tmp_path / "model.keras")
    assert copy.get_layer(layer.name).lookahead == 1
    assert distance(copy(X), model(X)) == 0


@compiled
def test_it_runs_in_a_graph():
    layer = both_ways("GRU", 1)
    assert distance(as_graph(layer)(ops.convert_to_tensor(X)), layer(X)) < TOLERANCE


@pytest.mark.parametrize("lookahead", [-1, 1.5, True, "2"])
def test_it_must_be_a_number_of_steps(lookahead):
    with pytest.raises(ValueError, match="`lookahead` must be None or a number of steps from 0"):
        Bidirectional(GRU(SIZE, return_sequences=True), lookahead=lookahead)


def test_what_cannot_look_ahead_says_so():
    with pytest.raises(ValueError, match="needs `return_sequences=True`"):
        Bidirectional(GRU(SIZE), lookahead=2)
    for name in ("stateful", "go_backwards"):
        with pytest.raises(ValueError, match=f"without `{name}`"):
            Bidirectional(GRU(SIZE, return_sequences=True, **{name: True}), lookahead=2)
    with pytest.raises(ValueError, match="without `lookahead` cannot `step`"):
        Bidirectional(GRU(SIZE)).step(X[:, 0])
    with pytest.raises(ValueError, match="A LSTM layer cannot `step`"):
        Bidirectional(keras.layers.LSTM(SIZE, return_sequences=True), lookahead=1).step(X[:, 0])


@pytest.mark.parametrize(
    "use, message",
    [
        (lambda layer: layer.step(X), "`x_t` must be \\(batch, inputs\\), got"),
        (lambda layer: layer.step(X[:, 0, :2]), "`x_t` must be \\(batch, inputs\\) ="),
        (lambda layer: layer.step(X[:2, 0], layer.step(X[:, 0])[1]), "`x_t` must be \\(batch, inputs\\) ="),
        (lambda layer: layer.step(X[:, 0], [X[:, 0]]), "`state` must be what `step` returned, a list of 2 tensors"),
        (lambda layer: layer.finish(None), "`state` must be what `step` returned"),
        (conversion.to_keras, "Keras has no `lookahead`"),
    ],
)
def test_what_is_no_step_says_so(use, message):
    with pytest.raises(ValueError, match=message):
        use(both_ways("GRU", 2))


def test_pytorch_has_no_lookahead():
    with pytest.raises(ValueError, match="PyTorch has no `lookahead`"):
        conversion._check_for_torch(both_ways("LSTM", 2))
