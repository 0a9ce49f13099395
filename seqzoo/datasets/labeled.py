"""Labelled texts (or sequences of numbers) from a path or a name, in three splits."""

import dataclasses
import os
from functools import partial

from seqzoo.data import tables, user_files
from seqzoo.data.examples import Examples, Splits, hold_out
from seqzoo.data.targets import to_numbers
from seqzoo.errors import DataError


def load(
    source: str,
    data_dir: str | None = None,
    text_column: str | int | None = None,
    label_column: str | int | None = None,
    header: bool | None = None,
    seed: int = 0,
    numbers: bool = False,
) -> Splits:
    """Returns train, validation and test examples; a part that the source lacks is held out of train by `seed`.

    Args:
        source: a file or a folder of the user's, for which the columns are meant (see `own_files.read`);
            `rated_sentences`, whose targets are ratings in -4..4; or a TensorFlow Datasets name, of which the first
            Text feature and the ClassLabel feature are taken.
        data_dir: where data sets with a name are kept; `~/tensorflow_datasets` if None.
        numbers: whether the targets are numbers, not classes.

    Raises:
        DataError: the source is unknown, unreadable or not as expected, or has a label that train never shows.
    """
    path = os.path.expanduser(source)
    if not looks_like_path(source):
        parts = _from_name(source, data_dir)
    elif os.path.isdir(path):
        parts = user_files.read_folder(path, text_column, label_column, header)
    else:
        parts = {"train": user_files.read(path, text_column, label_column, header)}
    if numbers:
        parts = {part: dataclasses.replace(e, targets=to_numbers(e.targets, source)) for part, e in parts.items()}
    splits = complete(parts, seed, source)
    _check_labels(splits)
    return splits


def load_test(source: str, data_dir=None, text_column=None, label_column=None, header=None, like=None) -> Examples:
    """Returns what a trained model can be tested on: the whole of a file, else the test split.

    Arguments as for `load`, and `like`, an input that the model takes.
    """
    path = os.path.expanduser(source)
    if looks_like_path(source) and not os.path.isdir(path):
        return user_files.read(path, text_column, label_column, header, like)
    return load(source, data_dir, text_column, label_column, header).test


def looks_like_path(source: str) -> bool:
    """Returns whether a source is meant as a path: `glue/sst2` is a name, `./glue/sst2` and `sst2.tsv` are paths."""
    path = os.path.expanduser(source)
    return os.path.exists(path) or source.lower().endswith(tables.SUFFIXES) or source.startswith((".", "/", "~", "\\"))


def complete(parts: dict[str, Examples], seed: int, name: str) -> Splits:
    """Holds out of train what is missing: test first, then validation, a tenth of the whole each."""
    parts = dict(parts)
    if "test" not in parts:
        parts["train"], parts["test"] = hold_out(parts["train"], seed, 1 / 10, name)
    if "validation" not in parts:
        parts["train"], parts["validation"] = hold_out(parts["train"], seed, 1 / 9, name)
    return Splits(**parts, name=name)


def _check_labels(splits: Splits) -> None:
    known = set(splits.train.targets)
    for part in ("validation", "test"):
        for target in getattr(splits, part).targets:
            if isinstance(target, str) and target not in known:
                raise DataError(
                    f"{splits.name}: the {part} split has the label {target!r}, "
                    f"expected one that the train split shows: {', '.join(sorted(known)[:10])}"
                )


def _from_name(name: str, data_dir: str | None) -> dict[str, Examples]:
    from seqzoo.datasets import catalog  # tfds takes half a second to import

    builder = catalog.find(name, data_dir)
    to_examples = _rated if builder.name == "rated_sentences" else partial(_labelled, *_text_and_label(builder))
    catalog.prepare(builder)
    parts = {}
    for part, names in user_files.PARTS.items():
        splits = [split for split in names if split in builder.info.splits]
        found = splits and to_examples(builder, catalog.read(builder, splits[0]))
        if found:
            parts[part] = found
    if "train" not in parts:
        raise DataError(f"data set {name}: splits {', '.join(builder.info.splits)}, expected a labelled train split")
    return parts


def _rated(builder, rows: list[dict]) -> Examples:
    """Ratings as floats, for a regression."""
    domains = builder.info.features["domain"].names
    return Examples(
        inputs=[row["sentence"].decode() for row in rows],
        targets=[float(row["rating"]) for row in rows],
        domains=[domains[row["domain"]] for row in rows],
    )


def _labelled(text: str, label: str, builder, rows: list[dict]) -> Examples:
    """Class names as targets; a row whose label is -1 has none and is left out."""
    classes = builder.info.features[label].names
    rows = [row for row in rows if row[label] >= 0]
    return Examples([row[text].decode() for row in rows], [classes[row[label]] for row in rows])


def _text_and_label(builder) -> tuple[str, str]:
    """The first feature of each type, those that the builder says to learn from first."""
    import tensorflow_datasets as tfds

    features, preferred = builder.info.features, builder.info.supervised_keys or ()
    names = sorted(features, key=lambda name: name not in preferred)
    found = []
    for kind in (tfds.features.Text, tfds.features.ClassLabel):
        of_kind = [name for name in names if type(features[name]) is kind]
        if not of_kind:
            held = ", ".join(f"{name} ({type(features[name]).__name__})" for name in names)
            raise DataError(f"data set {builder.name}: expected a {kind.__name__} feature, found {held}")
        found.append(of_kind[0])
    return tuple(found)
