"""Mixed precision: products in the compute dtype, states and variables in float32."""

import keras
import numpy as np
import pytest
import reference
from backends import BACKEND, TOLERANCES, arrays, as_graph, only_tensorflow
from extent import compiled
from keras import ops
from units import BATCH, INPUTS, MASKS, SIZE, cell_of, every_layer, every_unit, layer_of, random_x

from seqzoo.backend import xla
from seqzoo.layers import GRU, LSTM, Bidirectional, Recurrent, Stacked
from seqzoo.layers.dense import Dense

mixed = pytest.mark.parametrize("policy, compute", [("mixed_bfloat16", "bfloat16"), ("mixed_float16", "float16")])
FINE = np.full((BATCH, SIZE), 1 + 2.0**-12, "float32")  # bfloat16 and float16 round it to 1


def dtypes_of(tensors):
    return {keras.backend.standardize_dtype(t.dtype) for t in tensors}


@mixed
@every_unit
def test_outputs_are_of_the_compute_dtype_and_states_and_variables_float32(unit, policy, compute):
    layer = Recurrent(SIZE, unit, dtype=policy, return_state=True, return_sequences=True)
    output, *state = layer(random_x(dtype="float32"))
    assert (dtypes_of([output]), dtypes_of(state), dtypes_of(layer.weights)) == ({compute}, {"float32"}, {"float32"})
    symbolic, *state = layer(keras.Input((None, INPUTS)))
    assert (symbolic.dtype, dtypes_of(state)) == (compute, {"float32"})


@mixed
@every_unit
def test_an_initial_state_is_not_rounded(unit, policy, compute):
    layer = Recurrent(SIZE, unit, dtype=policy, return_state=True)
    _, *last = arrays(layer(random_x(), initial_state=[FINE] * len(unit.State._fields), mask=MASKS["row"]))
    assert all(np.array_equal(part[2], FINE[2]) for part in last)


@mixed
def test_bidirectional_rounds_no_initial_state(policy, compute):
    both = Bidirectional(LSTM(SIZE, dtype=policy, return_state=True), dtype=policy)
    output, *last = both(random_x(), initial_state=[FINE] * 4, mask=MASKS["row"])
    assert dtypes_of([output]) == {compute}
    assert all(np.array_equal(part[2], FINE[2]) for part in arrays(last))


@mixed
@every_unit
def test_a_stateful_layer_keeps_its_state_in_float32(unit, policy, compute):
    layer = Recurrent(SIZE, unit, dtype=policy, return_state=True, stateful=True)
    _, *last = layer(random_x())
    assert dtypes_of(layer.states) == {"float32"}
    assert reference.distance([arrays(v.value) for v in layer.states], [arrays(part) for part in last]) == 0


@mixed
@every_unit
def test_a_stateful_layer_starts_from_its_state_unrounded(unit, policy, compute):
    """A fully masked batch hands the state on as it was."""
    layer, x = Recurrent(SIZE, unit, dtype=policy, return_state=True, stateful=True), random_x()
    layer.build(x.shape)
    for variable in layer.states:
        variable.assign(FINE)
    _, *last = arrays(layer(x, mask=np.zeros(x.shape[:2], bool)))
    assert all(np.array_equal(part, FINE) for part in last)


@mixed
@every_unit
def test_mixed_precision_stays_near_float32(unit, policy, compute):
    low, high = (Recurrent(SIZE, unit, dtype=dtype, return_sequences=True) for dtype in (policy, "float32"))
    low(random_x())
    high(random_x())
    high.set_weights(low.get_weights())
    tolerance = 0.06 if unit.gains else 0.03  # a normalized product is of size 1, others of weights as these of half of that
    assert reference.distance(arrays(low(random_x())), arrays(high(random_x()))) <= tolerance


# All gates open and c̃ = 1: c counts the steps, where a bfloat16 would stop at 256, and a float16 at 2048.
WIDE_OPEN = {"bias_initializer": keras.initializers.Constant(30.0), "unit_forget_bias": False}


def counter(policy="mixed_bfloat16", **arguments):
    return LSTM(1, dtype=policy, return_state=True, **WIDE_OPEN, **arguments)


def steps(count):
    return np.zeros((1, count, 1), "float32")


def with_gaps(layer):
    return layer(steps(720), mask=np.arange(720)[None] % 6 > 0)


# Layers, and calls that end after 600 steps with the output, then a and c of each layer or direction.
FORMS = {
    "a sequence": (counter(), lambda layer: layer(steps(600))),
    "in training": (counter(), lambda layer: layer(steps(600), training=True)),
    "in segments": (counter(segments=20), lambda layer: layer(steps(600), training=True)),
    "backwards, with gaps": (counter(go_backwards=True), with_gaps),
    "six calls, stateful": (counter(stateful=True), lambda layer: [layer(steps(100)) for _ in range(6)][-1]),
    "both directions": (Bidirectional(counter(), dtype="mixed_bfloat16"), lambda layer: layer(steps(600))),
    "a stack": (Stacked(counter(), 2, dtype="mixed_bfloat16"), lambda layer: layer(steps(600))),
}


@compiled
@pytest.mark.parametrize("with_xla", [False, pytest.param(True, marks=only_tensorflow)])
@pytest.mark.parametrize("layer, call", FORMS.values(), ids=FORMS.keys())
def test_a_counter_of_600_steps_ends_at_600(layer, call, with_xla):
    layer = type(layer).from_config(layer.get_config())
    layer.build((1, None, 1))
    with xla(with_xla):
        graph = as_graph(lambda: call(layer)) if BACKEND == "tensorflow" else lambda: call(layer)
        _, *states = graph()
    assert {c.item() for c in arrays(states[1::2])} == {600}


