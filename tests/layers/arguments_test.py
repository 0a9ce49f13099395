"""What Keras's own layers take, ours take: regularizers, constraints, no bias, and what is accepted without effect."""

import inspect

import keras
import numpy as np
import pytest
import reference
from backends import BACKEND, arrays, only_tensorflow
from extent import compiled
from units import BATCH, INPUTS, SIZE, UNITS, cell_of, every_layer, few_layers, layer_of, random_x, randomise, zero_state

from seqzoo.layers import GRU, LSTM, GRUCell, LSTMCell, Recurrent, RecurrentCell, SimpleRNN, SimpleRNNCell

X = random_x(dtype="float32")
Y = np.ones((BATCH, 1), "float32")


def names_of(layer):
    return [weight.name for weight in layer.weights]


@every_layer
def test_the_weights_are_exactly_those_of_the_equations(name):
    layer, bare = layer_of(name), layer_of(name, use_bias=False)
    for each in (layer, bare):
        each.build((None, None, INPUTS))
    unit = UNITS[name]
    vectors = [f"p_{gate}" for gate in unit.peepholes] + [*unit.gains]
    biases = ["bias", *["recurrent_bias"] * unit.recurrent_bias, *vectors, *(b for b in unit.biases if b != "bias")]
    assert names_of(layer) == ["kernel", "recurrent_kernel", *biases]
    assert names_of(bare) == ["kernel", "recurrent_kernel", *vectors]


@every_layer
def test_without_a_bias_it_is_zero(name):
    layer = layer_of(name, use_bias=False, return_sequences=True)
    layer.build(X.shape)
    notes = randomise(layer).as_notes()
    assert not [key for key in notes if key.startswith("b_") or "bias" in key]
    names = ["b", "recurrent_bias", *UNITS[name].biases]
    biases = {f"{bias}_{gate}": np.zeros(SIZE) for gate in UNITS[name].gates for bias in names}
    expected, _ = reference.run(name, notes | biases, X, zero_state(UNITS[name]))
    assert reference.distance(arrays(layer(X)), expected) <= 2e-6


@every_layer
def test_regularizers_are_losses_of_their_weights(name):
    of = {"kernel": 0.1, "recurrent": 0.2, "bias": 0.3}
    layer = layer_of(name, **{f"{weight}_regularizer": keras.regularizers.L2(rate) for weight, rate in of.items()})
    layer(X)
    randomise(layer)
    cell = layer.cell
    rates = [(cell.kernel, 0.1), (cell.recurrent_kernel, 0.2), (cell.bias, 0.3), *((p, 0.2) for p in cell.peepholes.values())]
    rates += [] if cell.recurrent_bias is None else [(cell.recurrent_bias, 0.3)]
    expected = sorted(rate * np.sum(arrays(weight.value) ** 2) for weight, rate in rates)
    assert np.allclose(sorted(float(arrays(loss)) for loss in layer.losses), expected, rtol=1e-5)


def test_an_activity_regularizer_sees_the_output():
    layer = GRU(SIZE, activity_regularizer=keras.regularizers.L1(0.5))
    output = arrays(layer(X))
    assert np.allclose(arrays(layer.losses[0]), 0.5 * np.abs(output).sum() / BATCH, rtol=1e-5)


