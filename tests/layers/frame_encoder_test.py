"""Frame encoder: each vector depends on its frame alone."""

import keras
import numpy as np
import pytest
from extent import full
from keras import ops

from seqzoo.layers import FrameEncoder
from seqzoo.models import ManyToOne

FRAME = (16, 12, 1)


def clips(steps=5, frame=FRAME):
    return np.random.default_rng(0).integers(0, 256, (2, steps, *frame)).astype("uint8")


def vectors(layer, x):
    return ops.convert_to_numpy(layer(ops.convert_to_tensor(x)))


def test_a_frame_by_itself_has_the_same_vector():
    layer, x = FrameEncoder(FRAME, filters=(4, 8), features=6), clips()
    whole = vectors(layer, x)
    assert whole.shape == (2, 5, 6)
    for t in range(5):
        np.testing.assert_allclose(whole[:, t : t + 1], vectors(layer, x[:, t : t + 1]), atol=1e-5)


@full
def test_a_backbone_of_keras_is_preprocessed_and_not_trained():
    layer, x = FrameEncoder((32, 32, 3), features=4, backbone="MobileNetV2"), clips(2, (32, 32, 3))
    found = vectors(layer, x)
    assert found.shape == (2, 2, 4) and len(layer.trainable_weights) == 4  # of the dense layer and of the normalisation
    network = layer.network.layers[-1]
    expected = layer.norm(layer.dense(network(keras.applications.mobilenet_v2.preprocess_input(x[:, 1].astype("float32")))))
    np.testing.assert_allclose(found[:, 1], ops.convert_to_numpy(expected), atol=1e-4)


@pytest.mark.parametrize("backbone", [None, "MobileNetV2"])
def test_a_model_with_an_encoder_is_saved_whole(tmp_path, backbone):
    encoder = FrameEncoder((32, 32, 3), filters=(4,), features=4, backbone=backbone)
    model = ManyToOne(encoder=encoder, labels=("a", "b"), units=3, pooling="both")
    model.save(tmp_path / "m.keras")
    loaded = keras.saving.load_model(tmp_path / "m.keras")
    inputs = list(clips(4, (32, 32, 3))) + [clips(3, (32, 32, 3))[0]]
    first, again = ([answer.score for answer in m.answers(inputs)] for m in (model, loaded))
    np.testing.assert_allclose(first, again, atol=1e-6)
    np.testing.assert_allclose(model.answers(inputs[2:])[0].score, first[2], atol=1e-5)


@pytest.mark.parametrize(
    "arguments, message",
    [
        (((8, 8),), "`frame` must be height, width and channels"),
        (((8, 0, 1),), "`frame` must be a positive integer, got 0"),
        ((FRAME, (4,), 8, "Nothing"), "`backbone` must be a name of `keras.applications`"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        FrameEncoder(*arguments)
