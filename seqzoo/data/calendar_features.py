"""Calendar features of times: what hour, what day of the week, what time of the year it is."""

import numpy as np

from seqzoo.data.time_steps import Step

YEAR = 365.2425  # days
HARMONICS = 2  # of the year
SIZES = {"hour": 24, "weekday": 7, "month": 12, "year": 2 * HARMONICS}


def features_of(step: Step, rows: int) -> tuple[str, ...]:
    """Returns the names of the features that change from row to row, of `rows` rows; the year only where there are two."""
    if step.unit in ("", "Y"):
        return ()
    if step.unit == "M":
        return ("month",)
    seconds, days = step.seconds(), step.seconds() * rows / 86400
    names = (("hour", seconds < 86400), ("weekday", seconds < 7 * 86400), ("year", days >= 2 * YEAR))
    return tuple(name for name, holds in names if holds)


def calendar(times: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
    """Returns the features of times, float32 `(T, features)`: one-hot hours, days of the week and months; waves of the year."""
    parts = [_feature(times, name) for name in names]
    return np.concatenate([np.zeros((len(times), 0)), *parts], axis=1).astype(np.float32)


def _feature(times: np.ndarray, name: str) -> np.ndarray:
    days = times.astype("M8[D]")
    if name == "year":
        of_year = (times.astype("M8[s]") - times.astype("M8[Y]").astype("M8[s]")).astype(float) / (86400 * YEAR)
        angles = 2 * np.pi * np.outer(of_year, np.arange(1, HARMONICS + 1))
        return np.concatenate([np.sin(angles), np.cos(angles)], axis=1)
    numbers = {
        "hour": lambda: (times.astype("M8[h]") - days).astype(int),
        "weekday": lambda: (days.astype(int) + 3) % 7,  # 1970 began on a Thursday
        "month": lambda: times.astype("M8[M]").astype(int) % 12,
    }[name]()
    return np.eye(SIZES[name])[numbers]
