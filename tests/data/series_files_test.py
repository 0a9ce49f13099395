"""Time series of files: roles of columns, regular steps, missing rows, duplicates, and later covariates."""

import numpy as np
import pytest

from seqzoo.data import series_files
from seqzoo.data.series_files import Grid, Roles
from seqzoo.errors import DataError

WIDE = "date,a,b\n2024-01-01,1,10\n2024-01-02,2,20\n2024-01-04,4,\n"
LONG = "shop,date,sales,price\nx,2024-01-01,1,5\ny,2024-01-01,7,6\nx,2024-01-02,2,5\ny,2024-01-02,8,6\n"


GUESSED, STRICT = Roles(), Grid()


def read(tmp_path, text, roles=GUESSED, grid=STRICT):
    path = tmp_path / "rows.csv"
    path.write_text(text)
    table = series_files.read_table(path)
    return series_files.read(table, series_files.complete(table, roles), grid)


def test_each_column_of_numbers_is_a_series_at_regular_times(tmp_path, capsys):
    a, b = read(tmp_path, WIDE)
    assert (a.name, b.name) == ("a", "b") and str(a.step) == "1 day"
    np.testing.assert_array_equal(a.target, [1, 2, np.nan, 4])
    np.testing.assert_array_equal(b.target, [10, 20, np.nan, np.nan])
    assert [str(time) for time in a.times(3, 5)] == ["2024-01-04", "2024-01-05"]
    notes = capsys.readouterr().err
    assert (
        "1 of 4 times have no row, at a step of 1 day" in notes and "b: 2 of 4 steps are missing, 2 of them in a row" in notes
    )


def test_rows_of_several_series(tmp_path):
    roles = Roles(series="shop", target=("sales",), known=("price",))
    x, y = read(tmp_path, LONG, roles)
    assert (x.name, y.name) == ("x", "y")
    np.testing.assert_array_equal(np.stack([x.target, y.target]), [[1, 2], [7, 8]])
    np.testing.assert_array_equal(y.known, [[6], [6]])


def test_static_columns_are_known_covariates(tmp_path):
    x, y = read(tmp_path, LONG, Roles(series="shop", target=("sales",), static=("price",)))
    np.testing.assert_array_equal(x.known, [[5], [5]])
    with pytest.raises(DataError, match=r"column price \(--static\) has 2 values"):
        read(tmp_path, LONG.replace("x,2024-01-02,2,5", "x,2024-01-02,2,4"), Roles(series="shop", static=("price",)))


def test_rows_without_times(tmp_path):
    (one,) = read(tmp_path, "value\n3\nNA\n5\n")
    np.testing.assert_array_equal(one.target, [3, np.nan, 5])
    assert str(one.step) == "1 row" and list(one.times(2, 4)) == [2, 3]


def test_parquet_is_read_as_csv_is(tmp_path):
    import pyarrow
    from pyarrow import parquet

    times = np.array(["2024-01-01", "2024-01-02", "2024-01-04"], "M8[s]")
    table = pyarrow.table({"date": times, "a": [1.0, 2.0, 4.0], "b": [10, 20, None]})
    parquet.write_table(table, tmp_path / "rows.parquet")
    table = series_files.read_table(tmp_path / "rows.parquet")
    found = series_files.read(table, series_files.complete(table, Roles()), Grid())
    for one, other in zip(found, read(tmp_path, WIDE), strict=True):
        np.testing.assert_array_equal(one.target, other.target)
        assert (one.name, one.start, one.step) == (other.name, other.start, other.step)


def test_times_out_of_order_are_sorted_with_a_note(tmp_path, capsys):
    (one,) = read(tmp_path, "ts,y\n2024-01-02,2\n2024-01-01,1\n2024-01-03,3\n")
    assert list(one.target) == [1, 2, 3] and "rows.csv:3: a time before that of the row above" in capsys.readouterr().err


def test_duplicate_times(tmp_path, capsys):
    text = "ts,y\n2024-01-01,1\n2024-01-02,2\n2024-01-02,4\n2024-01-03,3\n"
    with pytest.raises(DataError, match=r"rows\.csv:4: 2024-01-02 00:00:00 again, as in line 3"):
        read(tmp_path, text)
    for rule, value in (("first", 2), ("last", 4), ("mean", 3)):
        (one,) = read(tmp_path, text, grid=Grid(duplicates=rule))
        assert list(one.target) == [1, value, 3]
    assert "1 rows repeat a time: mean taken" in capsys.readouterr().err


def test_irregular_times(tmp_path):
    text = "ts,y\n2024-01-01 00:00,1\n2024-01-01 01:00,2\n2024-01-01 02:00,3\n2024-01-01 02:20,4\n"
    with pytest.raises(DataError, match=r"rows\.csv:5: 2024-01-01 02:20:00 is no multiple of 1 hour after the first"):
        read(tmp_path, text)
    (one,) = read(tmp_path, text, grid=Grid("20min"))
    assert len(one) == 8 and np.isnan(one.target).sum() == 4
    with pytest.raises(DataError, match="4 of 8 times have no row, at a step of 20 minutes; see --gaps"):
        read(tmp_path, text, grid=Grid("20min", gaps="refuse"))


