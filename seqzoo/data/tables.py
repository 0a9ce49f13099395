"""Tables from CSV, TSV and JSON files: named columns, rows of cells, and the line on which each row begins."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from seqzoo.data import delimited, json_objects
from seqzoo.data.files import read_text
from seqzoo.data.headers import is_header
from seqzoo.errors import DataError

JSON_SUFFIXES = (".json", ".jsonl", ".ndjson")
SUFFIXES = (".csv", ".tsv", ".txt", *JSON_SUFFIXES)


@dataclass(frozen=True)
class Table:
    """Table: `names` are "0", "1", ... if the file has no header; cells are str, or any JSON value in a JSON file."""

    path: Path
    names: list[str]
    rows: list[tuple[int, list]]  # (line, cells)
    header: bool
    format: str  # such as 'CSV (";", with a header)'

    def column(self, index: int) -> list:
        """Returns the cells of one column."""
        return [cells[index] for _, cells in self.rows]


def read(path: str | Path, header: bool | None = None, named: Sequence[str] = ()) -> Table:
    """Returns the table of a file: JSON objects, one after another or in an array, or delimited rows.

    Args:
        path: the file; JSON is told by the suffix or by the content.
        header: whether the first row is a header; guessed if None.
        named: names of columns that the user gave; one that stands in the first row proves a header.

    Raises:
        DataError: the file is missing, not regular, empty or not UTF-8; or it has only a header, two columns of one name,
            broken JSON or unequal rows.
    """
    path = Path(path)
    text = read_text(path, "a CSV, TSV or JSON file")
    if not text.strip():
        raise DataError(f"{path}: empty, expected a table, such as lines with a text and its label")
    if path.suffix.lower() in JSON_SUFFIXES or json_objects.begin(text):
        return _json_table(path, text)
    return _delimited_table(path, text, header, named)


def _json_table(path: Path, text: str) -> Table:
    objects = json_objects.read(path, text)
    names = list(dict.fromkeys(name for _, fields in objects for name in fields))
    rows = [(line, [fields.get(name) for name in names]) for line, fields in objects]
    return Table(path, names, rows, True, "JSON array" if text.lstrip().startswith("[") else "JSON Lines")


def _delimited_table(path: Path, text: str, header: bool | None, named: Sequence[str]) -> Table:
    delimiter, rows = delimited.read(path, text)
    line, first = rows[0]
    names = [name.strip() for name in first]
    if header is None:
        header = any(name in names for name in named) or is_header(first, [cells for _, cells in rows[1:]])
    if header:
        _check_names(f"{path}:{line}", names)
        again = next((number for number, cells in rows[1:] if cells == first), None)
        if again:
            raise DataError(f"{path}:{again}: the header of line {line} again, expected a row; two files in one?")
        if len(rows) == 1:
            raise DataError(f"{path}: only a header ({', '.join(names)}), expected rows below it")
    else:
        names = [str(i) for i in range(len(first))]
    with_header = "with a header" if header else "no header"
    kind = f"TSV ({with_header})" if delimiter == "\t" else f'CSV ("{delimiter}", {with_header})'
    return Table(path, names, rows[header:], header, kind)


def _check_names(where: str, names: list[str]) -> None:
    """Refuses two columns of one name; a column without a name may stand again."""
    for i, name in enumerate(names):
        if name and name in names[:i]:
            raise DataError(f"{where}: columns {names.index(name)} and {i} are both named {name!r}, expected different names")
