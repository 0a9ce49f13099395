"""Where people put a recurrent layer: each kind of model, each way to compile, wrappers, exports."""

import keras
import numpy as np
import pytest
import reference
from backends import BACKEND, arrays, full_on_others, gradient, only_tensorflow, tensors
from extent import compiled, without
from keras import ops
from units import INPUTS, LAYERS, SIZE, every_layer, layer_of, random_x, randomise, zero_state

from seqzoo.layers import GRU, LSTM, Bidirectional, Stacked

X = random_x(dtype="float32")
Y = np.random.default_rng(6).normal(size=(len(X), 1)).astype("float32")
MAKERS = {
    **{name: lambda name=name, **arguments: layer_of(name, **arguments) for name in LAYERS},
    "Bidirectional": lambda **arguments: Bidirectional(LSTM(SIZE, peephole="all", **arguments)),
    "Stacked": lambda **arguments: Stacked(GRU(SIZE, **arguments), depth=2, dropout=0.2, residual=True, dense=(4,)),
}
FEW = ("GRU", "LSTM all", "Bidirectional", "Stacked")
_others = [] if BACKEND == "tensorflow" else [make for name, make in MAKERS.items() if name not in FEW]
every_kind = pytest.mark.parametrize("make", without(_others, MAKERS.values()), ids=MAKERS.keys())
a_few = pytest.mark.parametrize("make", [MAKERS[name] for name in FEW])
COMPILED = [False, "auto"] + ([True] if BACKEND != "torch" else [])


class Subclassed(keras.Model):
    def __init__(self, layer):
        super().__init__()
        self.layer, self.dense = layer, keras.layers.Dense(1)

    def call(self, x, training=False):
        return self.dense(self.layer(x, training=training))


def functional(layer):
    x = keras.Input((None, INPUTS))
    return keras.Model(x, keras.layers.Dense(1)(layer(x)))


def sequential(layer):
    return keras.Sequential([layer, keras.layers.Dense(1)])


def outputs_of(layer, x):
    return arrays(layer(x))


@every_kind
@pytest.mark.parametrize("model_of", [functional, sequential, Subclassed])
def test_every_kind_of_model_is_the_layer_and_its_head(make, model_of):
    layer = make()
    model = model_of(layer)
    found = model.predict(X, verbose=0)
    assert reference.distance(found, arrays(model.layers[-1](layer(X)))) <= 2e-6


@compiled
@a_few
@pytest.mark.parametrize("jit_compile", COMPILED)
def test_every_way_to_compile_trains_to_the_same_weights(make, jit_compile):
    results = []
    for way in ({"run_eagerly": True}, {"jit_compile": jit_compile}):
        keras.utils.set_random_seed(3)
        layer = make()
        if isinstance(layer, Stacked):
            layer = Stacked.from_config(layer.get_config() | {"dropout": 0.0})
        model = functional(layer)
        randomise(layer)
        model.compile(keras.optimizers.SGD(0.1), "mse", **way)
        model.fit(X, Y, batch_size=2, epochs=2, shuffle=False, verbose=0)
        results.append([arrays(w.value) for w in layer.trainable_weights])
    assert reference.distance(*results) <= 1e-5


@a_few
def test_in_time_distributed_each_slice_is_the_layer(make):
    layer, x = make(), np.stack([X, 2 * X, X - 1], axis=1)
    inputs = keras.Input((3, X.shape[1], INPUTS))
    model = keras.Model(inputs, keras.layers.TimeDistributed(layer)(inputs))
    randomise(layer)
    expected = np.stack([outputs_of(layer, x[:, i]) for i in range(3)], axis=1)
    assert reference.distance(model.predict(x, verbose=0), expected) <= 2e-6
    model.compile("sgd", "mse")
    assert np.isfinite(model.fit(x, expected, verbose=0).history["loss"][0])


@every_layer
def test_in_kerass_bidirectional_both_directions_are_the_layer(name):
    both = keras.layers.Bidirectional(layer_of(name, return_sequences=True))
    both(X)
    randomise(both)
    forward, backward = both.forward_layer, both.backward_layer
    expected = [
        reference.run(name, d.as_notes(), X, zero_state(d.cell.unit), go_backwards=d.go_backwards)[0]
        for d in (forward, backward)
    ]
    assert reference.distance(arrays(both(X)), np.concatenate([expected[0], expected[1][:, ::-1]], -1)) <= 2e-6


@full_on_others
@every_kind
def test_called_twice_the_gradients_add_up(make):
    layer = make()
    layer.build((None, None, INPUTS))
    randomise(layer)
    flat = [np.array(w.value) if BACKEND != "torch" else arrays(w.value).astype("float32") for w in layer.trainable_variables]
    others = [w.value for w in layer.non_trainable_variables]

    def of(*inputs):
        def loss(weights):
            return sum(ops.sum(layer.stateless_call(weights, others, x)[0]) for x in inputs)

        return arrays(gradient(loss)(tensors(flat)))

    apart = [a + b for a, b in zip(of(X), of(X[:, :3]), strict=True)]
    assert reference.distance(of(X, X[:, :3]), apart) <= 1e-5


@compiled
@only_tensorflow
@pytest.mark.parametrize("name", without(["GRU", "LSTM all", "Bidirectional"], FEW))
def test_an_exported_model_answers_for_any_batch_and_length(name, tmp_path):
    import tensorflow as tf

    model = functional(MAKERS[name]())
    randomise(model.layers[1])
    model.export(tmp_path / "exported", verbose=False)
    served = tf.saved_model.load(tmp_path / "exported")
    for x in (X, X[:1, :4]):
        assert reference.distance(arrays(served.serve(x)), arrays(model(x))) <= 2e-6


@pytest.mark.skipif(BACKEND != "torch", reason="torch.func")
@a_few
def test_gradients_of_each_sample_by_vmap(make):
    import torch

    layer = make()
    layer.build((1, None, INPUTS))

    def gradient_of(x):
        return torch.func.grad(lambda x: layer(x[None]).sum())(x)

    x = torch.tensor(X)
    expected = torch.stack([gradient_of(row) for row in x])
    assert reference.distance(arrays(torch.func.vmap(gradient_of)(x)), arrays(expected)) <= 2e-6


@pytest.mark.skipif(BACKEND != "torch", reason="the other backends keep no graph of Python objects")
def test_no_call_leaves_tensors_to_the_garbage_collector():
    import gc

    import torch

    def step():
        layer(x).sum().backward()
        return sum(type(o) is torch.Tensor for o in gc.get_objects())

    layer, x = LSTM(SIZE, return_sequences=True), torch.tensor(X)
    step()
    gc.collect()
    gc.disable()
    try:
        assert step() == step()
    finally:
        gc.enable()
