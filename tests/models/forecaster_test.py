"""Forecaster: laws of scale, shift and time; streams, paths, outputs and saving."""

import keras
import numpy as np
import pytest
from keras import ops
from scipy import special

from seqzoo import presets
from seqzoo.data.forecast_windows import ForecastOrigins, ForecastWindows
from seqzoo.data.time_series import Series
from seqzoo.errors import DataError
from seqzoo.models import Forecaster, ForecastStream
from seqzoo.models.forecast_outputs import DISTRIBUTIONS, Quantiles, log_gamma

ROWS, LEVELS = 60, (0.1, 0.5, 0.9)


def forecaster(**options):
    options = {"horizon": 4, "calendar": ("hour",), "window": 40, "lags": 12, "seasons": (6,), "span": 12.0} | options
    model = Forecaster(units=5, features=6, **options)
    rng = np.random.default_rng(1)
    for weight in model.trainable_weights:
        weight.assign(rng.normal(size=weight.shape, scale=0.4))
    return model


def values(rows=ROWS, seed=0, missing=0.2):
    rng = np.random.default_rng(seed)
    y = np.cumsum(rng.normal(size=rows)) + 10
    y[5:][rng.random(rows - 5) < missing] = np.nan
    return y


def quantiles(model, y, **options):
    return model.forecasts([Series.of(y)], **options)[0].quantiles


@pytest.mark.parametrize("output", ["quantiles", "gaussian", "student-t"])
def test_a_forecast_moves_with_its_series(output):
    model, y = forecaster(output=output), values()
    plain = quantiles(model, y)
    np.testing.assert_allclose(quantiles(model, 1000 * y), 1000 * plain, rtol=1e-4)
    np.testing.assert_allclose(quantiles(model, y + 1e5), plain + 1e5, rtol=0, atol=1e-4 * np.abs(plain).max())


def test_a_forecast_does_not_change_with_what_comes_after():
    model, y = forecaster(past=("a",)), values()
    a = np.random.default_rng(2).normal(size=(ROWS, 1))
    changed, of_changed = y.copy(), a.copy()
    changed[41:], of_changed[41:] = 77.0, -5.0
    found = [model.quantiles_at([Series.of(s, past=p)], [(0, 40)], LEVELS) for s, p in ((y, a), (changed, of_changed))]
    np.testing.assert_array_equal(*found)


def test_one_series_equals_the_same_in_a_batch():
    model, several = forecaster(), [Series.of(values(seed=i), name=str(i)) for i in range(3)]
    together = model.forecasts(several)
    for one, of_one in zip(several, together, strict=True):
        np.testing.assert_allclose(model.forecasts([one])[0].quantiles, of_one.quantiles, rtol=1e-5)
        assert of_one.name == one.name and of_one.times[0] == one.times()[-1] + 1


def test_a_short_history_is_one_whose_rows_before_are_missing():
    model, y = forecaster(), values(20)
    padded = np.concatenate([np.full(20, np.nan), y])
    start = str(np.datetime64("2000-01-01", "h") - 20)
    found = model.forecasts([Series.of(padded, start)])[0].quantiles
    np.testing.assert_allclose(found, quantiles(model, y), rtol=1e-6)


def test_a_missing_row_is_an_absent_row_of_the_layers_over_time():
    """Without calendar, lags and seasons, which count time, an unobserved row leaves no mark."""
    model, y = forecaster(calendar=(), lags=1, seasons=()), np.append(values(39), 11.0)
    np.testing.assert_allclose(quantiles(model, y[~np.isnan(y)]), quantiles(model, np.r_[np.nan, y]), rtol=1e-5)


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_a_stream_forecasts_as_whole_histories_do(cell):
    model, y = forecaster(cell=cell, depth=2, past=("a",)), values(40)
    past = np.random.default_rng(3).normal(size=(40, 1))
    one, stream = Series.of(y, past=past), ForecastStream(model)
    known = model.known_of(one)
    for row in range(40):
        outputs = stream.push(y[row : row + 1], past[row : row + 1], known[row : row + 1], known[None, row + 1 : row + 5])
        found = model.quantiles_of(outputs, LEVELS)[0, 0]
        np.testing.assert_allclose(found, model.quantiles_at([one], [(0, row)], LEVELS)[0], rtol=1e-4, atol=1e-4)


