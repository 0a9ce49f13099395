"""Text files of a user: their bytes, their text in UTF-8, and its lines."""

import codecs
from pathlib import Path

from seqzoo.errors import DataError


def content(path: str | Path, expected: str) -> bytes:
    """Returns the content of a file.

    Raises:
        DataError: the path is no regular file, or cannot be read; the message names what was `expected`.
    """
    file = Path(path).expanduser()
    check_regular(file, expected)
    try:
        return file.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error}: expected {expected}") from error


def check_regular(path: Path, expected: str) -> None:
    """Refuses a pipe or a device, whose reader could wait for ever."""
    if path.exists() and not path.is_file() and not path.is_dir():
        raise DataError(f"{path}: a pipe or a device: expected {expected}")


def decode(content: bytes, source: str | Path, expected: str) -> str:
    """Returns the text of a content in UTF-8, without a byte-order mark.

    Args:
        source: the file's name in error messages.

    Raises:
        DataError: the content is not UTF-8, or holds a NUL character, as UTF-16 does.
    """
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise DataError(f"{source}: saved as UTF-16, not UTF-8: expected {expected}, saved as UTF-8")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        wrong, at = f"byte 0x{error.object[error.start]:02x} is not UTF-8", error.start
        raise DataError(f"{source}:{_line(error.object[:at])}: {wrong}: expected {expected}, saved as UTF-8") from error
    if "\0" in text:
        at = _line(content[: content.index(b"\0")])
        raise DataError(f"{source}:{at}: a NUL character, as in UTF-16: expected {expected}, saved as UTF-8")
    return text


def _line(before: bytes) -> int:
    """The number of the line that follows the bytes `before`."""
    return len((before + b".").splitlines())


def lines(text: str) -> list[str]:
    """Returns the lines of a text, which end with a line feed, a carriage return, or both; no other character ends a line."""
    return text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n")


def read_lines(path: str | Path, expected: str) -> list[str]:
    """Returns the lines of a file. Errors as of `content` and `decode`."""
    return lines(decode(content(path, expected), path, expected))
