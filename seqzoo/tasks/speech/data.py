"""Data of speech: sounds with transcripts or labels, of a folder, of a data set, or of the generated voice."""

import dataclasses
import fnmatch
import os
import random
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from seqzoo.data import sound_folders, sounds
from seqzoo.data.examples import Examples, Splits, hold_out
from seqzoo.data.sounds import SoundFile, Waveform
from seqzoo.data.targets import Dataset, Split, of_labels
from seqzoo.data.tokenizer import UNK
from seqzoo.datasets import labeled, spoken_strings
from seqzoo.errors import DataError, note_of_data, one_line
from seqzoo.layers import LogMel

MOST_RATE = 16_000  # Hz: of speech there is little above 8 kHz


@dataclasses.dataclass(frozen=True)
class Sounds(Dataset):
    """Data set of sounds at a sampling rate, in Hz; `labels` are none where targets are transcripts."""

    rate: int = 0

    def with_inputs(self, inputs):
        """The data set with other inputs, `{split: inputs}`."""
        splits = {name: dataclasses.replace(getattr(self, name), inputs=given) for name, given in inputs.items()}
        return dataclasses.replace(self, **splits)


def load(config) -> Sounds:
    """Returns the sounds of a config of `recipes.speech` in three splits.

    `config.data` is `spoken_strings`, generated; a folder, see `sound_folders.read`; or the name of a TensorFlow Datasets set
    of sounds with a label. `config.test` is a pattern of the names of test files; else a split that is missing is held out.

    Raises:
        DataError: the source is unknown, unreadable or not as expected.
    """
    rate, labelled, splits = _read(config)
    splits = _complete(splits, config, labelled)
    labels = tuple(sorted(set(splits.train.targets))) if labelled else ()
    if labelled and len(labels) < 2:
        raise DataError(f"{config.data}: expected two labels or more, found {', '.join(labels)}")
    return Sounds(labels, *(as_split(e, labels, config.data) for e in (splits.train, splits.validation, splits.test)), rate)


def load_test(config, trained, dataset) -> Split:
    """Returns the test split of other data for a model with the config `trained`: of a folder without splits all sounds."""
    rate = dataset.rate
    config = dataclasses.replace(config, kind=trained.kind, sample_rate=rate)
    _, labelled, splits = _read(config)
    if labelled != bool(dataset.labels):
        kinds = ("labels", "transcripts")
        raise DataError(f"{config.data}: sounds with {kinds[not labelled]}, the model was trained on {kinds[labelled]}")
    if config.test:
        splits = _by_pattern(splits, config.test)
    examples = splits.get("test") or splits["train"]
    return as_split(examples, dataset.labels, config.data)


def encodable(model, split: Split, name: str) -> Split:
    """Returns the split without the sounds whose transcript has a token that the training data lack; a note counts them."""
    unknown = [UNK in ids for ids in model.tokenizer.encode_all(split.targets)]
    if any(unknown):
        note_of_data(
            f"{sum(unknown)} of {len(split):,} {name} transcripts have tokens that no training transcript has: left out"
        )
    return split.take([i for i, is_unknown in enumerate(unknown) if not is_unknown])


def check_bands(bands: int, rate: int) -> None:
    """Raises a `DataError` if a spectrogram of so many bands cannot be made at a sampling rate."""
    try:
        LogMel(rate, bands)
    except ValueError as error:
        raise DataError(f"--bands: {bands} at {rate:,} Hz: {one_line(error)}") from error


def as_split(examples: Examples, labels, source: str) -> Split:
    """Returns a split: y is one-hot where there are labels, else none, as the model has the ids of the transcripts."""
    if labels:
        return of_labels(examples, labels, source)
    return Split(examples.inputs, examples.targets, [], examples.domains)


