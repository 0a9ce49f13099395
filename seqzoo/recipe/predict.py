"""The verb predict: a line of output for each input line."""

import dataclasses
import sys

import tyro

from seqzoo import presets
from seqzoo.data import files
from seqzoo.errors import UsageError, boundary
from seqzoo.recipe.config import check
from seqzoo.recipe.flags import parse


@dataclasses.dataclass(frozen=True)
class PredictFlags:
    """Prints one line for each input: label TAB probability TAB input. A rating takes the place of both."""

    texts: tyro.conf.Positional[tuple[str, ...]] = ()
    """Inputs; read from --file or standard input if there are none."""
    file: str | None = None
    """File with one input a line."""
    out: str | None = None
    """Folder of the trained model; `runs/NAME` if not given, or else the shipped model."""

    def lines(self, verb="predict"):
        """The inputs: arguments, the lines of the file, or those of standard input.

        Raises:
            UsageError: there is no text, or both arguments and a file; or the file is unreadable.
        """
        check("file", self.file, lambda file: file != "", "the name of a file")
        if self.texts and self.file:
            raise UsageError(f"{verb}: expected texts or --file, got both")
        source = verb if self.texts else self.file or "standard input"
        lines = list(self.texts) or _read_lines(self.file, source)
        if not any(line.strip() for line in lines):
            raise UsageError(f"{source}: expected at least one line of text, got none")
        return lines


def _read_lines(file, source):
    if file is None and sys.stdin is None:
        raise UsageError(f"{source}: closed, expected texts, --file or a standard input")
    if file is None and sys.stdin.isatty():
        print("one text a line, then Ctrl-D:", file=sys.stderr)
    if file:
        return files.read_lines(file, "a file with one input on each line")
    content = sys.stdin.buffer.read()
    try:
        return files.lines(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{source}: expected UTF-8 text, line {line} is not") from error


def predict(recipe, arguments):
    """Prints the task's predictions for the inputs."""
    flags = parse(recipe.predict_flags, arguments, f"recipes.{recipe.name} predict")
    shared = {field.name for field in dataclasses.fields(PredictFlags)}
    further = {field.name: getattr(flags, field.name) for field in dataclasses.fields(flags) if field.name not in shared}
    lines, folder = flags.lines(), recipe.trained_folder(flags)
    task = recipe.task_of(recipe.trained_config(folder))
    with boundary(f"predict, {folder}"):
        for line in task.predict(presets.load(folder), lines, **further):
            print(line, flush=True)
