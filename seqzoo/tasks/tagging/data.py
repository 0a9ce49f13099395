"""Tagged sentences from a path or a name, in three splits."""

import os

from seqzoo.data.examples import Examples, Splits
from seqzoo.datasets import generated_entities
from seqzoo.datasets.labeled import complete
from seqzoo.errors import DataError
from seqzoo.tasks.tagging import conll

SHORT = {"hebrew": "hebrew_entities"}


def load(source: str, data_dir=None, word_column=0, tag_column=-1, seed: int = 0, strict: bool = False) -> Splits:
    """Returns train, validation and test sentences, lists of words with a tag each; what is missing is held out of train.

    Args:
        source: a file or folder of the user's, see `data.conll`; `generated_entities`; `hebrew`, for `hebrew_entities`; or the
            name of a TensorFlow Datasets set with a sequence of texts and one of classes, such as `wikiann/en`.
        data_dir: where data sets with a name are kept.
        word_column, tag_column: of a file: numbers, from 0, or from -1 at the end.
        strict: whether a tag that continues nothing is an error.

    Raises:
        DataError: the source is unknown, unreadable or not as expected, or has a tag that train never shows.
    """
    columns = {"word_column": word_column, "tag_column": tag_column, "strict": strict}
    path = os.path.expanduser(source)
    if source == "generated_entities":
        return generated_entities.load(seed)
    if os.path.isdir(path):
        parts = conll.read_folder(path, **columns)
    elif os.path.exists(path) or source.startswith((".", "/", "~")) or source.endswith(conll.SUFFIXES[1:]):
        parts = {"train": conll.read(path, **columns)}
    else:
        parts = _from_name(SHORT.get(source, source), data_dir)
    splits = _completed(parts, seed, source)
    _check_tags(splits)
    return splits


def load_test(source: str, data_dir=None, word_column=0, tag_column=-1, seed: int = 0, strict: bool = False) -> Examples:
    """Returns what a trained model can be tested on: the whole of a file, else the test split. Arguments as for `load`."""
    path = os.path.expanduser(source)
    if os.path.isfile(path):
        return conll.read(path, word_column, tag_column, strict)
    return load(source, data_dir, word_column, tag_column, seed, strict).test


def _completed(parts: dict[str, Examples], seed: int, name: str) -> Splits:
    """Holds out a tenth each, equal sentences together."""
    keyed = {part: Examples([" ".join(words) for words in e.inputs], list(range(len(e)))) for part, e in parts.items()}
    keyed = {part: Examples(e.inputs, [float(i) for i in e.targets]) for part, e in keyed.items()}
    splits = complete(keyed, seed, name)

    def sentences(part):
        rows = [int(number) for number in getattr(splits, part).targets]
        return parts[part if part in parts else "train"].take(rows)

    return Splits(sentences("train"), sentences("validation"), sentences("test"), name)


def _check_tags(splits: Splits) -> None:
    known = {tag for sentence in splits.train.targets for tag in sentence}
    if len(known) < 2:
        raise DataError(f"{splits.name}: every tag is {next(iter(known))!r}, expected two or more")
    for part in ("validation", "test"):
        unknown = sorted({tag for sentence in getattr(splits, part).targets for tag in sentence} - known)
        if unknown:
            raise DataError(f"{splits.name}: the {part} split has the tag {unknown[0]!r}, which the train split never shows")


def _from_name(name: str, data_dir: str | None) -> dict[str, Examples]:
    from seqzoo.data.user_files import SPLIT_NAMES
    from seqzoo.datasets import catalog  # tfds takes half a second to import

    builder = catalog.find(name, data_dir)
    words, tagged = _words_and_tags(builder)
    catalog.prepare(builder)
    classes = builder.info.features[tagged].feature.names
    parts = {}
    for part, names in SPLIT_NAMES.items():
        split = next((split for split in names if split in builder.info.splits), None)
        if split:
            rows = [row for row in catalog.read(builder, split) if len(row[words])]
            inputs = [[word.decode() for word in row[words]] for row in rows]
            parts[part] = Examples(inputs, [[classes[number] for number in row[tagged]] for row in rows])
    if "train" not in parts:
        raise DataError(f"data set {name}: splits {', '.join(builder.info.splits)}, expected a train split")
    return parts


def _words_and_tags(builder) -> tuple[str, str]:
    import tensorflow_datasets as tfds

    features = {name: getattr(feature, "feature", None) for name, feature in builder.info.features.items()}
    found = []
    for kind in (tfds.features.Text, tfds.features.ClassLabel):
        of_kind = [name for name, feature in features.items() if type(feature) is kind]
        if not of_kind:
            raise DataError(f"data set {builder.name}: expected a sequence of {kind.__name__}, found {', '.join(features)}")
        found.append(next((name for name in of_kind if name in ("tokens", "words", "tags", "ner")), of_kind[0]))
    return tuple(found)
