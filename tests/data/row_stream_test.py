"""Rows that arrive a line at a time."""

import itertools

import pytest

from seqzoo.data.row_stream import RowStream
from seqzoo.errors import DataError


def test_rows_come_with_their_lines_and_the_first_can_be_seen_before():
    rows = RowStream(["a, b\n", "1,2\n", "\n", '"x,\n', 'y",4\n'])
    assert rows.names == ["a", "b"] and rows.first(1).rows == [(2, ["1", "2"])]
    assert list(rows) == [(2, ["1", "2"]), (5, ["x,\ny", "4"])]


def test_an_endless_text_is_read_line_by_line():
    rows = RowStream(itertools.chain([b"\xef\xbb\xbfa\n"], (f"{i}\n".encode() for i in itertools.count())))
    assert rows.names == ["a"] and next(iter(rows)) == (2, ["0"])


@pytest.mark.parametrize("cell, value", [("1.5", 1.5), ("1,5", 1.5), ("-2e3", -2000.0)])
def test_numbers(cell, value):
    rows = RowStream(["a;b\n", f"{cell};\n"])
    ((line, row),) = rows
    assert rows.number(line, row, 0) == value and rows.number(line, row, 1) != rows.number(line, row, 1)


def test_a_comma_between_semicolons_is_a_decimal_one():
    rows = RowStream(["a;b\n", "1,234;2\n"])
    assert rows.number(*next(iter(rows)), 0) == 1.234


@pytest.mark.parametrize(
    "lines, message",
    [
        ([], "expected a line with the names of columns, and a row or more"),
        (["a,b\n"], "expected a line with the names of columns, and a row or more"),
        (["a,b\n", "1,2,3\n"], "standard input:2: 3 cells, expected 2 as in the first line"),
        (["a,b\n", b"1,\xff\n"], "standard input:2: expected UTF-8 text"),
        (["a,b\n", '1,"1,234"\n'], "standard input:2: column b: found 1,234, which may be 1.234 or 1234"),
        (["a,b\n", "1,x\n"], "standard input:2: column b: expected a number, found 'x'"),
        (["a,b\n", "1,1e31\n"], "standard input:2: column b: expected a number, found '1e31'"),
    ],
)
def test_bad_rows(lines, message):
    with pytest.raises(DataError, match=message):
        rows = RowStream(lines)
        rows.first(1)
        for line, row in rows:
            rows.number(line, row, 1)
