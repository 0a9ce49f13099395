"""A label for each base of DNA: a FASTA file, and intervals of its sequences in BED, GFF3 or GTF.

A label is column 4 of BED ("positive" where there is none) or the type of GFF, its column 3; bases in no interval are "none".
The strand is not read: an interval labels the bases as the FASTA file has them. Intervals of one label that touch or overlap
become one. Within the project intervals are counted as in BED: from 0, the end being the first base after it.
"""

import random
import re
from collections import defaultdict
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

from seqzoo.data import targets
from seqzoo.errors import DataError
from seqzoo.tasks.dna import fasta, sequences

NONE = "none"
SUFFIXES = {".bed": False, ".gff": True, ".gff3": True, ".gtf": True}  # whether it is GFF
OF_BED = "NAME TAB START TAB END [TAB LABEL]"
OF_GFF = "NAME TAB SOURCE TAB TYPE TAB START TAB END TAB SCORE TAB STRAND TAB PHASE TAB ATTRIBUTES"
PIECES = 10  # that all bases make: about one to test on, one to validate
NAMES = 10  # intervals that may each have a label of its own


class Interval(NamedTuple):
    """Bases `start` to `end` of the sequence `name`, and the line of the file."""

    name: str
    start: int
    end: int
    label: str
    line: int


# A file


def read(path: str | Path) -> list[Interval]:
    """Returns the intervals of a file: BED or GFF by its suffix, else by its first line.

    Raises:
        DataError: it is unreadable, or a line is not as expected, or there is no interval.
    """
    lines = list(fasta.lines(fasta.content(path, "a BED or GFF file"), path, "BED or GFF"))
    gff, found = _is_gff(path, lines), []
    for number, line in lines:
        if gff and line.startswith(("##FASTA", ">")):
            break
        if not _is_remark(line):
            found.append(_interval(line, gff, path, number))
    if not found:
        raise DataError(f"{path}: no interval, expected lines of {OF_GFF if gff else OF_BED}")
    return found


def _is_remark(line: str) -> bool:
    return not line.strip() or line.startswith("#") or line.split()[0] in ("track", "browser")


def _is_gff(path: str | Path, lines: list[tuple[int, str]]) -> bool:
    """By content, where the second of eight columns or more is no number but the source."""
    cells = next((line.split("\t") for _, line in lines if not _is_remark(line)), [])
    return SUFFIXES.get(Path(path).suffix.lower(), len(cells) > 7 and not cells[1].strip().isdigit())


def _interval(line: str, gff: bool, path: str | Path, number: int) -> Interval:
    """Columns lie between tabs; of a line of BED without a tab, between white space."""
    where, first = f"{path}:{number}", int(gff)
    cells = [cell.strip() for cell in (line.split("\t") if gff or "\t" in line else line.split())]
    if len(cells) < (8 if gff else 3):
        raise DataError(f"{where}: too few columns ({len(cells)}), expected {OF_GFF if gff else OF_BED}")
    start, end = (_integer(cell, where) for cell in (cells[3:5] if gff else cells[1:3]))
    if not first <= start < end + first:
        raise DataError(f"{where}: start {start}, end {end}, expected {first} <= start {'<=' if gff else '<'} end")
    label = cells[2] if gff else _label_of_bed(cells)
    if label in ("", NONE):
        raise DataError(f"{where}: the label {label!r}, expected another: {NONE!r} is what lies in no interval")
    return Interval(cells[0], start - first, end, label, number)


def _integer(cell: str, where: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,18}", cell):
        raise DataError(f"{where}: {cell!r} where a start or an end should be, expected an integer")
    return int(cell)


def _label_of_bed(cells: list[str]) -> str:
    return cells[3] if len(cells) > 3 and cells[3] not in ("", ".") else "positive"


def choose(path: str | Path, features: str | None = None) -> list[Interval]:
    """Returns the intervals of a file whose label is one of `features`, names with commas, the first name's last; all if None.

    Raises:
        DataError: as of `read`; a name is no label; or each of many intervals has a label of its own.
    """
    found = read(path)
    labels = list(dict.fromkeys(interval.label for interval in found))
    if features is None:
        if len(labels) == len(found) > NAMES:
            raise DataError(f"{path}: {len(found)} intervals, {len(labels)} labels, expected some that recur, or three columns")
        return found
    names = [name.strip() for name in features.split(",")]
    for name in names:
        if name not in labels:
            raise DataError(f"--features: {name!r} is no label of {path}, expected some of {', '.join(labels[:10])}")
    return sorted((each for each in found if each.label in names), key=lambda each: -names.index(each.label))


# Labels


class Labelled(NamedTuple):
    """Bases, and the number of the label of each, int32 `(T_x,)`."""

    sequence: str
    numbers: np.ndarray


def of_bases(
    source: str, path: str, features: str | None = None, labels: tuple[str, ...] = ()
) -> tuple[tuple[str, ...], list[Labelled]]:
    """Returns the labels, that of no interval first, and each record with theirs.

    Args:
        source: a FASTA file.
        path, features: as for `choose`. Where intervals of different features overlap, the one named first counts.
        labels: those to expect; those of the intervals if none are given.

    Raises:
        DataError: an interval is not in a sequence, or has another label; or two overlap, and no features were named.
    """
    records, intervals = fasta.read_by_name(source), choose(path, features)
    labels = labels or (NONE, *sorted({interval.label for interval in intervals}))
    numbers = {name: np.zeros(len(record.sequence), np.int32) for name, record in records.items()}
    for interval in intervals:
        _check(interval, numbers, labels, f"{path}:{interval.line}", source)
        stretch, number = numbers[interval.name][interval.start : interval.end], labels.index(interval.label)
        if not features and np.any((stretch != 0) & (stretch != number)):
            raise DataError(f"{path}:{interval.line}: {_overlap(interval, intervals)}")
        stretch[:] = number
    return labels, [Labelled(record.sequence, numbers[name]) for name, record in records.items()]