def test_paths_go_on_with_their_own_values():
    """Of a distribution without width all paths are the one on which each mean is the next input."""
    model, y = forecaster(horizon=1, window=80, output="gaussian"), values(missing=0)
    for weight in model.head.parameters_of.weights:
        column = ops.convert_to_numpy(weight)
        column[..., 1] = -30 if column.ndim == 1 else 0
        weight.assign(column)
    found = quantiles(model, y, steps=3, samples=2)
    extended = y
    for step in range(3):
        mean = quantiles(model, extended, levels=(0.5,))[0, 0]
        np.testing.assert_allclose(found[step, 1], mean, rtol=1e-3)
        extended = np.append(extended, mean)


def test_more_steps_than_the_horizon_need_a_distribution():
    with pytest.raises(ValueError, match="no samples"):
        quantiles(forecaster(), values(), steps=9)
    with pytest.raises(ValueError, match="past covariates"):
        model = forecaster(past=("a",), output="gaussian")
        model.forecasts([Series.of(values(), past=np.zeros((ROWS, 1)))], steps=9)


def test_series_that_lack_something():
    model, y = forecaster(known=("price",)), values()
    with pytest.raises(DataError, match="expected the covariates price"):
        model.forecasts([Series.of(y)])
    with pytest.raises(DataError, match="price of the next 4 steps"):
        model.forecasts([Series.of(y, known=np.zeros((ROWS + 3, 1)))])
    with pytest.raises(DataError, match="no number"):
        model.forecasts([Series.of(np.full(9, np.nan), known=np.zeros((13, 1)))])
    model.forecasts([Series.of(y, known=np.zeros((ROWS + 4, 1)))])


@pytest.mark.parametrize("output", ["quantiles", "gaussian", "student-t"])
def test_the_forecast_of_a_constant_is_the_constant(output):
    for constant in (5.0, 5e-6, -1e9):
        np.testing.assert_allclose(quantiles(forecaster(output=output), np.full(ROWS, constant)), constant, rtol=1e-9)


def test_forecasts_below_the_minimum_are_cut():
    plain, cut = (quantiles(forecaster(minimum=minimum), values()) for minimum in (None, 12.0))
    assert plain.min() < 12
    np.testing.assert_array_equal(cut, np.maximum(plain, 12))


def test_levels_beyond_those_of_the_training():
    with pytest.raises(ValueError, match="levels"):
        quantiles(forecaster(), values(), levels=(0.05, 0.5))
    found = quantiles(forecaster(), values(), levels=(0.1, 0.3, 0.5))
    np.testing.assert_allclose(found[:, 1], (found[:, 0] + found[:, 2]) / 2)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"horizon": 0}, "horizon"),
        ({"seasons": (13,)}, "seasons"),
        ({"levels": (0.5, 0.1)}, "levels"),
        ({"output": "poisson"}, "output"),
        ({"dropout": 1.0}, "dropout"),
    ],
)
def test_wrong_arguments(wrong, message):
    with pytest.raises(ValueError, match=message):
        forecaster(**wrong)


def test_a_model_is_saved_whole(tmp_path):
    model = forecaster(past=("a",), known=("b",), output="student-t")
    one = Series.of(values(), past=np.random.default_rng(0).normal(size=(ROWS, 1)), known=np.zeros((ROWS + 4, 1)))
    model.adapt([one])
    presets.save(model, tmp_path)
    again = presets.load(tmp_path)
    np.testing.assert_array_equal(again.forecasts([one])[0].quantiles, model.forecasts([one])[0].quantiles)
    assert (again.past, again.known, again.calendar, again.window) == (("a",), ("b",), ("hour",), 40)


def test_training_reads_windows_with_several_origins_and_learns(compiled):
    t = np.arange(400)
    wave = Series.of(10 + 5 * np.sin(t * np.pi / 3) + np.where(t % 50 == 7, np.nan, 0))
    model = Forecaster(4, calendar=(), window=24, lags=6, seasons=(6,), span=12.0, units=4, features=8)
    train = ForecastWindows([wave.until(300)], model, origins=6, batch_size=8, batches=6)
    validation = ForecastOrigins([wave], model, [(0, row) for row in range(300, 396, 4)], batch_size=8)
    model.compile(keras.optimizers.Adam(0.02))
    before = model.evaluate(validation, verbose=0)
    model.fit(train, epochs=8, verbose=0)
    assert model.evaluate(validation, verbose=0) < before / 3


