"""FASTA files: a header line `>NAME ...`, then the letters of a nucleotide sequence on one line or more."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from seqzoo.errors import DataError

SUFFIXES = (".fasta", ".fa", ".fna", ".fas", ".ffn", ".frn")
CODES = {
    **{base: base for base in "ACGT"},
    **{"R": "AG", "Y": "CT", "S": "CG", "W": "AT", "K": "GT", "M": "AC"},
    **{"B": "CGT", "D": "AGT", "H": "ACT", "V": "ACG", "N": "ACGT"},
}  # codes of IUPAC, and the bases that each code stands for
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
    return checked(parse(content(path, "a FASTA file"), path), path)


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


def content(path: str | Path, expected: str) -> bytes:
    """Returns the content of a file.

    Raises:
        DataError: the file cannot be read; the message names what was `expected`.
    """
    try:
        return Path(path).expanduser().read_bytes()
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error}: expected {expected}") from error


def lines(content: bytes, source: str | Path, expected: str = "FASTA") -> Iterator[tuple[int, str]]:
    """Yields `(number, line)`, numbered from 1, of a UTF-8 text with line ends of any kind.

    Raises:
        DataError: a line is not UTF-8.
    """
    for number, raw in enumerate(content.removeprefix(b"\xef\xbb\xbf").splitlines(), start=1):
        try:
            yield number, raw.decode("utf-8")
        except UnicodeDecodeError as error:
            where = f"{source}:{number}: byte 0x{raw[error.start]:02x}"
            raise DataError(f"{where} is not UTF-8: expected {expected}, a file of text") from error


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
    for number, raw in lines(content, source):
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
    folded = "".join(line.split()).upper().replace("U", "T")
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
