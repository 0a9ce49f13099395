"""Every kind of layer leaves Keras: ONNX on TensorFlow, a program for any batch and any length on JAX."""

import keras
import numpy as np
import pytest
import reference
from backends import BACKEND, arrays, only_tensorflow
from extent import compiled
from units import INPUTS, SIZE, randomise

from seqzoo.layers import GRU, LSTM, Bidirectional, SimpleRNN, Stacked

KINDS = {
    "SimpleRNN": lambda: SimpleRNN(SIZE),
    "simplified GRU": lambda: GRU(SIZE, relevance_gate=False),
    "GRU": lambda: GRU(SIZE, return_sequences=True, go_backwards=True),
    "LSTM": lambda: LSTM(SIZE, segments=3),
    "peephole": lambda: LSTM(SIZE, peephole="output"),
    "peepholes": lambda: LSTM(SIZE, peephole="all"),
    "Bidirectional": lambda: Bidirectional(LSTM(SIZE, return_sequences=True)),
    "lookahead": lambda: Bidirectional(GRU(SIZE, return_sequences=True), lookahead=2),
    "Stacked": lambda: Stacked(GRU(SIZE, return_sequences=True), 2, residual=True),
}
every_kind = pytest.mark.parametrize("kind", KINDS)
X = np.random.default_rng(0).normal(size=(3, 7, INPUTS)).astype("float32")
IDS = np.array([[1, 2, 3, 0, 0], [4, 5, 1, 2, 3]], "int32")


@only_tensorflow
@compiled
@every_kind
def test_onnx_answers_as_the_model(kind, tmp_path):
    runtime, path = pytest.importorskip("onnxruntime", reason="onnxruntime runs ONNX"), str(tmp_path / "model.onnx")
    pytest.importorskip("tf2onnx", reason="Keras writes ONNX by tf2onnx")
    ids = keras.Input((None,), dtype="int32")
    model = keras.Model(ids, KINDS[kind]()(keras.layers.Embedding(6, INPUTS, mask_zero=True)(ids)))
    randomise(model)
    expected = arrays(model(IDS))
    model.export(path, format="onnx", verbose=False)
    session = runtime.InferenceSession(path)
    (found,) = session.run(None, {session.get_inputs()[0].name: IDS})
    assert reference.distance(found, expected) <= 1e-6


@pytest.mark.skipif(BACKEND != "jax", reason="the program of JAX")
@every_kind
def test_jax_exports_a_layer_for_any_batch_and_any_length(kind):
    import jax

    layer = KINDS[kind]()
    layer.build((None, None, INPUTS))
    randomise(layer)
    batch, steps = jax.export.symbolic_shape("batch, steps")
    program = jax.export.export(jax.jit(layer))(jax.ShapeDtypeStruct((batch, steps, INPUTS), "float32"))
    for x in (X, X[:1, :4]):
        assert reference.distance(arrays(program.call(x)), arrays(layer(x))) <= 2e-6
