"""Data of translation: pairs of texts from a path or a name, each input with all of its outputs."""

import dataclasses
import os
from collections.abc import Iterable

from seqzoo.data import pairs
from seqzoo.data.examples import Examples
from seqzoo.data.targets import Dataset, Split
from seqzoo.data.tokenizer import EOS
from seqzoo.data.user_files import SPLIT_NAMES
from seqzoo.datasets import human_dates
from seqzoo.errors import DataError, note_of_data

NAMES = {"bible": "bible_verses", "pronunciation": "pronunciations"}
SUFFIXES = (".tsv", ".txt", ".csv", ".json", ".jsonl")


def load(source: str, data_dir: str | None = None, seed: int = 0, reverse: bool = False, locales=()) -> Dataset:
    """Returns pairs in three splits: inputs, and as targets the lists of their outputs, any of which is right.

    Args:
        source: a file with lines `input TAB output`, see `pairs.read`; a folder with a file for each split; `dates`, generated
            by `seed`; `pronunciation`; `bible`; or the name of a TensorFlow Datasets set with texts in two languages.
        data_dir: the folder of named data sets.
        seed: chooses the pairs that are held out where the source has no splits.
        reverse: whether the outputs are the inputs, and the inputs the outputs.
        locales: of `dates`; none for all.

    Raises:
        DataError: the source is unknown, unreadable or not as expected.
    """
    path = os.path.expanduser(source)
    if source == "dates" and not is_path(source):
        splits = human_dates.load(seed, locales=locales or human_dates.LOCALES)
    elif os.path.isdir(path):
        splits = pairs.complete(pairs.read_folder(path), seed, source)
    elif is_path(source):
        splits = pairs.complete({"train": pairs.read(path)}, seed, source)
    else:
        splits = pairs.complete(_from_name(NAMES.get(source, source), data_dir), seed, source)
    return Dataset((), *(as_split(getattr(splits, name), reverse) for name in SPLIT_NAMES))


def load_test(source: str, data_dir: str | None = None, seed: int = 0, reverse: bool = False, locales=()) -> Split:
    """Returns test pairs for a trained model: the whole of a file, else the test split. Arguments as for `load`."""
    path = os.path.expanduser(source)
    if is_path(source) and not os.path.isdir(path):
        return as_split(pairs.read(path), reverse)
    return load(source, data_dir, seed, reverse, locales).test


def is_path(source: str) -> bool:
    """Returns whether a source is a path, not a name."""
    return os.path.exists(os.path.expanduser(source)) or source.startswith((".", "/", "~")) or source.endswith(SUFFIXES)


def as_split(examples: Examples, reverse: bool = False) -> Split:
    """Returns a split whose inputs are different, each with the list of its outputs, in the order of the examples."""
    sides, domains = (examples.inputs, examples.targets), {}
    outputs = {}
    for i, (source, target) in enumerate(zip(*(sides[::-1] if reverse else sides), strict=True)):
        source, target = (" ".join(text.split()) for text in (source, target))  # as `predict` reads a line
        outputs.setdefault(source, {})[target] = None
        domains.setdefault(source, examples.domains[i] if examples.domains else None)
    return Split(list(outputs), [list(targets) for targets in outputs.values()], [], list(domains.values()))


def unrolled(split: Split) -> tuple[list[str], list[str]]:
    """Returns the inputs and the outputs of all pairs of a split."""
    rows = [(source, target) for source, targets in zip(split.inputs, split.targets, strict=True) for target in targets]
    return tuple(map(list, zip(*rows, strict=True)))


def held_out_formats(seed: int, locales=()) -> Split:
    """Returns dates in formats that no split of `dates` has."""
    return as_split(human_dates.held_out_formats(seed, locales=locales or human_dates.LOCALES))


def subset(split: Split, count: int) -> Split:
    """Returns the first `count` inputs of a split, or all."""
    return split.take(list(range(min(count, len(split)))))


def _from_name(name: str, data_dir: str | None) -> dict[str, Examples]:
    from seqzoo.datasets import catalog  # tfds takes half a second to import

    builder = catalog.find(name, data_dir)
    read = _pronunciations if name == "pronunciations" else _two_texts(builder)
    catalog.prepare(builder)
    splits = {}
    for split, names in SPLIT_NAMES.items():
        present = next((name for name in names if name in builder.info.splits), None)
        if present:
            rows = [pair for row in catalog.read(builder, present) for pair in read(row)]
            splits[split] = Examples(*map(list, zip(*rows, strict=True)))
    if "train" not in splits:
        raise DataError(f"data set {name}: splits {', '.join(builder.info.splits)}, expected a train split")
    return splits


def _pronunciations(row: dict) -> Iterable[tuple[str, str]]:
    """Yields a word with each of its pronunciations."""
    return ((row["word"].decode(), text.decode()) for text in row["pronunciations"])


def _two_texts(builder):
    """Returns a function of a row: a list of its first two texts, those of `supervised_keys` first; of none if one is empty."""
    import tensorflow_datasets as tfds

    features, preferred = builder.info.features, builder.info.supervised_keys or ()
    texts = sorted((n for n in features if isinstance(features[n], tfds.features.Text)), key=lambda n: n not in preferred)
    texts = [name for name in preferred if name in texts] + [name for name in texts if name not in preferred]
    if len(texts) < 2:
        raise DataError(f"data set {builder.name}: expected texts in two languages, found {', '.join(features)}")

    def read(row):
        source, target = (row[name].decode().strip() for name in texts[:2])
        return [(source, target)] if source and target else []

    return read


def with_quick(dataset: Dataset, count: int) -> Dataset:
    """Returns a dataset whose validation and test splits have `count` inputs at most."""
    return dataclasses.replace(dataset, validation=subset(dataset.validation, count), test=subset(dataset.test, count))


def encoded(model, split: Split, name: str) -> tuple[list[list[int]], list[list[int]]]:
    """Returns all pairs of a split as ids; pairs that are longer than the model reads or writes are left out, and counted."""
    tokenizers, (sources, targets) = model.tokenizer, unrolled(split)
    ids = zip(tokenizers.source.encode_all(sources), tokenizers.target.encode_all(targets), strict=True)
    kept = [(x, [*y, EOS]) for x, y in ids if len(x) <= model.max_length and len(y) < model.max_output]
    if len(kept) < len(sources):
        left_out = len(sources) - len(kept)
        note_of_data(f"{left_out:,} of {len(sources):,} pairs of the {name} split are longer than --max-length, and left out")
    if not kept:
        raise DataError(f"--max-length: all pairs of the {name} split are longer than {model.max_length} tokens")
    return tuple(map(list, zip(*kept, strict=True)))
