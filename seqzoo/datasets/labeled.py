"""Labelled data sets from a path or a name: texts or sequences of numbers, in three splits."""

import dataclasses
import os
from collections.abc import Callable
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
    prepare: Callable[[Examples], Examples] = lambda examples: examples,
) -> Splits:
    """Returns train, validation and test examples; a split that the source lacks is held out of train, by `seed`.

    Args:
        source: a file or a folder of the user; `rated_sentences`, whose targets are ratings in -4..4; or a name of
            TensorFlow Datasets, of which the first Text feature and the first ClassLabel feature are read.
        data_dir: folder of the data sets with a name; `~/tensorflow_datasets` if None.
        text_column, label_column, header: for files of the user, see `user_files.read`.
        seed: random seed of the held-out splits.
        numbers: whether the targets are numbers, not classes.
        prepare: function of the examples, before splits are held out; equal inputs that it returns stay in one split.

    Raises:
        DataError: the source is unknown, unreadable or not as expected, or has a label that is missing in train.
    """
    path = os.path.expanduser(source)
    if not looks_like_path(source):
        splits = _from_name(source, data_dir)
    elif os.path.isdir(path):
        splits = user_files.read_folder(path, text_column, label_column, header, numbers)
    else:
        splits = {"train": user_files.read(path, text_column, label_column, header, numbers=numbers)}
    if numbers:
        splits = {name: dataclasses.replace(e, targets=to_numbers(e.targets, source)) for name, e in splits.items()}
    dataset = complete({name: prepare(examples) for name, examples in splits.items()}, seed, source)
    _check_labels(dataset)
    return dataset


def load_test(
    source: str,
    data_dir=None,
    text_column=None,
    label_column=None,
    header=None,
    like=None,
    numbers: bool = False,
    prepare: Callable[[Examples], Examples] = lambda examples: examples,
) -> Examples:
    """Returns the test data of a trained model: all examples of a file, else the test split of the source.

    Arguments are those of `load`, and `like`, an input that the model takes.
    """
    path = os.path.expanduser(source)
    if looks_like_path(source) and not os.path.isdir(path):
        return prepare(user_files.read(path, text_column, label_column, header, like, numbers))
    return load(source, data_dir, text_column, label_column, header, prepare=prepare).test


def looks_like_path(source: str) -> bool:
    """Returns whether a source is a path, not a name: `glue/sst2` is a name, `./glue/sst2` and `sst2.tsv` are paths."""
    path = os.path.expanduser(source)
    return os.path.exists(path) or source.lower().endswith((*tables.SUFFIXES, "/")) or source.startswith((".", "/", "~", "\\"))


def complete(splits: dict[str, Examples], seed: int, name: str, hold: Callable = hold_out) -> Splits:
    """Returns all three splits; a missing one is held out of train: test first, then validation, a tenth of the data each."""
    splits = dict(splits)
    if "test" not in splits:
        splits["train"], splits["test"] = hold(splits["train"], seed, 1 / 10, name)
    if "validation" not in splits:
        splits["train"], splits["validation"] = hold(splits["train"], seed, 1 / 9, name)
    return Splits(**splits, name=name)


def _check_labels(splits: Splits) -> None:
    known = set(splits.train.targets)
    for split in ("validation", "test"):
        for target in getattr(splits, split).targets:
            if isinstance(target, str) and target not in known:
                raise DataError(
                    f"{splits.name}: the {split} split has the label {target!r}, "
                    f"expected one that the train split shows: {', '.join(sorted(known)[:10])}"
                )


def _from_name(name: str, data_dir: str | None) -> dict[str, Examples]:
    from seqzoo.datasets import catalog  # tfds takes half a second to import

    builder = catalog.find(name, data_dir)
    to_examples = _rated if builder.name == "rated_sentences" else partial(_labelled, *_text_and_label(builder))
    catalog.prepare(builder)
    splits = {}
    for split, names in user_files.SPLIT_NAMES.items():
        present = [name for name in names if name in builder.info.splits]
        examples = present and to_examples(builder, catalog.read(builder, present[0]))
        if examples:
            splits[split] = examples
    if "train" not in splits:
        raise DataError(f"data set {name}: splits {', '.join(builder.info.splits)}, expected a labelled train split")
    return splits


def _rated(builder, rows: list[dict]) -> Examples:
    """Returns rated sentences as examples with numeric targets."""
    domains = builder.info.features["domain"].names
    return Examples(
        inputs=[row["sentence"].decode() for row in rows],
        targets=[float(row["rating"]) for row in rows],
        domains=[domains[row["domain"]] for row in rows],
    )


def _labelled(text: str, label: str, builder, rows: list[dict]) -> Examples:
    """Returns examples with class names as targets; a row without a label, -1, is left out."""
    classes = builder.info.features[label].names
    rows = [row for row in rows if row[label] >= 0]
    return Examples([row[text].decode() for row in rows], [classes[row[label]] for row in rows])


def _text_and_label(builder) -> tuple[str, str]:
    """Returns the names of the first Text and ClassLabel features; the builder's `supervised_keys` go first."""
    import tensorflow_datasets as tfds

    features, preferred = builder.info.features, builder.info.supervised_keys or ()
    names = sorted(features, key=lambda name: name not in preferred)
    chosen = []
    for feature_type in (tfds.features.Text, tfds.features.ClassLabel):
        candidates = [name for name in names if type(features[name]) is feature_type]
        if not candidates:
            present = ", ".join(f"{name} ({type(features[name]).__name__})" for name in names)
            raise DataError(f"data set {builder.name}: expected a {feature_type.__name__} feature, found {present}")
        chosen.append(candidates[0])
    return tuple(chosen)
