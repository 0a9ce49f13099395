"""The layers in models: functional, of any batch and length, and under every way to compile."""

import gc

import keras
import numpy as np
import pytest
import reference
from backends import BACKEND, arrays, only_tensorflow
from extent import compiled, full
from units import (
    INPUTS,
    MASKS,
    SIZE,
    UNITS,
    few_layers,
    few_units,
    layer_of,
    random_x,
    randomise,
    zero_state,
)

from seqzoo import backend
from seqzoo.layers import GRU, Bidirectional, Recurrent

WAYS = {"default": {}, "eager": {"run_eagerly": True}}
if BACKEND == "tensorflow":
    WAYS["xla"] = {"jit_compile": True}
some_units = pytest.mark.parametrize("unit", [UNITS["GRU"], UNITS["LSTM all"]], ids=["GRU", "LSTM all"])
X, MASK = random_x(dtype="float32"), MASKS["gaps"]
Y = np.random.default_rng(6).normal(size=(len(X), 1)).astype("float32")


def model_of(layer):
    x, mask = keras.Input((None, INPUTS)), keras.Input((None,), dtype="bool")
    return keras.Model([x, mask], keras.layers.Dense(1)(layer(x, mask=mask)))


def trained(layer, way):
    keras.utils.set_random_seed(3)
    model = model_of(layer)
    for each in model.layers:
        randomise(each)
    model.compile(keras.optimizers.SGD(0.1), "mse", **WAYS[way])
    model.fit([X, MASK], Y, batch_size=2, epochs=1, shuffle=False, verbose=0)
    return [arrays(weight.value) for weight in model.trainable_weights]


@compiled
@some_units
@pytest.mark.parametrize("way", [way for way in WAYS if way != "eager"])
def test_two_steps_of_training_end_where_eager_ones_do(unit, way):
    found, expected = trained(Recurrent(SIZE, unit), way), trained(Recurrent(SIZE, unit), "eager")
    assert reference.distance(found, expected) <= 1e-5
    assert reference.distance(found, [arrays(w.value) for w in randomised_weights(unit)]) > 1e-3


def randomised_weights(unit):
    model = model_of(Recurrent(SIZE, unit))
    for each in model.layers:
        randomise(each)
    return model.trainable_weights


@compiled
@pytest.mark.parametrize("way", WAYS)
def test_bidirectional_trains_with_dropout(way):
    both = Bidirectional(layer_of("LSTM output", dropout=0.2, recurrent_dropout=0.2))
    assert all(np.isfinite(weight).all() for weight in trained(both, way))


@few_units
def test_training_decreases_the_loss(unit):
    keras.utils.set_random_seed(3)
    model = model_of(Recurrent(SIZE, unit))
    model.compile(keras.optimizers.SGD(0.05), "mse")
    losses = model.fit([X, MASK], Y, epochs=5, verbose=0).history["loss"]
    assert losses[-1] < losses[0]


@compiled
@few_layers
def test_a_functional_model_takes_any_batch_and_length(name):
    layer = layer_of(name, return_sequences=True)
    x, mask = keras.Input((None, INPUTS)), keras.Input((None,), dtype="bool")
    model = keras.Model([x, mask], layer(x, mask=mask))
    assert model.output_shape == (None, None, SIZE)
    randomise(layer)
    for batch, steps in [(4, 6), (2, 3)]:
        x, mask = X[:batch, :steps], MASK[:batch, :steps]
        expected, _ = reference.run(name, layer.as_notes(), x, zero_state(layer.cell.unit, batch), mask)
        assert reference.distance(model.predict([x, mask], verbose=0), expected) <= 2e-6


@few_layers
def test_the_state_of_one_layer_starts_another(name):
    first, second = layer_of(name, return_state=True), layer_of(name, return_sequences=True)
    x = keras.Input((None, INPUTS))
    _, *state = first(x)
    model = keras.Model(x, second(x, initial_state=state))
    randomise(first)
    randomise(second, seed=1)
    _, last = reference.run(name, first.as_notes(), X, zero_state(first.cell.unit))
    expected, _ = reference.run(name, second.as_notes(), X, last)
    assert reference.distance(model.predict(X, verbose=0), expected) <= 4e-6


@few_units
def test_a_frozen_layer_does_not_train(unit):
    layer = Recurrent(SIZE, unit, trainable=False)
    model = model_of(layer)
    model.compile("sgd", "mse")
    before = layer.get_weights()
    model.fit([X, MASK], Y, verbose=0)
    assert layer.trainable_weights == []
    assert reference.distance(layer.get_weights(), before) == 0


@some_units
def test_mixed_precision_trains(unit):
    weights = trained(Recurrent(SIZE, unit, dtype="mixed_bfloat16"), "default")
    assert reference.distance(weights, trained(Recurrent(SIZE, unit), "default")) <= 0.03


@few_layers
def test_a_model_without_an_input_is_built_while_it_trains(name):
    model = keras.Sequential([layer_of(name), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    history = model.fit(np.ones((2, 3, 4), "float32"), np.ones((2, 1)), verbose=0)
    assert np.isfinite(history.history["loss"][0])


@full
@compiled
@only_tensorflow
@pytest.mark.parametrize("with_xla", [True, False], ids=["xla", "plain"])
def test_a_model_that_is_released_leaves_no_graph(with_xla):
    import tensorflow as tf

    def graphs_after_training():
        with backend.xla(with_xla), backend.discard_traced_gradients():
            model = keras.Sequential([Bidirectional(GRU(SIZE)), keras.layers.Dense(1)])
            model.compile(keras.optimizers.SGD(global_clipnorm=1.0), "mse")
            model.fit(X, Y, verbose=0)
        del model
        gc.collect()
        return sum(isinstance(of, tf.Graph) for of in gc.get_objects())

    graphs_after_training()  # what is traced once for all
    assert graphs_after_training() >= graphs_after_training()
