"""Headers: whether the first row of a table names the columns."""

import re
import statistics
from collections import Counter
from collections.abc import Sequence

from seqzoo.data.cells import is_blank, is_number, label_distance

TEXT_NAMES = ("text", "sentence", "review", "content", "comment", "message", "tweet", "body", "document", "title")
LABEL_NAMES = (
    *("label", "labels", "class", "target", "sentiment", "category", "rating", "polarity"),
    *("emotion", "intent", "topic", "score", "stars", "y"),
)
ID_NAMES = ("id", "idx", "index", "")  # pandas writes its index under an empty name
ID_NAME = re.compile(r"unnamed: \d+|row ?_?names?|.*[_ -]id", re.IGNORECASE)
KNOWN_NAMES = {*TEXT_NAMES, *LABEL_NAMES, *ID_NAMES, "name", "names"} - {""}
MISSING = ("", "na", "n/a", "null", "none", "?", "-")  # marks of missing numbers, which name no column
NAME_WORDS = 4  # words of a column's name, at most
ENOUGH = 6  # rows in which a label that occurs once is hardly in the first one by chance


def is_header(first: Sequence[str], rest: Sequence[Sequence[str]]) -> bool:
    """Returns whether the first row is a header: a cell is a usual name, stands above numbers, or is no label of the rest."""
    columns = list(zip(*rest, strict=True)) or [()] * len(first)
    return (
        _is_numbered(first, columns)
        or (first in rest and any(cell.strip().lower() in KNOWN_NAMES for cell in first))  # again, as between two files in one
        or any(cell.strip().lower() in KNOWN_NAMES and cell not in column for cell, column in zip(first, columns, strict=True))
        or _stands_above_numbers(first, columns)
        or _stands_above_texts(first, rest, columns)
    )


def _is_numbered(first: Sequence[str], columns: Sequence[Sequence[str]]) -> bool:
    """Returns whether the cells are 0, 1, ... above texts, as pandas writes where it knows no names."""
    names = first[1:] if first[0] == "" else first
    numbered = len(names) > 1 and list(names) == [str(i) for i in range(len(names))]
    return numbered and all(columns) and any(not any(map(is_number, column)) for column in columns)


def _stands_above_numbers(first: Sequence[str], columns: Sequence[Sequence[str]]) -> bool:
    """Returns whether a name stands above numbers, and the row has no numbers but those that count up."""
    numbers = [cell for cell in first if is_number(cell)]
    names = [not is_number(cell) and cell.strip().lower() not in MISSING for cell in first]
    names[0] = not is_number(first[0])  # empty above the index of pandas
    above = [name and _is_numeric(column) for name, column in zip(names, columns, strict=True)]
    return any(above) and (not numbers or _count_up(numbers))


def _count_up(numbers: Sequence[str]) -> bool:
    """Returns whether numbers may name columns: three or more that count up, as pandas writes (0, 1, 2), or years."""
    begin = int(numbers[0]) if numbers and numbers[0].isdecimal() else 0
    return len(numbers) > 2 and list(numbers) == [str(begin + i) for i in range(len(numbers))]


def _is_numeric(column: Sequence[str]) -> bool:
    return not is_blank(column) and all(is_number(cell) or not cell.strip() for cell in column)


def _stands_above_texts(first: Sequence[str], rest: Sequence[Sequence[str]], columns: Sequence[Sequence[str]]) -> bool:
    """Returns whether the row repeats nothing, and hardly a row has a label that occurs once and a text of so few words.

    Without a header each row is equally likely to be such a row. In a file of few rows, all other texts must have more words,
    or the first row alone has underscores or lower case.
    """
    if len(first) < 2 or not _repeats_nothing(first, columns):
        return False
    label = min(range(len(first)), key=lambda i: label_distance(columns[i]))
    text = max((i for i in range(len(first)) if i != label), key=lambda i: sum(map(len, columns[i])))
    counts = Counter(columns[label])
    if len(counts) < 2 or max(counts.values()) < 2 or not 0 < len(first[label].split()) <= NAME_WORDS:
        return False
    words, lengths = len(first[text].split()), [len(cell.split()) for cell in columns[text]]
    alike = [n for n, value in zip(lengths, columns[label], strict=True) if n <= words and counts[value] == 1]
    if len(rest) >= ENOUGH and len(alike) <= len(rest) / 50:
        return words <= max(NAME_WORDS, statistics.median(lengths))
    return words < min(lengths) or _is_written_apart(first, columns)


def _repeats_nothing(first: Sequence[str], columns: Sequence[Sequence[str]]) -> bool:
    """Returns whether no cell of the row stands again, in the row or below; its numbers, if any, count up."""
    numbers = [cell for cell in first if is_number(cell)]
    filled = [(cell, column) for cell, column in zip(first, columns, strict=True) if cell.strip()]
    if len({cell for cell, _ in filled}) < len(filled) or (numbers and not _count_up(numbers)):
        return False
    return not any(cell in column for cell, column in filled if cell not in numbers)


def _is_written_apart(first: Sequence[str], columns: Sequence[Sequence[str]]) -> bool:
    """Returns whether a cell has an underscore, or all are in lower case, and no cell below has or is."""
    below = [cell for column in columns for cell in column]
    underscore = any("_" in cell for cell in first) and not any("_" in cell for cell in below)
    return underscore or (all(map(str.islower, first)) and not any(map(str.islower, below)))


def is_id(name: str) -> bool:
    """Returns whether a column of this name holds numbers of rows: `id`, `row_id`, `CustomerId`, `Unnamed: 0`."""
    return name.lower() in ID_NAMES or bool(ID_NAME.fullmatch(name)) or bool(re.search(r"[a-z](Id|ID)$", name))
