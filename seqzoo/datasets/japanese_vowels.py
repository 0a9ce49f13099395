"""Japanese vowels: two vowels said by nine men, as 12 coefficients of linear prediction a frame; who speaks is the label.

Source: M. Kudo, J. Toyama and M. Shimbo, Multidimensional curve classification using passing-through regions, Pattern
Recognition Letters 20 (1999); UCI Machine Learning Repository, Japanese Vowels (CC BY 4.0), inside the release sktime 1.2.0,
in its own split: 270 sequences to learn from, 370 to test.
"""

from pathlib import Path

import numpy as np

from seqzoo.data import release_files
from seqzoo.data.examples import Examples
from seqzoo.errors import DataError

RELEASE = release_files.ReleaseFile(
    project="sktime",
    version="1.2.0",
    sha256="dbffc6731d2d683b668dceb5e2bbc5804bebc8446b4c580803a281684d90e4ae",
    binary=True,
)
NAME, MEMBER, FEATURES = "vowels", "sktime/datasets/data/JapaneseVowels/JapaneseVowels_{}.ts", 12


def read(folder: str | Path) -> dict[str, Examples]:
    """Returns the splits train and test; an input is float32 `(7 to 29 frames, 12)`, a label "1" to "9".

    Args:
        folder: where the release file is, or is fetched to.

    Raises:
        DataError: the file cannot be fetched, or has another form.
    """
    archive = RELEASE.fetch(folder)
    names = {split: MEMBER.format(split.upper()) for split in ("train", "test")}
    return {split: parse(name, release_files.read(archive, name)) for split, name in names.items()}


def parse(name: str, content: bytes) -> Examples:
    """Returns the sequences of a file: after `@data` a line each, the numbers of each coefficient and a label, divided by
    colons."""
    lines = content.decode("utf-8").splitlines()
    begin = next((i for i, line in enumerate(lines) if line.strip().lower() == "@data"), len(lines)) + 1
    rows = [_row(f"{name}:{number}", line) for number, line in enumerate(lines, start=1) if number > begin and line.strip()]
    if not rows:
        raise DataError(f"{name}: no line after @data")
    return Examples(*map(list, zip(*rows, strict=True)))


def _row(where, line):
    *coefficients, label = line.split(":")
    try:
        columns = [np.array(numbers.split(","), np.float32) for numbers in coefficients]
        if len(columns) == FEATURES:
            return np.stack(columns, axis=1), label.strip()
    except ValueError:
        pass
    raise DataError(f"{where}: expected {FEATURES} lists of equally many numbers and a label, found {line[:40]!r}")
