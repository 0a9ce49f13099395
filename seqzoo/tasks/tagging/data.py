"""Data sets of tagged sentences, from a path or a name, in three splits."""

import os

from seqzoo.data.examples import Examples, Splits
from seqzoo.data.user_files import SPLIT_NAMES
from seqzoo.datasets import generated_entities
from seqzoo.datasets.labeled import complete
from seqzoo.errors import DataError
from seqzoo.tasks.tagging import conll

SHORT = {"hebrew": "hebrew_entities"}


def load(source: str, data_dir=None, word_column=0, tag_column=-1, seed: int = 0, strict: bool = False) -> Splits:
    """Returns train, validation and test sentences: lists of words, with lists of tags. Missing splits are held out of train.

    A note says what the user's file, or the training file of a folder, was taken for.

    Args:
        source: the user's file or folder, see `conll.read` and `conll.read_folder`; `generated_entities`; `hebrew`, for
            `hebrew_entities`; or the name of a TensorFlow Datasets set with a sequence of texts and a sequence of classes, such
            as `wikiann/en`.
        data_dir: the folder of named data sets.
        word_column, tag_column: numbers of a file's columns, from 0, or from -1 at the end.
        seed: chooses the sentences that are held out.
        strict: whether a tag that continues nothing is an error.

    Raises:
        DataError: the source is unknown, unreadable or not as expected, or has a tag that the train split never shows.
    """
    columns = {"word_column": word_column, "tag_column": tag_column, "strict": strict}
    path = os.path.expanduser(source)
    if source == "generated_entities":
        return generated_entities.load(seed)
    if os.path.isdir(path):
        given = conll.read_folder(path, noted=True, **columns)
    elif os.path.exists(path) or source.startswith((".", "/", "~")) or source.endswith(conll.SUFFIXES[1:]):
        given = {"train": conll.read(path, noted=True, **columns)}
    else:
        given = _from_name(SHORT.get(source, source), data_dir)
    splits = _completed(given, seed, source)
    _check_tags(splits)
    return splits


def load_test(source: str, data_dir=None, word_column=0, tag_column=-1, seed: int = 0, strict: bool = False) -> Examples:
    """Returns test examples for a trained model: the whole of a file, else the test split. Arguments as for `load`."""
    path = os.path.expanduser(source)
    if os.path.isfile(path):
        return conll.read(path, word_column, tag_column, strict, noted=True)
    return load(source, data_dir, word_column, tag_column, seed, strict).test


def _completed(given: dict[str, Examples], seed: int, name: str) -> Splits:
    """The given splits; for each missing one a tenth is held out, equal sentences together, rare tags in train."""
    train, kept = given["train"], set()  # rows of train that stay there
    while True:
        rows = _held_out(given, kept, seed, name)
        known = {tag for row in rows["train"] for tag in train.targets[row]}
        held = [row for split in rows if split not in given for row in rows[split]]
        rare = {_text(train.inputs[row]) for row in held if not known.issuperset(train.targets[row])}
        if not rare:
            return Splits(*(given.get(split, train).take(rows[split]) for split in SPLIT_NAMES), name)
        kept |= {row for row, words in enumerate(train.inputs) if _text(words) in rare}


def _held_out(given: dict[str, Examples], kept: set[int], seed: int, name: str) -> dict[str, list[int]]:
    """The rows of each split; those of the missing splits are rows of train, none of the `kept` ones."""
    numbered = {}
    for split, examples in given.items():
        rows = [row for row in range(len(examples)) if split != "train" or row not in kept]
        numbered[split] = Examples([_text(examples.inputs[row]) for row in rows], [float(row) for row in rows])
    splits = complete(numbered, seed, name)
    rows = {split: [int(row) for row in getattr(splits, split).targets] for split in SPLIT_NAMES}
    return rows | {"train": sorted([*rows["train"], *kept])}


def _text(words: list[str]) -> str:
    return " ".join(words).casefold()


def _check_tags(splits: Splits) -> None:
    known = {tag for sentence in splits.train.targets for tag in sentence}
    if len(known) < 2:
        raise DataError(f"{splits.name}: every tag is {next(iter(known))!r}, expected two or more")
    for split in ("validation", "test"):
        unknown = sorted({tag for sentence in getattr(splits, split).targets for tag in sentence} - known)
        if unknown:
            raise DataError(f"{splits.name}: the {split} split has the tag {unknown[0]!r}, which the train split never shows")


def _from_name(name: str, data_dir: str | None) -> dict[str, Examples]:
    from seqzoo.datasets import catalog  # tfds takes half a second to import

    builder = catalog.find(name, data_dir)
    words, tagged = _words_and_tags(builder)
    catalog.prepare(builder)
    classes = builder.info.features[tagged].feature.names
    splits = {}
    for split, names in SPLIT_NAMES.items():
        name_there = next((name for name in names if name in builder.info.splits), None)
        if name_there:
            rows = [row for row in catalog.read(builder, name_there) if len(row[words])]
            inputs = [[word.decode() for word in row[words]] for row in rows]
            splits[split] = Examples(inputs, [[classes[number] for number in row[tagged]] for row in rows])
    if "train" not in splits:
        raise DataError(f"data set {name}: splits {', '.join(builder.info.splits)}, expected a train split")
    return splits


def _words_and_tags(builder) -> tuple[str, str]:
    """Names of the features with the words and with the tags."""
    import tensorflow_datasets as tfds

    features = {name: getattr(feature, "feature", None) for name, feature in builder.info.features.items()}
    chosen = []
    for kind in (tfds.features.Text, tfds.features.ClassLabel):
        names = [name for name, feature in features.items() if type(feature) is kind]
        if not names:
            raise DataError(f"data set {builder.name}: expected a sequence of {kind.__name__}, found {', '.join(features)}")
        chosen.append(next((name for name in names if name in ("tokens", "words", "tags", "ner")), names[0]))
    return tuple(chosen)
