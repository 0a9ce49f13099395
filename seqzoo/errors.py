"""Errors of one line that a user can mend, and notes."""

import contextlib
import os
import sys
import unicodedata

STARTED = "SEQZOO_STARTED"  # an environment variable of the processes that a command starts, as workers


class DataError(ValueError):
    """Data cannot be used, or could not be fetched.

    The message is one line that names the file, line, column or flag, what was found and what was expected.
    A command line prints it as `error: <message>` and exits with status 2.
    """


class UsageError(ValueError):
    """A flag has an impossible value. The message is one line: the flag, what was expected, what was given."""


def one_line(error: BaseException, limit: int = 300) -> str:
    """Returns another library's error as a single line of at most `limit` characters."""
    text = " ".join(str(error).split()) or type(error).__name__
    text = "".join(repr(character)[1:-1] if unicodedata.category(character) == "Cc" else character for character in text)
    return text if len(text) <= limit else text[: limit - 3] + "..."


@contextlib.contextmanager
def boundary(source: str):
    """Context manager: turns every error of a block that reads what a user gives into a `DataError` that names the source.

    Errors that are one line already pass: `DataError`, `UsageError`, and an `OSError`, which names its file.
    """
    try:
        yield
    except (DataError, UsageError, OSError, FloatingPointError):
        raise
    except Exception as error:  # whatever a damaged or alien file provokes in the libraries that read it
        raise DataError(f"{source}: {cause(error)}") from error


def cause(error: BaseException, limit: int = 200) -> str:
    """Returns the name of an error and its message, as a single line."""
    return f"{type(error).__name__}: {one_line(error, limit)}" if str(error).strip() else type(error).__name__


def wants_traceback() -> bool:
    """Returns whether the environment asks for tracebacks: `SEQZOO_TRACEBACK=1`."""
    return os.environ.get("SEQZOO_TRACEBACK", "") not in ("", "0")


def note(message: str) -> None:
    """Prints one line on standard error."""
    print(f"note: {message}", file=sys.stderr)


def note_of_data(message: str) -> None:
    """Prints one line on standard error, unless a command has started this process and reads, and notes, the same data."""
    if not os.environ.get(STARTED):
        note(message)
