"""User files: labelled examples from a file or a folder; inputs are texts, or rows or lists of numbers."""

import json
import math
import os
from pathlib import Path

import numpy as np

from seqzoo.data import columns as roles
from seqzoo.data import tables
from seqzoo.data.cells import check_decimal_marks, format_cell, is_number, to_float
from seqzoo.data.columns import Columns
from seqzoo.data.examples import Examples
from seqzoo.data.labels import class_name
from seqzoo.data.tables import Table
from seqzoo.data.targets import LARGEST
from seqzoo.errors import DataError, note_of_data, one_line

SPLIT_NAMES = {"train": ("train",), "validation": ("validation", "valid", "val", "dev"), "test": ("test",)}


def read(
    path: str | Path,
    text_column: str | int | None = None,
    label_column: str | int | None = None,
    header: bool | None = None,
    like: str | np.ndarray | None = None,
    numbers: bool = False,
) -> Examples:
    """Returns the examples of a CSV, TSV or JSON file. Columns and header are guessed unless given.

    A column is given by its header or by its number, from 0. Inputs are texts if a column holds texts; lists of numbers
    `(T_x,)` or of rows `(T_x, features)` if a JSON field holds them; else the numbers of a row, in order, are a sequence
    `(T_x, 1)` (columns of words, or named id or index, are left out). Labels are class names.

    A note says what the file was taken for; `numbers` says whether its labels are numbers, not classes. A training file needs
    two classes at least; a test file, for which `like` is an input that the model takes, may have one.

    Raises:
        DataError: the file, a column, a row or a value is not as expected; the message names it.
    """
    table, columns = _table(path, text_column, label_column, header)
    return _checked_examples(table, columns, numbers, like)


def read_folder(
    folder: str | Path,
    text_column: str | int | None = None,
    label_column: str | int | None = None,
    header: bool | None = None,
    numbers: bool = False,
) -> dict[str, Examples]:
    """Returns the splits of a folder: `train.*` and, if present, `validation.*` (or valid, val, dev) and `test.*`.

    The training file decides the roles of the columns; the other files must have the same columns.
    """
    files = split_files(Path(folder))
    train, columns = _table(files.pop("train"), text_column, label_column, header)
    splits = {"train": _checked_examples(train, columns, numbers)}
    for split, file in files.items():
        table = tables.read(file, train.header)
        if table.names != train.names:
            raise DataError(f"{file}: columns {roles.listed(table)}, expected {roles.listed(train)} as in {train.path}")
        splits[split] = to_examples(table, columns, like=splits["train"].inputs[0])
    return splits


def _table(path, text_column, label_column, header: bool | None) -> tuple[Table, Columns]:
    table = tables.read(path, header, named=[str(column) for column in (text_column, label_column)])
    return table, roles.choose(table, text_column, label_column)


def _checked_examples(table: Table, columns: Columns, numbers: bool, like=None) -> Examples:
    """Returns the examples, of two classes at least in a training file, and notes what the file was taken for."""
    examples = to_examples(table, columns, like)
    classes = set(examples.targets)
    if len(classes) < 2 and like is None:
        name = table.names[columns.label]
        raise DataError(f"{table.path}: column {name}: every label is {classes.pop()!r}, expected two or more classes")
    note_of_data(roles.describe(table, columns, "numbers" if numbers else _listed(sorted(classes))))
    return examples


def _listed(classes: list[str]) -> str:
    some = ", ".join(name if len(name) <= 20 else name[:17] + "..." for name in classes[:8])
    return f"{len(classes)} classes: {some}{', ...' if len(classes) > 8 else ''}"


def split_files(folder: Path) -> dict[str, Path]:
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


# Rows to examples.


def to_examples(table: Table, columns: Columns, like: str | np.ndarray | None = None) -> Examples:
    """Returns one example per row; all inputs are of one kind, that of `like` if given."""
    inputs, targets = [], []
    if columns.numeric:
        check_decimal_marks([cells[i] for _, cells in table.rows for i in columns.inputs], table.path)
    for line, cells in table.rows:
        where = f"{table.path}:{line}: column"
        if columns.numeric:
            numbers = [_number(f"{where} {table.names[i]}", cells[i]) for i in columns.inputs]
            inputs.append(np.array(numbers, np.float32)[:, None])  # (T_x, 1)
        else:
            inputs.append(_text_or_sequence(f"{where} {table.names[columns.inputs[0]]}", cells[columns.inputs[0]]))
        targets.append(class_name(f"{where} {table.names[columns.label]}", cells[columns.label]))
        like = inputs[0] if like is None else like
        if _kind(inputs[-1]) != _kind(like):
            raise DataError(f"{table.path}:{line}: {_kind(inputs[-1])}, expected {_kind(like)} as in the rows before")
    return Examples(inputs, targets)


def _kind(sequence: str | np.ndarray) -> str:
    return "a text" if isinstance(sequence, str) else f"a sequence with {sequence.shape[1]} numbers per step"


def _number(where: str, cell) -> float:
    number = to_float(cell) if is_number(cell) else math.nan
    if not abs(number) <= LARGEST:  # NaN compares false
        raise DataError(f"{where}: found {format_cell(cell)}, expected a finite number")
    return number


def _text_or_sequence(where: str, cell) -> str | np.ndarray:
    if isinstance(cell, list):
        return _sequence(where, cell)
    try:
        cell.encode()  # JSON can spell lone surrogates
    except (AttributeError, UnicodeEncodeError):
        raise DataError(f"{where}: found {format_cell(cell)}, expected a text or a list of numbers") from None
    return cell


def sequence(line: str) -> np.ndarray:
    """Returns the sequence `(T_x, features)` of a typed line: `1, 2, 3`, `1 2 3` or the JSON of a JSON field.

    Raises:
        DataError: the line holds no numbers.
    """
    try:
        if line.lstrip().startswith("["):
            cell = json.loads(line)
        else:
            cell = [float(number) for number in (line.split(",") if "," in line else line.split())]
    except (ValueError, RecursionError) as error:
        raise DataError(f"found {format_cell(line)}, expected numbers") from error
    return _sequence("input", cell)


def _sequence(where: str, cell: list) -> np.ndarray:
    """Returns a list of numbers as `(T_x, 1)`, a list of rows as `(T_x, features)`."""
    try:
        array = np.array(cell, np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise DataError(f"{where}: expected numbers, or rows of equally many numbers: {one_line(error, 80)}") from error
    if array.ndim not in (1, 2) or not array.size or not (np.abs(array) <= LARGEST).all():
        raise DataError(f"{where}: found {format_cell(cell)}, expected one or more finite numbers, or rows of them")
    return array.astype(np.float32).reshape(len(array), -1)
