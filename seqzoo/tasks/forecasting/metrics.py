"""Metrics of forecasts: point errors of the median, and what quantiles are worth.

Sources: MASE of R.J. Hyndman and A.B. Koehler, Another look at measures of forecast accuracy (2006); ND and the weighted
quantile loss as GluonTS and the M5 competition have them.
"""

import numpy as np


def seasonal_error(target: np.ndarray, season: int) -> float:
    """Returns the mean absolute error of the seasonal naive forecast on a training series, by which MASE divides; 1 if 0."""
    error = np.abs(target[season:] - target[:-season])
    mean = float(np.nanmean(error)) if (~np.isnan(error)).any() else 0.0
    return mean or 1.0


def forecast_metrics(values: np.ndarray, quantiles: np.ndarray, levels, scales: np.ndarray) -> dict[str, float]:
    """Returns the metrics of forecasts; values that are missing do not count.

    Args:
        values: `(origins, horizon)`, NaN where missing.
        quantiles: `(origins, horizon, levels)`.
        levels: the levels, 0.5 among them.
        scales: `(origins,)`: the `seasonal_error` of each one's series.

    Returns:
        mase; smape, of 0 to 2; nd: Σ|error| / Σ|value|; wql: the mean over the levels of twice the pinball loss / Σ|value|; and
        the share of values between the lowest and the highest quantile, such as coverage_80.
    """
    real, median = ~np.isnan(values), quantiles[..., list(levels).index(0.5)]
    error, total = np.abs(values - median)[real], np.abs(values[real]).sum() or 1.0
    scaled = np.broadcast_to(scales[:, None], values.shape)[real]
    size = (np.abs(values) + np.abs(median))[real]
    difference = values[..., None] - quantiles
    pinball = np.maximum(np.multiply(levels, difference), np.subtract(levels, 1) * difference)[real]
    inside = (values >= quantiles[..., 0]) & (values <= quantiles[..., -1])
    return {
        "mase": float((error / scaled).mean()),
        "smape": float(np.divide(2 * error, size, out=np.zeros_like(error), where=size > 0).mean()),
        "nd": float(error.sum() / total),
        "wql": float((2 * pinball.sum(axis=0) / total).mean()),
        f"coverage_{100 * (levels[-1] - levels[0]):.0f}": float(inside[real].mean()),
    }
