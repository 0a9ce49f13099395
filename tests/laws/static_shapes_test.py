"""What a graph knows of a shape, it knows behind our layers as behind those of keras.layers: a law of TensorFlow."""

import itertools

import extent
import keras
import numpy as np
import pytest
from backends import BACKEND
from extent import compiled
from keras import tree

from seqzoo import layers
from seqzoo.layers.arguments import as_list

if BACKEND == "tensorflow":
    import tensorflow as tf

pytestmark = [compiled, pytest.mark.skipif(BACKEND != "tensorflow", reason="the other backends know every shape")]
BATCH, STEPS, INPUTS, SIZE = 4, 6, 3, 5
SHAPES = list(itertools.product((BATCH, None), (STEPS, None), (INPUTS, None)))
RETURNED = [
    dict(zip(("return_sequences", "return_state"), flags, strict=True)) for flags in itertools.product((True, False), repeat=2)
]
every_kind = pytest.mark.parametrize("kind", ["alone", "Bidirectional", "Stacked"])
every_unit = pytest.mark.parametrize("unit", ["LSTM", "GRU", "SimpleRNN"])
all_that_is_returned = pytest.mark.parametrize("returned", RETURNED, ids=lambda flags: "-".join(f for f in flags if flags[f]))


class TwoOfKeras(keras.layers.Layer):
    """Two layers of Keras, one above the other, as `Stacked` has them."""

    def __init__(self, below, above):
        super().__init__()
        self.below, self.above = below, above

    def build(self, shape):
        self.below.build(shape)
        self.above.build((*shape[:-1], SIZE))

    def call(self, x, training=False):
        x, *states = as_list(self.below(x, training=training))
        output, *of_above = as_list(self.above(x, training=training))
        return [output, *states, *of_above] if states else output


def ours(kind, unit, **options):
    layer = getattr(layers, unit)(SIZE, **options)
    return {"Bidirectional": layers.Bidirectional, "Stacked": lambda layer: layers.Stacked(layer, 2)}.get(kind, as_it_is)(layer)


def of_keras(kind, unit, **options):
    def make(**changes):
        return getattr(keras.layers, unit)(SIZE, **({"reset_after": False} if unit == "GRU" else {}), **options | changes)

    if kind == "Stacked":
        return TwoOfKeras(make(return_sequences=True), make())
    return {"Bidirectional": keras.layers.Bidirectional}.get(kind, as_it_is)(make())


def as_it_is(layer):
    return layer


def static_shapes(outputs):
    return [tuple(output.shape) for output in tree.flatten(outputs)]


def in_a_graph(layer, training):
    """Returns {shape of the inputs: shapes of what the layer returns}, of one trace. The layer is built before."""
    layer.build((None, None, INPUTS))

    def run(*inputs):
        return [tree.flatten(layer(x, training=training)) for x in inputs]

    trace = tf.function(run, autograph=False).get_concrete_function(*[tf.TensorSpec(shape) for shape in SHAPES])
    return dict(zip(SHAPES, map(static_shapes, trace.structured_outputs), strict=True))


@every_kind
@every_unit
@all_that_is_returned
@pytest.mark.parametrize("training", [True, False])
def test_in_a_graph(kind, unit, returned, training):
    found, expected = (in_a_graph(make(kind, unit, **returned), training) for make in (ours, of_keras))
    assert found == expected


@every_kind
@every_unit
@all_that_is_returned
def test_without_a_graph(kind, unit, returned):
    x = np.ones((BATCH, STEPS, INPUTS), "float32")
    found, expected = (static_shapes(make(kind, unit, **returned)(x)) for make in (ours, of_keras))
    assert found == expected


class Recorder(keras.layers.Layer):
    """Returns its inputs and keeps the shape that each call saw."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def call(self, x):
        self.seen.append(tuple(x.shape))
        return x

    def compute_output_shape(self, shape):
        return shape


def a_few(inputs):
    """Returns the shapes with this last axis: all of them with `--full`, else those that know one of the other axes."""
    shapes = [shape for shape in SHAPES if shape[-1] == inputs]
    return shapes if extent.FULL else [shape for shape in shapes if shape[:2].count(None) == 1]


def model_of(make, kind, unit, shapes):
    """Returns a model with an input of each shape, a layer and a recorder above each; and the recorders."""
    inputs = [keras.Input(batch_shape=shape) for shape in shapes]
    recorders = [Recorder() for _ in shapes]
    read = [above(make(kind, unit, return_sequences=True)(x)) for x, above in zip(inputs, recorders, strict=True)]
    head = keras.layers.Dense(1)(keras.layers.concatenate([keras.layers.GlobalMaxPooling1D()(h) for h in read]))
    for above in recorders:
        above.seen.clear()  # what the symbolic call saw
    return keras.Model(inputs, head), recorders


def seen(recorders):
    return [set(above.seen) for above in recorders]


def while_fitting(make, kind, unit, shapes):
    """Returns the shapes that recorders saw in `fit` on a dataset with inputs of these static shapes."""
    model, recorders = model_of(make, kind, unit, [(None, None, INPUTS)] * len(shapes))
    x, y = np.ones((BATCH, STEPS, INPUTS), "float32"), np.ones((BATCH, 1), "float32")
    signature = tuple(tf.TensorSpec(shape) for shape in shapes), tf.TensorSpec((None, 1))
    dataset = tf.data.Dataset.from_generator(lambda: [((x,) * len(shapes), y)], output_signature=signature)
    model.compile("sgd", "mse")
    model.fit(dataset, verbose=0)
    return seen(recorders)


@every_kind
@every_unit
@pytest.mark.parametrize("inputs", [INPUTS, None], ids=["known inputs", "unknown inputs"])
def test_in_fit(kind, unit, inputs):
    shapes = a_few(inputs)
    found, expected = (while_fitting(make, kind, unit, shapes) for make in (ours, of_keras))
    assert found == expected


def while_exporting(make, kind, unit, path):
    model, recorders = model_of(make, kind, unit, a_few(INPUTS))
    model.export(path, verbose=False)
    return seen(recorders)


@every_kind
@every_unit
def test_in_an_export(kind, unit, tmp_path):
    found, expected = (while_exporting(make, kind, unit, tmp_path / make.__name__) for make in (ours, of_keras))
    assert found == expected
