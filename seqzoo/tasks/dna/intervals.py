"""Datasets with a label for each base of DNA: a FASTA file, and intervals of its sequences in BED, GFF3 or GTF.

A label is column 4 of BED ("positive" where there is none) or the type of GFF, its column 3. Bases in no interval have the
label "none". The strand is not read: an interval labels the bases as the FASTA file has them. Intervals of one label that touch
or overlap become one interval. Positions are those of BED: counted from 0, the end being the first base after the interval.
"""

import random
import re
from collections import defaultdict
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

import numpy as np

from seqzoo.data import files, targets
from seqzoo.errors import DataError
from seqzoo.tasks.dna import fasta, sequences

NONE = "none"
SUFFIXES = {".bed": False, ".gff": True, ".gff3": True, ".gtf": True}  # whether the format is GFF
BED_COLUMNS = "NAME TAB START TAB END [TAB LABEL]"
GFF_COLUMNS = "NAME TAB SOURCE TAB TYPE TAB START TAB END TAB SCORE TAB STRAND TAB PHASE TAB ATTRIBUTES"
CIRCULAR = re.compile(r"(?:^|;)\s*Is_circular=true\b", re.IGNORECASE)  # in the attributes of GFF3
POSITION = re.compile(r"-?[0-9]{1,18}")
INTEGERS = re.compile(r"[0-9]{1,18}(?:,[0-9]{1,18})*,?")
PIECES = 10  # of all bases: about one for the test split, and one for the validation split
NAMES = 10  # intervals that may all have different labels


class Interval(NamedTuple):
    """Interval of the sequence `name`: bases `start` to `end`, its label, and its line in the file."""

    name: str
    start: int
    end: int
    label: str
    line: int


# A file


def read(path: str | Path) -> list[Interval]:
    """Returns the intervals of a file: BED or GFF by its suffix, else by its first line.

    The intervals of a line of BED with 12 columns are its blocks. A line of GFF3 that says `Is_circular=true` gives the length
    of a circular sequence and is no interval; an interval beyond the end of that sequence goes on at its start.

    Raises:
        DataError: the file is unreadable, a line is not as expected, or there is no interval.
    """
    text = files.decode(files.read_bytes(path, "a BED or GFF file"), path, "BED or GFF, a file of text")
    lines = list(enumerate(files.lines(text), start=1))
    gff, intervals, lengths = _is_gff(path, lines), [], {}
    for number, line in lines:
        if gff and (line.strip() == "##FASTA" or line.startswith(">")):
            break
        if not _is_comment(line):
            cells = _cells(line, gff)
            interval = _interval(cells, gff, path, number)
            if gff and CIRCULAR.search(cells[-1]):
                lengths[interval.name] = interval.end
            else:
                intervals += [interval] if gff else _blocks(interval, cells, path)
    intervals = [part for interval in intervals for part in _on_circle(interval, lengths.get(interval.name))]
    if not intervals:
        raise DataError(f"{path}: no interval, expected lines of {GFF_COLUMNS if gff else BED_COLUMNS}")
    return intervals


def _is_comment(line: str) -> bool:
    """Whether a line is empty, a comment or for a browser; a sequence may be named as a browser's lines begin, `track`."""
    if not line.strip() or line.startswith("#"):
        return True
    pairs = (_cells(line, gff=False)[1:3], line.split("\t")[3:5])  # start and end of BED, and of GFF
    positions = any(len(pair) == 2 and all(map(POSITION.fullmatch, pair)) for pair in pairs)
    return line.split()[0] in ("track", "browser") and not positions


def _is_gff(path: str | Path, lines: list[tuple[int, str]]) -> bool:
    """Whether a file is GFF: by its suffix, else by its first line, where column 2 of 8 or more is no number but a source."""
    cells = next((line.split("\t") for _, line in lines if not _is_comment(line)), [])
    return SUFFIXES.get(Path(path).suffix.lower(), len(cells) > 7 and not cells[1].strip().isdigit())


def _cells(line: str, gff: bool) -> list[str]:
    """The columns of a line: divided by tabs; in a line of BED without a tab, by white space."""
    return [cell.strip() for cell in (line.split("\t") if gff or "\t" in line else line.split())]


