"""User files: labelled examples from a file or a folder; inputs are texts, or rows or lists of numbers."""

import json
import math
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seqzoo.data import tables
from seqzoo.data.examples import Examples
from seqzoo.data.tables import Table, is_number
from seqzoo.data.targets import LARGEST
from seqzoo.errors import DataError, one_line

SPLIT_NAMES = {"train": ("train",), "validation": ("validation", "valid", "val", "dev"), "test": ("test",)}


@dataclass(frozen=True)
class Columns:
    """Column roles: one input column of texts or lists, or (`numeric`) one input column per step; and the label column."""

    inputs: list[int]
    label: int
    numeric: bool


def read(
    path: str | Path,
    text_column: str | int | None = None,
    label_column: str | int | None = None,
    header: bool | None = None,
    like: str | np.ndarray | None = None,
) -> Examples:
    """Returns the examples of a CSV, TSV or JSONL file. Columns and header are guessed unless given.

    A column is given by its header or by its number, from 0. Inputs are texts if a column holds texts; lists of numbers
    `(T_x,)` or of rows `(T_x, features)` if a JSONL field holds them; else the numbers of a row, in order, are a sequence
    `(T_x, 1)` (columns named id or index are left out). Labels are class names.

    A training file needs two classes at least. A test file, for which `like` is an input that the model takes, may have one.

    Raises:
        DataError: the file, a column, a row or a value is not as expected; the message names it.
    """
    table = tables.read(path, header)
    columns = choose_columns(table, text_column, label_column)
    return _with_classes(table, columns) if like is None else to_examples(table, columns, like)


def read_folder(
    folder: str | Path,
    text_column: str | int | None = None,
    label_column: str | int | None = None,
    header: bool | None = None,
) -> dict[str, Examples]:
    """Returns the splits of a folder: `train.*` and, if present, `validation.*` (or valid, val, dev) and `test.*`.

    The training file decides the roles of the columns; the other files must have the same columns.
    """
    files = _split_files(Path(folder))
    train = tables.read(files.pop("train"), header)
    columns = choose_columns(train, text_column, label_column)
    splits = {"train": _with_classes(train, columns)}
    for split, file in files.items():
        table = tables.read(file, train.header)
        if table.names != train.names:
            raise DataError(f"{file}: columns {_listed(table)}, expected {_listed(train)} as in {train.path}")
        splits[split] = to_examples(table, columns, like=splits["train"].inputs[0])
    return splits


def _split_files(folder: Path) -> dict[str, Path]:
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        raise DataError(f"{folder}: {error.strerror}: expected a folder with train.csv in it") from error
    files = {}
    for split, stems in SPLIT_NAMES.items():
        matches = [name for name in names if Path(name).stem in stems and Path(name).suffix in tables.SUFFIXES]
        if len(matches) > 1:
            raise DataError(f"{folder}: expected one {split} file, found {', '.join(matches)}")
        if matches:
            files[split] = folder / matches[0]
    if "train" not in files:
        some = ", ".join(names[:5]) or "nothing"
        raise DataError(f"{folder}: expected a folder with train.csv, train.tsv or train.jsonl in it, found {some}")
    return files


def _with_classes(table: Table, columns: Columns) -> Examples:
    examples = to_examples(table, columns)
    classes = set(examples.targets)
    if len(classes) < 2:
        name = table.names[columns.label]
        raise DataError(f"{table.path}: column {name}: every label is {classes.pop()!r}, expected two or more classes")
    return examples


# Roles of columns.


def choose_columns(table: Table, text_column: str | int | None, label_column: str | int | None) -> Columns:
    """Returns the roles of the columns, guessed unless given."""
    if len(table.names) < 2:
        raise DataError(f"{table.path}: one column ({_listed(table)}), expected a text and a label on each line")
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
    raise DataError(f"{table.path}: no column {column} ({flag}), the columns are {_listed(table)}")


def _listed(table: Table) -> str:
    return ", ".join(table.names)


