"""Verbs of activity: predict, of whole recordings; watch, the label as samples arrive."""

import dataclasses
from pathlib import Path

import numpy as np

from seqzoo import presets, recipe
from seqzoo.data import recording_files, series_files
from seqzoo.data.recording_files import Roles
from seqzoo.data.row_stream import RowStream
from seqzoo.errors import DataError
from seqzoo.models import ManyToOneStream, WindowStream
from seqzoo.recipe.config import check
from seqzoo.tasks.activity.data import WINDOW
from seqzoo.training import run_folder

TABLES = (".csv", ".tsv", *series_files.PARQUET)


@dataclasses.dataclass(frozen=True)
class PredictFlags(recipe.PredictFlags):
    """Prints one line for each recording: label TAB probability TAB recording. A recording is a file, or a column names them;
    or it is a JSON list of samples, as an argument or a line of standard input."""

    file: str | None = None
    """CSV or Parquet file, or a folder of them; or a file with a JSON list on each line."""
    recording_column: str | None = None
    """Column with the names of recordings; a file is a recording if there is none."""
    channels: tuple[str, ...] = ()
    """Columns of the channels, in the order of the training; those of the training if not given."""

    def lines(self, verb="predict"):
        """The path of a file of recordings; or the lines with a list of samples each."""
        path = Path(self.file or "").expanduser()
        return path if self.file and (path.is_dir() or path.suffix.lower() in TABLES) else super().lines(verb)


@dataclasses.dataclass(frozen=True)
class WatchFlags:
    """Reads samples from standard input, CSV with a header, and prints after each: the number of the sample, the label, its
    probability, and how many samples the label is from. A
    bidirectional model, or one with --filters, reads its last window anew every --hop samples, another one a step at a time."""

    channels: tuple[str, ...] = ()
    """Columns of the channels, in the order of the training; those of the training if not given."""
    window: int | None = None
    """Samples that a label is from, at most; those of the training if not given."""
    hop: int | None = None
    """Samples after which another window begins; half of --window if not given."""
    out: str | None = None
    """Folder of the trained model; `runs/NAME` if not given, or else the shipped model."""

    def __post_init__(self):
        check("window", self.window, lambda n: n is None or 1 <= n <= 100_000, "an integer from 1 to 100,000")
        check("hop", self.hop, lambda n: n is None or n >= 1, "a positive integer")


def watch(flags, folder, source=None):
    """Yields a line after each sample. Memory does not grow.

    Raises:
        DataError: a sample has a cell that is no number, or other channels than the model.
    """
    model = presets.load(folder)
    rows = RowStream(source)
    table = rows.first(1)
    channels = recording_files.complete(table, Roles(channels=flags.channels or model.encoder.channels), False).channels
    expected = model.encoder.features
    if len(channels) != expected:
        found = f"{len(channels)} channels ({', '.join(channels)})"
        raise DataError(f"{rows.source}: {found}, expected {expected}; see --channels")
    window = flags.window or run_folder.read_json(Path(folder) / run_folder.CONFIG_FILE).get("window") or WINDOW
    check("hop", flags.hop, lambda n: n is None or window % n == 0, f"a divisor of the window, {window}")
    kind = ManyToOneStream if ManyToOneStream.fits(model) else WindowStream
    stream = kind(model, window, flags.hop or (window // 2 if window % 2 == 0 else window))
    columns = [rows.names.index(name) for name in channels]
    for count, (line, row) in enumerate(rows, start=1):
        sample = [rows.number(line, row, column) for column in columns]
        answer, steps = stream.push(np.array(sample, np.float32))
        yield f"{count}\t{answer.label}\t{answer.score:.3f}\t{steps}"
