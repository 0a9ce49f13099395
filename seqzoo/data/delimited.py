"""Rows of a delimited text: its delimiter, its quotes, and the line on which each row begins.

The delimiter is the one that divides every row into equally many cells. Neither `csv.Sniffer` nor `clevercsv` finds the
semicolon of `nice, but late;neg` or the tab of `one, two<TAB>neg`: they take the comma, or nothing.
"""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

from seqzoo.errors import DataError, one_line

DELIMITERS = "\t|;,"  # those that are rarer in texts go first
RULE = re.compile(r"\s*(:?-+:?)?\s*")  # a cell of the line of dashes in a table of Markdown
DECLARED = re.compile(r'\s*"?sep=([^"\w\r\n])"?[ \t;,|]*(?=[\r\n])', re.IGNORECASE)  # the first line of Excel

Rows = list[tuple[int, list[str]]]  # (line, cells)


def read(path: Path, text: str) -> tuple[str, Rows]:
    """Returns the delimiter and the rows; all rows have equally many cells.

    Raises:
        DataError: no delimiter divides all rows into equally many cells, or a quote is open.
    """
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))
    declared = DECLARED.match(text)
    if declared:
        return declared[1], _equal_rows(path, text[declared.end() :], declared[1])
    divided = {}
    for delimiter in DELIMITERS:
        try:
            rows = _equal_rows(path, text, delimiter) if delimiter in text else []
        except DataError:
            continue
        if rows and len(rows[0][1]) > 1:
            divided[delimiter] = rows
    if not divided:
        delimiter = _commonest(path, text)
        return delimiter, _equal_rows(path, text, delimiter)
    if "|" in divided and any(all(map(RULE.fullmatch, cells)) for _, cells in divided["|"][:2]):
        raise DataError(f"{path}: a table of Markdown, expected CSV, without a line of dashes")
    delimiter = min(divided, key=lambda delimiter: _is_punctuation(divided[delimiter]))
    return delimiter, divided[delimiter]


def _is_punctuation(rows: Rows) -> bool:
    """Returns whether a space follows most delimiters, as the comma of a sentence."""
    spaced = [cell.startswith(" ") for _, cells in rows for cell in cells[1:]]
    return sum(spaced) > len(spaced) / 2


def _commonest(path: Path, text: str) -> str:
    """Returns the delimiter that stands in the most lines."""
    lines = text.splitlines()
    candidates = DELIMITERS if path.suffix.lower() == ".tsv" else DELIMITERS[::-1]
    return max(candidates, key=lambda delimiter: sum(delimiter in line for line in lines))


def _equal_rows(path: Path, text: str, delimiter: str) -> Rows:
    rows = _rows(path, text, delimiter)
    if not rows:
        raise DataError(f"{path}: empty, expected a table, such as lines with a text and its label")
    first_line, first = rows[0]
    for line, cells in rows:
        if len(cells) != len(first):
            raise DataError(
                f"{path}:{line}: {len(cells)} cells, expected {len(first)} as in line {first_line}; "
                f"a cell with the delimiter {delimiter!r} in it must stand in quotes"
            )
    return rows


def _rows(path: Path, text: str, delimiter: str) -> Rows:
    """Returns the rows. Quotes count, except between tabs where they are unbalanced or would join lines."""
    if delimiter != "\t":
        return list(_parsed(path, text, delimiter, csv.QUOTE_MINIMAL))
    try:
        rows = list(_parsed(path, text, "\t", csv.QUOTE_MINIMAL))
    except DataError:
        rows = None
    if rows is None or any("\t" in cell and "\n" in cell for _, cells in rows for cell in cells):
        rows = list(_parsed(path, text, "\t", csv.QUOTE_NONE))
    return rows


def _quote(text: str) -> str:
    """Returns the quotation mark: a single one where each line begins and ends with it."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    single = '"' not in text and all(len(line) > 1 and line[0] == line[-1] == "'" for line in lines)
    return "'" if single else '"'


def _parsed(path: Path, text: str, delimiter: str, quoting: int) -> Iterator[tuple[int, list[str]]]:
    form = {"quotechar": _quote(text), "skipinitialspace": f'{delimiter} "' in text, "quoting": quoting}
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True, **form)
    line = 1
    try:
        for cells in reader:
            if any(map(str.strip, cells)):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise DataError(
            f"{path}:{line}: {one_line(error)}; a quoted text ends with a quote, and writes a quote inside it twice"
        ) from error
