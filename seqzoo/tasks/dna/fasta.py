"""FASTA files: a header line `>NAME ...`, then the letters of a nucleotide sequence on one line or more."""

import string
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from seqzoo.data import files
from seqzoo.errors import DataError

SUFFIXES = (".fasta", ".fa", ".fna", ".fas", ".ffn", ".frn")
CODES = {
    **{base: base for base in "ACGT"},
    **{"R": "AG", "Y": "CT", "S": "CG", "W": "AT", "K": "GT", "M": "AC"},
    **{"B": "CGT", "D": "AGT", "H": "ACT", "V": "ACG", "N": "ACGT"},
}  # codes of IUPAC, and the bases that each code stands for
CAPITALS = str.maketrans(string.ascii_lowercase, string.ascii_uppercase)  # str.upper makes SS, two bases, of ß
EXPECTED = "A C G T (U is read as T) or R Y S W K M B D H V N"
LEAST = 10  # letters from which DNA and a protein can be distinguished


class Record(NamedTuple):
    """Record of a FASTA file: a sequence in capitals, its name (the first word of the header), and the header's line."""

    name: str
    sequence: str
    line: int


def read(path: str | Path) -> list[Record]:
    """Returns the records of a file, in their order.

    Raises:
        DataError: the file is missing, a folder, not as `parse` expects, or a protein by its letters, see `check`.
    """
    return checked(parse(files.read_bytes(path, "a FASTA file"), path), path)


def read_by_name(path: str | Path) -> dict[str, Record]:
    """Returns the records of a file by their names.

    Raises:
        DataError: as of `read`, or two records have one name.
    """
    records = read(path)
    twice = [name for name, count in Counter(record.name for record in records).items() if count > 1]
    if twice:
        raise DataError(f"{path}: two sequences are named {twice[0]!r}, expected each to have a name of its own")
    return {record.name: record for record in records}


def parse(content: bytes, source: str | Path) -> list[Record]:
    """Returns the records in the content of a FASTA file, one or more.

    Lower case, which marks repeats in some files, becomes upper case. Blank lines, white space and lines that begin with `;`
    are skipped. U is read as T; the codes of unknown bases stay as they are.

    Args:
        source: the file's name in error messages.

    Raises:
        DataError: the content is empty, is not UTF-8, or has letters before the first header; a record has no letter; or a
            letter stands for no nucleotide, as in a protein.
    """
    records: list[tuple[str, int, list[str]]] = []
    text = files.decode(content, source, "FASTA, a file of text")
    for number, raw in enumerate(files.lines(text), start=1):
        line = raw.strip()
        if line.startswith(">"):
            records.append((line[1:].strip(), number, []))
        elif line and not line.startswith(";"):
            if not records:
                raise DataError(f"{source}:{number}: expected a header, >NAME, before the first sequence, found {line[:20]!r}")
            records[-1][2].append(letters(line, f"{source}:{number}"))
    if not records:
        raise DataError(f"{source}: empty, expected FASTA: lines of >NAME, each with lines of bases below it")
    return [_record(header, number, lines_of_bases, source) for header, number, lines_of_bases in records]


def _record(header: str, number: int, lines_of_bases: list[str], source: str | Path) -> Record:
    name = (header.split() or [""])[0]
    sequence = "".join(lines_of_bases)
    if not sequence:
        raise DataError(f"{source}:{number}: the record {name!r} is empty, expected lines of bases below its header")
    return Record(name, sequence, number)


def letters(line: str, where: str) -> str:
    """Returns the letters of a line: in capitals, without white space, U as T.

    Raises:
        DataError: a letter stands for no nucleotide; the message begins with `where`.
    """
    folded = "".join(line.split()).translate(CAPITALS).replace("U", "T")
    for letter in sorted(set(folded) - set(CODES), key=folded.index):
        hint = ": a protein?" if letter in "EFILPQXZJO" else ": a gap? remove it" if letter in "-.*" else ""
        raise DataError(f"{where}: {letter!r} is no code of a nucleotide, expected {EXPECTED}{hint}")
    return folded


def checked(records: list[Record], source: str | Path) -> list[Record]:
    """Returns the records after a `check` of each."""
    for record in records:
        check(record.sequence, f"{source}:{record.line}")
    return records


def check(sequence: str, where: str) -> None:
    """Refuses a protein whose letters all happen to be codes of nucleotides.

    Raises:
        DataError: there are `LEAST` letters or more, and fewer than half are A, C, G, T, U or N.
    """
    known = sum(map(sequence.count, "ACGTN"))
    if len(sequence) >= LEAST and 2 * known < len(sequence):
        raise DataError(f"{where}: {known} of {len(sequence)} letters are A C G T U N, expected half at least: a protein?")
