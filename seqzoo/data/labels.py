"""Names of classes, as a user's file spells them: labels that look the same are one class."""

import json
import math
import re
import unicodedata

from seqzoo.data.cells import format_cell
from seqzoo.errors import DataError

WHOLE = re.compile(r"[+-]?[0-9]+[.]0+")
MISSING = r"\N"  # of MySQL
JOINERS = "\u200c\u200d"  # invisible, but of emoji and of some scripts they change the looks


def class_name(where: str, cell) -> str:
    """Returns the name of a class: white space in it becomes one space, characters are composed, and 1.0 is written 1.

    Raises:
        DataError: the cell is empty, holds no name, or one that cannot be printed; the message begins with `where`.
    """
    if (
        cell is None
        or cell == MISSING
        or isinstance(cell, list | dict)
        or (isinstance(cell, float) and not math.isfinite(cell))
    ):
        raise DataError(f"{where}: found {format_cell(cell)}, expected a label")
    label = unicodedata.normalize("NFC", " ".join(cell.split() if isinstance(cell, str) else [json.dumps(cell)]))
    label = "".join(character for character in label if character in JOINERS or unicodedata.category(character) != "Cf")
    if not label:
        raise DataError(f"{where}: empty label")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in label):
        raise DataError(f"{where}: found {format_cell(cell)}, expected a label without control characters or surrogates")
    return label.split(".")[0] if WHOLE.fullmatch(label) else label
