"""JSON objects one after another (JSON Lines) or in an array, each with the line on which it begins."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from seqzoo.errors import DataError, one_line

SPACE = re.compile(r"[ \t\r\n]*")
OBJECT = re.compile(r'[ \t\r\n]*(\[[ \t\r\n]*)?(?=\{[ \t\r\n]*")')
ARRAY = re.compile(r"[ \t\r\n]*\[(?=[ \t\r\n]*[{\]])")
EXPECTED = 'expected an object such as {"text": "...", "label": "..."}'


def begin(text: str) -> bool:
    """Returns whether a text begins with a JSON object, or an array of objects, and no delimiter of a table follows."""
    match = OBJECT.match(text)
    if match is None:
        return False
    try:
        _, end = json.JSONDecoder().raw_decode(text, match.end())
    except (ValueError, RecursionError):
        return True  # broken, and named as such by `read`
    return match[1] is not None or not re.match(r" *[,;|\t]", text[end : end + 80])


def read(path: Path, text: str) -> list[tuple[int, dict]]:
    """Returns `(line, object)` of each object.

    Raises:
        DataError: the JSON is broken, a value is no object, an object has two fields of one name, or there is none.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    found, line, position = [], 1, 0
    for start, value in _values(path, text):
        line, position = line + text.count("\n", position, start), start
        if not isinstance(value, dict):
            raise DataError(f"{path}:{line}: found a JSON {type(value).__name__}, {EXPECTED}")
        found.append((line, value))
    if not found:
        raise DataError(f"{path}: no object, {EXPECTED} per line")
    return found


def _values(path: Path, text: str) -> Iterator[tuple[int, object]]:
    """Yields `(position, value)` of each element of an array of objects, or else of each value of the text."""
    decoder = json.JSONDecoder(object_pairs_hook=_fields)
    array = ARRAY.match(text)
    position = SPACE.match(text, array.end() if array else 0).end()
    while position < len(text):
        if array and text[position] == "]" and not text[position + 1 :].strip():
            return
        try:
            value, end = decoder.raw_decode(text, position)
        except (ValueError, RecursionError) as error:
            raise _broken(path, text, position, getattr(error, "msg", None) or one_line(error, 80)) from error
        yield position, value
        position = SPACE.match(text, end).end()
        if array and text[position : position + 1] == ",":
            position = SPACE.match(text, position + 1).end()
        elif array and text[position : position + 1] != "]":
            raise _broken(path, text, end, "the array goes on without a comma, or does not end")
    if array:
        raise _broken(path, text, position, "the array does not end")


def _broken(path: Path, text: str, position: int, reason: str) -> DataError:
    return DataError(f"{path}:{text.count(chr(10), 0, position) + 1}: broken JSON ({reason}), {EXPECTED}")


def _fields(pairs: list[tuple[str, object]]) -> dict:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"an object has the field {json.dumps(twice)} twice")
    return fields
