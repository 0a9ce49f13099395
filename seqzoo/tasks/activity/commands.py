"""The verb watch of activity: the label as samples arrive."""

import csv
import dataclasses
import sys
from pathlib import Path

import numpy as np

from seqzoo import presets
from seqzoo.data import recording_files
from seqzoo.data.recording_files import Roles
from seqzoo.data.tables import Table
from seqzoo.errors import DataError
from seqzoo.models import ManyToOneStream, WindowStream
from seqzoo.recipe.config import check
from seqzoo.tasks.activity.data import WINDOW
from seqzoo.training import run_folder


@dataclasses.dataclass(frozen=True)
class WatchFlags:
    """Reads samples from standard input, CSV with a header, and prints after each: the number of the sample, the label, its
    probability, and how many samples the label is from. Channels are the columns of numbers, in the order of the training. A
    bidirectional model reads its last window anew every --hop samples, another one a step at a time."""

    channels: tuple[str, ...] = ()
    """Columns of the channels; all numbers but times and labels if not given."""
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
    rows = csv.reader(source or sys.stdin)
    names, first = [name.strip() for name in next(rows, [])], next(rows, None)
    if first is None:
        raise DataError("standard input: expected a line with the names of columns, and a sample or more")
    table = Table(Path("standard input"), names, [(2, first)], True, "CSV")
    channels = recording_files.complete(table, Roles(channels=flags.channels), needs_label=False).channels
    expected = model.encoder.features
    if len(channels) != expected:
        raise DataError(
            f"standard input: {len(channels)} channels ({', '.join(channels)}), expected {expected}; see --channels"
        )
    window = flags.window or run_folder.read_json(Path(folder) / run_folder.CONFIG_FILE).get("window") or WINDOW
    check("hop", flags.hop, lambda n: n is None or window % n == 0, f"a divisor of the window, {window}")
    kind = WindowStream if model.get_config()["bidirectional"] else ManyToOneStream
    stream = kind(model, window, flags.hop or (window // 2 if window % 2 == 0 else window))
    columns = [names.index(name) for name in channels]
    yield from _watch_rows(stream, columns, channels, first, rows)


def _watch_rows(stream, columns, channels, first, rows):
    row, line, count = first, 2, 0
    while row is not None:
        if row:
            if len(row) <= max(columns):
                raise DataError(f"standard input:{line}: {len(row)} cells, expected {max(columns) + 1} or more")
            where = f"standard input:{line}: column "
            sample = [recording_files.number(row[i], where + name) for i, name in zip(columns, channels, strict=True)]
            answer, steps = stream.push(np.array(sample, np.float32))
            count += 1
            yield f"{count}\t{answer.label}\t{answer.score:.3f}\t{steps}"
        row, line = next(rows, None), rows.line_num
