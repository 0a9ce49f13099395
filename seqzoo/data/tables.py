"""Tables from CSV, TSV and JSONL files: named columns, rows of cells, and the line on which each row begins."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from seqzoo.errors import DataError, one_line

JSON_SUFFIXES = (".jsonl", ".ndjson")
SUFFIXES = (".csv", ".tsv", ".txt", *JSON_SUFFIXES)
TEXT_NAMES = ("text", "sentence", "review", "content", "comment", "message", "tweet", "body", "document", "title")
LABEL_NAMES = (
    *("label", "labels", "class", "target", "sentiment", "category", "rating", "polarity"),
    *("emotion", "intent", "topic", "score", "stars", "y"),
)
ID_NAMES = ("id", "idx", "index", "")  # pandas writes its index under an empty name


@dataclass(frozen=True)
class Table:
    """Table: `names` are "0", "1", ... if the file has no header; cells are str, or any JSON value in a JSONL file."""

    path: Path
    names: list[str]
    rows: list[tuple[int, list]]  # (line, cells)
    header: bool

    def column(self, index: int) -> list:
        """Returns the cells of one column."""
        return [cells[index] for _, cells in self.rows]


def read(path: str | Path, header: bool | None = None) -> Table:
    """Returns the table of a file; `header` says whether the first line is a header, guessed if None.

    Raises:
        DataError: the file is missing, a folder, empty or not UTF-8; or it has only a header, broken JSON or unequal rows.
    """
    path = Path(path)
    text = _text(path)
    if path.suffix.lower() in JSON_SUFFIXES:
        return _json_table(path, text)
    return _delimited_table(path, text, header)


def _text(path: Path) -> str:
    try:
        content = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error}: expected a CSV, TSV or JSONL file") from error
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(f"{path}:{line}: byte 0x{content[error.start]:02x} is not UTF-8: save it as UTF-8") from error
    if not text.strip():
        raise DataError(f"{path}: empty, expected lines with a text and its label")
    return text


def _json_table(path: Path, text: str) -> Table:
    lines = enumerate(text.split("\n"), start=1)
    objects = [(number, _object(path, number, line)) for number, line in lines if line.strip()]
    names = list(dict.fromkeys(name for _, fields in objects for name in fields))
    return Table(path, names, [(number, [fields.get(name) for name in names]) for number, fields in objects], True)


def _object(path: Path, number: int, line: str) -> dict:
    expected = 'expected an object such as {"text": "...", "label": "..."}'
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}:{number}: broken JSON ({one_line(error)}), {expected}") from error
    if not isinstance(fields, dict):
        raise DataError(f"{path}:{number}: found a JSON {type(fields).__name__}, {expected}")
    return fields


def _delimited_table(path: Path, text: str, header: bool | None) -> Table:
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))
    rows = _rows(path, text)
    first_line, first = rows[0]
    for line, cells in rows:
        if len(cells) != len(first):
            raise DataError(
                f"{path}:{line}: {len(cells)} cells, expected {len(first)} as in line {first_line}; "
                "a text with the delimiter in it must stand in quotes"
            )
    header = _has_header(first, [cells for _, cells in rows[1:]]) if header is None else header
    if header and len(rows) == 1:
        raise DataError(f"{path}: only a header ({', '.join(first)}), expected rows below it")
    names = [name.strip() for name in first] if header else [str(i) for i in range(len(first))]
    return Table(path, names, rows[header:], header)


def _rows(path: Path, text: str) -> list[tuple[int, list[str]]]:
    """Returns `(line, cells)` of each row. Quotes count, except in a TSV file where they are unbalanced or would join lines."""
    delimiter = _delimiter(text, path.suffix.lower())
    if delimiter != "\t":
        return list(_parsed(path, text, delimiter, csv.QUOTE_MINIMAL))
    try:
        rows = list(_parsed(path, text, "\t", csv.QUOTE_MINIMAL))
    except DataError:
        rows = None
    if rows is None or any("\t" in cell and "\n" in cell for _, cells in rows for cell in cells):
        rows = list(_parsed(path, text, "\t", csv.QUOTE_NONE))
    return rows


def _parsed(path: Path, text: str, delimiter: str, quoting: int) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quoting=quoting, strict=True)
    line = 1
    try:
        for cells in reader:
            if cells:
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise DataError(
            f"{path}:{line}: {one_line(error)}; a quoted text ends with a quote, and writes a quote inside it twice"
        ) from error


def _delimiter(text: str, suffix: str) -> str:
    """Returns the delimiter of the suffix, or the first other delimiter that divides the first line."""
    candidates = ",\t;" if suffix == ".csv" else "\t,;"
    for delimiter in candidates:
        reader = csv.reader(io.StringIO(text.lstrip("\r\n"), newline=""), delimiter=delimiter)
        if len(next(reader)) > 1:
            return delimiter
    return candidates[0]


def _has_header(first: list[str], rest: list[list[str]]) -> bool:
    """Returns whether the first line is a header: a cell is a usual name, unique in its column, or a text above numbers."""
    known = {*TEXT_NAMES, *LABEL_NAMES, "id", "idx", "index"}
    for i, cell in enumerate(first):
        column = [cells[i] for cells in rest]
        if cell.strip().lower() in known and cell not in column:
            return True
        if column and not is_number(cell) and all(is_number(value) for value in column):
            return True
    return False


def is_number(cell) -> bool:
    """Returns whether a cell is a number or reads as one (NaN and infinities too)."""
    try:
        return not isinstance(cell, bool) and float(cell) is not None
    except (TypeError, ValueError, OverflowError):
        return False