def _check(interval: Interval, numbers: dict[str, np.ndarray], labels: tuple[str, ...], where: str, source: str) -> None:
    name, end, label = interval.name, interval.end, interval.label
    if name not in numbers:
        raise DataError(f"{where}: no sequence of {source} is named {name!r}, expected such as {next(iter(numbers))!r}")
    if end > len(numbers[name]):
        raise DataError(f"{where}: end {end}, but {name!r} of {source} has {len(numbers[name])} bases")
    if label not in labels:
        raise DataError(f"{where}: label {label!r} is unknown to the model, expected {', '.join(labels[1:11])}")


def _overlap(interval: Interval, intervals: list[Interval]) -> str:
    name, start, end, label, line = interval
    other = next(o for o in intervals if o.name == name and o.start < end and start < o.end and o.label != label)
    choice = f"--features {label},{other.label}, of which the first counts"
    return f"{label!r} overlaps {other.label!r} of line {other.line}, expected one label for each base, or {choice}"


# Parts


def load(source: str, path: str, features: str | None = None, max_length=1000, seed=0, most=None) -> targets.Dataset:
    """Returns what to learn: inputs `(T_x, 4)`, see `dna.vectors`, and as `actual` and `y` the numbers of labels `(T_x,)`.

    Whole sequences are held out by `seed`, about a tenth of all bases to test on, and a tenth to validate. A sequence that has
    more than about a tenth is first cut into stretches of about that size, which count as sequences: so the parts of one
    chromosome touch in a few places only. Copies of a sequence stay together. What is learnt and validated on is then cut into
    windows of `max_length` at most, of one length in a sequence; of the former no more than `most` are taken, if given.

    Raises:
        DataError: as of `of_bases`; or all bases have one label, the training part lacks one, or there is too little to split.
    """
    labels, whole = of_bases(source, path, features)
    known = _known(whole)
    if len(known) < 2:
        raise DataError(f"{path}: every base of {source} is {labels[min(known)]!r}, expected two labels or more")
    train, validation, test = _split(whole, random.Random(seed), source)
    for number in sorted(known - _known(train)):
        raise DataError(f"{path}: {labels[number]!r} is too rare to be split, expected it in more places, or other --features")
    train, validation = _windows(train, max_length), _windows(validation, max_length)
    train = random.Random(seed).sample(train, min(len(train), most or len(train)))
    return targets.Dataset(labels, _part(train), _part(validation), _part(test))


def load_test(source: str, path: str, features: str | None, labels: tuple[str, ...]) -> targets.Split:
    """Returns all of a file to test a trained model on. Arguments and errors as of `of_bases`."""
    return _part(of_bases(source, path, features, labels)[1])


def _known(labelled: list[Labelled]) -> set[int]:
    return {int(number) for of_one in labelled for number in np.unique(of_one.numbers)}


def _split(whole: list[Labelled], chance: random.Random, source: str) -> list[list[Labelled]]:
    """What to train, validate and test on, before it is cut into windows."""
    share = sum(len(of_one.sequence) for of_one in whole) / PIECES
    groups = defaultdict(list)
    for piece in [piece for of_one in whole for piece in _cut(of_one, round(len(of_one.sequence) / share))]:
        groups[piece.sequence].append(piece)
    parts, missing = ([], [], []), [0, share, share]
    for sequence in chance.sample(sorted(groups), len(groups)):
        size = len(sequence) * len(groups[sequence])
        i = next((i for i in (2, 1) if not parts[i] or missing[i] >= size / 2), 0)
        parts[i].extend(groups[sequence])
        missing[i] -= size
    if not all(parts):
        raise DataError(f"{source}: too little to split ({len(groups)} different sequences), expected three or more")
    return parts


def _cut(labelled: Labelled, parts: int) -> list[Labelled]:
    """So many parts, one at least, of lengths as equal as can be."""
    length, parts = len(labelled.sequence), max(1, parts)
    ends = sorted({i * length // parts for i in range(parts + 1)})
    return [Labelled(labelled.sequence[start:end], labelled.numbers[start:end]) for start, end in pairwise(ends)]


def _windows(labelled: list[Labelled], longest: int) -> list[Labelled]:
    return [window for of_one in labelled for window in _cut(of_one, -(-len(of_one.sequence) // longest))]


def _part(labelled: list[Labelled]) -> targets.Split:
    numbers = [of_one.numbers for of_one in labelled]
    return targets.Split([sequences.vectors(of_one.sequence) for of_one in labelled], numbers, numbers)


def runs(numbers: np.ndarray) -> list[tuple[int, int, int]]:
    """Returns `(start, end, number)` of each stretch of bases of one label, in order, those of no interval left out."""
    edges = np.flatnonzero(np.diff(numbers, prepend=-1, append=-1))
    return [(int(start), int(end), int(numbers[start])) for start, end in pairwise(edges) if numbers[start]]
