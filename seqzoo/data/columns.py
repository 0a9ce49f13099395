"""Roles of a table's columns: which hold the inputs and which the labels, named by the user or guessed."""

import json
from dataclasses import dataclass

from seqzoo.data.cells import is_blank, is_sparse, label_distance, mostly_numbers, mostly_words
from seqzoo.data.headers import LABEL_NAMES, TEXT_NAMES, is_id
from seqzoo.data.tables import Table
from seqzoo.errors import DataError


@dataclass(frozen=True)
class Columns:
    """Column roles: one input column of texts or lists, or (`numeric`) one input column per step; and the label column."""

    inputs: list[int]
    label: int
    numeric: bool


def choose(table: Table, text_column: str | int | None, label_column: str | int | None) -> Columns:
    """Returns the roles of the columns, guessed unless given.

    Raises:
        DataError: the table has one column, a given column is not there, or both given columns are one.
    """
    if len(table.names) < 2:
        raise DataError(
            f"{table.path}: {'one' if table.names else 'no'} column ({listed(table)}), expected a text and a label on each line"
        )
    text = None if text_column is None else _index(table, text_column, "--text-column")
    label = None if label_column is None else _index(table, label_column, "--label-column")
    if text is not None and text == label:
        raise DataError(f"{table.path}: --text-column and --label-column are both {table.names[text]}")
    if label is None:
        label = _guess_label(table, [i for i in range(len(table.names)) if i != text])
    if text is not None:
        return Columns([text], label, numeric=False)
    return _guess_inputs(table, label)


def _index(table: Table, column: str | int, flag: str) -> int:
    if str(column) in table.names:
        return table.names.index(str(column))
    if str(column).isdecimal() and int(column) < len(table.names):
        return int(column)
    header = "" if table.header else " (the file has no header)"
    raise DataError(f"{table.path}: no column {column} ({flag}), the columns are {listed(table)}{header}")


def listed(table: Table) -> str:
    """Returns the names of a table's columns as a text."""
    return ", ".join(table.names)


def _guess_label(table: Table, candidates: list[int]) -> int:
    """Returns the label column: one with a usual name, else the only words among numbers, else that with the fewest values.

    Words that are all different are ids.
    """
    candidates = [i for i in candidates if not (is_id(table.names[i]) or is_sparse(table.column(i)))] or candidates
    names = {table.names[i].lower(): i for i in reversed(candidates)}
    for name in LABEL_NAMES:
        if name in names:
            return names[name]
    texts = [i for i in candidates if table.names[i].lower() in TEXT_NAMES]
    candidates = [i for i in candidates if i not in texts[:1]] or candidates
    columns = {i: [str(cell).strip() for cell in table.column(i)] for i in candidates}
    words = [i for i in candidates if not mostly_numbers(columns[i]) and not is_blank(columns[i])]
    words = [i for i in words if len(set(columns[i])) < len(table.rows)] or words
    if len(words) == 1 and len(columns) > 2 and len(set(columns[words[0]])) <= max(2, len(table.rows) // 2):
        return words[0]
    return min(reversed(candidates), key=lambda i: label_distance(columns[i]))


def _guess_inputs(table: Table, label: int) -> Columns:
    """Returns the columns with a text of usual name, else of several words, else two or more columns of numbers, else words."""
    others = [i for i in range(len(table.names)) if i != label]
    others = [i for i in others if not is_blank(table.column(i))] or others
    named = [i for i in others if table.names[i].lower() in TEXT_NAMES]
    steps = [i for i in others if not is_id(table.names[i])]
    numbers = [i for i in steps if mostly_numbers(table.column(i))]
    words = [i for i in steps if i not in numbers] or [i for i in others if not mostly_numbers(table.column(i))]
    texts = named or [i for i in words if mostly_words(table.column(i))] or ([] if len(numbers) > 1 else words)
    if texts:
        longest = max(texts, key=lambda i: sum(len(str(cell)) for cell in table.column(i)))
        return Columns([longest], label, numeric=False)
    return Columns(numbers or others, label, numeric=True)


def describe(table: Table, columns: Columns, target: str) -> str:
    """Returns one line: what the file was taken for, the roles of its columns, and the columns that are left out."""
    if columns.numeric:
        inputs = f"numbers {_names(table, columns.inputs)}"
    else:
        kind = "sequences" if isinstance(table.rows[0][1][columns.inputs[0]], list) else "text"
        inputs = f"{kind} {_names(table, columns.inputs)}"
    line = f"{table.path}: {table.format}: {inputs}, label {_names(table, [columns.label])} ({target})"
    rest = [i for i in range(len(table.names)) if table.names[i] and i not in columns.inputs + [columns.label]]
    return f"{line}, left out: {_names(table, rest)}" if rest else line


def _names(table: Table, indices: list[int]) -> str:
    """Returns the columns as a text: `"a" to "f"`, `"a", "c"`, or by number where the file has no header."""
    prefix = "" if table.header else "column " if len(indices) == 1 else "columns "
    names = [_quoted(table.names[i]) if table.header else str(i) for i in indices]
    if len(names) > 2 and indices == list(range(indices[0], indices[-1] + 1)):
        return f"{prefix}{names[0]} to {names[-1]}"
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    return prefix + ", ".join(names[:8]) + more


def _quoted(name: str) -> str:
    return json.dumps(name if len(name) <= 40 else name[:37] + "...", ensure_ascii=False)
