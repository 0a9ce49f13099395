"""Time series of a file: CSV, TSV, JSON or Parquet, with a row for each time, or for each time and series."""

import dataclasses
from collections import defaultdict
from pathlib import Path

import numpy as np

from seqzoo.data import cells, tables, time_steps
from seqzoo.data.tables import Table
from seqzoo.data.time_series import Series, longest_gap
from seqzoo.data.time_steps import Step
from seqzoo.errors import DataError, boundary, note_of_data

TIME_NAMES = ("time", "timestamp", "date", "datetime", "date_time", "ds", "ts", "year")
PARQUET = (".parquet", ".pq")
MOST_ROWS = 50_000_000  # of a regular grid: more, and one wrong year would fill the memory


@dataclasses.dataclass(frozen=True)
class Roles:
    """Roles of columns, by their names: guessed where they are not given.

    Args:
        time: the times; None if rows have none.
        target: the numbers to forecast; each column is a series.
        series: names of series, where each row is of one of several.
        past, known, static: covariates: known up to the last row; known beyond; constant.
    """

    time: str | None = None
    target: tuple[str, ...] = ()
    series: str | None = None
    past: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    static: tuple[str, ...] = ()

    def given(self) -> dict[str, str]:
        """Returns the flag of each column that has a role."""
        roles = {"--target": self.target, "--past": self.past, "--known": self.known, "--static": self.static}
        single = {"--time-column": self.time, "--series-column": self.series}
        roles |= {flag: (name,) for flag, name in single.items() if name is not None}
        return {name: flag for flag, names in roles.items() for name in names}


@dataclasses.dataclass(frozen=True)
class Grid:
    """How rows become steps.

    Args:
        frequency: the step, such as "15min"; the commonest distance of two times if None.
        duplicates: of two rows of one time: "refuse" them, or take the "first", the "last" or the "mean".
        gaps: of times without a row: they are "missing", or "refuse" them.
    """

    frequency: str | None = None
    duplicates: str = "refuse"
    gaps: str = "missing"


def read_table(path: str | Path) -> Table:
    """Returns the table of a file; of Parquet by the suffix, with row numbers for lines."""
    path = Path(path).expanduser()
    if path.suffix.lower() not in PARQUET:
        return tables.read(path, header=True)
    from pyarrow import parquet  # a dependency of TensorFlow Datasets

    with boundary(str(path)):
        columns = parquet.read_table(path).to_pydict()
    rows = list(enumerate(map(list, zip(*columns.values(), strict=True)), start=1))
    if not rows:
        raise DataError(f"{path}: no rows")
    return Table(path, list(columns), rows, True, "Parquet")


def complete(table: Table, roles: Roles) -> Roles:
    """Returns the roles with guesses: a column of times; columns of numbers without another role as targets.

    Raises:
        DataError: a column is not there, has two roles, or there is no column of numbers.
    """
    for name, flag in roles.given().items():
        if name not in table.names:
            raise DataError(f"{table.path}: no column {name!r} ({flag}), the columns are {', '.join(table.names)}")
    columns = [*roles.target, *roles.past, *roles.known, *roles.static, *filter(None, (roles.time, roles.series))]
    twice = next((name for name in columns if columns.count(name) > 1), None)
    if twice:
        raise DataError(f"{table.path}: column {twice!r} has two roles, expected one")
    free = [name for name in table.names if name not in columns]
    time = roles.time if roles.time is not None else _guess_time(table, free)
    free = [name for name in free if name != time]
    target = roles.target or tuple(name for name in free if is_numeric(table, name))
    if not target:
        raise DataError(f"{table.path}: no column of numbers to forecast among {', '.join(table.names)}; see --target")
    return dataclasses.replace(roles, time=time, target=target)


def _guess_time(table, names):
    """The column with a usual name, else the first whose cells are times."""
    named = [name for name in names if name.lower() in TIME_NAMES]
    return next((name for name in [*named, *names] if name in named or _is_time(table, name)), None)


def _is_time(table, name):
    some = table.column(table.names.index(name))[:20]
    try:
        time_steps.parse_times(some, [""] * len(some))
    except DataError:
        return False
    return not all(cells.is_number(cell) for cell in some)  # of seconds since 1970: a name is needed


