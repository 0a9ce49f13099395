"""Data of video: generated clips, a folder of clips for each label, a data set of videos, or curves of a hand."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from sklearn.model_selection import StratifiedKFold

from seqzoo.data import clips
from seqzoo.data.clips import Clip
from seqzoo.data.examples import Examples, Splits, hold_out
from seqzoo.data.targets import Dataset, Split, of_labels
from seqzoo.data.user_files import SPLIT_NAMES
from seqzoo.datasets import hand_movements, labeled, moving_sprites
from seqzoo.errors import DataError, note_of_data


def load(config) -> Dataset:
    """Returns the clips of a config of `recipes.video` in three splits, with the labels.

    `config.data` is `moving_sprites`, generated; `libras`, curves; a folder with a folder of clips for each label, or with such
    folders in its folders train, validation and test; or the name of a TensorFlow Datasets set of videos. A split that is
    missing is held out.

    Raises:
        DataError: the source is unknown, unreadable or not as expected.
    """
    return as_dataset(labeled.complete(_read(config), config.seed, config.data), config.data)


def load_test(config, trained, dataset) -> Split:
    """Returns the test split of other data for a trained model: of a folder without splits all clips."""
    splits = _read(config)
    return of_labels(splits.get("test") or splits["train"], dataset.labels, config.data)


def folds(config):
    """Yields the data set of each fold: a stratified part is the test split, and a ninth of the rest the validation split."""
    splits = _read(config)
    whole = Examples(*(sum((getattr(split, column) for split in splits.values()), []) for column in ("inputs", "targets")))
    least = min(whole.targets.count(label) for label in set(whole.targets))
    if least < config.folds:
        raise DataError(f"--folds: expected at most {least}, as many as the rarest label has clips, got {config.folds}")
    k_fold = StratifiedKFold(config.folds, shuffle=True, random_state=config.seed)
    for rest, test in k_fold.split(whole.inputs, whole.targets):
        train, validation = hold_out(whole.take(rest), config.seed, 1 / 9, config.data)
        yield as_dataset(Splits(train, validation, whole.take(test), config.data), config.data)


def as_dataset(splits: Splits, source: str) -> Dataset:
    """Returns the splits with one-hot targets."""
    labels = tuple(dict.fromkeys(sorted(splits.train.targets, key=_by_number)))
    return Dataset(labels, *(of_labels(e, labels, source) for e in (splits.train, splits.validation, splits.test)))


def _by_number(label):
    return (0, int(label), "") if label.isdecimal() else (1, 0, label)


def _read(config) -> dict[str, Examples]:
    path = Path(os.path.expanduser(config.data))
    if labeled.looks_like_path(config.data):
        return _folder(path, config)
    if config.data == hand_movements.NAME:
        folder = Path(os.path.expanduser(config.data_dir or "~/tensorflow_datasets"), "downloads")
        return {"train": hand_movements.read(folder)}
    if config.data == moving_sprites.NAME:
        sizes = {"train": 1650, "validation": 220, "test": 440} if config.quick else moving_sprites.SIZES
        splits = moving_sprites.load(config.seed, sizes)
        return {name: getattr(splits, name) for name in SPLIT_NAMES}
    return _from_name(config)


def _folder(path, config):
    """The clips of a folder; each is opened once, so that a damaged one is found before the training."""
    present = {
        split: next((path / name for name in names if (path / name).is_dir()), None) for split, names in SPLIT_NAMES.items()
    }
    folders = {split: folder for split, folder in present.items() if folder} if present["train"] else {"train": path}
    splits = {}
    for split, folder in folders.items():
        paths, labels = clips.read_folder(folder)
        examples = Examples([Clip(file, config.frames, config.size) for file in paths], labels)
        with ThreadPoolExecutor() as pool:
            list(pool.map(np.asarray, examples.inputs))
        note_of_data(f"{folder}: {len(paths):,} clips of {len(set(labels))} labels: {', '.join(sorted(set(labels))[:8])}")
        splits[split] = examples
    return splits


def _from_name(config):
    """Clips of a TensorFlow Datasets set, by its first video and its first class."""
    import tensorflow_datasets as tfds  # half a second

    from seqzoo.datasets import catalog

    _, rows = catalog.read_labelled(config.data, config.data_dir, tfds.features.Video)
    splits = {}
    for split, pairs in rows.items():
        inputs = [clips.sampled(np.asarray(video), config.frames, config.size) for video, _ in pairs]
        splits[split] = Examples(inputs, [label for _, label in pairs])
    return splits
