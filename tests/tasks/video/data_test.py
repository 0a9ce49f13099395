"""Clips of a set of TensorFlow Datasets."""

import numpy as np
import pytest
import tensorflow_datasets as tfds

from recipes.video import Config
from seqzoo.errors import DataError
from seqzoo.tasks.video import data


class TinyActions(tfds.core.GeneratorBasedBuilder):
    """Clips of two actions."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        video = tfds.features.Video(shape=(None, 16, 16, 3), encoding_format="png")
        features = {"video": video, "label": tfds.features.ClassLabel(names=["run", "walk"])}
        return tfds.core.DatasetInfo(builder=self, features=tfds.features.FeaturesDict(features))

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples(range(20)), "test": self._generate_examples(range(20, 22))}

    def _generate_examples(self, rows):
        for i in rows:
            frames = np.full((5 + i % 3, 16, 16, 3), 10 * np.arange(5 + i % 3)[:, None, None, None], np.uint8)
            yield i, {"video": list(frames), "label": ["run", "walk"][i % 2]}


def test_a_tensorflow_data_set_of_videos(tmp_path):
    dataset = data.load(Config(data="tiny_actions", data_dir=str(tmp_path), frames=3, size=8))
    assert dataset.labels == ("run", "walk") and len(dataset.test) == 2
    clip = np.asarray(dataset.test.inputs[dataset.test.targets.index("run")])  # of row 20, seven frames
    assert clip.shape == (3, 8, 8, 3) and clip.dtype == np.uint8
    np.testing.assert_array_equal(clip[:, 0, 0, 0], [0, 30, 60])


def test_a_data_set_without_videos(tmp_path):
    with pytest.raises(DataError, match="expected a video and a label"):
        data.load(Config(data="mnist", data_dir=str(tmp_path)))
