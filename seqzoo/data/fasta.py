"""FASTA: a header line `>NAME ...`, then the letters of a nucleotide sequence on one line or more."""

from pathlib import Path
from typing import NamedTuple

from seqzoo.data.errors import DataError

SUFFIXES = (".fasta", ".fa", ".fna", ".fas", ".ffn", ".frn")
CODES = {
    **{base: base for base in "ACGT"},
    **{"R": "AG", "Y": "CT", "S": "CG", "W": "AT", "K": "GT", "M": "AC"},
    **{"B": "CGT", "D": "AGT", "H": "ACT", "V": "ACG", "N": "ACGT"},
}  # IUPAC's letters, and the bases that each stands for
EXPECTED = "A C G T (U is read as T) or R Y S W K M B D H V N"


class Record(NamedTuple):
    """A sequence in capitals, its name (the first word of its header), and its header's line."""

    name: str
    sequence: str
    line: int


def read(path: str | Path) -> list[Record]:
    """Returns the records of a file, in their order.

    Raises:
        DataError: missing, a folder, or not as `parse` expects it.
    """
    try:
        content = Path(path).expanduser().read_bytes()
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error}: expected a FASTA file") from error
    return parse(content, path)


def parse(content: bytes, source: str | Path) -> list[Record]:
    """Returns the records in the content of a file, one or more.

    Lower case, which some use for repeats, is folded; blank lines, white space and lines that begin with `;` are skipped;
    U is read as T; the codes of unknown bases stay as they are.

    Args:
        source: what the error line calls it.

    Raises:
        DataError: empty, not UTF-8, letters before the first header, a record without a letter, or a letter that stands for
            no nucleotide, as in a protein.
    """
    found: list[tuple[str, int, list[str]]] = []
    for number, raw in enumerate(content.removeprefix(b"\xef\xbb\xbf").splitlines(), start=1):
        line = _text(raw, f"{source}:{number}").strip()
        if line.startswith(">"):
            found.append((line[1:].strip(), number, []))
        elif line and not line.startswith(";"):
            if not found:
                raise DataError(f"{source}:{number}: expected a header, >NAME, before the first sequence, found {line[:20]!r}")
            found[-1][2].append(letters(line, f"{source}:{number}"))
    if not found:
        raise DataError(f"{source}: empty, expected FASTA: lines of >NAME, each with lines of bases below it")
    return [_record(header, number, lines, source) for header, number, lines in found]


def _text(raw: bytes, where: str) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"{where}: byte 0x{raw[error.start]:02x} is not UTF-8: expected FASTA, a file of text") from error


def _record(header: str, number: int, lines: list[str], source: str | Path) -> Record:
    name = (header.split() or [""])[0]
    sequence = "".join(lines)
    if not sequence:
        raise DataError(f"{source}:{number}: the record {name!r} is empty, expected lines of bases below its header")
    return Record(name, sequence, number)


def letters(line: str, where: str) -> str:
    """Returns a line of bases in capitals, without white space, U as T.

    Raises:
        DataError: a letter stands for no nucleotide; the message begins with `where`.
    """
    folded = "".join(line.split()).upper().replace("U", "T")
    for letter in sorted(set(folded) - set(CODES), key=folded.index):
        hint = ": a protein?" if letter in "EFILPQXZJO" else ": a gap? remove it" if letter in "-.*" else ""
        raise DataError(f"{where}: {letter!r} is no code of a nucleotide, expected {EXPECTED}{hint}")
    return folded
