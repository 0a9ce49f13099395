"""Rows as they arrive: CSV with a header, a line at a time."""

import csv
import itertools
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from seqzoo.data import cells
from seqzoo.data.tables import Table
from seqzoo.errors import DataError

DELIMITERS = ",;\t|"


class RowStream:
    """Rows of a growing text in CSV, whose first line names the columns. Iteration gives `(line, cells)` of each row that is
    not empty. The delimiter is the one that the first line has most of. Memory does not grow.

    Args:
        lines: texts, or bytes in UTF-8; those of standard input if None.

    Raises:
        DataError: a line is not UTF-8, or has more or fewer cells than the first.
    """

    source = "standard input"

    def __init__(self, lines: Iterable[str | bytes] | None = None):
        texts = self._texts(getattr(sys.stdin, "buffer", sys.stdin) if lines is None else lines)
        header = next(texts, "")
        self.delimiter = max(DELIMITERS, key=header.count)
        self._reader = csv.reader(itertools.chain([header], texts), delimiter=self.delimiter)
        self.names = [name.strip() for name in next(self._reader, [])]
        self._rows = self._read()

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        return self._rows

    def first(self, count: int) -> Table:
        """Returns the table of the first rows, which still come; raises a `DataError` if there are fewer."""
        rows = list(itertools.islice(self._rows, count))
        if len(rows) < count:
            expected = "a row" if count == 1 else f"{count} rows"
            raise DataError(f"{self.source}: expected a line with the names of columns, and {expected} or more")
        self._rows = itertools.chain(rows, self._rows)
        return Table(Path(self.source), self.names, rows, True, "CSV")

    def number(self, line: int, row: list[str], column: int) -> float:
        """Returns the number of a cell, NaN if it is missing; raises a `DataError` if it is none."""
        where = f"{self.source}:{line}: column {self.names[column]}"
        if self.delimiter != ";":  # where commas are decimal ones
            cells.check_decimal_marks([row[column]], where)
        return cells.number(row[column], where)

    def _texts(self, lines):
        for number, line in enumerate(lines, start=1):
            try:
                yield line if isinstance(line, str) else line.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError:
                raise DataError(f"{self.source}:{number}: expected UTF-8 text") from None

    def _read(self):
        for row in self._reader:
            if row:
                line = self._reader.line_num
                if len(row) != len(self.names):
                    raise DataError(f"{self.source}:{line}: {len(row)} cells, expected {len(self.names)} as in the first line")
                yield line, row
