"""Data of activity: recordings of sensors in windows, split by whose they are; vowels, strokes of a pen, or files."""

import dataclasses
import os
import random
from pathlib import Path

import numpy as np
from sklearn.model_selection import GroupKFold

from seqzoo.data import recording_files, recordings, release_files, targets
from seqzoo.data.examples import Examples, Splits
from seqzoo.data.recording_files import Roles
from seqzoo.datasets import japanese_vowels, labeled, pen_digits, splice_junctions, watch_exercises
from seqzoo.errors import DataError

PEN, WATCH = "pen", watch_exercises.NAME
WINDOW = 100  # samples, two seconds of the watch
ROTATION, GAIN = {WATCH: 20.0, PEN: 10.0}, {WATCH: 0.15}  # of training data that others wear, or write
SHARE = 0.2  # of the groups, for validation and for test each


@dataclasses.dataclass(frozen=True)
class Dataset(targets.Dataset):
    """Windows, or whole sequences, with labels; the domain of a window is its recording. `channels` are names, if known."""

    channels: tuple[str, ...] = ()
    window: int | None = None


def load(config) -> Dataset:
    """Returns the data of a config of `recipes.activity` in three splits.

    `config.data` is `watch_exercises`; `vowels`; `pen`; or a file or a folder, see `recording_files.read`. Recordings are cut
    into windows; all windows of a person, or of a recording where nobody is named, are in one split.

    Raises:
        DataError: the source is unknown, unreadable or not as expected.
    """
    if config.data in (japanese_vowels.NAME, PEN):
        return _as_dataset(_sequences(config), config, None)
    found, channels = _recordings(config)
    groups = _groups(found)
    if len(groups) < 3:
        raise DataError(f"{config.data}: {len(groups)} persons or recordings, expected three or more to split")
    order = list(groups)
    random.Random(config.seed).shuffle(order)
    count = max(1, round(SHARE * len(order)))
    return _by_groups(found, order[2 * count :], order[count : 2 * count], order[:count], config, channels)


def folds(config):
    """Yields the data of each fold: each person, or recording, is in one test split; a ninth of the rest is for validation."""
    found, channels = _recordings(config)
    groups = list(_groups(found))
    if len(groups) < config.folds:
        raise DataError(f"--folds: expected at most {len(groups)}, as many as persons or recordings, got {config.folds}")
    random.Random(config.seed).shuffle(groups)
    for rest, test in GroupKFold(config.folds).split(groups, groups=groups):
        kept = [groups[i] for i in rest]
        random.Random(config.seed).shuffle(kept)
        held = max(1, round(len(kept) / 9))
        yield _by_groups(found, kept[held:], kept[:held], [groups[i] for i in test], config, channels)


def load_test(config, trained, dataset) -> targets.Split:
    """Returns all recordings of other data as the test split of a trained model."""
    config = dataclasses.replace(config, window=dataset.window, channels=config.channels or dataset.channels)
    if config.data in (japanese_vowels.NAME, PEN):
        return targets.of_labels(_sequences(config).test, dataset.labels, config.data)
    found, channels = _recordings(config)
    if len(channels) != len(dataset.channels):
        raise DataError(f"{config.data}: channels {', '.join(channels)}, expected {len(dataset.channels)}")
    return targets.of_labels(_windows(found, config), dataset.labels, config.data)


def _recordings(config):
    """The recordings of a config, and the names of the channels."""
    if config.data == watch_exercises.NAME and not os.path.exists(config.data):
        return watch_exercises.read(_downloads(config)), watch_exercises.CHANNELS
    if not labeled.looks_like_path(config.data):
        names = ", ".join((watch_exercises.NAME, japanese_vowels.NAME, PEN))
        raise DataError(f"--data: expected a file or a folder of recordings, or one of {names}, got {config.data}")
    roles = Roles(config.label_column, config.recording_column, config.subject_column, config.time_column, config.channels)
    return recording_files.read(config.data, roles)


def _downloads(config):
    return Path(os.path.expanduser(config.data_dir or "~/tensorflow_datasets"), "downloads")


def _sequences(config) -> Splits:
    """The splits of sequences that are no recordings: vowels or strokes."""
    if config.data == japanese_vowels.NAME:
        return labeled.complete(japanese_vowels.read(_downloads(config)), config.seed, config.data)
    content = release_files.read(splice_junctions.RELEASE.fetch(_downloads(config)), pen_digits.MEMBER)
    rows = pen_digits.split(pen_digits.read_strokes(content))
    splits = {
        name: Examples([np.array(row.points, np.float32) / 50 - 1 for row in of_split], [row.label for row in of_split])
        for name, of_split in rows.items()
    }
    return Splits(**splits, name=config.data)


def _groups(found):
    """Whose the recordings are, in order; of recordings of nobody their names."""
    return dict.fromkeys(recording.group or recording.name for recording in found)


def _by_groups(found, train, validation, test, config, channels):
    of_groups = [[r for r in found if (r.group or r.name) in groups] for groups in map(set, (train, validation, test))]
    splits = Splits(*(_windows(of_split, config) for of_split in of_groups), name=config.data)
    return _as_dataset(splits, config, channels)


def _windows(found, config):
    size = config.window or WINDOW
    cut = [window for recording in found for window in recordings.windows(recording, size, config.hop or max(1, size // 2))]
    return Examples([w.values for w in cut], [w.label for w in cut], [w.recording for w in cut])


def _as_dataset(splits, config, channels):
    labels = tuple(sorted(set(splits.train.targets)))
    if len(labels) < 2:
        raise DataError(f"{config.data}: expected two labels or more in the training split, found {', '.join(labels)}")
    parts = [targets.of_labels(examples, labels, config.data) for examples in (splits.train, splits.validation, splits.test)]
    return Dataset(labels, *parts, channels or (), (config.window or WINDOW) if channels else None)
