"""Verbs of forecasting: predict, from a file of rows; watch, row by row."""

import csv
import dataclasses
import io
from pathlib import Path
from typing import Literal

import numpy as np

from seqzoo import presets, recipe
from seqzoo.data import cells, delimited, series_files, time_steps
from seqzoo.data.calendar_features import calendar
from seqzoo.data.row_stream import RowStream
from seqzoo.data.series_files import Roles
from seqzoo.data.tables import Table
from seqzoo.data.time_steps import Step
from seqzoo.errors import DataError, UsageError
from seqzoo.models.forecast_stream import ForecastStream
from seqzoo.recipe.config import check


@dataclasses.dataclass(frozen=True)
class PredictFlags(recipe.PredictFlags):
    """Prints a forecast as CSV: time, series, and a column for each quantile. Rows come from --file, or from standard input:
    CSV with a header, its columns those of the training."""

    file: str | None = None
    """CSV, TSV, JSON or Parquet file with the history."""
    future: str | None = None
    """File with the times after it and the known covariates, in the same columns."""
    steps: int | None = None
    """Steps to forecast; the horizon of the training if not given. More take a model of a distribution, without past
    covariates."""
    quantiles: tuple[float, ...] = ()
    """Quantiles to print; those of the training if not given."""
    samples: int = 200
    """Paths that are drawn where a forecast is made step by step."""
    time_column: str | None = None
    """Column of times; guessed if not given."""
    target: tuple[str, ...] = ()
    """Columns to forecast, each a series; all numbers without another role if not given."""
    series_column: str | None = None
    """Column with the names of series, where the file has a row for each time and series."""
    frequency: str | None = None
    """Step between two rows; as in the training if not given."""
    duplicates: Literal["refuse", "first", "last", "mean"] | None = None
    """What to take of rows with one time; as in the training if not given."""

    def __post_init__(self):
        check("steps", self.steps, lambda n: n is None or 1 <= n <= 100_000, "an integer from 1 to 100,000")
        check("samples", self.samples, lambda n: 1 <= n <= 100_000, "an integer from 1 to 100,000")
        check_quantiles(self.quantiles, self.quantiles)

    def lines(self, verb="predict"):
        """The table of the file, or of standard input."""
        if self.texts:
            raise UsageError(f"{verb}: expected --file or standard input, got {self.texts[0]!r}")
        if self.file:
            return series_files.read_table(self.file)
        return parse_table("standard input", "\n".join(super().lines(verb)))


def check_quantiles(quantiles, given):
    """Raises a `UsageError` unless quantiles are different numbers between 0 and 1, in order."""
    holds = all(0 < q < 1 for q in quantiles) and list(quantiles) == sorted(set(quantiles))
    check("quantiles", " ".join(map(str, given)), lambda _: holds, "numbers between 0 and 1, from the lowest to the highest")


def parse_table(source, text):
    """The table of a text in CSV with a header."""
    delimiter, rows = delimited.read(Path(source), text)
    names = [name.strip() for name in rows[0][1]]
    if len(rows) < 2 or any(cells.is_number(name) for name in names):
        raise DataError(f"{source}: expected a line with the names of the columns, and rows below it")
    return Table(Path(source), names, rows[1:], True, f'CSV ("{delimiter}")')


def roles_for(model, config, table, time_column=None, target=(), series_column=None):
    """The roles of a table's columns for a trained model: its covariates by their names, the others as in the training."""
    known = [name for name in model.known if name not in config.static]
    given = Roles(
        time_column or _if_there(config.time_column, table),
        target or tuple(filter(None, (_if_there(name, table) for name in config.target))),
        series_column or _if_there(config.series_column, table),
        model.past,
        tuple(known),
        tuple(name for name in config.static if name in model.known),
    )
    return series_files.complete(table, given)


def _if_there(name, table):
    return name if name in table.names else None


def predict(model, config, table, future, steps, quantiles, samples, time_column, target, series_column, frequency, duplicates):
    """Yields the lines of a CSV: the header, and a row for each series and step."""
    roles = roles_for(model, config, table, time_column, target, series_column)
    grid, steps = (
        series_files.Grid(frequency or config.frequency, duplicates or config.duplicates, config.gaps),
        steps or config.horizon,
    )
    series = [one.last(model.window) for one in series_files.read(table, roles, grid)]
    if future is not None:
        series = series_files.with_future(series, series_files.read_table(future), roles, grid)
    check_levels(model, quantiles)
    if steps > model.horizon:
        fits = model.kind_name != "quantiles" and not model.past
        check(
            "steps",
            steps,
            lambda _: fits,
            f"at most {model.horizon}, the horizon of a model of quantiles or with past covariates",
        )
    series = [_with_static_ahead(one, roles, steps) for one in series]
    found = model.forecasts(series, steps, quantiles or None, samples, config.seed)
    yield _csv_line(["time", "series", *(f"q{level:g}" for level in found[0].levels)])
    for forecast in found:
        for time, row in zip(time_steps.format_times(forecast.times), forecast.quantiles, strict=True):
            yield _csv_line([time, forecast.name, *(f"{value:.9g}" for value in row)])


