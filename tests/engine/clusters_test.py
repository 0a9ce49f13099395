"""On TensorFlow XLA compiles the steps of one chunk: once for any length, any input width and any number of rows of a size."""

import contextlib
from unittest import mock

import keras
import numpy as np
import pytest
import reference
from backends import arrays, gradient, gradients, only_tensorflow, tensors
from engine.gradients_test import loss, second_gradients, second_gradients_of
from engine.loops_test import loss as loss_of_any_batch
from extent import compiled, without
from keras import ops, tree
from units import INPUTS, MASKS, SIZE, UNITS, automatic, random_arguments, random_drop

from seqzoo import backend, layers
from seqzoo.engine import chunking
from seqzoo.engine.through_time import Loop

pytestmark = [only_tensorflow, compiled]
GRU, LSTM = UNITS["GRU"], UNITS["LSTM all"]
SOME = {"GRU": GRU, "LSTM": LSTM, "automatic": automatic(GRU)}
some_units = pytest.mark.parametrize("unit", without([LSTM], SOME.values()), ids=SOME)


@contextlib.contextmanager
def counted():
    """The names of the functions that are traced in the block: a chunk's steps, and the passes around them."""
    from seqzoo.backend.tensorflow_graphs import GraphOfAnySize

    names, trace = [], GraphOfAnySize._traced

    def recorded(self, *given):
        names.append(f"{self.function.func.__name__}{' of steps' if self.jit_compile else ''}")
        return trace(self, *given)

    with mock.patch.object(GraphOfAnySize, "_traced", recorded):
        yield names


def graph_of(function, arguments):
    """A graph for any batch and any length."""
    import tensorflow as tf

    specs = tree.map_structure(lambda a: tf.TensorSpec((None, *a.shape[1:]), a.dtype), arguments)
    specs["weights"] = tree.map_structure(lambda a: tf.TensorSpec(a.shape, a.dtype), arguments["weights"])
    specs["x"] = tf.TensorSpec((None, None, INPUTS), arguments["x"].dtype)
    return tf.function(function, input_signature=[specs], autograph=False)


@some_units
@pytest.mark.parametrize("way", [{"chunk": 4}, {"chunk": 4, "segments": 2}], ids=str)
def test_any_length_and_batch_have_the_gradients_of_the_plain_loop(unit, way):
    function = loss_of_any_batch(unit, **way)
    graph = graph_of(gradient(function), random_arguments(unit))
    for batch, steps in ((3, 1), (2, 4), (5, 9), (1, 8)):
        arguments = random_arguments(unit, batch, steps)
        with backend.xla(False):
            expected = gradients(loss_of_any_batch(unit), arguments)
        assert reference.distance(arrays(graph(tensors(arguments))), expected) <= 1e-12


@some_units
@pytest.mark.parametrize("way", [{}, {"segments": 2}, {"one_length": True}, {"one_length": True, "chunk": 4}], ids=str)
def test_a_known_length_has_the_gradients_of_the_plain_loop(unit, way):
    import tensorflow as tf

    graph = tf.function(gradient(loss_of_any_batch(unit, **way)), autograph=False)
    for batch, steps in ((3, 1), (5, 9)):
        arguments = random_arguments(unit, batch, steps)
        with backend.xla(False):
            expected = gradients(loss_of_any_batch(unit), arguments)
        assert reference.distance(arrays(graph(tensors(arguments))), expected) <= 1e-12


