"""Data sets by name: those of seqzoo and of TensorFlow Datasets, prepared and read without TensorFlow."""

import contextlib
import io
import logging
from collections.abc import Iterator

import tensorflow_datasets as tfds
from tensorflow_datasets.core import DatasetNotFoundError
from tensorflow_datasets.core.download import downloader

from seqzoo.data.user_files import SPLIT_NAMES
from seqzoo.datasets import (  # noqa: F401  (an imported builder is found by its name)
    bible_verses,
    chorales,
    hebrew_entities,
    kjv_verses,
    pen_digits,
    pronunciations,
    rated_sentences,
    splice_junctions,
)
from seqzoo.errors import DataError, one_line

OURS = (
    "rated_sentences",
    "splice_junctions",
    "hebrew_entities",
    "generated_entities",
    "kjv_verses",
    "bible_verses",
    "pronunciations",
    "pen_digits",
    "chorales",
)
FORMAT = "array_record"  # the only file format that needs no TensorFlow

downloader.MAX_RETRIES = 3  # tfds retries 10 times, for 200 s, if there is no network
logging.getLogger("urllib3").setLevel(logging.ERROR)  # each retry logs an error, from threads that outlive it


def find(name: str, data_dir: str | None = None) -> tfds.core.DatasetBuilder:
    """Returns the builder of a data set under `data_dir` (`~/tensorflow_datasets`, the default of tfds, if None).

    Raises:
        DataError: there is no such data set, or its copy is damaged.
    """
    with _in_one_line(name):
        return tfds.builder(name, data_dir=data_dir, file_format=FORMAT)


def prepare(builder: tfds.core.DatasetBuilder) -> None:
    """Downloads and builds a data set unless it is on disk; raises a DataError if that fails."""
    with _in_one_line(builder.name):
        builder.download_and_prepare()


def read(builder: tfds.core.DatasetBuilder, split: str) -> list[dict]:
    """Returns the rows of one split: texts as bytes, classes as numbers. Raises a DataError if the copy is damaged."""
    with _in_one_line(builder.name):
        source = builder.as_data_source(split=split)
        rows = source.__getitems__(range(len(source)))  # one by one takes ten times as long
        # A truncated file reads as rows of None, without an error.
        if any(value is None for row in rows for value in row.values()):
            raise DataError(f"{builder.data_path}: damaged: delete the folder and the data set is built anew")
        return rows


def read_labelled(name: str, data_dir: str | None, kind: type) -> tuple[tfds.features.FeatureConnector, dict[str, list]]:
    """Returns the first feature of a kind, such as `tfds.features.Audio`, of a data set, and its splits: train, validation and
    test, those of them that there are, each a list of pairs of the feature's value and a label.

    Raises:
        DataError: there is no such data set, no such feature, no label, or no train split.
    """
    builder = find(name, data_dir)
    features = builder.info.features
    value, label = (next((n for n in features if isinstance(features[n], k)), None) for k in (kind, tfds.features.ClassLabel))
    if value is None or label is None:
        what = {"Audio": "a sound", "Video": "a video"}.get(kind.__name__, kind.__name__)
        raise DataError(f"data set {name}: expected {what} and a label, found {', '.join(features)}")
    prepare(builder)
    splits, labels = {}, features[label].names
    for split, names in SPLIT_NAMES.items():
        present = next((name for name in names if name in builder.info.splits), None)
        if present:
            splits[split] = [(row[value], labels[row[label]]) for row in read(builder, present)]
    if "train" not in splits:
        raise DataError(f"data set {name}: splits {', '.join(builder.info.splits)}, expected a train split")
    return features[value], splits


@contextlib.contextmanager
def _in_one_line(name: str) -> Iterator[None]:
    """Context manager: hides log lines and prints, not progress bars, and turns every failure into a one-line DataError."""
    logging.disable(logging.ERROR)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    except DataError:
        raise
    except DatasetNotFoundError as error:
        raise DataError(
            f"{name}: no such file or data set; expected a file or folder of your own, one of ours ({', '.join(OURS)}), "
            "or a name of TensorFlow Datasets such as imdb_reviews, glue/sst2 or wikiann/en"
        ) from error
    except Exception as error:  # tfds passes on errors of its builders, of requests and of the file system
        cause = f"{type(error).__name__}: {one_line(error)}"
        if "File format is already set" in cause:
            cause = f"it is there in another format, expected {FORMAT}: give another --data-dir"
        raise DataError(f"data set {name}: cannot be fetched or read: {cause}") from error
    finally:
        logging.disable(logging.NOTSET)
