"""Backtest of forecasts: splits in time, metrics by hand, and what baselines say of series that they can know."""

import numpy as np
import pytest

from recipes.forecast import Config
from seqzoo.data.time_series import Series
from seqzoo.errors import DataError
from seqzoo.tasks.forecasting import baselines, data
from seqzoo.tasks.forecasting.metrics import forecast_metrics, seasonal_error
from seqzoo.tasks.forecasting.task import scales_of

LEVELS = (0.1, 0.5, 0.9)


def dataset_of(*series, horizon=4):
    return data.cut(list(series), Config(horizon=horizon), (), (), None)


def test_splits_follow_each_other_and_no_test_row_is_in_training():
    dataset = dataset_of(Series.of(np.arange(100.0)), Series.of(np.arange(60.0), name="short"))
    assert [len(one) for one in dataset.train.series] == [80, 48]
    assert dataset.validation.begins == [80, 48] and dataset.test.begins == [90, 54]
    assert dataset.test.places() == [(0, 89), (0, 93), (1, 53)]
    np.testing.assert_array_equal(baselines.values_of(dataset.test)[:2], [[90, 91, 92, 93], [94, 95, 96, 97]])
    assert len(dataset.validation) == len(dataset.validation.places()) == 3


def test_series_that_are_too_short(capsys):
    with pytest.raises(DataError, match="has 9 rows, expected 17 or more for a --horizon of 4"):
        dataset_of(Series.of(np.arange(9.0)))
    dataset = dataset_of(Series.of(np.arange(100.0)), Series.of(np.arange(9.0), name="tiny"))
    assert len(dataset.test.series) == 1 and "1 of 2 series have fewer than 17 rows: left out" in capsys.readouterr().err
    with pytest.raises(DataError, match="a has a step of 1 hour, b of 1 day"):
        dataset_of(Series.of(np.arange(99.0), name="a"), Series.of(np.arange(99.0), step="1d", name="b"))


def test_metrics_by_hand():
    values = np.array([[10.0, np.nan], [20.0, -10.0]])
    quantiles = np.array([[[8, 9, 12], [0, 0, 0]], [[21, 22, 23], [-12, -10, -9]]], float)
    found = forecast_metrics(values, quantiles, LEVELS, np.array([2.0, 4.0]))
    assert found["mase"] == pytest.approx((1 / 2 + 2 / 4 + 0) / 3)
    assert found["nd"] == pytest.approx(3 / 40) and found["coverage_80"] == pytest.approx(2 / 3)
    assert found["smape"] == pytest.approx((2 * 1 / 19 + 2 * 2 / 42 + 0) / 3)
    pinball = [0.1 * 2 + 0.9 * 1 + 0.1 * 2, 0.5 * 1 + 0.5 * 2 + 0, 0.1 * 2 + 0.1 * 3 + 0.1 * 1]
    assert found["wql"] == pytest.approx(2 * sum(pinball) / 40 / 3)


def test_the_seasonal_error_of_missing_and_constant_rows():
    assert seasonal_error(np.array([1.0, 5, 2, np.nan, 4]), 2) == pytest.approx((1 + 2) / 2)
    assert seasonal_error(np.full(9, 3.0), 2) == 1.0


def test_the_scale_of_series_with_few_rows_before_the_split_is_that_of_all_rows():
    y = np.random.default_rng(0).normal(size=200)
    split = data.Split([Series.of(y)], [4], 4)
    np.testing.assert_allclose(scales_of(split)[0], seasonal_error(y, 24))
    np.testing.assert_allclose(scales_of(data.Split([Series.of(y)], [100], 4))[0], seasonal_error(y[:100], 24))


def test_naive_forecasts():
    target = np.tile(np.arange(24.0), 30)
    target[-30] = np.nan
    dataset = dataset_of(Series.of(target))
    last = baselines.naive(dataset.test, 1)
    rows = [row for _, row in dataset.test.places()]
    np.testing.assert_array_equal(last[:, 0], np.tile(np.arange(24.0), 30)[rows])
    values = baselines.values_of(dataset.test)
    np.testing.assert_array_equal(baselines.naive(dataset.test, 24)[~np.isnan(values)], values[~np.isnan(values)])


def test_the_linear_autoregression_finds_a_linear_rule_and_its_errors():
    rng = np.random.default_rng(0)
    y = np.zeros(2000)
    for t in range(2, 2000):
        y[t] = 1.6 * y[t - 1] - 0.8 * y[t - 2] + rng.normal()
    dataset = dataset_of(Series.of(y), horizon=2)
    found = baselines.forecasts(dataset, LEVELS, 20, 0)["linear autoregression"]
    values = baselines.values_of(dataset.test)
    error = values[:, 0] - found[:, 0, 1]
    assert 0.9 < error.std() < 1.15  # of the noise: 1
    inside = (values >= found[..., 0]) & (values <= found[..., -1])
    assert 0.7 < inside.mean() < 0.9
    assert (np.diff(found[..., 2] - found[..., 0], axis=1) > 0).all()  # wider two steps ahead


def test_what_comes_after_the_test_split_begins_changes_no_baseline_before_it():
    y = np.random.default_rng(0).normal(size=400).cumsum()
    changed = y.copy()
    changed[361:] = 0  # after the first forecast's origin
    first, second = (baselines.forecasts(dataset_of(Series.of(s)), LEVELS, 20, 0) for s in (y, changed))
    for name in first:
        np.testing.assert_allclose(first[name][0], second[name][0])
