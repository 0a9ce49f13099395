"""The encoder of BERT against Keras's layers, with random weights."""

import keras
import numpy as np
from keras import ops

from seqzoo.data.bert_encoder import TABLE, BertEncoder

SIZE, INNER, LAYERS, HEADS = 8, 12, 2, 2
PREFIX = "encoder.layer"


def random_weights(pieces=9):
    rng, weights = np.random.default_rng(0), {}

    def put(name, *shape):
        weights[name] = rng.normal(size=shape).astype("float32")

    put(TABLE, pieces, SIZE)
    put("embeddings.position_embeddings.weight", 16, SIZE)
    put("embeddings.token_type_embeddings.weight", 2, SIZE)
    norms, dense = ["embeddings"], {}
    for i in range(LAYERS):
        dense |= {f"{PREFIX}.{i}.attention.self.{part}": (SIZE, SIZE) for part in ("query", "key", "value")}
        dense |= {f"{PREFIX}.{i}.attention.output.dense": (SIZE, SIZE), f"{PREFIX}.{i}.intermediate.dense": (INNER, SIZE)}
        dense |= {f"{PREFIX}.{i}.output.dense": (SIZE, INNER)}
        norms += [f"{PREFIX}.{i}.attention.output", f"{PREFIX}.{i}.output"]
    for name, shape in dense.items():
        put(f"{name}.weight", *shape)
        put(f"{name}.bias", shape[0])
    for name in norms:
        put(f"{name}.LayerNorm.weight", SIZE)
        put(f"{name}.LayerNorm.bias", SIZE)
    return weights


def by_keras(weights, ids):
    def norm(x, name):
        layer = keras.layers.LayerNormalization(epsilon=1e-12)
        layer.build(x.shape)
        layer.set_weights([weights[f"{name}.LayerNorm.{part}"] for part in ("weight", "bias")])
        return layer(x)

    def dense(x, name, activation=None):
        y = ops.matmul(x, weights[f"{name}.weight"].T) + weights[f"{name}.bias"]
        return ops.gelu(y, approximate=False) if activation else y

    def attend(x, name):
        layer = keras.layers.MultiHeadAttention(HEADS, SIZE // HEADS)
        layer.build(x.shape, x.shape)
        of_parts = []
        for part in ("query", "key", "value"):
            of_parts += [weights[f"{name}.self.{part}.weight"].T.reshape(SIZE, HEADS, -1)]
            of_parts += [weights[f"{name}.self.{part}.bias"].reshape(HEADS, -1)]
        last = weights[f"{name}.output.dense.weight"].T.reshape(HEADS, -1, SIZE), weights[f"{name}.output.dense.bias"]
        layer.set_weights([*of_parts, *last])
        return layer(x, x)

    positions, kinds = (weights[f"embeddings.{name}_embeddings.weight"] for name in ("position", "token_type"))
    x = norm(ops.convert_to_tensor(weights[TABLE][ids] + positions[: ids.shape[1]] + kinds[0]), "embeddings")
    for i in range(LAYERS):
        name = f"{PREFIX}.{i}"
        x = norm(x + attend(x, f"{name}.attention"), f"{name}.attention.output")
        x = norm(x + dense(dense(x, f"{name}.intermediate.dense", "gelu"), f"{name}.output.dense"), f"{name}.output")
    return ops.convert_to_numpy(x)


def test_outputs_are_those_of_keras_layers():
    weights, ids = random_weights(), np.array([[1, 4, 5, 2], [1, 8, 3, 2], [0, 0, 7, 6]])
    found = BertEncoder(weights, HEADS).outputs(ids)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, by_keras(weights, ids), atol=2e-5)


def test_means_of_texts_of_all_lengths_are_in_order():
    encoder, texts = BertEncoder(random_weights(), HEADS), [[1, 3, 2], [4], [1, 5, 6, 7, 2], [1, 8, 2]]
    found = encoder.means(texts)
    for text, mean in zip(texts, found, strict=True):
        np.testing.assert_allclose(mean, encoder.outputs(np.array([text]))[0].mean(axis=0), atol=1e-6)
