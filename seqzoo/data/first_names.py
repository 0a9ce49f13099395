"""First names with the country that they are used in: the lists of the package Faker, or a file of yours.

The lists are as good as those who contributed them made them, and differ between the versions of Faker.
"""

import dataclasses
import hashlib
import importlib
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from seqzoo.data import text_classification
from seqzoo.data.batches import Batches
from seqzoo.data.errors import DataError
from seqzoo.data.examples import Examples, Splits
from seqzoo.data.tokenizer import EOS, PAD, Tokenizer

NAME = "first_names"
LOCALES = ("de_DE", "en_IN", "en_US", "es_ES", "fi_FI", "fr_FR", "id_ID", "is_IS", "it_IT", "pl_PL", "ro_RO", "tr_TR")
LISTS = ("first_names", "first_names_male", "first_names_female", "first_names_nonbinary")  # of Faker's providers


def load(source: str = NAME, seed: int = 0, longest: int = 40, **columns) -> Splits:
    """Returns names and the class of each; no name stands in two parts, whatever its classes.

    Args:
        source: `first_names`, of which a hash of the name chooses the part; a `.txt` file with a name on each line, all of
            the class ""; or what `text_classification.load` takes, to which `columns` go, such as a CSV file of names and
            classes. Of a file `seed` chooses the parts.
        longest: characters of a name.

    Raises:
        DataError: the source is unreadable, holds something else, or a name is too long.
    """
    if source == NAME:
        splits = _of_faker()
    elif source.lower().endswith(".txt"):
        splits = text_classification.complete({"train": _lines(Path(source).expanduser())}, seed, source)
    else:
        splits = text_classification.load(source, seed=seed, **columns)
    parts = ("train", "validation", "test")
    return Splits(**{part: _checked(getattr(splits, part), source, longest) for part in parts}, name=source)


def load_test(source: str, longest: int = 40, **columns) -> Examples:
    """Returns what a trained model can be tested on: the whole of a file, else the test part. Arguments as for `load`."""
    if source == NAME:
        return load().test
    of_lines = source.lower().endswith(".txt")
    found = _lines(Path(source).expanduser()) if of_lines else text_classification.load_test(source, like="", **columns)
    return _checked(found, source, longest)


def _checked(examples: Examples, source: str, longest: int) -> Examples:
    """The examples, with composed characters and no space around a name."""
    for name, target in zip(examples.inputs, examples.targets, strict=True):
        if not isinstance(name, str) or not isinstance(target, str):
            found = repr(name[:40]) if isinstance(name, str) else f"a sequence of {len(name)} numbers"
            raise DataError(f"{source}: found {found} with {target}, expected names and their classes")
    names = [unicodedata.normalize("NFC", name.strip()) for name in examples.inputs]
    for name in names:
        if not 0 < len(name) <= longest:
            raise DataError(f"{source}: {name[:40]!r} has {len(name)} characters, expected a name of 1 to {longest}")
    return dataclasses.replace(examples, inputs=names)


def _lines(path: Path) -> Examples:
    try:
        names = [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: expected a readable UTF-8 file with a name on each line ({error})") from error
    names = list(dict.fromkeys(name for name in names if name))
    if not names:
        raise DataError(f"{path}: empty, expected a name on each line")
    return Examples(names, [""] * len(names))


def _of_faker() -> Splits:
    parts = {"train": [], "validation": [], "test": []}
    for locale in LOCALES:
        for name in names(locale):
            parts[part_of(name)].append((name, locale))
    return Splits(**{part: Examples(*map(list, zip(*rows, strict=True))) for part, rows in parts.items()}, name=NAME)


def names(locale: str) -> list[str]:
    """Returns the different first names that Faker has for a locale, sorted, without those that have odd marks."""
    provider = importlib.import_module(f"faker.providers.person.{locale}").Provider
    found = {name for of_kind in LISTS for name in getattr(provider, of_kind, ())}
    return sorted(name for name in found if all(character.isalpha() or character in " '-" for character in name))


def part_of(name: str) -> str:
    """Returns "train" for eight names in ten, "validation" or "test" for one: a hash decides."""
    tenth = int(hashlib.sha256(name.casefold().encode()).hexdigest(), 16) % 10
    return {8: "validation", 9: "test"}.get(tenth, "train")


def tokenizer(names: Sequence[str]) -> Tokenizer:
    """Returns the characters of names; one that occurs once teaches what an unknown character is."""
    return Tokenizer.train(names, level="char", lowercase=False, min_count=2)


def sequences(tokenizer: Tokenizer, names: Sequence[str]) -> list[list[int]]:
    """Returns the ids of each name's characters, with `<eos>`."""
    return [[*ids, EOS] for ids in tokenizer.encode_all(names)]


class NextCharacters(Batches):
    """Batches `({"inputs": y<t-1>, "label": classes}, y<t>, weights)` of sequences of ids, for a `OneToMany`; see `Batches`.

    Args:
        sequences: lists of ids y<1>…y<T>, with `<eos>` at the end. x<1> is `<pad>`, the zero vector.
        classes: the number of each one's class; None for none.
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
