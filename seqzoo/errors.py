"""Errors of one line that a user can mend, and notes."""

import sys


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
    return text if len(text) <= limit else text[: limit - 3] + "..."


def note(message: str) -> None:
    """Prints one line on standard error."""
    print(f"note: {message}", file=sys.stderr)
