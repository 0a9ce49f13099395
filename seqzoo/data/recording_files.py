"""Recordings of files: a row for each sample, its channels and a label; a file is a recording, or a column names them."""

import dataclasses
import itertools
from pathlib import Path

import numpy as np

from seqzoo.data import series_files
from seqzoo.data.recordings import Recording
from seqzoo.data.tables import SUFFIXES, Table
from seqzoo.errors import DataError, note_of_data

LABEL_NAMES = ("label", "activity", "class", "target", "exercise", "gesture")
RECORDING_NAMES = ("recording", "recording_id", "session", "file", "trial")
TIME_NAMES = (*series_files.TIME_NAMES, "t", "seconds", "milliseconds", "index")  # no channels
GROUP_NAMES = ("subject", "subject_id", "person", "user", "participant", "group")


@dataclasses.dataclass(frozen=True)
class Roles:
    """Roles of columns, by their names; guessed where they are not given, the channels: all other columns of numbers."""

    label: str | None = None
    recording: str | None = None
    group: str | None = None
    time: str | None = None
    channels: tuple[str, ...] = ()

    def given(self) -> dict[str, str]:
        """Returns the flag of each column that has a role."""
        flags = {"--label-column": self.label, "--recording-column": self.recording}
        flags |= {"--subject-column": self.group, "--time-column": self.time}
        return {name: flag for flag, name in flags.items() if name is not None} | dict.fromkeys(self.channels, "--channels")


def read(path: str | Path, roles: Roles, needs_label: bool = True) -> tuple[list[Recording], tuple[str, ...]]:
    """Returns the recordings of a file, or of all files of a folder, and the names of the channels.

    In a folder each file is a recording, unless a column names them; a file's label is that of its column, or the name of the
    folder that it is in, as where no label is needed. Whose a recording is says the column of subjects, or nothing.

    Raises:
        DataError: a file has no channels or no label, other channels than the first, or a cell that is no number.
    """
    path = Path(path).expanduser()
    files = (
        sorted(f for f in path.rglob("*") if f.suffix.lower() in (*SUFFIXES, *series_files.PARQUET))
        if path.is_dir()
        else [path]
    )
    if not files:
        raise DataError(f"{path}: a folder without a CSV or Parquet file")
    recordings, channels = [], None
    for file in files:
        table = series_files.read_table(file)
        of_file = complete(table, roles, needs_label and (file.parent == path or len(files) == 1))
        of_file = of_file if needs_label else dataclasses.replace(of_file, label=None)
        channels = channels or of_file.channels
        if of_file.channels != channels:
            raise DataError(f"{file}: channels {', '.join(of_file.channels)}, expected {', '.join(channels)} as in {files[0]}")
        recordings += _recordings(
            table, of_file, file, str(file.relative_to(path).with_suffix("")) if path.is_dir() else file.stem
        )
    labels = sorted({label for recording in recordings for label in recording.labels})
    of_labels = f"; labels {', '.join(labels[:8])}" if needs_label else ""
    note_of_data(f"{path}: {len(recordings):,} recordings of the channels {', '.join(channels)}{of_labels}")
    return recordings, channels


def complete(table: Table, roles: Roles, needs_label: bool = True) -> Roles:
    """Returns the roles with guesses; raises a `DataError` for a column that is not there, and without channels or a label."""
    for name, flag in roles.given().items():
        if name not in table.names:
            raise DataError(f"{table.path}: no column {name!r} ({flag}), the columns are {', '.join(table.names)}")
    label = roles.label or _named(table, LABEL_NAMES)
    if label is None and needs_label:
        raise DataError(f"{table.path}: no column of labels among {', '.join(table.names)}; see --label-column")
    recording, group = roles.recording or _named(table, RECORDING_NAMES), roles.group or _named(table, GROUP_NAMES)
    time = roles.time or _named(table, TIME_NAMES)
    others = [name for name in table.names if name not in (label, recording, group, time)]
    channels = roles.channels or tuple(name for name in others if series_files.is_numeric(table, name))
    if not channels:
        raise DataError(f"{table.path}: no channel, a column of numbers, among {', '.join(table.names)}; see --channels")
    return Roles(label, recording, group, time, channels)


def _named(table, names):
    return next((name for name in table.names if name.strip().lower() in names), None)


def _recordings(table, roles, file, name):
    values = np.stack([series_files.numbers_of(table, name) for name in roles.channels], axis=1).astype(np.float32)

    def column(name, otherwise):
        return (
            [otherwise] * len(values) if name is None else [str(cell).strip() for cell in table.column(table.names.index(name))]
        )

    labels, groups = column(roles.label, file.parent.name), column(roles.group, "")
    names = column(roles.recording, name)
    if roles.label is not None and "" in labels:
        raise DataError(f"{table.path}:{table.rows[labels.index('')][0]}: column {roles.label}: expected a label, found none")
    begin = 0
    for (name, group), rows in itertools.groupby(zip(names, groups, strict=True)):
        end = begin + len(list(rows))
        yield Recording(values[begin:end], labels[begin:end], group, f"{group} {name}".strip())
        begin = end
