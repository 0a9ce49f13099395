"""Files of the user: bytes or text of a regular file, or one line that says why not."""

import codecs
import stat
from pathlib import Path

from seqzoo.errors import DataError

UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)  # UTF-32 in little-endian order begins like UTF-16


def read_bytes(path: str | Path, expected: str) -> bytes:
    """Returns the content of a regular file; a pipe or a device, which may never end, is not opened.

    Raises:
        DataError: the file is missing, unreadable or not regular; the message names what was `expected`.
    """
    try:
        mode = Path(path).stat().st_mode
        content = None if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)) else Path(path).read_bytes()
    except (OSError, ValueError) as error:  # a ValueError for a path with NUL in it
        raise DataError(f"{path}: {getattr(error, 'strerror', None) or error}: expected {expected}") from error
    if content is None:
        raise DataError(f"{path}: a pipe, socket or device, expected {expected} in a regular file")
    return content


def read_text(path: str | Path, expected: str) -> str:
    """Returns the text of a regular UTF-8 file, without its byte order mark.

    Raises:
        DataError: as of `read_bytes`, or the file is not UTF-8 or has a NUL character; the message names the line.
    """
    content = read_bytes(path, expected).removeprefix(codecs.BOM_UTF8)
    if content.startswith(UTF_16):
        raise DataError(f"{path}:1: the encoding is UTF-16 or UTF-32, expected {expected} in UTF-8: save it as UTF-8")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(f"{path}:{line}: byte 0x{content[error.start]:02x} is not UTF-8: save it as UTF-8") from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise DataError(f"{path}:{line}: byte 0x00 (NUL), expected {expected}: save it as UTF-8")
    return text