def _interval(cells: list[str], gff: bool, path: str | Path, number: int) -> Interval:
    where, first = f"{path}:{number}", int(gff)
    if len(cells) < (8 if gff else 3):
        raise DataError(f"{where}: too few columns ({len(cells)}), expected {GFF_COLUMNS if gff else BED_COLUMNS}")
    start, end = (_integer(cell, where) for cell in (cells[3:5] if gff else cells[1:3]))
    if not first <= start < end + first:
        raise DataError(f"{where}: start {start}, end {end}, expected {first} <= start {'<=' if gff else '<'} end")
    label = cells[2] if gff else _bed_label(cells)
    if label in ("", NONE):
        raise DataError(f"{where}: the label {label!r}, expected another: {NONE!r} is what lies in no interval")
    return Interval(cells[0], start - first, end, label, number)


def _integer(cell: str, where: str) -> int:
    if not POSITION.fullmatch(cell):
        raise DataError(f"{where}: {cell!r} where a start or an end should be, expected an integer")
    return int(cell)


def _bed_label(cells: list[str]) -> str:
    return cells[3] if len(cells) > 3 and cells[3] not in ("", ".") else "positive"


def _blocks(interval: Interval, cells: list[str], path: str | Path) -> list[Interval]:
    """The blocks of an interval of BED: columns 10 to 12 are their number, their lengths and their starts, between commas."""
    if len(cells) < 12 or not all(map(INTEGERS.fullmatch, cells[9:12])):
        return [interval]
    (count,), lengths, starts = ([int(number) for number in cell.strip(",").split(",")] for cell in cells[9:12])
    blocks = [
        interval._replace(start=interval.start + start, end=interval.start + start + length)
        for start, length in zip(starts, lengths, strict=False)
    ]
    if not len(lengths) == len(starts) == count or any(not i.start < i.end <= interval.end for i in blocks):
        found = f"{count} blocks, lengths {cells[10][:20]}, starts {cells[11][:20]}"
        raise DataError(f"{path}:{interval.line}: {found}, expected as many of each, inside the interval")
    return blocks


def _on_circle(interval: Interval, length: int | None) -> list[Interval]:
    """The one or two parts of an interval on a circular sequence of `length` bases, or on one that is not circular (None)."""
    if length is None or not interval.start < length < interval.end:
        return [interval]
    return [interval._replace(end=length), interval._replace(start=0, end=interval.end - length)]


def choose(path: str | Path, features: str | None = None) -> list[Interval]:
    """Returns the intervals of a file, all, or those whose label is one of `features`.

    Args:
        features: labels between commas; intervals of the first label come last.

    Raises:
        DataError: as of `read`; a feature is no label; or there are many intervals, and all have different labels.
    """
    intervals = read(path)
    labels = list(dict.fromkeys(interval.label for interval in intervals))
    if features is None:
        if len(labels) == len(intervals) > NAMES:
            counts = f"{len(intervals)} intervals, {len(labels)} labels"
            raise DataError(f"{path}: {counts}, expected some that recur, or three columns")
        return intervals
    names = [name.strip() for name in features.split(",")]
    for name in names:
        if name not in labels:
            raise DataError(f"--features: {name!r} is no label of {path}, expected some of {', '.join(labels[:10])}")
    chosen = (interval for interval in intervals if interval.label in names)
    return sorted(chosen, key=lambda interval: -names.index(interval.label))


# Labels


class LabelledSequence(NamedTuple):
    """A sequence of bases, and the label number of each base, int32 `(T_x,)`."""

    sequence: str
    numbers: np.ndarray


def label_bases(
    source: str, path: str, features: str | None = None, labels: tuple[str, ...] = ()
) -> tuple[tuple[str, ...], list[LabelledSequence]]:
    """Returns the labels, that of no interval first, and the sequences with the label numbers of their bases.

    Args:
        source: a FASTA file.
        path, features: as for `choose`. Where intervals of different features overlap, the feature named first counts.
        labels: the labels to expect; those of the intervals if none are given.

    Raises:
        DataError: an interval is not in a sequence, or its label is not expected; or intervals of two labels overlap, and no
            features are given.
    """
    records, intervals = fasta.read_by_name(source), choose(path, features)
    labels = labels or (NONE, *sorted({interval.label for interval in intervals}))
    numbers = {name: np.zeros(len(record.sequence), np.int32) for name, record in records.items()}
    for interval in intervals:
        interval = _with_plain_name(interval, numbers)
        _check(interval, numbers, labels, f"{path}:{interval.line}", source)
        stretch, number = numbers[interval.name][interval.start : interval.end], labels.index(interval.label)
        if not features and np.any((stretch != 0) & (stretch != number)):
            raise DataError(f"{path}:{interval.line}: {_overlap(interval, intervals)}")
        stretch[:] = number
    return labels, [LabelledSequence(record.sequence, numbers[name]) for name, record in records.items()]