def test_one_that_steps_does_too():
    layer, state = counter(), None
    for _ in range(600):
        _, state = layer.step(steps(1)[:, 0], state)
    assert arrays(state[1]).item() == 600


@compiled
def test_a_float16_counter_of_5000_steps_ends_at_5000():
    with xla(True):
        _, _, c = counter("mixed_float16")(steps(5000))
    assert arrays(c).item() == 5000


@mixed
@every_unit
def test_what_is_no_matrix_product_is_not_rounded(unit, policy, compute):
    """Kernels of zeros: only biases and peepholes act."""
    zeros = {"kernel_initializer": "zeros", "recurrent_initializer": "zeros", "return_state": True}
    low, high = (Recurrent(SIZE, unit, dtype=dtype, **zeros) for dtype in (policy, "float32"))
    for layer in (low, high):
        layer.build((BATCH, None, INPUTS))
        for i, weight in enumerate(layer.weights):
            if len(weight.shape) == 1:
                weight.assign(np.random.default_rng(i).normal(-2, 1, weight.shape))
    states = [arrays(layer(random_x())[1:]) for layer in (low, high)]
    assert reference.distance(*states) <= TOLERANCES["float32"]


@mixed
def test_a_stack_and_what_stands_on_it_follow_the_policy(policy, compute):
    layer = Stacked(GRU(SIZE, dtype=policy, return_sequences=True, return_state=True), 2, dense=4, residual=True, dtype=policy)
    output, *state = layer(random_x())
    of_step, next_state = layer.step(random_x()[:, 0], state)
    assert dtypes_of([output, of_step]) == {compute}
    assert dtypes_of([*state, *next_state, *layer.weights]) == {"float32"}


@mixed
def test_a_dense_layer_gives_float32(policy, compute):
    layer = Dense(1, dtype=policy)
    assert dtypes_of([layer(keras.Input((3, 2))), layer(np.zeros((1, 3, 2)))]) == {"float32"}


BIASED = {
    "a dense layer": lambda policy: Dense(2, dtype=policy),
    "one on a stack": lambda policy: Stacked(
        GRU(2, dtype=policy, return_sequences=True), 1, dense=2, dense_activation="linear", dtype=policy
    ),
}


@mixed
@pytest.mark.parametrize("make", BIASED.values(), ids=BIASED.keys())
def test_a_bias_learns_from_every_step(make, policy, compute):
    layer, inputs = make(policy), keras.Input((1000, 2))
    model = keras.Model(inputs, layer(inputs))
    total = {"loss": lambda y, y_hat: 0.1 * ops.sum(ops.cast(y_hat, "float32"), axis=(1, 2))}
    model.compile(keras.optimizers.SGD(1.0), **total, run_eagerly=BACKEND == "tensorflow")  # whose XLA sums in float32
    model.train_on_batch(np.zeros((4, 1000, 2), "float32"), np.zeros(4))
    bias = arrays(layer.weights[-1].value)
    np.testing.assert_allclose(bias, -100, rtol=0.01)  # the mean over 4 rows of a sum over 1,000 steps


@mixed
def test_a_layer_that_looks_ahead_follows_the_policy(policy, compute):
    layer = Bidirectional(LSTM(SIZE, dtype=policy, return_sequences=True), lookahead=1, dtype=policy)
    output, x = layer(random_x()), random_x()
    _, state = layer.step(x[:, 0])
    first, (waiting, *state) = layer.step(x[:, 1], state)
    assert dtypes_of([output, first, waiting]) == {compute}
    assert dtypes_of([*state, *layer.weights]) == {"float32"}
    assert reference.distance([arrays(first)], [arrays(output)[:, 0]]) <= 0.01


@mixed
@every_layer
def test_the_cell_alone_follows_the_policy(name, policy, compute):
    cell = cell_of(name, dtype=policy)
    output, state = cell(random_x()[:, 0], cell.get_initial_state(BATCH))
    assert dtypes_of([output]) == {compute}
    assert dtypes_of(state if isinstance(state, list) else [state]) == {"float32"}


def in_kerass_rnn(name, dtype, **arguments):
    return keras.layers.RNN(cell_of(name, dtype=dtype, **arguments), return_state=True, dtype=dtype)


@pytest.mark.parametrize("name", ["GRU", "LSTM"])
@pytest.mark.parametrize("mask", [None, MASKS["gaps"]], ids=["", "mask"])
def test_kerass_rnn_hands_a_cell_states_of_the_compute_dtype_and_gets_them_back_so(name, mask):
    low, high = (in_kerass_rnn(name, dtype) for dtype in ("mixed_bfloat16", "float32"))
    for layer in (low, high):
        layer.build((BATCH, None, INPUTS))
    low.set_weights(high.get_weights())
    results = low(random_x(), mask=mask)
    assert dtypes_of(results) == {"bfloat16"}
    assert reference.distance(arrays(results), arrays(high(random_x(), mask=mask))) <= 0.03


@mixed
def test_its_dropout_is_taken_by_a_cell(policy, compute):
    layer = in_kerass_rnn("GRU", policy, dropout=0.5, recurrent_dropout=0.5)
    assert np.isfinite(arrays(layer(random_x(), training=True)[0])).all()


@every_layer
def test_a_global_policy_reaches_layer_and_cell(name):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        layer = layer_of(name)
    finally:
        keras.config.set_dtype_policy("float32")
    assert {layer.compute_dtype, layer.cell.compute_dtype} == {"bfloat16"}
    assert layer.cell.state_dtype == "float32"
