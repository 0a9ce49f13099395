"""Layers of a forecaster: running scale against its definition, covariates, and the equations of the head."""

import numpy as np
import pytest
from keras import ops

from seqzoo.layers.forecast_head import ForecastHead
from seqzoo.layers.running_scale import RunningScale
from seqzoo.layers.sensor_encoder import SensorEncoder
from seqzoo.layers.standardization import Standardization

SPAN = 5.0


def series(batch=3, steps=30, level=0.0):
    rng = np.random.default_rng(0)
    return (rng.normal(size=(batch, steps)) * 3 + level).astype("float32"), rng.random((batch, steps)) > 0.3


def scale(y, mask):
    return [ops.convert_to_numpy(a) for a in RunningScale(SPAN)(ops.convert_to_tensor(y), ops.convert_to_tensor(mask))]


def by_definition(y, mask):
    """Weighted mean and deviation of the values up to each step, in float64: weights γ^k of the value k values before."""
    means, deviations = np.zeros(len(y)), np.zeros(len(y))
    for t in range(len(y)):
        values = y[: t + 1][mask[: t + 1]].astype(float)
        if len(values):
            weights = (1 - 1 / SPAN) ** np.arange(len(values))[::-1]
            means[t] = np.average(values, weights=weights)
            variance = np.average((values - means[t]) ** 2, weights=weights)
            deviations[t] = np.sqrt(variance)
    return means, deviations


def test_the_running_scale_is_the_weighted_mean_and_deviation():
    y, mask = series()
    means, deviations = scale(y, mask)
    for row in range(len(y)):
        expected = by_definition(y[row], mask[row])
        np.testing.assert_allclose(means[row], expected[0], atol=1e-5)
        np.testing.assert_allclose(deviations[row], expected[1], rtol=1e-4, atol=1e-6)


def test_the_running_scale_moves_with_the_series():
    y, mask = series()
    means, deviations = scale(y, mask)
    moved = scale(1000 * y + 7, mask)
    seen = np.cumsum(mask, axis=1) > 1
    np.testing.assert_allclose(moved[0][seen], 1000 * means[seen] + 7, rtol=1e-4, atol=1e-2)
    np.testing.assert_allclose(moved[1][seen], 1000 * deviations[seen], rtol=1e-4)


def test_a_masked_step_is_an_absent_step():
    y, mask = series(batch=1)
    whole, short = scale(y, mask), scale(y[:, mask[0]], np.ones((1, mask.sum()), bool))
    for a, b in zip(whole, short, strict=True):
        np.testing.assert_allclose(a[:, mask[0]], b, rtol=1e-6)


def test_a_step_at_a_time_equals_the_whole():
    y, mask = series()
    layer, whole = RunningScale(SPAN), scale(y, mask)
    state = layer.initial_state(ops.convert_to_tensor(y[:, 0]))
    for t in range(y.shape[1]):
        state, found = layer.step(ops.convert_to_tensor(y[:, t]), ops.convert_to_tensor(mask[:, t]), state)
        for a, b in zip(found, whole, strict=True):
            np.testing.assert_allclose(ops.convert_to_numpy(a), b[:, t], rtol=1e-6)


def test_a_constant_has_no_deviation():
    means, deviations = scale(np.full((1, 9), 4.0, "float32"), np.ones((1, 9), bool))
    np.testing.assert_allclose(means, 4.0, rtol=1e-6)
    np.testing.assert_allclose(deviations, 0, atol=1e-6)


def test_a_span_below_1():
    with pytest.raises(ValueError, match="span"):
        RunningScale(0.5)


def test_covariates_are_standardized_and_missing_ones_are_the_mean():
    rows = np.array([[1.0, 5.0, np.nan], [3.0, 5.0, 2.0], [np.nan, 5.0, 4.0]])
    layer = Standardization()
    layer.adapt(rows)
    found = ops.convert_to_numpy(layer(rows.astype("float32")))
    np.testing.assert_allclose(found, [[-1, 0, 0], [1, 0, -1], [0, 0, 1]], atol=1e-6)
    far = ops.convert_to_numpy(layer(np.array([[1e9, 5.0, -1e9]], "float32")))
    np.testing.assert_allclose(far, [[10, 0, -10]])