def _read(config):
    """The sampling rate, whether targets are labels, and `{split: examples}`."""
    path = os.path.expanduser(config.data)
    if config.data == spoken_strings.NAME and not os.path.exists(path):
        splits = spoken_strings.load(config.data_dir, config.seed, quick_sizes(config))
        named = {name: getattr(splits, name) for name in ("train", "validation", "test")}
        return spoken_strings.RATE, False, named
    if labeled.looks_like_path(config.data):
        kind, splits = sound_folders.read(path, config.kind)
        rate = config.sample_rate or min(MOST_RATE, sounds.rate_of(splits["train"].inputs[0]))
        return rate, kind != "transcripts", {split: _opened(examples, rate) for split, examples in splits.items()}
    return _from_name(config)


def quick_sizes(config):
    """The sizes of the splits of the generated data, with --quick smaller ones."""
    return {"train": 600, "validation": 60, "test": 100} if config.quick else spoken_strings.SIZES


def _opened(examples: Examples, rate: int) -> Examples:
    """Examples with paths as `SoundFile`s; headers are read in parallel."""
    with ThreadPoolExecutor() as pool:
        opened = list(pool.map(lambda path: SoundFile.open(path, rate), examples.inputs))
    return dataclasses.replace(examples, inputs=opened)


def _from_name(config):
    """Sounds of a TensorFlow Datasets set, by its first feature of sound and its first class."""
    import tensorflow_datasets as tfds  # half a second

    from seqzoo.datasets import catalog

    audio, rows = catalog.read_labelled(config.data, config.data_dir, tfds.features.Audio)
    of_set = getattr(audio, "_sample_rate", None) or MOST_RATE
    rate, splits = config.sample_rate or of_set, {}
    for split, pairs in rows.items():
        waveforms = (np.asarray(samples, np.float32) / 32768 for samples, _ in pairs)
        inputs = [Waveform.of(sounds.resample(waveform, of_set, rate)) for waveform in waveforms]
        splits[split] = Examples(inputs, [label for _, label in pairs])
    return rate, True, splits


def _complete(splits, config, labelled) -> Splits:
    """All three splits: the test files of the pattern, else held out."""
    if config.test:
        splits = _by_pattern(splits, config.test)
    return labeled.complete(splits, config.seed, config.data, hold_out if labelled else hold_out_texts)


def _by_pattern(splits, pattern):
    """Splits whose test split are the files whose names match the pattern, and no other files."""
    if len(splits) > 1 or not isinstance(splits["train"].inputs[0], SoundFile):
        raise DataError(f"--test: expected one folder without splits, found {', '.join(splits)}")
    train = splits["train"]
    chosen = {i for i, sound in enumerate(train.inputs) if fnmatch.fnmatch(os.path.basename(sound.path), pattern)}
    if not chosen or len(chosen) == len(train):
        raise DataError(f"--test: expected a pattern of some of the {len(train):,} files, {pattern} matches {len(chosen):,}")
    note_of_data(f"{len(chosen):,} of {len(train):,} files are the test split")
    rest = [i for i in range(len(train)) if i not in chosen]
    return {"train": train.take(rest), "test": train.take(sorted(chosen))}


def hold_out_texts(examples: Examples, seed: int, share: float, name: str) -> tuple[Examples, Examples]:
    """Returns `(kept, held)`: equal transcripts are in one split, unless nearly all sounds have one of a few."""
    rows = defaultdict(list)
    common = Counter(examples.targets).most_common(1)[0][1]
    for i, text in enumerate(examples.targets):
        rows[text if common < share * len(examples) else i].append(i)
    groups = list(rows.values())
    random.Random(seed).shuffle(groups)
    held = set()
    for group in groups[1:]:
        if len(held) + 0.5 >= share * len(examples):
            break
        held.update(group)
    if not held:
        raise DataError(f"{name}: too few sounds ({len(examples)}) to split: expected 3 or more")
    return examples.take([i for i in range(len(examples)) if i not in held]), examples.take(sorted(held))
