"""Headers: whether the first row of a table names the columns."""

from collections import Counter
from collections.abc import Sequence

from seqzoo.data.cells import is_blank, is_number, label_distance

TEXT_NAMES = ("text", "sentence", "review", "content", "comment", "message", "tweet", "body", "document", "title")
LABEL_NAMES = (
    *("label", "labels", "class", "target", "sentiment", "category", "rating", "polarity"),
    *("emotion", "intent", "topic", "score", "stars", "y"),
)
ID_NAMES = ("id", "idx", "index", "")  # pandas writes its index under an empty name
KNOWN_NAMES = {*TEXT_NAMES, *LABEL_NAMES, *ID_NAMES} - {""}
ENOUGH = 10  # rows in which one label that occurs once is no chance


def is_header(first: Sequence[str], rest: Sequence[Sequence[str]]) -> bool:
    """Returns whether the first row is a header: a cell is a usual name, stands above numbers, or is no label of the rest."""
    columns = list(zip(*rest, strict=True)) or [()] * len(first)
    return (
        any(cell.strip().lower() in KNOWN_NAMES and cell not in column for cell, column in zip(first, columns, strict=True))
        or _stands_above_numbers(first, columns)
        or _stands_above_texts(first, rest, columns)
    )


def _stands_above_numbers(first: Sequence[str], columns: Sequence[Sequence[str]]) -> bool:
    """Returns whether a cell that is no number stands above numbers, and no number in the row is a value.

    Numbers that name columns count up, as those that pandas writes (0, 1, 2) and years.
    """
    numbers = [cell for cell in first if is_number(cell)]
    counted = (
        [str(i) for i in range(int(numbers[0]), int(numbers[0]) + len(numbers))]
        if numbers[:1] and numbers[0].isdecimal()
        else []
    )
    if numbers and (len(numbers) < 3 or numbers != counted):
        return False
    return any(not is_number(cell) and _is_numeric(column) for cell, column in zip(first, columns, strict=True))


def _is_numeric(column: Sequence[str]) -> bool:
    return not is_blank(column) and all(is_number(cell) or not cell.strip() for cell in column)


def _stands_above_texts(first: Sequence[str], rest: Sequence[Sequence[str]], columns: Sequence[Sequence[str]]) -> bool:
    """Returns whether no other row is like the first: its label occurs once, and its text has so few words.

    Without a header each row is equally likely to be this one. A file of few rows needs more: all texts have more words.
    """
    cells = [cell for cell in first if cell.strip()]
    recurs = any(cell.strip() and cell in column for cell, column in zip(first, columns, strict=True))
    if recurs or len(set(cells)) < len(cells) or any(map(is_number, cells)) or not rest or len(first) < 2:
        return False
    label = min(range(len(first)), key=lambda i: label_distance(columns[i]))
    text = max((i for i in range(len(first)) if i != label), key=lambda i: sum(map(len, columns[i])))
    counts = Counter(columns[label])
    if len(counts) < 2 or max(counts.values()) < 2 or not 0 < len(first[label].split()) < 5:
        return False
    words = len(first[text].split())
    short = [row for row in rest if len(row[text].split()) <= words]
    return not short or (len(rest) >= ENOUGH and all(counts[row[label]] > 1 for row in short))