def is_numeric(table: Table, name: str) -> bool:
    """Returns whether most cells of a column that are not missing are numbers."""
    column = [cell for cell in table.column(table.names.index(name)) if not cells.is_missing(cell)]
    return bool(column) and cells.mostly_numbers(column)


def numbers_of(table: Table, name: str) -> np.ndarray:
    """Returns a column as numbers, NaN where they are missing; raises a `DataError` with the line of what is no number."""
    column = table.column(table.names.index(name))
    cells.check_decimal_marks([cell for cell in column if not cells.is_missing(cell)], f"{table.path}, column {name}")
    places = (f"{table.path}:{line}: column {name}" for line, _ in table.rows)
    return np.array([cells.number(cell, place) for cell, place in zip(column, places, strict=True)])


def read(table: Table, roles: Roles, grid: Grid) -> list[Series]:
    """Returns the series of a table; roles are complete. Notes say what was missing, and what was sorted or merged.

    Raises:
        DataError: a cell is no number or no time, with its line and column; or times are not as `grid` wants them.
    """
    wheres = [f"{table.path}:{line}" for line, _ in table.rows]
    groups = _groups(table, roles.series)
    single = [name for name, rows in groups.items() if len(rows) < 2]
    if roles.series is not None and len(single) < len(groups) and single:
        note_of_data(f"{table.path}: {len(single):,} of {len(groups):,} series have one row ({single[0]}): left out")
        groups = {name: rows for name, rows in groups.items() if name not in single}
    numbers = {name: numbers_of(table, name) for name in (*roles.target, *roles.past, *roles.known, *roles.static)}
    times = None
    if roles.time is not None:
        column = table.column(table.names.index(roles.time))
        times = time_steps.parse_times(column, wheres)
        if time_steps.has_offset(column[0]):
            note_of_data(f"{table.path}: column {roles.time}: times are read, and written, in UTC")
    return [
        one
        for name, rows in groups.items()
        for one in _series_of_rows(f"{table.path}{name and f', {name}'}", name, rows, times, numbers, roles, grid, wheres)
    ]


def _groups(table, column):
    """The numbers of the rows of each series, `{name: rows}`."""
    if column is None:
        return {"": np.arange(len(table.rows))}
    groups = defaultdict(list)
    for row, cell in enumerate(table.column(table.names.index(column))):
        groups[str(cell)].append(row)
    return {name: np.array(rows) for name, rows in groups.items()}


def _series_of_rows(source, name, rows, times, numbers, roles, grid, wheres):
    """The series of some rows: one for each target."""
    if times is None:
        step, start, places, kept = Step(1, ""), 0, np.arange(len(rows)), rows
    else:
        step, start, places, kept = _places(source, rows, times, grid, wheres)
    count = int(places.max()) + 1
    _check_gaps(source, count, len(np.unique(places)), step, grid)

    def column(name):
        return _on_grid(numbers[name][kept], places, count, grid.duplicates)

    def columns(names):
        return np.stack([column(name) for name in names], axis=1) if names else np.zeros((count, 0))

    past, known = columns(roles.past), columns(roles.known)
    static = np.array([_constant(source, name, numbers[name][rows]) for name in roles.static])
    known = np.concatenate([known, np.broadcast_to(static, (count, len(static)))], axis=1)
    for target in roles.target:
        full = " ".join(filter(None, (name, target if len(roles.target) > 1 or not name else "")))
        values = column(target)
        if np.isnan(values).any():
            missing, gap = int(np.isnan(values).sum()), longest_gap(values)
            note_of_data(f"{source}: {target}: {missing:,} of {count:,} steps are missing, {gap:,} of them in a row: masked")
        yield Series(full, step, start, values, past, known, name)


