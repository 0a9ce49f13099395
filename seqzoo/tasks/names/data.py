"""Names and their classes, as sequences of characters: `datasets.first_names`, or a file of the user's."""

import dataclasses
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from seqzoo.data import files, targets
from seqzoo.data.batches import Batches
from seqzoo.data.examples import Examples, Splits
from seqzoo.data.targets import Split
from seqzoo.data.tokenizer import EOS, PAD, Tokenizer
from seqzoo.datasets import first_names, labeled
from seqzoo.errors import DataError, note_of_data


def load(source: str = first_names.NAME, seed: int = 0, longest: int = 40, **columns) -> Splits:
    """Returns names and the class of each; no name is in two splits, whatever its classes.

    Args:
        source: `first_names`, of which a hash of the name chooses the split; a `.txt` file with a name on each line, all of
            the class ""; or what `labeled.load` takes, to which `columns` go, such as a CSV file of names and
            classes. `seed` splits a file.
        longest: characters of a name.

    Raises:
        DataError: the source is unreadable, holds something else, or a name is too long.
    """
    if source == first_names.NAME:
        splits = first_names.load()
    elif source.lower().endswith(".txt"):
        splits = labeled.complete({"train": _lines(Path(source).expanduser())}, seed, source)
    else:
        splits = labeled.load(source, seed=seed, **columns)
    names = ("train", "validation", "test")
    return Splits(**{name: _checked(getattr(splits, name), source, longest) for name in names}, name=source)


def load_test(source: str, longest: int = 40, **columns) -> Examples:
    """Returns test examples for a trained model: the whole of a file, else the test split. Arguments as for `load`."""
    if source == first_names.NAME:
        return first_names.load().test
    if source.lower().endswith(".txt"):
        return _checked(_lines(Path(source).expanduser()), source, longest)
    return _checked(labeled.load_test(source, like="", **columns), source, longest)


def _checked(examples: Examples, source: str, longest: int) -> Examples:
    """Checks the examples; returns them with composed characters and no space around a name."""
    for name, target in zip(examples.inputs, examples.targets, strict=True):
        if not isinstance(name, str) or not isinstance(target, str):
            value = repr(name[:40]) if isinstance(name, str) else f"a sequence of {len(name)} numbers"
            raise DataError(f"{source}: found {value} with {target}, expected names and their classes")
    names = [unicodedata.normalize("NFC", name.strip()) for name in examples.inputs]
    for name in names:
        if not 0 < len(name) <= longest:
            raise DataError(f"{source}: {name[:40]!r} has {len(name)} characters, expected a name of 1 to {longest}")
    return dataclasses.replace(examples, inputs=names)


def _lines(path: Path) -> Examples:
    lines = (line.strip() for line in files.read_lines(path, "a file with a name on each line"))
    names = [unicodedata.normalize("NFC", line) for line in lines if line]
    for mark in ",;\t|":
        if names and all(mark in name for name in names):
            raise DataError(
                f"{path}: {mark!r} on each line, expected a name alone; a table of names and classes is a .csv file"
            )
    names = list(dict.fromkeys(name for name in names if name))
    if not names:
        raise DataError(f"{path}: empty, expected a name on each line")
    note_of_data(f"{path}: a name on each line, {len(names):,} from {names[0]!r} to {names[-1]!r}")
    return Examples(names, [""] * len(names))


def as_split(examples: Examples, labels: tuple[str, ...], source: str) -> Split:
    """Returns names with their classes as targets; without `labels` no y."""
    return targets.of_labels(examples, labels, source) if labels else Split(examples.inputs, examples.targets, [])


def tokenizer(names: Sequence[str]) -> Tokenizer:
    """Returns a tokenizer of the names' characters; a character that occurs once is an example of an unknown one."""
    return Tokenizer.train(names, level="char", lowercase=False, min_count=2)


def sequences(tokenizer: Tokenizer, names: Sequence[str]) -> list[list[int]]:
    """Returns the ids of each name's characters, with `<eos>`."""
    return [[*ids, EOS] for ids in tokenizer.encode_all(names)]


class NextCharacters(Batches):
    """Batches `({"inputs": y<t-1>, "label": classes}, y<t>, weights)` of sequences of ids, for a `OneToMany`; see `Batches`.

    Args:
        sequences: lists of ids y<1>…y<T>, with `<eos>` at the end. x<1> is `<pad>`, the zero vector.
        classes: the class number of each sequence; None where there are no classes.
    """

    def __init__(self, sequences: Sequence, classes: Sequence[int] | None, batch_size: int, **options):
        before = [[PAD, *sequence[:-1]] for sequence in sequences]
        self.classes = None if classes is None else np.asarray(classes, np.int32)
        super().__init__(before, sequences, batch_size, per_step=True, **options)

    def __getitem__(self, index: int):
        inputs, targets, weights = super().__getitem__(index)
        given = {"inputs": inputs["inputs"]}
        if self.classes is not None:
            given["label"] = self.classes[self.rows(index)[0]]
        return given, targets, weights
