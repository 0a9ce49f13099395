"""Cells of a table, and columns of cells: numbers, texts and labels by their looks."""

import json
import math
import re
from collections.abc import Sequence

from seqzoo.errors import DataError

MISSING = ("", "na", "n/a", "nan", "null", "none", "-", "?")
LARGEST = 1e30  # of a number: its square fits into float32 no more
DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+(e[+-]?\d+)?", re.IGNORECASE)
THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")
WITH_COMMA = re.compile(r"[+-]?[\d.]*,[\d.,]*\d(e[+-]?\d+)?", re.IGNORECASE)  # 1,5 and 1,234,567 and 1.234,5


def is_number(cell) -> bool:
    """Returns whether a cell is a number or reads as one (with commas in it, NaN and infinities too)."""
    try:
        return not isinstance(cell, bool) and (_has_comma(cell) or to_float(cell) is not None)
    except (TypeError, ValueError, OverflowError):
        return False


def _has_comma(cell) -> bool:
    return isinstance(cell, str) and "," in cell and WITH_COMMA.fullmatch(cell.strip()) is not None


def to_float(cell) -> float:
    """Returns a cell as a number; a text may have a decimal comma, but none of the underscores that Python reads.

    Raises:
        TypeError, ValueError, OverflowError: the cell is no number, as of `float`.
    """
    if isinstance(cell, str) and "_" in cell:
        raise ValueError(f"underscore in {cell!r}")
    if _has_comma(cell) and DECIMAL_COMMA.fullmatch(cell.strip()):
        cell = cell.replace(",", ".")
    return float(cell)


def is_missing(cell) -> bool:
    """Returns whether a cell is empty, or says that there is no number."""
    return cell is None or isinstance(cell, str) and cell.strip().lower() in MISSING


def number(cell, where: str) -> float:
    """Returns a cell as a number, NaN if it is missing; raises a `DataError` that begins with its place if it is none."""
    if is_missing(cell):
        return math.nan
    try:
        value = to_float(cell)
    except (TypeError, ValueError, OverflowError):
        value = math.inf
    if abs(value) > LARGEST:
        raise DataError(f"{where}: expected a number, found {str(cell)[:40]!r}")
    return value


def check_decimal_marks(cells: Sequence, source) -> None:
    """Refuses numbers with commas, unless all commas are decimal ones.

    Raises:
        DataError: a comma may divide thousands, or a number has a decimal point, or two marks.
    """
    commas = [cell.strip() for cell in cells if _has_comma(cell)]
    if not commas:
        return
    others = [cell for cell in commas if not DECIMAL_COMMA.fullmatch(cell)]
    if others:
        raise DataError(f"{source}: found {others[0]}, expected numbers such as 1234.5 or 1234,5")
    points = [cell for cell in cells if isinstance(cell, str) and "." in cell and is_number(cell)]
    if points:
        raise DataError(f"{source}: found decimal commas ({commas[0]}) and points ({points[0]}), expected one of them")
    if all(map(THOUSANDS.fullmatch, commas)):
        point, whole = commas[0].replace(",", "."), commas[0].replace(",", "")
        raise DataError(f"{source}: found {commas[0]}, which may be {point} or {whole}, expected one of these spellings")


def mostly_numbers(column: Sequence) -> bool:
    """Returns whether most cells are numbers: one typing error makes no column of texts."""
    return sum(map(is_number, column)) > len(column) / 2


def mostly_words(column: Sequence) -> bool:
    """Returns whether most cells have two words or a long one, which codes and dates have not; or hold a list."""
    return sum(map(_has_words, column)) > len(column) / 2


def _has_words(cell) -> bool:
    if isinstance(cell, list):
        return True
    words = [word for word in str(cell).split() if not any(map(str.isdigit, word)) and any(map(str.isalpha, word))]
    return len(words) > 1 or any(len(word) >= 10 for word in words)


def is_blank(column: Sequence) -> bool:
    """Returns whether all cells are empty or missing."""
    return all(cell is None or not str(cell).strip() for cell in column)


def is_sparse(column: Sequence) -> bool:
    """Returns whether cells are empty or missing, more than one and more than a tenth of them."""
    return sum(cell is None or not str(cell).strip() for cell in column) > max(1, len(column) / 10)


def label_distance(column: Sequence[str]) -> tuple[bool, bool, int, int]:
    """Returns a sort key, lowest for the likeliest label column: labels recur, are more than one, few and short."""
    values = set(column)
    return len(values) == len(column), len(values) == 1, len(values), sum(map(len, column))


def format_cell(cell) -> str:
    """Returns a cell as JSON, in ASCII, cut to 60 characters."""
    text = json.dumps(cell)
    return text if len(text) <= 60 else text[:57] + "..."