def _with_plain_name(interval: Interval, names) -> Interval:
    """The interval; its name is decoded where a sequence has the decoded name alone: GFF3 writes `p%7C1` for `p|1`."""
    return interval if interval.name in names else interval._replace(name=unquote(interval.name))


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


# Splits


def load(source: str, path: str, features: str | None = None, max_length=1000, seed=0, most=None) -> targets.Dataset:
    """Returns the dataset of a FASTA file: inputs `(T_x, 4)`, see `sequences.vectors`; targets and y, label numbers `(T_x,)`.

    `seed` chooses whole sequences for the test and the validation split, with about a tenth of all bases each. A sequence with
    more than about a tenth of all bases is first cut into stretches of about a tenth, which count as sequences; so the splits
    of one chromosome touch in a few places only. Copies of a sequence stay in one split. Training and validation sequences are
    then cut into windows of at most `max_length` bases, of nearly one length within a sequence. `most` limits the number of
    training windows, if given.

    Raises:
        DataError: as of `label_bases`; all bases have one label; the training split lacks a label; or there are fewer than
            three different sequences.
    """
    labels, whole = label_bases(source, path, features)
    known = _label_numbers(whole)
    if len(known) < 2:
        raise DataError(f"{path}: every base of {source} is {labels[min(known)]!r}, expected two labels or more")
    train, validation, test = _split(whole, random.Random(seed), source)
    for number in sorted(known - _label_numbers(train)):
        raise DataError(f"{path}: {labels[number]!r} is too rare to be split, expected it in more places, or other --features")
    train, validation = _windows(train, max_length), _windows(validation, max_length)
    train = random.Random(seed).sample(train, min(len(train), most or len(train)))
    return targets.Dataset(labels, *map(_as_split, (train, validation, test)))


def load_test(source: str, path: str, features: str | None, labels: tuple[str, ...]) -> targets.Split:
    """Returns a whole file as the test split of a trained model. Arguments and errors as of `label_bases`."""
    return _as_split(label_bases(source, path, features, labels)[1])


def _label_numbers(whole: list[LabelledSequence]) -> set[int]:
    return {int(number) for labelled in whole for number in np.unique(labelled.numbers)}


def _split(whole: list[LabelledSequence], rng: random.Random, source: str) -> list[list[LabelledSequence]]:
    """The sequences of the training, validation and test split, before they are cut into windows."""
    share = sum(len(labelled.sequence) for labelled in whole) / PIECES
    groups = defaultdict(list)
    for piece in [piece for labelled in whole for piece in _cut(labelled, round(len(labelled.sequence) / share))]:
        groups[piece.sequence].append(piece)
    splits, missing = ([], [], []), [0, share, share]
    for sequence in rng.sample(sorted(groups), len(groups)):
        size = len(sequence) * len(groups[sequence])
        i = next((i for i in (2, 1) if not splits[i] or missing[i] >= size / 2), 0)
        splits[i].extend(groups[sequence])
        missing[i] -= size
    if not all(splits):
        raise DataError(f"{source}: too little to split ({len(groups)} different sequences), expected three or more")
    return splits


def _cut(labelled: LabelledSequence, count: int) -> list[LabelledSequence]:
    """The sequence in `count` pieces, at least one, of nearly one length."""
    length, count = len(labelled.sequence), max(1, count)
    ends = sorted({i * length // count for i in range(count + 1)})
    return [LabelledSequence(labelled.sequence[start:end], labelled.numbers[start:end]) for start, end in pairwise(ends)]


def _windows(whole: list[LabelledSequence], longest: int) -> list[LabelledSequence]:
    return [window for labelled in whole for window in _cut(labelled, -(-len(labelled.sequence) // longest))]


def _as_split(whole: list[LabelledSequence]) -> targets.Split:
    numbers = [labelled.numbers for labelled in whole]
    return targets.Split([sequences.vectors(labelled.sequence) for labelled in whole], numbers, numbers)


def runs(numbers: np.ndarray) -> list[tuple[int, int, int]]:
    """Returns the intervals of label numbers, `(start, end, number)` of each run of one label but "none", in order."""
    edges = np.flatnonzero(np.diff(numbers, prepend=-1, append=-1))
    return [(int(start), int(end), int(numbers[start])) for start, end in pairwise(edges) if numbers[start]]
