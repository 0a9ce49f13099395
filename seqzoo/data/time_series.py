"""Time series: numbers at equal steps of time, with covariates; missing numbers are NaN."""

import dataclasses

import numpy as np

from seqzoo.data.time_steps import Step, parse_time


@dataclasses.dataclass(frozen=True, eq=False)
class Series:
    """One series.

    Args:
        name: the series' name.
        group: what the rows of this series, and of no other, have in the column of names; "" if there is none.
        step: the distance of its rows.
        start: the time of the first row, as a number: see `times`.
        target: the numbers to forecast, float64 `(T,)`.
        past: covariates that are known up to the last row, float64 `(T, P)`.
        known: covariates that are known beyond it, float64 `(T + further, K)`.
    """

    name: str
    step: Step
    start: int
    target: np.ndarray
    past: np.ndarray
    known: np.ndarray
    group: str = ""

    @classmethod
    def of(cls, values, start="2000-01-01", step="1h", name="series", past=None, known=None) -> "Series":
        """Returns a series of numbers, NaN where missing, from a time on, such as "2024-05-31 13:00"."""
        values, step = np.asarray(values, np.float64), Step.parse(step)
        number = int(parse_time(start).astype(f"M8[{step.unit}]").astype("int64"))
        past, known = (np.zeros((len(values), 0)) if array is None else np.asarray(array, float) for array in (past, known))
        return cls(name, step, number, values, past, known)

    def __len__(self) -> int:
        return len(self.target)

    def times(self, begin: int = 0, end: int | None = None) -> np.ndarray:
        """Returns the times of rows `begin` to `end`, which may lie beyond the last row: `M8`, or numbers of rows."""
        numbers = self.start + self.step.count * np.arange(begin, len(self) if end is None else end)
        return numbers.astype(f"M8[{self.step.unit}]") if self.step.unit else numbers

    def until(self, end: int) -> "Series":
        """Returns the first rows, `end` of them; covariates that are known beyond stay."""
        return dataclasses.replace(self, target=self.target[:end], past=self.past[:end])

    def last(self, count: int) -> "Series":
        """Returns the last rows, `count` of them at most."""
        begin = max(0, len(self) - count)
        start = self.start + self.step.count * begin
        arrays = {name: getattr(self, name)[begin:] for name in ("target", "past", "known")}
        return dataclasses.replace(self, start=start, **arrays)


def longest_gap(target: np.ndarray) -> int:
    """Returns the length of the longest run of missing numbers."""
    edges = np.flatnonzero(np.diff(np.r_[False, np.isnan(target), False]))
    return int((edges[1::2] - edges[::2]).max(initial=0))