def test_batches_of_windows():
    one = Series.of(np.arange(100.0), known=np.arange(104.0)[:, None])
    model = forecaster(known=("row",), calendar=())
    train = ForecastWindows([one], model, origins=7, batch_size=3, seed=5)
    inputs, y, weights = train[0]
    np.testing.assert_array_equal(train[0][1], y)
    train.start_epoch(1)
    assert (train[0][1] != y).any()
    rows = np.take_along_axis(inputs["known"][..., 0], inputs["origins"], axis=1)
    shift = inputs["known"][:, 0, 0]
    np.testing.assert_array_equal(y, rows[..., None] + np.arange(1, 5) - shift[:, None, None])
    assert weights.all() and (np.diff(inputs["origins"], axis=1) > 0).all() and (inputs["origins"] >= 20).all()


def test_values_beyond_the_end_and_before_enough_history_do_not_count():
    short = Series.of(np.r_[np.full(4, np.nan), np.arange(16.0)])
    model = forecaster(calendar=())
    inputs, y, weights = ForecastWindows([short], model, origins=20, batch_size=2)[0]
    observed = np.take_along_axis(np.cumsum(inputs["mask"], axis=1), inputs["origins"], axis=1)
    np.testing.assert_array_equal(weights.any(axis=2), observed >= 2)
    batches = ForecastOrigins([short], model, [(0, 17)], batch_size=2)
    _, _, weights = batches[0]
    np.testing.assert_array_equal(weights[:, 0], [[1, 1, 0, 0], [0, 0, 0, 0]])


def test_the_pinball_loss_is_least_at_the_quantiles():
    y = np.random.default_rng(0).normal(size=(4000, 1, 1)).astype("float32")
    location, scale = np.zeros((4000, 1, 1), "float32"), np.ones((4000, 1, 1), "float32")

    def loss(p):
        given = np.broadcast_to(np.array(p, "float32"), (4000, 1, 1, 3))
        return float(ops.mean(Quantiles(LEVELS).loss(ops.convert_to_tensor(given), y, location, scale)))

    best = np.quantile(y, LEVELS)
    for i in range(3):
        assert loss(best) < min(loss(best + step * np.eye(3)[i]) for step in (-0.1, 0.1))


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_losses_are_the_log_likelihoods_of_scipy(name):
    kind, rng = DISTRIBUTIONS[name](), np.random.default_rng(0)
    p = rng.normal(size=(6, 2, 3, len(kind.locations)))
    location, scale = rng.uniform(2, 5, (6, 2, 1)), rng.uniform(0.5, 2, (6, 2, 1))
    y = rng.poisson(4, size=(6, 2, 3)).astype(float)
    frozen = kind.frozen(p, location, scale)
    log_p = frozen.logpmf(y) if name == "negative-binomial" else frozen.logpdf(y) + np.log(scale)
    found = kind.loss(*(ops.convert_to_tensor(a.astype("float32")) for a in (p, y, location, scale)))
    np.testing.assert_allclose(ops.convert_to_numpy(found), -log_p, rtol=1e-4, atol=1e-4)


def test_the_mean_and_variance_of_counts():
    kind = DISTRIBUTIONS["negative-binomial"]()
    p, location = np.array([0.3, -0.4]), np.array(6.0)
    frozen = kind.frozen(p, location, None)
    mean, alpha = 6 * (1e-4 + np.log1p(np.exp(0.3))), 1e-4 + np.log1p(np.exp(-0.4))
    np.testing.assert_allclose([frozen.mean(), frozen.var()], [mean, mean + alpha * mean**2], rtol=1e-6)
    sample = kind.sample(np.broadcast_to(p, (2000, 2)), np.full(2000, 6.0), np.ones(2000), np.random.default_rng(0))
    assert abs(sample.mean() - mean) < 0.5 and (sample == np.round(sample)).all()


def test_log_gamma():
    x = np.geomspace(1e-3, 1e4, 60).astype("float32")
    found = ops.convert_to_numpy(log_gamma(ops.convert_to_tensor(x)))
    np.testing.assert_allclose(found, special.gammaln(x.astype(float)), rtol=2e-5, atol=2e-5)