def test_the_head_computes_its_equations():
    rng, horizon, features, lags, seasons = np.random.default_rng(0), 5, 4, 8, (3, 7)
    head = ForecastHead(horizon, features, (1.0, 0.0), lags, seasons)
    state, known, of_lags = rng.normal(size=(2, 3, 6)), rng.normal(size=(2, 3, horizon, 2)), rng.normal(size=(2, 3, lags))
    head(*(a.astype("float32") for a in (state, known, of_lags)))
    for weight in head.weights:
        weight.assign(rng.normal(size=weight.shape))
    found = ops.convert_to_numpy(head(*(a.astype("float32") for a in (state, known, of_lags))))
    w = {weight.path.split("/", 1)[1]: ops.convert_to_numpy(weight).astype(float) for weight in head.weights}
    for h in range(1, horizon + 1):
        context = slice((h - 1) * features, h * features)
        before = [of_lags[..., season * int(np.ceil(h / season)) - h] for season in seasons]
        u = state @ w["of_state/kernel"][:, context] + w["of_state/bias"][context] + known[:, :, h - 1] @ w["of_known/kernel"]
        u = np.maximum(u + np.stack(before, axis=-1) @ w["of_season/kernel"], 0)
        p = np.maximum(u @ w["hidden/kernel"] + w["hidden/bias"], 0) @ w["parameters/kernel"] + w["parameters/bias"]
        p[..., 0] += of_lags @ w["linear/kernel"][:, h - 1] + w["linear/bias"][h - 1]
        np.testing.assert_allclose(found[:, :, h - 1], p, rtol=1e-3, atol=1e-4)


def test_a_rotation_keeps_lengths_and_turns_all_steps_alike():
    layer = SensorEncoder(6, rotation=40.0)
    x = np.random.default_rng(0).normal(size=(4, 7, 6)).astype("float32")
    found = ops.convert_to_numpy(layer(x, training=True))
    assert np.abs(found - x).max() > 0.1
    before, after = (a.reshape(4, 14, 3) for a in (x, found))
    np.testing.assert_allclose(after @ after.transpose(0, 2, 1), before @ before.transpose(0, 2, 1), atol=1e-4)
    np.testing.assert_array_equal(ops.convert_to_numpy(layer(x)), x)


def test_a_rotation_in_the_plane_keeps_lengths():
    layer = SensorEncoder(4, rotation=40.0, axes=2)
    x = np.random.default_rng(0).normal(size=(4, 7, 4)).astype("float32")
    found = ops.convert_to_numpy(layer(x, training=True))
    before, after = (a.reshape(4, 14, 2) for a in (x, found))
    assert np.abs(found - x).max() > 0.1
    np.testing.assert_allclose(after @ after.transpose(0, 2, 1), before @ before.transpose(0, 2, 1), atol=1e-4)


def test_a_gain_multiplies_each_three_channels():
    layer = SensorEncoder(6, gain=0.5)
    x = np.random.default_rng(0).normal(size=(4, 7, 6)).astype("float32")
    factors = (ops.convert_to_numpy(layer(x, training=True)) / x).reshape(4, 7, 2, 3)
    np.testing.assert_allclose(factors, np.broadcast_to(factors[:, :1, :, :1], factors.shape), rtol=1e-4)
    assert factors.std() > 0.1
    with pytest.raises(ValueError, match="by twos or threes"):
        SensorEncoder(4, gain=0.5)


def test_convolutions_halve_the_steps_and_padding_is_as_nothing():
    rng = np.random.default_rng(0)
    layer, x = SensorEncoder(3, filters=(4, 5)), rng.normal(size=(2, 13, 3)).astype("float32")
    layer.adapt(list(x))
    for weight in layer.trainable_weights:
        weight.assign(rng.normal(size=weight.shape))
    whole = ops.convert_to_numpy(layer(x, mask=np.ones((2, 13), bool)))
    assert whole.shape == layer.compute_output_shape(x.shape) == (2, 4, 5)
    np.testing.assert_allclose(ops.convert_to_numpy(layer(x)), whole, rtol=1e-5, atol=1e-6)
    for padding in (1, 2, 3):
        longer = np.pad(x, ((0, 0), (0, padding), (0, 0)), constant_values=7.0)
        mask = np.broadcast_to(np.arange(13 + padding) < 13, (2, 13 + padding))
        found, real = (ops.convert_to_numpy(a) for a in (layer(longer, mask=mask), layer.steps_mask(mask)))
        assert real[:, :4].all() and not real[:, 4:].any()
        np.testing.assert_allclose(found[:, :4], whole, rtol=1e-5, atol=1e-6)


def test_convolutions_of_the_encoder_are_those_of_numpy():
    rng = np.random.default_rng(1)
    layer, x = SensorEncoder(3, filters=(4,)), rng.normal(size=(1, 7, 3)).astype("float32")
    layer.build(x.shape)
    kernel, bias = (rng.normal(size=weight.shape) for weight in layer.convolutions[0].weights)
    layer.convolutions[0].set_weights([kernel, bias])
    wide = np.pad(x.astype(float), ((0, 0), (2, 2), (0, 0)))[0]
    u = np.maximum(np.stack([np.einsum("kf,kfu->u", wide[t : t + 5], kernel) + bias for t in range(0, 7, 2)]), 0)
    expected = (u - u.mean(axis=1, keepdims=True)) / np.sqrt(u.var(axis=1, keepdims=True) + layer.norm.epsilon)
    np.testing.assert_allclose(ops.convert_to_numpy(layer(x))[0], expected, rtol=1e-4, atol=1e-5)