@few_layers
def test_constraints_hold_after_a_step(name):
    limits = {
        "kernel_constraint": "non_neg",
        "recurrent_constraint": keras.constraints.MaxNorm(0.01),
        "bias_constraint": "non_neg",
    }
    layer = layer_of(name, **limits)
    model = keras.Sequential([keras.Input((None, INPUTS)), layer, keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(10.0), "mse")
    model.fit(X, 100 * Y, epochs=2, verbose=0)
    kernel, recurrent, bias = (arrays(w.value) for w in (layer.cell.kernel, layer.cell.recurrent_kernel, layer.cell.bias))
    assert (kernel >= 0).all()
    assert (bias >= 0).all()
    assert np.linalg.norm(recurrent, axis=0).max() <= 0.01 + 1e-6


@pytest.mark.parametrize("cls", [GRU, LSTM])
def test_what_has_no_effect_is_kept(cls):
    layer = cls(SIZE, implementation=1, use_cudnn=False)
    copy = cls.from_config(layer.get_config())
    assert (copy.implementation, copy.use_cudnn) == (1, False)
    plain = cls(SIZE)
    for each in (layer, plain):
        each.build(X.shape)
        randomise(each)
    assert np.array_equal(arrays(layer(X)), arrays(plain(X)))


@pytest.mark.parametrize("make", [GRU, LSTM])
@pytest.mark.parametrize("argument", ["activation", "recurrent_activation"])
def test_other_activations_are_refused_by_name_and_keras_is_named(make, argument):
    for value in ("relu", "hard_sigmoid", keras.activations.linear, None):
        with pytest.raises(ValueError, match=f"`{argument}` must be .*, got .*; use `keras.layers.{make.__name__}` for others"):
            make(SIZE, **{argument: value})


def test_the_gates_of_the_notes_are_taken_in_every_form():
    GRU(SIZE, "tanh", "sigmoid")
    LSTM(SIZE, keras.activations.tanh, keras.activations.sigmoid)
    assert SimpleRNN(SIZE, keras.activations.relu).cell.unit.activation == "relu"


@pytest.mark.parametrize("make", [GRU, GRUCell])
def test_variants_that_exclude_each_other_are_refused(make):
    with pytest.raises(ValueError, match="`reset_after=True` needs `relevance_gate=True`"):
        make(SIZE, reset_after=True, relevance_gate=False)
    with pytest.raises(ValueError, match="`layer_norm=True` needs `reset_after=True`"):
        make(SIZE, layer_norm=True)
    with pytest.raises(ValueError, match="`layer_norm=True` needs `peephole=None`, got 'all'"):
        LSTM(SIZE, layer_norm=True, peephole="all")


@pytest.mark.parametrize("cls", [SimpleRNN, GRU, LSTM, Recurrent, GRUCell, LSTMCell, SimpleRNNCell, RecurrentCell])
def test_the_signature_names_every_argument(cls):
    """All that the configuration has, none twice, and each with its default."""
    signature = inspect.signature(cls).parameters
    required = {"units": SIZE} | ({"unit": UNITS["GRU"]} if "unit" in signature else {})
    config = cls(**required).get_config()
    assert set(config) - set(signature) <= {"open_gates"}
    assert set(signature) - set(config) <= {"activity_regularizer"}
    defaults = {name: p.default for name, p in signature.items() if name not in required}
    assert not any(parameter.kind is parameter.VAR_KEYWORD for parameter in signature.values())
    made = cls(**required, **defaults).get_config()
    assert {name for name in config if str(config[name]) != str(made[name])} <= {"name", "dtype"}


def test_a_subclass_has_a_signature_of_its_own():
    class Own(GRU):
        def __init__(self, size):
            super().__init__(size)

    assert [*inspect.signature(Own).parameters] == ["size"]


@every_layer
def test_the_arguments_of_the_cell_are_attributes_of_the_layer(name):
    layer = layer_of(name, dropout=0.1, kernel_regularizer="l2")
    assert (layer.units, layer.dropout, layer.use_bias) == (SIZE, 0.1, True)
    assert isinstance(layer.kernel_regularizer, keras.regularizers.L2)


def test_an_input_shape_may_come_with_the_layer():
    model = keras.Sequential([LSTM(SIZE, input_shape=(6, INPUTS))])
    assert model.output_shape == (None, SIZE)


@every_layer
def test_a_rate_may_be_a_numpy_number(name):
    assert layer_of(name, dropout=np.float32(0.25)).dropout == 0.25
    assert cell_of(name, recurrent_dropout=np.float64(0.5)).recurrent_dropout == 0.5


def test_an_unknown_argument_is_blamed_on_the_layer():
    with pytest.raises(ValueError, match=r"passed to GRU: \{'unit_count': 3\}"):
        GRU(SIZE, unit_count=3)


def test_inputs_of_another_size_are_refused():
    layer = GRU(SIZE)
    layer(X)
    with pytest.raises(ValueError, match="expected axis -1 .*value 3"):
        layer(np.ones((2, 3, INPUTS + 1), "float32"))
    with pytest.raises(ValueError, match="size of an input must be known"):
        GRU(SIZE)(keras.Input((3, None)))


def test_a_stateful_layer_refuses_another_batch_size():
    layer = GRU(SIZE, stateful=True)
    layer(X)
    with pytest.raises(ValueError, match="stateful with a batch size of 4, got 2"):
        layer(X[:2])


@pytest.mark.skipif(BACKEND == "jax", reason="on JAX, Keras's `fit` and `predict` drop the state of its own layers too")
@few_layers
def test_a_stateful_layer_trains(name):
    layer = layer_of(name, stateful=True)
    model = keras.Sequential([keras.Input(batch_shape=X.shape), layer, keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(X, Y, batch_size=BATCH, epochs=2, verbose=0)
    assert any(np.abs(arrays(part.value)).max() > 0 for part in layer.states)
    layer.reset_state()
    assert not any(arrays(part.value).any() for part in layer.states)


@pytest.mark.parametrize("x_t", [X, X[0, 0], None], ids=["a sequence", "a vector", "None"])
def test_a_step_takes_one_input_for_each_row(x_t):
    with pytest.raises(ValueError, match=r"`x_t` must be \(batch, inputs\), got"):
        GRU(SIZE).step(x_t)


def test_a_step_checks_what_it_is_given():
    layer = LSTM(SIZE)
    layer.step(X[:, 0])
    with pytest.raises(ValueError, match=r"`x_t` must be \(batch, 3\), got \(4, 2\)"):
        layer.step(X[:, 0, :2])
    for state, message in [
        ([X[:, 0]], "must hold 2 tensors"),
        ("ab", "must hold 2 tensors"),
        ([None, None], "must hold tensors"),
        ([np.ones((1, SIZE))] * 2, r"must be \(batch, units\)"),
    ]:
        with pytest.raises(ValueError, match=f"`initial_state` {message}"):
            layer.step(X[:, 0], state)
    with pytest.raises(ValueError, match="expected axis -1"):
        layer(X[:, :, :2])


def test_a_layer_that_goes_backwards_cannot_step():
    with pytest.raises(ValueError, match="backwards cannot `step`"):
        GRU(SIZE, go_backwards=True).step(X[:, 0])


@pytest.mark.parametrize("return_state", [False, True])
def test_the_mask_of_reversed_outputs_is_reversed(return_state):
    ids = np.array([[3, 1, 2, 0, 0], [1, 2, 0, 0, 0]])
    embedding, above = keras.layers.Embedding(4, INPUTS, mask_zero=True), GRU(SIZE)
    below = GRU(SIZE, go_backwards=True, return_sequences=True, return_state=return_state)
    outputs = below(embedding(ids))[0] if return_state else below(embedding(ids))
    shorter = GRU.from_config(below.get_config() | {"return_state": False})
    shorter.build((None, None, INPUTS))
    shorter.set_weights(below.get_weights())
    expected = [above(shorter(embedding(row[None, :length]))) for row, length in zip(ids, (3, 2), strict=True)]
    assert reference.distance(arrays(above(outputs)), np.concatenate(arrays(expected))) <= 2e-6


def test_a_mask_may_have_a_last_axis_of_one_or_be_a_list():
    layer, mask = GRU(SIZE), np.array([[1, 1, 1, 0, 0, 0]] * BATCH, bool)
    expected = arrays(layer(X, mask=mask))
    assert np.array_equal(arrays(layer(X, mask=mask[:, :, None])), expected)
    assert np.array_equal(arrays(layer(X, mask=mask.tolist())), expected)


@compiled
@only_tensorflow
def test_a_mask_of_another_length_is_refused_where_no_shape_is_known():
    import tensorflow as tf

    layer = GRU(SIZE)
    layer.build(X.shape)
    anything = [tf.TensorSpec((None, None, INPUTS)), tf.TensorSpec((None, None), tf.bool)]
    graph = tf.function(lambda x, mask: layer(x, mask=mask), input_signature=anything)
    with pytest.raises(tf.errors.InvalidArgumentError):
        graph(X, np.zeros((BATCH, 1), bool))


@every_layer
def test_an_initializer_may_be_left_to_its_default(name):
    layer = layer_of(name, kernel_initializer=None, recurrent_initializer=None, bias_initializer=None)
    assert np.isfinite(arrays(layer(X))).all()