def _places(source, rows, times, grid, wheres):
    """The step, the time of the first row as a number, and the place of each row, of rows in the order of time."""
    of_rows = times[rows]
    order = np.argsort(of_rows, kind="stable")
    if (np.diff(of_rows) < np.timedelta64(0, "s")).any():
        first = int(np.flatnonzero(np.diff(of_rows) < np.timedelta64(0, "s"))[0]) + 1
        note_of_data(f"{wheres[rows[first]]}: a time before that of the row above: rows are sorted")
    kept, of_rows = rows[order], of_rows[order]
    different = np.unique(of_rows)
    if len(different) < 2 and not grid.frequency:
        raise DataError(f"{source}: {len(different)} time, expected two or more")
    step = (Step.parse(grid.frequency) if grid.frequency else time_steps.infer(different)).in_units_of(of_rows)
    numbers, exact = step.number(of_rows)
    if not exact.all():
        i = int(np.argmin(exact))
        raise DataError(
            f"{wheres[kept[i]]}: {time_steps.format_times(of_rows[i : i + 1])[0]} is no multiple of {step} after the first "
            "time; --frequency sets the step"
        )
    places = numbers - numbers[0]
    if places[-1] >= MOST_ROWS:
        raise DataError(f"{wheres[kept[-1]]}: {places[-1]:,} steps of {step} after the first time, expected fewer")
    again = np.flatnonzero(np.diff(places) == 0)
    if len(again) and grid.duplicates == "refuse":
        i, time = int(again[0]), time_steps.format_times(of_rows[again[0] : again[0] + 1])[0]
        raise DataError(
            f"{wheres[kept[i + 1]]}: {time} again, as in line {wheres[kept[i]].rpartition(':')[2]}, one of {len(again):,} such "
            "rows; --duplicates says which to take, --series-column whose they are"
        )
    if len(again):
        note_of_data(f"{source}: {len(again):,} rows repeat a time: {grid.duplicates} taken")
    start = of_rows[:1].astype(f"M8[{step.unit}]").astype("int64")[0]
    return step, int(start), places, kept


def _check_gaps(source, count, there, step, grid):
    if there == count:
        return
    if grid.gaps == "refuse":
        raise DataError(f"{source}: {count - there:,} of {count:,} times have no row, at a step of {step}; see --gaps")
    note_of_data(f"{source}: {count - there:,} of {count:,} times have no row, at a step of {step}")


def _on_grid(values, places, count, duplicates):
    """Values at their places, NaN elsewhere; of several at a place the last, the first or the mean."""
    grid = np.full(count, np.nan)
    if duplicates == "mean":
        real = ~np.isnan(values)
        total, number = (np.bincount(places[real], weights, count) for weights in (values[real], None))
        return np.divide(total, number, out=grid, where=number > 0)
    order = slice(None, None, -1) if duplicates == "first" else slice(None)
    grid[places[order]] = values[order]
    return grid


def _constant(source, name, values):
    """The number of a static column; NaN if there is none."""
    different = np.unique(values[~np.isnan(values)])
    if len(different) > 1:
        raise DataError(f"{source}: column {name} (--static) has {len(different)} values, expected one; see --known")
    return different[0] if len(different) else np.nan


def with_future(series: list[Series], table: Table, roles: Roles, grid: Grid) -> list[Series]:
    """Returns the series with the known covariates of a table of later times.

    Raises:
        DataError: a column is missing; a series' first later time does not follow its last.
    """
    wanted, grid = dataclasses.replace(roles, target=(), past=(), static=()), dataclasses.replace(grid, frequency=None)
    if series[0].step.unit:
        grid = dataclasses.replace(grid, frequency=str(series[0].step))
    for name in (*roles.known, *filter(None, (roles.time, roles.series))):
        if name not in table.names:
            raise DataError(f"{table.path}: no column {name!r}, the columns are {', '.join(table.names)}")
    if not roles.known:
        raise DataError(f"{table.path}: expected none: the model knows no covariates of the future, see --known")
    future = {one.group: one for one in read(table, dataclasses.replace(wanted, target=roles.known[:1]), grid)}
    return [_extended(one, future, table.path, roles) for one in series]


def _extended(series, future, path, roles):
    if series.group not in future:
        raise DataError(f"{path}: no rows of {series.group}")
    later = future[series.group]
    if not series.step.unit:  # rows without times follow
        later = dataclasses.replace(later, start=len(series))
    expected = series.start + series.step.count * len(series)
    skip = (expected - later.start) // max(1, series.step.count)
    if (expected - later.start) % series.step.count or skip < 0 or skip >= len(later):
        times = [time_steps.format_times(one)[0] for one in (series.times(len(series), len(series) + 1), later.times())]
        raise DataError(f"{path}: {series.name}: expected rows from {times[0]} on, found the first at {times[1]}")
    ahead = later.known[skip:]
    static = np.broadcast_to(series.known[-1:, len(roles.known) :], (len(ahead), len(roles.static)))
    known = np.concatenate([series.known[: len(series)], np.concatenate([ahead, static], axis=1)])
    return dataclasses.replace(series, known=known)
