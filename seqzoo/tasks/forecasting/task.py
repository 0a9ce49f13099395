"""Forecasting: metrics of a backtest beside baselines, forecasts as CSV, and plots of forecasts, errors and lags."""

import numpy as np

from seqzoo import recipe
from seqzoo.data import time_steps
from seqzoo.datasets import hourly_records
from seqzoo.inspection import forecast_plot, line_plots
from seqzoo.tasks.forecasting import baselines, commands
from seqzoo.tasks.forecasting.influence import influence_of_lags
from seqzoo.tasks.forecasting.metrics import forecast_metrics, seasonal_error

PANELS = 4  # forecasts of a picture
HISTORY = 3  # horizons of history before each


class ForecastingTask(recipe.Task):
    """Forecasts of time series by a `Forecaster`.

    Args:
        config: the recipe's.
    """

    imports = "import numpy as np\n\nfrom seqzoo.data.time_series import Series"
    row_name = "rows"

    def __init__(self, config):
        self.config = config
        covariates = config.past or config.known or config.static or config.data in hourly_records.WITH_COVARIATES
        arrays = ", past=np.zeros((500, len(model.past))), known=np.zeros((500 + model.horizon, len(model.known)))"
        series = f'Series.of(np.arange(500) % 24, "2024-01-01", "1h"{arrays if covariates else ""})'
        self.usage = f"series = {series}\nprint(model.forecasts([series])[0].quantiles[:3])  # the next steps, a row each"

    def metrics(self, model, split):
        quantiles = self._quantiles(model, split, model.levels)
        return forecast_metrics(baselines.values_of(split), quantiles, model.levels, scales_of(split))

    def rows(self, inputs):
        """The values that are there, each with its time."""
        return [
            (one.start + one.step.count * int(row), float(one.target[row]))
            for one in inputs
            for row in np.flatnonzero(~np.isnan(one.target))
        ]

    def baselines(self, dataset):
        values, scales, levels = baselines.values_of(dataset.test), scales_of(dataset.test), self.config.quantiles
        of_errors = scales_of(dataset.validation), scales
        found = baselines.forecasts(dataset, levels, self.config.lags or dataset.lags, self.config.seed, of_errors)
        return {name: forecast_metrics(values, of_one, levels, scales) for name, of_one in found.items()}

    def examples(self, model, split, seed, count=5):
        """The last step of some forecasts: its median and interval, and the value."""
        places = split.places()
        chosen = [places[i] for i in sorted(np.random.default_rng(seed).permutation(len(places))[:count])]
        levels = (model.levels[0], 0.5, model.levels[-1])
        quantiles = model.quantiles_at(split.series, chosen, levels, split.horizon, seed=seed)
        for (number, row), (low, median, high) in zip(chosen, quantiles[:, -1], strict=True):
            one, last = split.series[number], row + split.horizon
            time = time_steps.format_times(one.times(last, last + 1))[0]
            name = f"{one.name} at {time}, {split.horizon} steps ahead"
            yield name, f"{median:.4g}, {low:.4g} to {high:.4g}", f"{one.target[last]:.4g}"

    def plots(self, model, split, folder, title):
        values = baselines.values_of(split)
        quantiles = self._quantiles(model, split, (model.levels[0], 0.5, model.levels[-1]))
        panels = forecast_plot.choose(split.places(), PANELS, self.config.seed)
        drawn = [_panel(split, split.places()[i], quantiles[i]) for i in panels]
        forecast_plot.draw(drawn, folder / "forecasts.png", f"{title}: forecasts, {_interval(model.levels)}")
        points = {title: quantiles[..., 1], "naive": baselines.naive(split, 1)}
        points |= {f"seasonal naive, {s}": baselines.naive(split, s) for s in split.series[0].step.seasons()}
        steps = np.arange(1, split.horizon + 1)
        errors = {name: (steps, np.nanmean(np.abs(values - point), axis=0)) for name, point in points.items()}
        options = {"baselines": set(points) - {title}, "title": "test split: mean absolute error by step of the horizon"}
        line_plots.lines(errors, folder / "error_by_step.png", "steps ahead", "mean absolute error", **options)
        influence = influence_of_lags(model, split, self.config.seed)
        lags = np.arange(len(influence))
        options = {"title": "which rows of the history move the median, mean over the horizon"}
        line_plots.lines({title: (lags, influence)}, folder / "lags.png", "steps before the origin", "mean |dŷ/dy|", **options)

    def predict(self, model, lines, **flags):
        return commands.predict(model, self.config, lines, **flags)

    def _quantiles(self, model, split, levels):
        return model.quantiles_at(split.series, split.places(), levels, split.horizon, seed=self.config.seed)


def scales_of(split):
    """The `seasonal_error` of the series of each origin, on the rows before the split; on all, where these are too few."""
    season = next(iter(split.series[0].step.seasons()), 1)
    of_series = []
    for one, begin in zip(split.series, split.begins, strict=True):
        rows = one.target[:begin] if begin >= 2 * season else one.target
        of_series.append(seasonal_error(rows, min(season, max(1, len(rows) // 2))))
    return np.array([of_series[number] for number, _ in split.places()])


def _interval(levels):
    return f"median and interval of {100 * (levels[-1] - levels[0]):.0f} %"


def _panel(split, place, quantiles):
    """What `forecast_plot` draws of one forecast."""
    number, row = place
    one, begin = split.series[number], max(0, row + 1 - HISTORY * split.horizon)
    end = row + 1 + split.horizon
    times, origin = one.times(begin, end), row + 1 - begin
    return forecast_plot.Panel(
        f"{one.name}, from {time_steps.format_times(times[origin:])[0]}", times, one.target[begin:end], origin, quantiles
    )
