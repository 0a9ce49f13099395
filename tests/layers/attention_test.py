"""Attention against the NumPy oracle, and the laws of its weights."""

import keras
import numpy as np
import pytest
import reference
from backends import TOLERANCES, arrays, central_differences, dtypes, gradients, needs_float64, tensors
from keras import ops

from seqzoo.layers import AdditiveAttention, MultiplicativeAttention

BATCH, T_Y, T_X, QUERY, VALUE = 3, 4, 5, 3, 6
LENGTHS = np.array([5, 2, 0])
MASK = np.arange(T_X) < LENGTHS[:, None]
LAYERS = {
    "additive": (lambda **options: AdditiveAttention(7, **options), VALUE),
    "general": (lambda **options: MultiplicativeAttention(**options), VALUE),
    "dot": (lambda **options: MultiplicativeAttention("dot", **options), QUERY),
}
every_score = pytest.mark.parametrize("score", LAYERS)


def built(score, **options):
    make, size = LAYERS[score]
    layer, rng = make(**options), np.random.default_rng(1)
    layer.build([(None, None, QUERY), (None, None, size)])
    for weight in layer.weights:
        weight.assign(rng.normal(size=weight.shape))
    return layer


def data(score, dtype="float64", steps=T_X):
    rng = np.random.default_rng(2)
    queries, values = rng.normal(size=(BATCH, T_Y, QUERY)), rng.normal(size=(BATCH, steps, LAYERS[score][1]))
    return [queries.astype(dtype), values.astype(dtype)]


def attended(layer, inputs, mask=MASK):
    mask = None if mask is None else [None, ops.convert_to_tensor(mask)]
    return arrays(layer(tensors(inputs), mask=mask, return_attention_scores=True))


@every_score
@dtypes
@pytest.mark.parametrize("mask", [None, MASK], ids=["no mask", "masked"])
def test_it_is_the_oracle_s(score, dtype, mask):
    layer, (queries, values) = built(score, dtype=dtype), data(score, dtype)
    context, weights = attended(layer, [queries, values], mask)
    for row in range(BATCH):
        real = values[row] if mask is None else values[row, : LENGTHS[row]]
        for t in range(T_Y):
            expected, alpha = reference.attention(score, layer.as_notes(), queries[row, t], real)
            np.testing.assert_allclose(context[row, t], expected, atol=TOLERANCES[dtype])
            np.testing.assert_allclose(weights[row, t, : len(real)], alpha, atol=TOLERANCES[dtype])


@every_score
@needs_float64
def test_gradients_are_those_of_finite_differences(score):
    layer = built(score, dtype="float64")
    upstream = ops.convert_to_tensor(np.random.default_rng(3).normal(size=(BATCH, T_Y, LAYERS[score][1])))

    def loss(inputs):
        return ops.sum(layer(inputs, mask=[None, ops.convert_to_tensor(MASK)]) * upstream)

    for actual, expected in zip(gradients(loss, data(score)), central_differences(loss, data(score)), strict=True):
        np.testing.assert_allclose(actual, expected, atol=1e-8)


@every_score
def test_weights_sum_to_one_and_are_zero_on_padding(score):
    _, weights = attended(built(score), data(score, "float32"))
    np.testing.assert_allclose(weights.sum(axis=-1)[:2], 1, atol=1e-6)
    assert not weights[~np.broadcast_to(MASK[:, None], weights.shape)].any()


@every_score
def test_a_row_without_a_real_step_has_the_context_zero(score):
    context, weights = attended(built(score), data(score, "float32"))
    assert not context[2].any() and not weights[2].any()


@every_score
def test_padding_changes_nothing(score):
    layer, (queries, values) = built(score), data(score, "float32")
    padded = np.concatenate([values, np.full_like(values, 50.0)], axis=1)
    plain, more = attended(layer, [queries, values]), attended(layer, [queries, padded], np.pad(MASK, ((0, 0), (0, T_X))))
    np.testing.assert_allclose(more[0], plain[0], atol=1e-6)
    np.testing.assert_allclose(more[1][..., :T_X], plain[1], atol=1e-6)


@every_score
def test_a_step_is_a_row_of_the_whole(score):
    layer, (queries, values) = built(score), tensors(data(score, "float32"))
    memory, whole = layer.memory(values, ops.convert_to_tensor(MASK)), attended(layer, [queries, values])
    for t in range(T_Y):
        for step, of_all in zip(arrays(layer.step(queries[:, t], memory)), whole, strict=True):
            np.testing.assert_allclose(step, of_all[:, t], atol=1e-6)


@every_score
@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_the_softmax_is_float32_under_mixed_precision(score, policy):
    layer = built(score, dtype=policy)
    context, weights = layer(tensors(data(score, "float32")), return_attention_scores=True)
    assert keras.backend.standardize_dtype(context.dtype) == policy.removeprefix("mixed_")
    assert keras.backend.standardize_dtype(weights.dtype) == "float32"
    np.testing.assert_allclose(arrays(weights).sum(axis=-1), 1, atol=1e-6)
    np.testing.assert_allclose(arrays(context), attended(built(score), data(score, "float32"), None)[0], atol=0.3)


def test_additive_attention_of_keras_is_ours_with_identity_matrices():
    ours, theirs = AdditiveAttention(QUERY), keras.layers.AdditiveAttention()
    inputs = [data("dot", "float32")[0], data("dot", "float32")[1]]
    for layer in (ours, theirs):
        layer.build([(None, None, QUERY)] * 2)
    ours.set_weights([np.eye(QUERY), np.eye(QUERY), np.arange(1.0, QUERY + 1)[:, None]])
    theirs.set_weights([np.arange(1.0, QUERY + 1)])
    expected = theirs(tensors(inputs), return_attention_scores=True)
    for a, b in zip(attended(ours, inputs, None), arrays(expected), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


@every_score
def test_it_is_part_of_a_saved_model(score, tmp_path):
    make, size = LAYERS[score]
    queries, values = keras.Input((None, QUERY)), keras.Input((None, size))
    model = keras.Model([queries, values], make()([queries, values], return_attention_scores=True))
    model.save(tmp_path / "model.keras")
    again, inputs = keras.saving.load_model(tmp_path / "model.keras"), tensors(data(score, "float32"))
    for a, b in zip(arrays(model(inputs)), arrays(again(inputs)), strict=True):
        np.testing.assert_array_equal(a, b)
    assert model.output_shape == [(None, None, size), (None, None, None)]


def test_what_cannot_be_is_named():
    with pytest.raises(ValueError, match='`score` must be "general" or "dot", got \'cosine\''):
        MultiplicativeAttention("cosine")
    with pytest.raises(ValueError, match='`score="dot"` needs queries and values of one size, got 3 and 6'):
        MultiplicativeAttention("dot").build([(None, None, 3), (None, None, 6)])
    with pytest.raises(ValueError, match="`units` must be a positive integer, got 0"):
        AdditiveAttention(0)
