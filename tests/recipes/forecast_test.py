"""The recipe end to end on small files: what it writes, prints and refuses."""

import csv
import io
import json
import sys

import numpy as np
import pytest

from recipes import forecast
from seqzoo.data.time_series import Series
from seqzoo.datasets import hourly_records
from seqzoo.recipe import main

TINY = (
    "--units",
    "4",
    "--features",
    "4",
    "--epochs",
    "1",
    "--batch-size",
    "4",
    "--horizon",
    "4",
    "--lags",
    "24",
    "--updates",
    "2",
)
NAME = "forecast"
START = np.datetime64("2024-01-01T00", "h")


def run(*arguments):
    main(forecast.RECIPE, list(map(str, arguments)))


def rows(count, seed=0, level=50.0):
    rng = np.random.default_rng(seed)
    t = np.arange(count)
    return START + t, level + 10 * np.sin(2 * np.pi * t / 24) + rng.normal(size=count)


def write(path, count, header="time,load"):
    times, values = rows(count)
    path.write_text("\n".join([header, *(f"{time},{value:.3f}" for time, value in zip(times, values, strict=True))]) + "\n")


def put(folder):
    write(folder / "load.csv", 400)
    lines = ["shop,day,sales,price,area"]
    for shop, area in (("north", 3), ("south", 5)):
        for i in range(80):
            lines.append(f"{shop},{np.datetime64('2024-01-01') + i},{20 + area + i % 7},{1 + i % 2},{area}")
    (folder / "shops.csv").write_text("\n".join(lines) + "\n")


def finish():
    run("--data", "load.csv", *TINY)


def predicted(printed):
    return list(csv.DictReader(io.StringIO(printed)))


def test_a_run_has_metrics_beside_three_baselines(trained):
    record = json.loads((trained / "metrics.json").read_text())
    assert set(record["test"]) == {"mase", "smape", "nd", "wql", "coverage_80"}
    assert set(record["baseline"]) == {"naive", "seasonal naive, 24", "seasonal naive, 168", "linear autoregression"}
    assert record["data"] == {"name": "load.csv", "train": 80, "validation": 10, "test": 10}
    assert "model.forecasts([series])" in (trained / "README.md").read_text()


def test_predict_prints_the_next_steps_as_csv(trained, capsys):
    run("predict", "--file", "load.csv")
    found = predicted(capsys.readouterr().out)
    assert list(found[0]) == ["time", "series", "q0.1", "q0.5", "q0.9"]
    assert [row["time"] for row in found] == [f"2024-01-17 {hour}:00:00" for hour in (16, 17, 18, 19)]
    assert all(row["series"] == "load" and float(row["q0.1"]) <= float(row["q0.5"]) <= float(row["q0.9"]) for row in found)
    run("predict", "--file", "load.csv", "--steps", "2", "--quantiles", "0.3", "0.5")
    again = predicted(capsys.readouterr().out)
    assert len(again) == 2 and again[1]["q0.5"] == found[1]["q0.5"]


def test_watch_says_what_predict_says_row_by_row(trained, capsys, monkeypatch, here):
    write(here / "new.csv", 40)
    monkeypatch.setattr(sys, "stdin", io.StringIO((here / "new.csv").read_text()))
    run("watch")
    watched = predicted(capsys.readouterr().out)
    assert len(watched) == 40
    for count in (10, 25, 40):
        write(here / "part.csv", count)
        run("predict", "--file", "part.csv", "--steps", "1")
        (expected,) = predicted(capsys.readouterr().out)
        for name in ("q0.1", "q0.5", "q0.9"):
            np.testing.assert_allclose(float(watched[count - 1][name]), float(expected[name]), rtol=2e-5)


def test_watch_counts_times_without_a_row_as_missing(trained, capsys, monkeypatch, here):
    lines = (here / "load.csv").read_text().splitlines()
    kept = [*lines[:20], lines[20].split(",")[0] + ",", *lines[23:30]]
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join(kept)))
    run("watch")
    (here / "gap.csv").write_text("\n".join(kept))
    last = predicted(capsys.readouterr().out)[-1]
    run("predict", "--file", "gap.csv", "--steps", "1")
    (expected,) = predicted(capsys.readouterr().out)
    np.testing.assert_allclose(float(last["q0.5"]), float(expected["q0.5"]), rtol=2e-5)


def test_evaluate_and_inspect(trained, capsys, here):
    run("evaluate")
    assert "seasonal naive, 24" in capsys.readouterr().out
    write(here / "other.csv", 60)
    run("evaluate", "--data", "other.csv")
    assert "other.csv: 14 test" in capsys.readouterr().out
    run("inspect")
    assert {path.name for path in (trained / "pictures").iterdir()} == {
        "forecasts.png",
        "error_by_step.png",
        "lags.png",
        "curves.png",
    }


def test_several_series_with_covariates(here, capsys):
    arguments = ("--data", "shops.csv", "--series-column", "shop", "--target", "sales", "--known", "price", "--static", "area")
    run(*arguments, *TINY, "--lags", "8", "--out", "shops")
    future = ["shop,day,price", *(f"{shop},2024-03-{21 + i},1" for shop in ("south", "north") for i in range(4))]
    (here / "future.csv").write_text("\n".join(future))
    capsys.readouterr()
    run("predict", "--out", "shops", "--file", "shops.csv", "--future", "future.csv")
    found = predicted(capsys.readouterr().out)
    assert [row["series"] for row in found] == ["north"] * 4 + ["south"] * 4 and found[0]["time"] == "2024-03-21"
    with pytest.raises(SystemExit):
        run("predict", "--out", "shops", "--file", "shops.csv")
    assert "north: expected price, area of the next 4 steps too" in capsys.readouterr().err
    (here / "future.csv").write_text("\n".join(future).replace("price", "cost"))
    with pytest.raises(SystemExit):
        run("predict", "--out", "shops", "--file", "shops.csv", "--future", "future.csv")
    assert "future.csv: no column 'price'" in capsys.readouterr().err