def test_times_between_the_full_hours(tmp_path):
    (one,) = read(tmp_path, "ts,y\n2024-01-01 09:30,1\n2024-01-01 10:30,2\n2024-01-01 12:30,3\n")
    assert str(one.step) == "60 minutes" and one.step.seasons() == (24, 168)
    assert [str(time) for time in one.times()][-1] == "2024-01-01T12:30" and np.isnan(one.target[2])


def test_a_column_with_a_usual_name_has_the_times(tmp_path):
    with pytest.raises(DataError, match=r"rows\.csv:3: expected a time such as 2024-05-31 13:00, found ''"):
        read(tmp_path, "date,y\n2024-01-01,1\n,2\n2024-01-03,3\n")
    (one,) = read(tmp_path, "date,y\n20240101,1\n20240102,2\n")
    assert str(one.times()[1]) == "2024-01-02"
    (one,) = read(tmp_path, "revenue,when\n1000000000,2024-01-01\n2000000000,2024-01-02\n")
    assert one.name == "revenue"


def test_a_series_of_one_row_is_left_out(tmp_path, capsys):
    x, y = read(tmp_path, LONG + "z,2024-01-01,7,6\n", Roles(series="shop", target=("sales",)))
    assert "1 of 3 series have one row (z): left out" in capsys.readouterr().err


def test_a_wrong_century_does_not_fill_the_memory(tmp_path):
    with pytest.raises(DataError, match="steps of 1 second after the first time, expected fewer"):
        read(tmp_path, "ts,y\n0024-01-01 00:00:00,1\n2024-01-01 00:00:00,2\n2024-01-01 00:00:01,3\n2024-01-01 00:00:02,3\n")


@pytest.mark.parametrize(
    ("text", "roles", "message"),
    [
        ("ts,y\n2024-01-01,1\n2024-01-02,x\n2024-01-03,3\n", {}, r"rows\.csv:3: column y: expected a number, found 'x'"),
        ("ts,y\n2024-01-01,1\n2024-01-02,inf\n2024-01-03,3\n", {}, "column y: expected a number, found 'inf'"),
        ("ts,y\n2024-01-01,1\n02.01.2024,2\n2024-01-03,3\n", {"time": "ts"}, r"rows\.csv:3: expected a time such as"),
        ("ts,y\n2024-01-01,1\n", {}, "1 time, expected two or more"),
        ("ts,y\n2024-01-01,1\n2024-01-02,2\n", {"past": ("z",)}, r"no column 'z' \(--past\), the columns are ts, y"),
        ("ts,y\n2024-01-01,1\n2024-01-02,2\n", {"past": ("y",), "target": ("y",)}, "column 'y' has two roles"),
        ("ts,y\n2024-01-01,a\n2024-01-02,b\n", {}, "no column of numbers to forecast"),
    ],
)
def test_wrong_files(tmp_path, text, roles, message):
    with pytest.raises(DataError, match=message):
        read(tmp_path, text, Roles(**roles))


def test_later_covariates(tmp_path):
    roles = Roles("date", ("sales",), "shop", known=("price",))
    series = read(tmp_path, LONG, roles)

    def future(text):
        (tmp_path / "future.csv").write_text(text)
        return series_files.with_future(series, series_files.read_table(tmp_path / "future.csv"), roles, Grid())

    rows = "shop,date,price\ny,2024-01-03,9\ny,2024-01-04,8\nx,2024-01-03,4\nx,2024-01-04,3\n"
    x, y = future(rows)
    np.testing.assert_array_equal(x.known[:, 0], [5, 5, 4, 3])
    np.testing.assert_array_equal(y.known[:, 0], [6, 6, 9, 8])
    with pytest.raises(DataError, match="no rows of x"):
        future("shop,date,price\ny,2024-01-03,9\ny,2024-01-04,8\n")
    with pytest.raises(DataError, match=r"x: expected rows from 2024-01-03 on, found the first at 2024-01-05"):
        future(rows.replace("x,2024-01-03", "x,2024-01-05").replace("x,2024-01-04", "x,2024-01-06"))
    one_day = "shop,date,price\ny,2024-01-03,9\nx,2024-01-03,4\n"
    np.testing.assert_array_equal([one.known[-1, 0] for one in future(one_day)], [4, 9])
    with pytest.raises(DataError, match="is no multiple of 1 day|expected rows from"):
        future("shop,date,price\ny,2024-01-03 12:00,9\nx,2024-01-03 12:00,4\n")
    with pytest.raises(DataError, match="no column 'price'"):
        future(rows.replace("price", "cost"))