def trained(layer, inputs):
    """A model that `fit` compiles as users do."""
    model = keras.Sequential([keras.Input((None, inputs)), layer, keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def test_new_lengths_batches_and_widths_trace_no_new_steps():
    def fit(model, rows, steps, inputs):
        model.fit(np.ones((rows, steps, inputs)), np.ones((rows, steps, 1)), batch_size=8, verbose=0)
        model.evaluate(np.ones((rows, steps, inputs)), np.ones((rows, steps, 1)), batch_size=8, verbose=0)

    with counted() as first:
        model = trained(layers.GRU(7, return_sequences=True), 3)
        fit(model, 16, 5, 3)
    assert sorted(first) == ["backward", "backward of steps", "forward", "forward of steps", "forward of steps", "outputs"]
    with counted() as second:  # of any length, where the first knew its own
        fit(model, 16, 6, 3)
    assert sorted(second) == ["backward", "forward", "outputs"]
    with counted() as later:
        for rows, steps in ((16, 7), (19, 40), (8, 1)):
            fit(model, rows, steps, 3)
    assert later == []
    with counted() as wider:
        fit(trained(layers.GRU(7, return_sequences=True), 4), 16, 5, 4)
    assert sorted(wider) == ["backward", "forward", "outputs"]


@pytest.mark.parametrize(
    ("rows", "units", "lengths"),
    [
        (8, 16, {1: 128, 10: 128, 511: 128, 512: chunking.MANY_STEPS, 5000: chunking.MANY_STEPS}),
        (32, 64, {5: chunking.FEW_STEPS, 32: chunking.FEW_STEPS, 33: 64, 5000: 64}),
    ],
)
def test_the_length_of_a_chunk_depends_on_few_classes_of_lengths(rows, units, lengths):
    weights = {"kernel": np.ones((3, 4 * units)), "recurrent_kernel": np.ones((units, 4 * units))}
    for steps, length in lengths.items():
        x = np.ones((rows, steps, 3))
        assert chunking.chunk_length(Loop(GRU, xla=True), {"x": x, "weights": weights}) == length
        given = ops.convert_to_tensor(rows), ops.convert_to_tensor(steps)
        assert int(chunking._cluster_length(*given, 4 * 4 * units)) == length


def test_chunks_of_sequences_of_one_length_have_no_padding():
    weights = {"kernel": np.ones((3, 64)), "recurrent_kernel": np.ones((16, 64))}
    loop = Loop(GRU, xla=True, one_length=True)
    for steps, length in {1: 1, 20: 20, 127: 127, 300: 150, 1000: 500}.items():
        assert chunking.chunk_length(loop, {"x": np.ones((8, steps, 3)), "weights": weights}) == length


def test_a_layer_of_one_length_pads_nothing_and_takes_other_lengths():
    layer = layers.GRU(7, return_sequences=True)
    model = keras.Sequential([keras.Input((9, 3)), layer])
    with mock.patch.object(chunking, "_even", wraps=chunking._even) as even:
        x = np.random.default_rng(0).normal(size=(4, 9, 3)).astype("float32")
        found = model.predict(x, verbose=0)
        assert even.call_count
        even.reset_mock()
        shorter = backend.jit(lambda x: layer(x), layer.variables)(ops.convert_to_tensor(x[:, :5]))
        assert not even.call_count
    assert reference.distance(arrays(shorter), found[:, :5]) <= 1e-6


@pytest.mark.parametrize("rows", [1, 2, 3, 31, 33, 64, 65, 100, 1000, 5000])
def test_rows_of_a_cluster_are_of_few_sizes(rows):
    size = chunking._cluster_rows(rows)
    assert size == int(chunking._cluster_rows(ops.convert_to_tensor(rows)))
    assert rows <= size < 2 * rows
    assert rows < 65 or size <= 1.25 * rows


@pytest.mark.parametrize("unit", [GRU, LSTM], ids=["GRU", "LSTM"])
def test_the_second_order_gradient_over_several_chunks(unit):
    arguments, mask, drop = random_arguments(unit), MASKS["gaps"], random_drop(SIZE)
    with backend.xla(False):
        expected = second_gradients(loss(automatic(unit), mask, drop), arguments)
    function = loss(unit, mask, drop, chunk=4)
    with backend.xla(True):
        assert reference.distance(second_gradients(function, arguments), expected) <= 1e-11
    import tensorflow as tf

    graph = tf.function(lambda arguments: second_gradients_of(function, arguments), autograph=False)
    assert reference.distance(arrays(graph(tensors(arguments))), expected) <= 1e-11


@pytest.mark.parametrize("compute, tolerance", [("bfloat16", 0.05), ("float16", 0.01)])
def test_low_precision_over_several_chunks_stays_near_float32(compute, tolerance):
    arguments = random_arguments(LSTM, 4, 9, dtype="float32")
    function = loss_of_any_batch(LSTM, chunk=4)
    with backend.xla(False):
        expected = gradients(loss_of_any_batch(LSTM), arguments)

    def rounded(arguments):
        return function(arguments | {"x": ops.cast(arguments["x"], compute)})

    found = arrays(graph_of(gradient(rounded), arguments)(tensors(arguments)))
    assert 0 < reference.distance(found, expected) <= tolerance * max(abs(a).max() for a in tree.flatten(expected))


def test_a_graph_that_xla_compiles_as_a_whole_has_the_plain_gradients():
    import tensorflow as tf

    arguments = random_arguments(GRU)
    whole = tf.function(gradient(loss_of_any_batch(GRU)), jit_compile=True, autograph=False)
    with backend.xla(False):
        expected = gradients(loss_of_any_batch(GRU), arguments)
    with counted() as traced:
        assert reference.distance(arrays(whole(tensors(arguments))), expected) <= 1e-12
    assert traced == []


def test_what_is_exported_holds_no_cluster(tmp_path):
    model = trained(layers.Bidirectional(layers.LSTM(SIZE, return_sequences=True)), INPUTS)
    with counted() as traced:
        model.export(tmp_path / "exported", verbose=False)
    assert traced == []
