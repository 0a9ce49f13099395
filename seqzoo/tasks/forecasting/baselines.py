"""Baselines of forecasting: naive, seasonal naive, and a linear autoregression, each with quantiles of its own errors."""

import numpy as np
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from seqzoo.data.calendar_features import calendar
from seqzoo.data.forecast_windows import values_after

STRENGTHS = (1.0, 10.0, 100.0, 1e3, 1e4)  # of the regularisation
MOST = 30_000  # origins from which the linear model learns


def forecasts(dataset, levels, lags, seed, scales=(1.0, 1.0)):
    """Returns `{baseline: quantiles (origins of the test split, horizon, levels)}`.

    Quantiles are the point forecast and the quantiles of the errors on the validation split, at each step of the horizon; the
    median is the point forecast itself. Errors are divided by the scale of their series, and multiplied by that of the series
    of the forecast: `scales` are those of the origins of both splits.
    """
    point = {"naive": lambda split: naive(split, 1)}
    for season in dataset.seasons:
        point[f"seasonal naive, {season}"] = lambda split, season=season: naive(split, season)
    point["linear autoregression"] = linear_autoregression(dataset, lags, seed)
    test, validation = dataset.test, dataset.validation
    values, (of_errors, of_test) = values_of(validation), (np.reshape(scale, (-1, 1)) for scale in scales)
    return {name: _with_quantiles((values - f(validation)) / of_errors, f(test), of_test, levels) for name, f in point.items()}


def values_of(split):
    """The values that the forecasts of a split are of, `(origins, horizon)`."""
    places = split.places()
    series = [split.series[number] for number, _ in places]
    return values_after(series, np.array([[row] for _, row in places]), split.horizon)[:, 0]


def _with_quantiles(errors, point, scale, levels):
    with np.errstate(all="ignore"):
        offsets = np.nan_to_num(np.nanquantile(errors, levels, axis=0))  # (levels, horizon)
    offsets[list(levels).index(0.5)] = 0
    return point[..., None] + scale[..., None] * offsets.T


def naive(split, season):
    """The value a season before each step, or the latest before that which is there; of a season of 1 the last value."""
    padded = [_filled(one.target, season) for one in split.series]
    steps = np.arange(1, split.horizon + 1)
    back = season * -(-steps // season) - steps  # rows before the origin
    return np.stack([padded[number][np.maximum(row - back, 0)] for number, row in split.places()])


def _filled(target, season):
    """A series in which the value a season before takes the place of one that is missing; at the begin the mean."""
    filled = target.copy()
    for row in np.flatnonzero(np.isnan(filled)):
        filled[row] = filled[row - season] if row >= season else np.nan
    mean = np.nanmean(target) if (~np.isnan(target)).any() else 0.0
    return np.where(np.isnan(filled), mean, filled)


def linear_autoregression(dataset, lags, seed):
    """Returns a function of a split: ridge regression of all steps on the scaled window, covariates and calendar.

    The window is scaled by its own mean and deviation; the strength of the regularisation is chosen on the validation split.
    """
    train = dataset.train
    rng = np.random.default_rng(seed)
    places = [
        (number, row)
        for number, one in enumerate(train.series)
        for row in range(min(lags, len(one) // 2), len(one) - train.horizon)
    ]
    places = [places[i] for i in rng.permutation(len(places))[:MOST]]
    values = values_after([train.series[n] for n, _ in places], np.array([[row] for _, row in places]), train.horizon)[:, 0]
    x, mean, deviation = _features(dataset, train.series, places, lags)
    y, held = (values - mean) / deviation, dataset.validation
    kept = ~np.isnan(y).any(axis=1)
    x_held, mean_held, deviation_held = _features(dataset, held.series, held.places(), lags)

    def error(model):
        return np.nanmean(np.abs(values_of(held) - (model.predict(x_held) * deviation_held + mean_held)))

    if not kept.any():
        return lambda split: naive(split, 1)
    models = (make_pipeline(StandardScaler(), Ridge(strength)) for strength in STRENGTHS)
    best = min((model.fit(x[kept], y[kept]) for model in models), key=error)

    def predict(split):
        x, mean, deviation = _features(dataset, split.series, split.places(), lags)
        return (best.predict(x) * deviation + mean).reshape(len(x), split.horizon)

    return predict


def _features(dataset, series, places, lags):
    """Features of each origin, `(origins, features)`; and mean and deviation of its window, `(origins, 1)`."""
    numbers, rows = map(np.array, zip(*places, strict=True))
    windows, others = np.full((len(rows), lags), np.nan), []
    for number, one in enumerate(series):
        mine = numbers == number
        at = rows[mine][:, None] - np.arange(lags)
        windows[mine] = np.where(at >= 0, one.target[np.maximum(at, 0)], np.nan)
    with np.errstate(all="ignore"):
        real = np.ma.masked_invalid(windows)
        mean, deviation = real.mean(axis=1, keepdims=True).filled(0), real.std(axis=1, keepdims=True).filled(0)
    deviation = np.where(deviation > 0, deviation, 1)
    for number, row in places:
        one = series[number]
        others.append(np.concatenate([one.past[row], one.known[row + 1] if row + 1 < len(one.known) else one.known[row]]))
    times = _times_after(series, numbers, rows)
    of_calendar = calendar(times, dataset.calendar) if dataset.calendar else np.zeros((len(rows), 0))
    others = np.nan_to_num(np.array(others).reshape(len(rows), -1))
    scaled = np.nan_to_num((windows - mean) / deviation)
    return np.concatenate([scaled, others, of_calendar], axis=1).astype(np.float32), mean, deviation


def _times_after(series, numbers, rows):
    """The time of the row after each origin."""
    step = series[0].step
    starts = np.array([one.start for one in series])[numbers]
    after = starts + step.count * (rows + 1)
    return after.astype(f"M8[{step.unit}]") if step.unit else after