def test_step_by_step_with_a_distribution(here, capsys):
    run("--data", "load.csv", *TINY, "--lags", "6", "--method", "recursive", "--output", "student-t", "--out", "steps")
    capsys.readouterr()
    run("predict", "--out", "steps", "--file", "load.csv", "--samples", "8")
    assert len(predicted(capsys.readouterr().out)) == 4


def test_hourly_records_with_past_covariates(here, monkeypatch, capsys):
    times, values = rows(300)
    values[7:20] = np.nan
    series = Series.of(values, "2024-01-01", "1h", "beijing_pm", past=np.stack([values, values], axis=1))
    records = hourly_records.Records(series, ("wind", "rain"), ())
    monkeypatch.setattr(hourly_records, "read", lambda name, folder: records)
    run("--data", "beijing_pm", *TINY, "--out", "air")
    assert "past=np.zeros" in (here / "air/README.md").read_text()


def test_other_data_than_those_of_the_training(trained, capsys, here):
    """Rows that were trained on are counted; another step, and rows without times, are refused."""
    lines = (here / "load.csv").read_text().splitlines()
    times, values = rows(430)
    (here / "newer.csv").write_text(
        "\n".join([*lines, *(f"{t},{v:.3f}" for t, v in zip(times[400:], values[400:], strict=True))])
    )
    run("evaluate", "--data", "newer.csv")
    assert "newer.csv: 356 of its 426 test rows are among those that the model was trained on" in capsys.readouterr().err
    (here / "days.csv").write_text("\n".join(["time,y", *(f"2024-01-{day:02},{day}" for day in range(1, 29))]))
    (here / "plain.csv").write_text("\n".join(["y", *map(str, range(100))]))
    for arguments, message in (
        (("predict", "--file", "days.csv"), "y: a step of 1 day, the model was trained on 1 hour"),
        (("evaluate", "--data", "days.csv"), "days.csv: a step of 1 day, expected 1 hour as in the training"),
        (("predict", "--file", "plain.csv"), "y: a step of 1 row, the model was trained on 1 hour"),
    ):
        with pytest.raises(SystemExit):
            run(*arguments)
        assert message in capsys.readouterr().err


def test_a_constant_series_is_said(here, capsys):
    (here / "flat.csv").write_text("\n".join(["time,y", *(f"{START + i},5" for i in range(200))]))
    run("--data", "flat.csv", *TINY, "--out", "flat")
    assert "flat.csv: y: the training rows have one value" in capsys.readouterr().err
    run("predict", "--out", "flat", "--file", "flat.csv")
    assert all(float(row["q0.1"]) == float(row["q0.9"]) == 5 for row in predicted(capsys.readouterr().out))


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--data", "none.csv"], "none.csv: No such file or directory"),
        (["--data", "nothing"], "--data: expected a CSV or Parquet file, or one of bike_sharing, beijing_pm, traffic_volume"),
        (["--data", "load.csv", "--horizon", "150"], "load has 400 rows, expected 601 or more for a --horizon of 150"),
        (["--data", "load.csv", "--past", "wind"], "no column 'wind' (--past), the columns are time, load"),
        (["--data", "load.csv", "--quantiles", "0.9", "0.5"], "--quantiles: expected numbers between 0 and 1"),
        (["--data", "load.csv", "--quantiles", "0.1"], "--quantiles: expected 0.5 among them"),
        (["--data", "load.csv", "--method", "recursive"], "--method: expected direct, or a distribution as --output"),
        (["--data", "load.csv", "--frequency", "moon"], "--frequency: expected a number and a unit"),
        (["predict", "--file", "load.csv", "--steps", "9"], "--steps: expected at most 4"),
        (["predict", "--file", "load.csv", "--quantiles", "0.05"], "--quantiles: expected 0.1 to 0.9, as in the training"),
        (["predict", "text"], "predict: expected --file or standard input"),
    ],
)
def test_bad_input_gets_one_line(trained, capsys, arguments, message):
    with pytest.raises(SystemExit) as stop:
        run(*arguments)
    error = capsys.readouterr().err.splitlines()[-1]
    assert stop.value.code == 2 and error.startswith("error: ") and message in error


@pytest.mark.parametrize(
    "text, message",
    [
        ("time,load\n", "expected a line with the names of columns, and 2 rows or more"),
        (
            "time,load\n2024-01-01 00:00,1\n2024-01-01 01:00,2\n2024-01-01 02:00,x\n",
            "standard input:4: column load: expected a number, found 'x'",
        ),
        ("time,load\n2024-01-01 00:00,1\n2024-01-01 01:00,2\n2024-01-01 00:30,3\n", "standard input:4: 2024-01-01 00:30"),
        ("time,load\n2024-01-01 00:00,1\n2024-01-01 01:00,2\n\nsoon,3\n", "standard input:5: expected a time such as"),
    ],
)
def test_bad_rows_to_watch(trained, capsys, monkeypatch, text, message):
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))
    with pytest.raises(SystemExit):
        run("watch")
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("error: ") and message in error
