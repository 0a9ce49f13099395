"""Files of the user: their bytes, their text in UTF-8, and its lines; or one line that says why not."""

import codecs
import os
import stat
from pathlib import Path

from seqzoo.errors import DataError

UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)  # UTF-32 in little-endian order begins like UTF-16


def read_bytes(path: str | Path, expected: str) -> bytes:
    """Returns the content of a regular file.

    Raises:
        DataError: the file is missing, unreadable or not regular; the message names what was `expected`.
    """
    file = Path(os.path.expanduser(path))
    check_regular(file, expected, path)
    try:
        return file.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error}: expected {expected}") from error


def check_regular(path: str | Path, expected: str, name: str | Path | None = None) -> None:
    """Raises a `DataError` for a file that is missing, and for a pipe or a device, whose reader could wait for ever.

    Args:
        name: the file's name in the message, its path if None.
    """
    name = path if name is None else name
    try:
        mode = Path(path).stat().st_mode
    except (OSError, ValueError) as error:  # a ValueError for a path with NUL in it
        raise DataError(f"{name}: {getattr(error, 'strerror', None) or error}: expected {expected}") from error
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise DataError(f"{name}: a pipe or a device: expected {expected} in a regular file")


def place(value):
    """Returns the real path of a file that exists; any other value as it is."""
    path = os.path.expanduser(value) if isinstance(value, str) and "\0" not in value else ""
    return os.path.realpath(path) if os.path.exists(path) else value


def decode(content: bytes, source: str | Path, expected: str) -> str:
    """Returns the text of a content in UTF-8, without its byte order mark.

    Args:
        source: the file's name in error messages.

    Raises:
        DataError: the content is not UTF-8, or holds a NUL character, as UTF-16 does; the message names the line.
    """
    if content.startswith(b"PK\x03\x04"):
        raise DataError(f"{source}:1: a ZIP file, such as Excel's: expected {expected}, saved as UTF-8")
    if content.startswith(UTF_16):
        raise DataError(f"{source}:1: saved as UTF-16, not UTF-8: expected {expected}, saved as UTF-8")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        wrong, line = f"byte 0x{error.object[error.start]:02x} is not UTF-8", _line(error.object[: error.start])
        raise DataError(f"{source}:{line}: {wrong}: expected {expected}, saved as UTF-8") from error
    if "\0" in text:
        line = _line(content[: content.index(b"\0")])
        raise DataError(f"{source}:{line}: a NUL character, as in UTF-16: expected {expected}, saved as UTF-8")
    return text


def _line(before: bytes) -> int:
    """The number of the line that follows the bytes `before`."""
    return len((before + b".").splitlines())


def read_text(path: str | Path, expected: str) -> str:
    """Returns the text of a file. Errors as of `read_bytes` and `decode`."""
    return decode(read_bytes(path, expected), path, expected)


def lines(text: str) -> list[str]:
    """Returns the lines of a text, which end with a line feed, a carriage return, or both; no other character ends a line."""
    return text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n")


def read_lines(path: str | Path, expected: str) -> list[str]:
    """Returns the lines of a file. Errors as of `read_text`."""
    return lines(read_text(path, expected))
