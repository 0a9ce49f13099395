"""Cells of a table, and columns of cells: numbers, texts and labels by their looks."""

import re
from collections.abc import Iterable, Sequence

from seqzoo.errors import DataError

DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+(e[+-]?\d+)?", re.IGNORECASE)
THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")


def is_number(cell) -> bool:
    """Returns whether a cell is a number or reads as one (with a decimal comma, NaN and infinities too)."""
    try:
        return not isinstance(cell, bool) and to_float(cell) is not None
    except (TypeError, ValueError, OverflowError):
        return False


def to_float(cell) -> float:
    """Returns a cell as a number; a text may have a decimal comma, but none of the underscores that Python reads."""
    if isinstance(cell, str):
        cell = cell.replace(",", ".") if _has_decimal_comma(cell) else cell.replace("_", "?")
    return float(cell)


def _has_decimal_comma(cell) -> bool:
    return isinstance(cell, str) and DECIMAL_COMMA.fullmatch(cell.strip()) is not None


def check_decimal_marks(cells: Iterable, source) -> None:
    """Refuses numbers whose commas may divide thousands, and decimal commas beside decimal points.

    Raises:
        DataError: the numbers cannot be read in one way only.
    """
    cells = [cell.strip() for cell in cells if isinstance(cell, str)]
    commas = [cell for cell in cells if _has_decimal_comma(cell)]
    if not commas:
        return
    if all(THOUSANDS.fullmatch(cell) for cell in commas):
        point, whole = commas[0].replace(",", "."), commas[0].replace(",", "")
        raise DataError(f"{source}: {commas[0]} may be {point} or {whole}, expected one of these spellings")
    points = [cell for cell in cells if "." in cell]
    if points:
        raise DataError(f"{source}: decimal commas ({commas[0]}) and points ({points[0]}), expected one of them")


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


def label_distance(column: Sequence[str]) -> tuple[bool, bool, int, int]:
    """Returns a sort key, lowest for the likeliest label column: labels recur, are more than one, few and short."""
    values = set(column)
    return len(values) == len(column), len(values) == 1, len(values), sum(map(len, column))
