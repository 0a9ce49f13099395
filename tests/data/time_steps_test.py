"""Steps of time: names, times of many forms, and the step of irregular times."""

import datetime

import numpy as np
import pytest

from seqzoo.data import time_steps
from seqzoo.data.time_steps import Step
from seqzoo.errors import DataError


@pytest.mark.parametrize(
    ("name", "step", "text", "seasons"),
    [
        ("15min", Step(15, "m"), "15 minutes", (96, 672)),
        ("1h", Step(1, "h"), "1 hour", (24, 168)),
        ("D", Step(1, "D"), "1 day", (7,)),
        ("2 weeks", Step(14, "D"), "14 days", ()),
        ("month", Step(1, "M"), "1 month", (12,)),
        ("q", Step(3, "M"), "3 months", (4,)),
        ("1 year", Step(1, "Y"), "1 year", ()),
        ("30s", Step(30, "s"), "30 seconds", (2880, 20160)),
    ],
)
def test_names_of_steps(name, step, text, seasons):
    assert Step.parse(name) == step and str(step) == text and step.seasons() == seasons


@pytest.mark.parametrize("name", ["", "fortnight", "15m", "0h", "-1h", "h1", "1.5h"])
def test_wrong_names_of_steps(name):
    with pytest.raises(DataError, match="--frequency: expected a number and a unit"):
        Step.parse(name)


def test_times_of_many_forms():
    cells = ["2024-05-31 13:00", "2024-05-31T13:00:00Z", "2024-05-31T15:00+02:00", "1717160400", "1717160400000", 1717160400]
    cells += [datetime.datetime(2024, 5, 31, 13), "2024-05-31T13"]
    times = time_steps.parse_times(cells, [""] * len(cells))
    assert set(times) == {np.datetime64("2024-05-31T13:00:00")}
    days = time_steps.parse_times(["2024-05", "2024", datetime.date(2024, 5, 1)], [""] * 3)
    assert [str(day)[:10] for day in days] == ["2024-05-01", "2024-01-01", "2024-05-01"]


@pytest.mark.parametrize("cell", ["31/05/2024", "yesterday", "", "2024-13-01", "1e10"])
def test_what_is_no_time(cell):
    with pytest.raises(DataError, match=r"file\.csv:7: expected a time such as 2024-05-31 13:00, found"):
        time_steps.parse_times([cell], ["file.csv:7"])


@pytest.mark.parametrize(
    ("times", "step"),
    [
        (["2024-01-01", "2024-01-02", "2024-01-05"], Step(1, "D")),
        (["2024-01-31", "2024-02-29", "2024-03-31"], Step(1, "M")),
        (["2024-01-01", "2024-04-01", "2024-07-01"], Step(3, "M")),
        (["2020-01-01", "2021-01-01", "2022-01-01"], Step(1, "Y")),
        (["2024-01-01", "2024-01-08", "2024-01-15"], Step(7, "D")),
        (["2024-01-01 00:00", "2024-01-01 00:30", "2024-01-01 01:00", "2024-01-01 03:00"], Step(30, "m")),
        (["2024-01-01 00:00:00", "2024-01-01 00:00:10"], Step(10, "s")),
    ],
)
def test_the_step_is_the_commonest_distance(times, step):
    assert time_steps.infer(np.array(times, "M8[s]")) == step


def test_numbers_of_times():
    times = np.array(["2024-01-31", "2024-02-29", "2024-04-30"], "M8[s]")
    numbers, exact = Step(1, "M").number(times)
    assert list(numbers - numbers[0]) == [0, 1, 3] and exact.all()
    numbers, exact = Step(15, "m").number(np.array(["2024-01-01 00:05", "2024-01-01 00:20", "2024-01-01 00:36"], "M8[s]"))
    assert list(numbers - numbers[0]) == [0, 1, 2] and list(exact) == [True, True, False]


def test_texts_of_times():
    hours = np.array(["2024-05-31T13"], "M8[h]")
    assert time_steps.format_times(hours) == ["2024-05-31 13:00:00"]
    assert time_steps.format_times(hours.astype("M8[M]")) == ["2024-05"]
    assert time_steps.format_times(np.arange(2)) == ["0", "1"]


@pytest.mark.parametrize("cell", ["2024-05-31T13:00+02:00", "2024-05-31 13:00:05.5-0330"])
def test_a_time_with_an_offset(cell):
    assert time_steps.has_offset(cell)


@pytest.mark.parametrize("cell", ["2024-05-31", "2024-05-31 13:00", "2024-05-31T13:00Z", "1700000000"])
def test_a_time_without_an_offset(cell):
    assert not time_steps.has_offset(cell)
