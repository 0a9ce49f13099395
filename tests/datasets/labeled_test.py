"""Sources: paths, names of TensorFlow Datasets (a tiny one that is defined here), and what is neither."""

import os

import numpy as np
import pytest
import tensorflow_datasets as tfds

from seqzoo.datasets import labeled
from seqzoo.errors import DataError


class TinyNews(tfds.core.GeneratorBasedBuilder):
    """Has no validation split, and a test split without labels."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        features = {
            "label": tfds.features.ClassLabel(names=["world", "sports"]),
            "author": tfds.features.Text(),
            "story": tfds.features.Text(),
            "year": np.int32,
        }
        return tfds.core.DatasetInfo(
            builder=self, features=tfds.features.FeaturesDict(features), supervised_keys=("story", "label")
        )

    def _split_generators(self, dl_manager):
        splits = {"train": (40, 0), "test": (5, -1), "unsupervised": (5, -1)}
        return {name: self._generate_examples(*rows) for name, rows in splits.items()}

    def _generate_examples(self, count, label):
        for i in range(count):
            target = label if label < 0 else i % 2
            yield i, {"label": target, "author": "someone", "story": f"número {i}", "year": 2000 + i}


class TinyPictures(tfds.core.GeneratorBasedBuilder):
    """Nothing to read."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        features = {"label": tfds.features.ClassLabel(num_classes=2)}
        return tfds.core.DatasetInfo(builder=self, features=tfds.features.FeaturesDict(features))

    def _split_generators(self, dl_manager):
        raise AssertionError("nobody should build this")

    def _generate_examples(self):
        raise AssertionError("nobody should read this")


class TinyBroken(TinyNews):
    """Cannot be downloaded."""

    name = "tiny_broken"

    def _split_generators(self, dl_manager):
        raise ConnectionError("two\nlines")


def sizes(splits):
    return [len(splits.train), len(splits.validation), len(splits.test)]


def error(source, **kwargs) -> str:
    with pytest.raises(DataError) as caught:
        labeled.load(source, **kwargs)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_tfds_name(tmp_path, capfd):
    splits = labeled.load("tiny_news", data_dir=str(tmp_path))
    assert sizes(splits) == [32, 4, 4]  # the test split has no labels, so it does not count
    story = int(splits.train.inputs[0].removeprefix("número "))
    assert splits.train.targets[0] == ["world", "sports"][story % 2]
    assert splits.name == "tiny_news"
    printed = capfd.readouterr()
    assert printed.out == "" and "INFO" not in printed.err and "WARNING" not in printed.err
    again = labeled.load("tiny_news:1.0.0", data_dir=str(tmp_path))
    assert (again.train, again.test) == (splits.train, splits.test)


@pytest.mark.parametrize("name", ["no_such_set", "no/such", "tiny_news/no", "tiny_news:9.9.9", "Not A Name!", "a:b"])
def test_names_that_are_none(tmp_path, name):
    assert name in error(name, data_dir=str(tmp_path))


def test_a_set_without_texts_is_not_even_downloaded(tmp_path):
    message = error("tiny_pictures", data_dir=str(tmp_path))
    assert "Text" in message and "label (ClassLabel)" in message


def test_a_download_that_fails(tmp_path):
    assert "ConnectionError: two lines" in error("tiny_broken", data_dir=str(tmp_path))


def test_a_copy_in_another_format(tmp_path):
    labeled.load("tiny_news", data_dir=str(tmp_path))
    info = tmp_path / "tiny_news/1.0.0/dataset_info.json"
    info.write_text(info.read_text().replace("array_record", "tfrecord"))
    assert "--data-dir" in error("tiny_news", data_dir=str(tmp_path))


def test_a_data_dir_that_is_a_file(tmp_path):
    (tmp_path / "file").write_text("")
    assert "tiny_news" in error("tiny_news", data_dir=str(tmp_path / "file"))


@pytest.mark.parametrize(
    ("source", "path"),
    [("a.csv", True), ("./a", True), ("~/a", True), ("/a/b", True), ("a/b.TSV", True), (".", True)]
    + [("imdb_reviews", False), ("glue/sst2", False), ("a" * 5000, False), ("wikiann/en:1.0.0", False)],
)
def test_what_looks_like_a_path(source, path):
    assert labeled.looks_like_path(source) is path


def lines(count, label="01"):
    return "".join(f"sentence number {i}\t{label[i % len(label)]}\n" for i in range(count))


def test_a_file_is_split(tmp_path):
    (tmp_path / "own.tsv").write_text(lines(100))
    splits = labeled.load(str(tmp_path / "own.tsv"), seed=3)
    assert sizes(splits) == [80, 10, 10]
    assert splits == labeled.load(str(tmp_path / "own.tsv"), seed=3)


def test_a_folder_keeps_what_it_has(tmp_path):
    (tmp_path / "train.tsv").write_text(lines(90))
    (tmp_path / "test.tsv").write_text(lines(7))
    assert sizes(labeled.load(str(tmp_path))) == [80, 10, 7]
    (tmp_path / "valid.tsv").write_text(lines(5))
    assert sizes(labeled.load(str(tmp_path))) == [90, 5, 7]


def test_a_label_that_train_never_shows(tmp_path):
    (tmp_path / "train.tsv").write_text(lines(40))
    (tmp_path / "test.tsv").write_text(lines(5, "012"))
    message = error(str(tmp_path))
    assert all(word in message for word in (str(tmp_path), "test", "'2'", "0, 1"))


def test_a_path_that_is_not_there(tmp_path):
    assert "No such file" in error(str(tmp_path / "own.csv"))
    os.mkdir(tmp_path / "empty")
    assert "train.csv" in error(str(tmp_path / "empty"))
