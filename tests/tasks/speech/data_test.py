"""Sounds from every source: folders, TensorFlow Datasets, splits by name and by transcript."""

import numpy as np
import pytest
import soundfile
import tensorflow_datasets as tfds

from recipes.speech import Config
from seqzoo.data.examples import Examples
from seqzoo.errors import DataError
from seqzoo.tasks.speech import data

RATE = 8000


class TinyCommands(tfds.core.GeneratorBasedBuilder):
    """Sounds of two words."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        features = {"audio": tfds.features.Audio(sample_rate=RATE), "label": tfds.features.ClassLabel(names=["no", "yes"])}
        return tfds.core.DatasetInfo(builder=self, features=tfds.features.FeaturesDict(features))

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples(range(30)), "test": self._generate_examples(range(30, 34))}

    def _generate_examples(self, rows):
        for i in rows:
            yield i, {"audio": (3000 * np.sin(np.arange(400 + i))).astype(np.int64), "label": ["no", "yes"][i % 2]}


def test_a_tensorflow_data_set_of_sounds(tmp_path):
    dataset = data.load(Config(data="tiny_commands", data_dir=str(tmp_path)))
    assert dataset.labels == ("no", "yes") and dataset.rate == RATE
    assert (len(dataset.train), len(dataset.validation), len(dataset.test)) == (26, 4, 4)
    sound = np.asarray(dataset.test.inputs[0])
    assert len(sound) == 430 and np.abs(sound).max() == pytest.approx(3000 / 32768, abs=1e-3)


def test_a_data_set_without_sounds(tmp_path):
    with pytest.raises(DataError, match="expected a sound and a label"):
        data.load(Config(data="mnist", data_dir=str(tmp_path)))


def folder(path, names):
    path.mkdir()
    for i, name in enumerate(names):
        soundfile.write(path / name, 0.1 * np.sin(np.arange(500 + i)), RATE)
    return str(path)


def test_a_pattern_chooses_the_test_files(tmp_path):
    source = folder(tmp_path / "s", [f"{digit}_{who}_{i}.wav" for digit in "01" for who in ("ann", "bob") for i in range(4)])
    dataset = data.load(Config(data=source, test="*_bob_*"))
    assert len(dataset.test) == 8 and all("_bob_" in sound.path for sound in dataset.test.inputs)
    assert not any("_bob_" in sound.path for sound in (*dataset.train.inputs, *dataset.validation.inputs))


def test_the_rate_is_that_of_the_first_file_or_the_flag_s(tmp_path):
    source = folder(tmp_path / "s", [f"{i % 2}_{i}.wav" for i in range(12)])
    assert data.load(Config(data=source)).rate == RATE
    dataset = data.load(Config(data=source, sample_rate=4000))
    assert dataset.rate == 4000 and len(dataset.train.inputs[0]) <= 256


def test_equal_transcripts_are_in_one_split():
    examples = Examples(list(range(300)), [f"text {i // 3}" for i in range(300)])
    kept, held = data.hold_out_texts(examples, 0, 0.1, "x")
    assert not set(kept.targets) & set(held.targets) and 25 <= len(held) <= 35
    few = Examples(list(range(40)), ["yes", "no"] * 20)
    kept, held = data.hold_out_texts(few, 0, 0.1, "x")
    assert len(held) == 4 and len(kept) == 36
