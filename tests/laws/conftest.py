"""How many examples the laws were tried on."""

from backends import BACKEND
from laws.cases import tried


def pytest_terminal_summary(terminalreporter):
    terminalreporter.write_line(f"laws: {tried.total():,} examples, {BACKEND}")
    if terminalreporter.verbosity >= 0:
        for name, count in tried.items():
            terminalreporter.write_line(f"{count:6,} {name.removeprefix('test_').replace('_', ' ')}")
