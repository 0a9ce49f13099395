"""Pairs from every source: files, TensorFlow Datasets, and the data sets of seqzoo."""

import pytest
import tensorflow_datasets as tfds

from seqzoo.errors import DataError
from seqzoo.tasks.translation import data


class TinyTranslate(tfds.core.GeneratorBasedBuilder):
    """Six pairs of two languages."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        features = tfds.features.Translation(languages=("de", "en"))
        return tfds.core.DatasetInfo(builder=self, features=features, supervised_keys=("en", "de"))

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples(range(30)), "test": self._generate_examples(range(30, 33))}

    def _generate_examples(self, rows):
        for i in rows:
            yield i, {"de": f"Haus {i}", "en": f"house {i}"}


class TinyLabels(tfds.core.GeneratorBasedBuilder):
    """A set with one text alone."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        features = {"text": tfds.features.Text(), "label": tfds.features.ClassLabel(num_classes=2)}
        return tfds.core.DatasetInfo(builder=self, features=tfds.features.FeaturesDict(features))

    def _split_generators(self, dl_manager):
        return {}

    def _generate_examples(self):
        return ()


def test_a_translation_set_of_tensorflow_datasets(tmp_path):
    dataset = data.load("tiny_translate", str(tmp_path))
    assert (len(dataset.train), len(dataset.validation), len(dataset.test)) == (27, 3, 3)
    assert dataset.test.inputs == ["house 30", "house 31", "house 32"] and dataset.test.targets[0] == ["Haus 30"]
    reverse = data.load("tiny_translate", str(tmp_path), reverse=True)
    assert reverse.test.inputs[0] == "Haus 30" and reverse.test.targets[0] == ["house 30"]
    with pytest.raises(DataError, match="tiny_labels: expected texts in two languages, found"):
        data.load("tiny_labels", str(tmp_path))


def test_an_input_with_several_outputs_is_one_example(tmp_path):
    lines = [f"x{i}\ty{i}" for i in range(20)] + ["x3\tz3", "x3\ty3"]
    (tmp_path / "p.tsv").write_text("\n".join(lines))
    test = data.load_test(str(tmp_path / "p.tsv"))
    assert len(test) == 20 and test.targets[3] == ["y3", "z3"]
    assert len(data.unrolled(test)[0]) == 21
    assert data.load_test(str(tmp_path / "p.tsv"), reverse=True).inputs[20] == "z3"