def check_levels(model, quantiles):
    """Raises a `UsageError` for quantiles that the model does not know."""
    if quantiles and model.kind_name == "quantiles":
        low, high = model.levels[0], model.levels[-1]
        text = " ".join(map(str, quantiles))
        check(
            "quantiles",
            text,
            lambda _: low <= quantiles[0] and quantiles[-1] <= high,
            f"{low:g} to {high:g}, as in the training",
        )


def _with_static_ahead(series, roles, steps):
    """A series whose covariates are static alone goes on with them."""
    if roles.known or not roles.static:
        return series
    ahead = np.repeat(series.known[-1:], steps, axis=0)
    return dataclasses.replace(series, known=np.concatenate([series.known[: len(series)], ahead]))


def _csv_line(cells_of_line):
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(cells_of_line)
    return text.getvalue()


@dataclasses.dataclass(frozen=True)
class WatchFlags:
    """Reads rows of one series from standard input, CSV with a header, and prints the forecast of the next step after each:
    the row's time, its value, and a column for each quantile of the next value."""

    time_column: str | None = None
    """Column of times; guessed if not given."""
    target: str | None = None
    """Column of numbers; guessed if not given."""
    frequency: str | None = None
    """Step between two rows, such as 1h or 15min; that of the first two rows if not given."""
    out: str | None = None
    """Folder of the trained model; `runs/NAME` if not given, or else the shipped model."""


def watch(flags, folder, config=None, source=None):
    """Yields a line after each row. Memory does not grow. A time without a row counts as missing.

    Raises:
        DataError: a row has no time or number, or does not come a whole number of steps after the row before.
    """
    model = presets.load(folder)
    if model.known:
        raise DataError(f"{folder}: a model of known covariates; watch has no future rows to read them from")
    rows = RowStream(source)
    begin = rows.first(2)
    roles = series_files.complete(begin, Roles(flags.time_column, (flags.target,) if flags.target else (), past=model.past))
    if len(roles.target) > 1 or roles.time is None:
        raise DataError(f"{rows.source}: expected one column of times and one of numbers; see --time-column and --target")
    columns = [rows.names.index(name) for name in (roles.time, roles.target[0], *roles.past)]
    times = time_steps.parse_times(begin.column(columns[0]), [f"{rows.source}:{line}" for line, _ in begin.rows])
    step = Step.parse(flags.frequency) if flags.frequency else time_steps.infer(np.sort(times))
    if step.count < 1:
        raise DataError(f"{rows.source}:{begin.rows[1][0]}: the time of the row above again; expected a later one")
    yield _csv_line(["time", roles.target[0], *(f"q{level:g}" for level in model.levels)])
    yield from _watch_rows(model, step, columns, rows)


def _watch_rows(model, step, columns, rows):
    stream, last = ForecastStream(model), None
    for line, row in rows:
        time = time_steps.parse_times([row[columns[0]]], [f"{rows.source}:{line}"])
        number = int(time.astype(f"M8[{step.unit}]").astype("int64")[0])
        values = np.array([rows.number(line, row, column) for column in columns[1:]])
        missing = 0 if last is None else (number - last) // step.count - 1
        if last is not None and (missing < 0 or (number - last) % step.count):
            raise DataError(
                f"{rows.source}:{line}: {row[columns[0]]}: expected a time {step} after that of the row above, or a multiple; "
                "--frequency sets the step"
            )
        for gap in range(min(missing, model.window)):
            _push(stream, number - step.count * (missing - gap), step, np.full(len(values), np.nan))
        quantiles = _push(stream, number, step, values)
        last = number
        yield _csv_line([time_steps.format_times(time)[0], f"{values[0]:.9g}", *(f"{value:.9g}" for value in quantiles)])


def _push(stream, number, step, values):
    """The quantiles of the next value, after a row."""
    model = stream.model
    numbers = number + step.count * np.arange(model.horizon + 1)
    known = calendar(numbers.astype(f"M8[{step.unit}]"), model.calendar)
    outputs = stream.push(values[:1], values[None, 1:], known[:1], known[None, 1:])
    quantiles = model.quantiles_of(outputs, model.levels)[0, 0, 0]
    return quantiles if model.minimum is None else np.maximum(quantiles, model.minimum)
