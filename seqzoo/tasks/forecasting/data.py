"""Data of forecasting: series of a file, or hourly records; each is cut by time into training, validation and test rows."""

import dataclasses
import os
from pathlib import Path

import numpy as np

from seqzoo.data import calendar_features, series_files
from seqzoo.data.series_files import Grid, Roles
from seqzoo.data.time_series import Series
from seqzoo.datasets import hourly_records, labeled
from seqzoo.errors import DataError, note_of_data

HOURLY = tuple(hourly_records.MEMBERS)
SHARE = 0.1  # of a series' rows, for validation and for test each
MOST_LAGS = 400  # of a season that sets the lags


@dataclasses.dataclass(frozen=True)
class Split:
    """Rows of several series: `series` end where the split ends, `begins` are the first rows of the split.

    Forecasts of a split begin at its first row and at every `horizon`-th after it: their steps do not overlap.
    """

    series: list[Series]
    begins: list[int]
    horizon: int

    @property
    def inputs(self):
        """The rows of the split, of each series: what a record of the data is made of."""
        return [one.last(len(one) - begin) for one, begin in zip(self.series, self.begins, strict=True)]

    @property
    def targets(self):
        """The first rows."""
        return self.begins

    def places(self) -> list[tuple[int, int]]:
        """Returns the origins, `(number of the series, row)`: the last row before each forecast."""
        return [
            (number, row)
            for number, (one, begin) in enumerate(zip(self.series, self.begins, strict=True))
            for row in range(begin - 1, len(one) - self.horizon, self.horizon)
        ]

    def __len__(self) -> int:
        return len(self.places())


@dataclasses.dataclass(frozen=True)
class Dataset:
    """Series in three splits, one after the other in time; with names of covariates and calendar features."""

    train: Split
    validation: Split
    test: Split
    past: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    calendar: tuple[str, ...] = ()
    roles: Roles | None = None
    labels: tuple[str, ...] = ()

    @property
    def seasons(self):
        """Lengths of the usual seasons of the step, shortest first."""
        return self.train.series[0].step.seasons()

    @property
    def step(self):
        """The name of the step; "" of rows without times."""
        step = self.train.series[0].step
        return str(step) if step.unit else ""

    @property
    def lags(self):
        """The lags by default: the longest season that is not too long, else two horizons."""
        return max((season for season in self.seasons if season <= MOST_LAGS), default=2 * self.train.horizon)


def load(config) -> Dataset:
    """Returns the series of a config of `recipes.forecast`: the last tenth of each is the test split, the tenth before it the
    validation split, and at least `horizon` rows each.

    Raises:
        DataError: the source is unknown, unreadable or not as expected.
    """
    series, past, known, roles = read(config)
    return cut(series, config, past, known, roles)


def read(config):
    """The series of a config, the names of past and known covariates, and the roles of columns of a file."""
    if config.data in hourly_records.MEMBERS and not os.path.exists(config.data):
        folder = Path(os.path.expanduser(config.data_dir or "~/tensorflow_datasets"), "downloads")
        records = hourly_records.read(config.data, folder)
        return [records.series], records.past, records.known, None
    if not labeled.looks_like_path(config.data):
        names = ", ".join(hourly_records.MEMBERS)
        raise DataError(f"--data: expected a CSV or Parquet file, or one of {names}, got {config.data}")
    table = series_files.read_table(config.data)
    roles = series_files.complete(table, roles_of(config))
    covariates = ", ".join((*roles.past, *roles.known, *roles.static))
    targets = f"numbers {', '.join(roles.target)}" + (f", covariates {covariates}" if covariates else "")
    note_of_data(f"{table.path}: {table.format}: time {roles.time or 'of no column'}, {targets}")
    return series_files.read(table, roles, grid_of(config)), roles.past, (*roles.known, *roles.static), roles


def roles_of(config) -> Roles:
    """The roles of columns that the flags of a config give."""
    return Roles(config.time_column, config.target, config.series_column, config.past, config.known, config.static)


def grid_of(config) -> Grid:
    """How rows become steps, by the flags of a config."""
    return Grid(config.frequency, config.duplicates, config.gaps)


def cut(series, config, past, known, roles) -> Dataset:
    """Returns the series in three splits. Those that are too short are left out, with a note."""
    horizon = config.horizon
    least = 4 * horizon + 1
    long = [one for one in series if len(one) >= least]
    if not long:
        longest = max(series, key=len)
        raise DataError(
            f"{config.data}: {longest.name} has {len(longest):,} rows, expected {least:,} or more for a --horizon of {horizon}"
        )
    if len(long) < len(series):
        note_of_data(
            f"{config.data}: {len(series) - len(long):,} of {len(series):,} series have fewer than {least:,} rows: left out"
        )
    _check_steps(long, config.data)
    if config.output == "negative-binomial" and min(np.nanmin(one.target, initial=0) for one in long) < 0:
        raise DataError(f"{config.data}: numbers below 0, expected counts for --output negative-binomial")
    held = [max(horizon, round(SHARE * len(one))) for one in long]
    borders = [(len(one) - 2 * rows, len(one) - rows, len(one)) for one, rows in zip(long, held, strict=True)]
    first, second, last = ([border[i] for border in borders] for i in range(3))
    begins = [[0] * len(long), first, second]
    splits = [
        Split([one.until(end) for one, end in zip(long, ends, strict=True)], begin, horizon)
        for begin, ends in zip(begins, (first, second, last), strict=True)
    ]
    for name, split in (("validation", splits[1]), ("test", splits[2])):
        if all(np.isnan(one.target).all() for one in split.inputs):
            raise DataError(f"{config.data}: the {name} rows, {held[0]:,} of each series, have no value, expected one or more")
    for one in splits[0].series:
        different = len(np.unique(one.target[~np.isnan(one.target)]))
        if different < 2:
            note_of_data(f"{config.data}: {one.name}: the training rows have {'one value' if different else 'no value'}")
    calendar = calendar_features.features_of(long[0].step, max(first)) if config.calendar else ()
    return Dataset(*splits, past, known, calendar, roles)


def _check_steps(series, source):
    other = next((one for one in series if not one.step.equals(series[0].step)), None)
    if other:
        raise DataError(
            f"{source}: {series[0].name} has a step of {series[0].step}, {other.name} of {other.step}; see --frequency"
        )


def load_test(config, trained, dataset) -> Split:
    """Returns the test split of other data: forecasts from the second horizon of each series on, to its end."""
    series, past, known, _ = read(dataclasses.replace(config, horizon=trained.horizon))
    if (past, known) != (dataset.past, dataset.known):
        expected = ", ".join((*dataset.past, *dataset.known)) or "none"
        raise DataError(f"{config.data}: expected the covariates of the training, {expected}")
    long = [one for one in series if len(one) >= 2 * trained.horizon and not np.isnan(one.target).all()]
    for one in long:
        if not one.step.equals(dataset.train.series[0].step):
            raise DataError(f"{config.data}: a step of {one.step}, expected {dataset.train.series[0].step} as in the training")
    if not long:
        raise DataError(f"{config.data}: expected {2 * trained.horizon:,} rows or more")
    return Split(long, [trained.horizon] * len(long), trained.horizon)