def _guess_label(table: Table, candidates: list[int]) -> int:
    """Returns the label column: one with a usual name, else the only text among numbers, else that with the fewest values."""
    names = {table.names[i].lower(): i for i in reversed(candidates)}
    for name in tables.LABEL_NAMES:
        if name in names:
            return names[name]
    texts = [i for i in candidates if table.names[i].lower() in tables.TEXT_NAMES]
    candidates = [i for i in candidates if i not in texts[:1]]
    columns = {i: [str(cell).strip() for cell in table.column(i)] for i in candidates}
    words = [i for i in candidates if not _mostly_numbers(columns[i])]
    if len(words) == 1 and len(columns) > 2 and len(set(columns[words[0]])) <= max(2, len(table.rows) // 2):
        return words[0]
    return min(reversed(candidates), key=lambda i: _label_distance(columns[i]))


def _label_distance(column: list[str]) -> tuple[bool, bool, int, int]:
    """Returns a sort key, lowest for the likeliest label column: labels recur, are more than one, few and short."""
    values = set(column)
    return len(values) == len(column), len(values) == 1, len(values), sum(map(len, column))


def _guess_inputs(table: Table, label: int) -> Columns:
    others = [i for i in range(len(table.names)) if i != label]
    named = [i for i in others if table.names[i].lower() in tables.TEXT_NAMES]
    words = [i for i in others if not _mostly_numbers(table.column(i))]
    if named or words:
        longest = max(named or words, key=lambda i: sum(len(str(cell)) for cell in table.column(i)))
        return Columns([longest], label, numeric=False)
    steps = [i for i in others if table.names[i].lower() not in tables.ID_NAMES]
    return Columns(steps or others, label, numeric=True)


def _mostly_numbers(column: list) -> bool:
    """Returns whether most cells are numbers: one typing error makes no column of texts."""
    return sum(map(is_number, column)) > len(column) / 2


# Rows to examples.


def to_examples(table: Table, columns: Columns, like: str | np.ndarray | None = None) -> Examples:
    """Returns one example per row; all inputs are of one kind, that of `like` if given."""
    inputs, targets = [], []
    for line, cells in table.rows:
        where = f"{table.path}:{line}: column"
        if columns.numeric:
            numbers = [_number(f"{where} {table.names[i]}", cells[i]) for i in columns.inputs]
            inputs.append(np.array(numbers, np.float32)[:, None])  # (T_x, 1)
        else:
            inputs.append(_text_or_sequence(f"{where} {table.names[columns.inputs[0]]}", cells[columns.inputs[0]]))
        targets.append(_label(f"{where} {table.names[columns.label]}", cells[columns.label]))
        like = inputs[0] if like is None else like
        if _kind(inputs[-1]) != _kind(like):
            raise DataError(f"{table.path}:{line}: {_kind(inputs[-1])}, expected {_kind(like)} as in the rows before")
    return Examples(inputs, targets)


def _kind(sequence: str | np.ndarray) -> str:
    return "a text" if isinstance(sequence, str) else f"a sequence with {sequence.shape[1]} numbers per step"


def _number(where: str, cell) -> float:
    number = float(cell) if is_number(cell) else math.nan
    if not abs(number) <= LARGEST:  # NaN compares false
        raise DataError(f"{where}: found {_format_cell(cell)}, expected a finite number")
    return number


def _text_or_sequence(where: str, cell) -> str | np.ndarray:
    if isinstance(cell, list):
        return _sequence(where, cell)
    try:
        cell.encode()  # JSON can spell lone surrogates
    except (AttributeError, UnicodeEncodeError):
        raise DataError(f"{where}: found {_format_cell(cell)}, expected a text or a list of numbers") from None
    return cell


def sequence(line: str) -> np.ndarray:
    """Returns the sequence `(T_x, features)` of a typed line: `1, 2, 3`, `1 2 3` or the JSON of a JSONL field.

    Raises:
        DataError: the line holds no numbers.
    """
    try:
        cell = json.loads(line) if line.lstrip().startswith("[") else [float(n) for n in line.replace(",", " ").split()]
    except ValueError as error:
        raise DataError(f"found {_format_cell(line)}, expected numbers") from error
    return _sequence("input", cell)


def _sequence(where: str, cell: list) -> np.ndarray:
    """Returns a list of numbers as `(T_x, 1)`, a list of rows as `(T_x, features)`."""
    try:
        array = np.array(cell, np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise DataError(f"{where}: expected numbers, or rows of equally many numbers: {one_line(error, 80)}") from error
    if array.ndim not in (1, 2) or not array.size or not (np.abs(array) <= LARGEST).all():
        raise DataError(f"{where}: found {_format_cell(cell)}, expected one or more finite numbers, or rows of them")
    return array.astype(np.float32).reshape(len(array), -1)


def _label(where: str, cell) -> str:
    label = cell.strip() if isinstance(cell, str) else json.dumps(cell)
    if cell is None or isinstance(cell, list | dict):
        raise DataError(f"{where}: found {_format_cell(cell)}, expected a label")
    if not label:
        raise DataError(f"{where}: empty label")
    return label


def _format_cell(cell) -> str:
    """Returns a cell as JSON, in ASCII, cut to 60 characters."""
    text = json.dumps(cell)
    return text if len(text) <= 60 else text[:57] + "..."
