"""Labelled DNA sequences from FASTA files, tables or a name, and their bases as vectors of four numbers."""

from functools import partial
from pathlib import Path

import numpy as np

from seqzoo.data import tables
from seqzoo.data.examples import Examples, Splits
from seqzoo.data.labels import class_name
from seqzoo.datasets import labeled
from seqzoo.errors import DataError
from seqzoo.tasks.dna import fasta

BASES = "ACGT"
VECTORS = {
    code: np.array([(base in stands) / len(stands) for base in BASES], np.float32) for code, stands in fasta.CODES.items()
}
_TABLE = np.zeros((128, len(BASES)), np.float32)
_TABLE[[ord(code) for code in VECTORS]] = list(VECTORS.values())
_CODES = {tuple(vector): code for code, vector in VECTORS.items()}


def vectors(sequence: str, middle: bool = False) -> np.ndarray:
    """Returns a sequence in capitals as an array `(T_x, 4)`: the probability of A, C, G, T at each base.

    R, for example, stands for A or G: (.5, 0, .5, 0).

    With `middle` the shape is `(T_x, 5)`. The fifth number is 1 on either side of the middle (on it, if the length is odd),
    else 0. In windows around a site it marks the site, which a network could otherwise find only by counting.
    """
    array = _TABLE[np.frombuffer(sequence.encode("ascii"), np.uint8)]
    if not middle:
        return array
    mark = np.zeros((len(array), 1), np.float32)
    mark[(len(array) - 1) // 2 : len(array) // 2 + 1] = 1
    return np.concatenate([array, mark], axis=1)


def bases(array: np.ndarray) -> np.ndarray:
    """Returns an array of `vectors` without the mark of the middle: `(T_x, 4)`."""
    return array[:, : len(BASES)]


def letters(array: np.ndarray) -> str:
    """Returns the capitals of an array of `vectors`, its inverse."""
    return "".join(_CODES[tuple(vector)] for vector in bases(np.asarray(array, np.float32)))


def load(
    source: str,
    labels: str | None = None,
    negative: str | None = None,
    data_dir: str | None = None,
    text_column: str | int | None = None,
    label_column: str | int | None = None,
    header: bool | None = None,
    seed: int = 0,
) -> Splits:
    """Returns train, validation and test examples, whose inputs are in capitals; `seed` holds out missing splits.

    Args:
        source: a FASTA file, with `labels` or `negative`; a folder with one FASTA file for each class, `CLASS.fasta`; or a
            source of `labeled.load`: a table with a column of sequences, or a name such as `splice_junctions`.
        labels: a table of names and labels, one for each sequence of the FASTA file.
        negative: a FASTA file of the class "negative"; the sequences of `source` are then "positive".
        data_dir, text_column, label_column, header: as for `labeled.load`; `header` also of the table `labels`.

    Raises:
        DataError: a file is unreadable or not as expected, or the labels are not those of the sequences.
    """
    if is_fasta(source, labels, negative):
        examples = read(source, labels, negative, header)
        _check_classes(examples, source)
        return labeled.complete({"train": examples}, seed, source)
    prepare = partial(_in_capitals, source=source)
    return labeled.load(source, data_dir, text_column, label_column, header, seed, prepare=prepare)


def load_test(source, labels=None, negative=None, data_dir=None, text_column=None, label_column=None, header=None) -> Examples:
    """Returns test examples for a trained model: the whole of a file or of a folder of FASTA files, else the test split."""
    if is_fasta(source, labels, negative):
        return read(source, labels, negative, header)
    prepare = partial(_in_capitals, source=source)
    return labeled.load_test(source, data_dir, text_column, label_column, header, like="", prepare=prepare)


def is_fasta(source: str, labels: str | None = None, negative: str | None = None) -> bool:
    """Returns whether a source is FASTA: by its further files, its suffix, or the files in a folder."""
    return bool(labels or negative or _files(source)) or Path(source).suffix.lower() in fasta.SUFFIXES


def read(source: str, labels: str | None = None, negative: str | None = None, header: bool | None = None) -> Examples:
    """Returns the examples of FASTA files, see `load`."""
    if labels and negative:
        raise DataError(f"--labels {labels}: expected either --labels or --negative, got both")
    if labels:
        return _with_labels(source, labels, header)
    files = [("positive", source), ("negative", negative)] if negative else _by_class(source)
    rows = [(record.sequence, label) for label, file in files or [("", source)] for record in fasta.read(file)]
    _check_different(rows, files)
    if not files:  # checked last: the error of a missing or broken file comes first
        raise DataError(f"{source}: FASTA has no labels, expected --labels FILE, --negative FILE, or a folder of CLASS.fasta")
    return Examples([sequence for sequence, _ in rows], [label for _, label in rows])


def _files(folder: str) -> list[Path]:
    """The FASTA files in a folder; none where the path is no folder."""
    path = Path(folder).expanduser()
    return sorted(file for file in path.iterdir() if file.suffix.lower() in fasta.SUFFIXES) if path.is_dir() else []


def _by_class(folder: str) -> list[tuple[str, Path]]:
    files = _files(folder)
    for one, other in zip(files, files[1:], strict=False):
        if one.stem == other.stem:
            raise DataError(f"{folder}: expected one file for each class, found {one.name} and {other.name}")
    return [(file.stem, file) for file in files]


def _check_different(rows: list[tuple[str, str]], files: list[tuple[str, str | Path]]) -> None:
    """Refuses two files of the same sequences, such as one file as both classes."""
    seen = {}
    for label, file in files:
        sequences = frozenset(sequence for sequence, of in rows if of == label)
        if sequences in seen:
            raise DataError(f"{file}: the same sequences as {seen[sequences]}, expected those of another class")
        seen[sequences] = file


def _with_labels(source: str, file: str, header: bool | None) -> Examples:
    records = fasta.read_by_name(source)
    labels = _read_labels(file, set(records), header)
    for name, record in records.items():
        if name not in labels:
            raise DataError(f"{source}:{record.line}: the sequence {name!r} has no label in {file}")
    return Examples([record.sequence for record in records.values()], [labels[name] for name in records])


def _read_labels(file: str, names: set[str], header: bool | None) -> dict[str, str]:
    """`{name: label}` of a table.

    Where `header` is None, the first line is a header if no sequence has its name and no other line has its label.
    """
    table = tables.read(Path(file).expanduser(), header=False)
    if len(table.names) != 2:
        raise DataError(f"{file}:{table.rows[0][0]}: {len(table.names)} cells, expected two, NAME TAB LABEL")
    rows = [(line, (name.split() or [""])[0].removeprefix(">"), label.strip()) for line, (name, label) in table.rows]
    _, first, label = rows[0]
    guess = first not in names and all(label != other for _, _, other in rows[1:])
    labels = {}
    for line, name, label in rows[guess if header is None else header :]:
        if name not in names:
            raise DataError(f"{file}:{line}: a label for {name!r}, which no sequence is named")
        label = class_name(f"{file}:{line}: the label of {name!r}", label)
        if labels.setdefault(name, label) != label:
            raise DataError(f"{file}:{line}: expected one label for {name!r}, found {label!r}")
    return labels


def _check_classes(examples: Examples, source: str) -> None:
    classes = sorted(set(examples.targets))
    if len(classes) < 2:
        raise DataError(f"{source}: every label is {classes[0]!r}, expected two or more classes")


def _in_capitals(examples: Examples, source: str) -> Examples:
    """The examples of a table or data set, with sequences in capitals."""
    if not isinstance(examples.inputs[0], str):
        raise DataError(f"{source}: expected a column of DNA sequences, found numbers")
    inputs = [sequence(text, f"{source}: sequence {i}") for i, text in enumerate(examples.inputs, start=1)]
    return Examples(inputs, examples.targets, examples.domains)


def sequence(text: str, where: str) -> str:
    """Returns the sequence of a text of bases, see `fasta.letters`.

    Raises:
        DataError: the text is empty or no DNA; the message begins with `where`.
    """
    capitals = fasta.letters(text, where)
    if not capitals:
        raise DataError(f"{where}: empty, expected bases")
    fasta.check(capitals, where)
    return capitals


def parse_lines(lines: list[str]) -> list[tuple[str, str]]:
    """Returns the sequences of input lines: `(name, sequence)` of each record of FASTA, else `(line, sequence)` of each line.

    Raises:
        DataError: a line is no DNA.
    """
    first = next((line.strip() for line in lines if line.strip()), "")
    if first.startswith((">", ";")):
        records = fasta.parse("\n".join(lines).encode(errors="replace"), "input")
        return [(record.name, record.sequence) for record in fasta.checked(records, "input")]
    return [(" ".join(line.split()), sequence(line, f"input {i}")) for i, line in enumerate(lines, start=1)]
