"""Steps of time: the distance of the rows of a series, such as 15 minutes or 1 month, and times as numbers of steps."""

import datetime
import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from seqzoo.errors import DataError

NAMES = {  # of units, as a user may write them
    **dict.fromkeys(("s", "sec", "second"), (1, "s")),
    **dict.fromkeys(("min", "minute", "t"), (1, "m")),
    **dict.fromkeys(("h", "hour"), (1, "h")),
    **dict.fromkeys(("d", "day"), (1, "D")),
    **dict.fromkeys(("w", "week"), (7, "D")),
    **dict.fromkeys(("mo", "month", "ms", "me"), (1, "M")),
    **dict.fromkeys(("q", "quarter", "qs", "qe"), (3, "M")),
    **dict.fromkeys(("y", "year", "ys", "ye"), (1, "Y")),
}
SECONDS = {"s": 1, "m": 60, "h": 3600, "D": 86400}
EXPECTED = "a number and a unit of s, min, h, d, w, month, quarter or year, such as 15min"
MILLISECONDS = 1e11  # from here on a number of an epoch counts milliseconds, not seconds


class Step(NamedTuple):
    """Step of time: `count` units of NumPy's, "s", "m" (minutes), "h", "D", "M" or "Y"; "" for rows without a time."""

    count: int
    unit: str

    @classmethod
    def parse(cls, text: str) -> "Step":
        """Returns the step of a name such as 15min, h or 2 weeks."""
        match = re.fullmatch(r"\s*(\d{0,6})\s*([a-z]+?)\s*", text.lower())
        name = match and (match[2] if match[2] in NAMES else match[2].removesuffix("s"))
        if not match or name not in NAMES or match[1] and int(match[1]) < 1:
            raise DataError(f"--frequency: expected {EXPECTED}, got {text}")
        count, unit = NAMES[name]
        return cls(count * int(match[1] or 1), unit)

    def __str__(self) -> str:
        names = {"s": "second", "m": "minute", "h": "hour", "D": "day", "M": "month", "Y": "year", "": "row"}
        return f"{self.count} {names[self.unit]}{'s' * (self.count > 1)}"

    def number(self, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns the number of each time, in steps since 1970, int64, and whether the time is the begin of a step.

        Months and years have no begin: all times of a month have its number.
        """
        units = times.astype(f"M8[{self.unit}]")
        whole = units.astype("int64")
        exact = (units == times) | (self.unit in "MY")
        return whole // self.count, exact & (whole % self.count == whole[:1] % self.count)

    def in_units_of(self, times: np.ndarray) -> "Step":
        """Returns the step in units that divide the first time: for 9:30, 10:30, ... 60 minutes in place of an hour."""
        for unit in ("D", "h", "m", "s"):
            fits = unit == self.unit or (self.unit in SECONDS and SECONDS[unit] < SECONDS[self.unit])
            if fits and times[0] == times[0].astype(f"M8[{unit}]"):
                return Step(self.seconds() // SECONDS[unit], unit)
        return self

    def equals(self, other: "Step") -> bool:
        """Returns whether two steps are of one length."""
        return self == other or (self.seconds() is not None and self.seconds() == other.seconds())

    def seconds(self) -> int | None:
        """Returns the length of the step, None for months and years."""
        return self.count * SECONDS[self.unit] if self.unit in SECONDS else None

    def seasons(self) -> tuple[int, ...]:
        """Returns the usual seasons, in steps, shortest first: a day and a week, a week, or a year."""
        if self.unit == "M":
            return (12 // self.count,) if 12 % self.count == 0 and self.count < 12 else ()
        if self.unit in ("Y", ""):
            return ()
        periods = (86400, 7 * 86400)
        return tuple(period // self.seconds() for period in periods if period % self.seconds() == 0 and period > self.seconds())


def parse_times(cells: Sequence, wheres: Sequence[str]) -> np.ndarray:
    """Returns cells as times, `M8[s]`: ISO 8601 (with an offset: in UTC), or seconds or milliseconds since 1970.

    Raises:
        DataError: a cell is none of these; the message names its place, of `wheres`.
    """
    times = np.empty(len(cells), "M8[s]")
    for i, cell in enumerate(cells):
        try:
            times[i] = parse_time(cell)
        except (ValueError, OverflowError):
            raise DataError(f"{wheres[i]}: expected a time such as 2024-05-31 13:00, found {str(cell)[:40]!r}") from None
    return times


def parse_time(cell) -> np.datetime64:
    """Returns a cell as a time in seconds; raises a ValueError for what is none."""
    if isinstance(cell, datetime.datetime):
        return _in_utc(cell)
    if isinstance(cell, datetime.date):
        return np.datetime64(cell, "s")
    text = str(cell).strip()
    if re.fullmatch(r"\d{9,13}(\.\d*)?", text):
        number = float(text)
        return np.datetime64(int(number / 1000 if number >= MILLISECONDS else number), "s")
    if re.fullmatch(r"\d{4}(-\d{2})?", text):
        return np.datetime64(text, "s")
    return _in_utc(datetime.datetime.fromisoformat(text))


def has_offset(cell) -> bool:
    """Returns whether a cell is a time with an offset of a time zone, such as 2024-05-31T13:00+02:00."""
    return getattr(cell, "tzinfo", None) is not None or bool(re.search(r":\d\d(\.\d+)?\s*[+-]\d\d:?\d\d$", str(cell).strip()))


def _in_utc(time: datetime.datetime) -> np.datetime64:
    if time.tzinfo is not None:
        time = time.astimezone(datetime.UTC).replace(tzinfo=None)
    return np.datetime64(time, "s")


def infer(times: np.ndarray) -> Step:
    """Returns the commonest distance of sorted different times, two at least."""
    days = times.astype("M8[D]")
    months = np.unique(days.astype("M8[M]").astype(int))
    monthly = len(months) == len(times) and np.diff(days).min().astype(int) >= 28
    if monthly and np.all((times - days).astype(int) == 0):
        count = Counter(np.diff(months)).most_common(1)[0][0]
        return Step(int(count) // 12, "Y") if count % 12 == 0 else Step(int(count), "M")
    distance = int(Counter(np.diff(times).astype(int)).most_common(1)[0][0])
    unit = next(unit for unit in ("D", "h", "m", "s") if distance % SECONDS[unit] == 0)
    return Step(distance // SECONDS[unit], unit)


def format_times(times: np.ndarray) -> list[str]:
    """Returns times as texts: 2024-05-31 13:00:00, or as short as their unit; numbers of rows as they are."""
    return [str(time).replace("T", " ") for time in (times if times.dtype.kind != "M" else _in_seconds(times))]


def _in_seconds(times: np.ndarray) -> np.ndarray:
    return times.astype("M8[s]") if np.datetime_data(times.dtype)[0] in ("h", "m") else times
