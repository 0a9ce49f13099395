"""The models that ship return these numbers on every backend, whatever is rewritten. As a script: prints the numbers."""

import keras
import numpy as np
import pytest
from backends import arrays, tensors

from seqzoo import presets

BATCH, STEPS = 2, 6
IDS = np.arange(BATCH * STEPS).reshape(BATCH, STEPS) * 37 % 91 + 4
MASK = np.arange(STEPS) < np.array([[6], [4]])
CHARACTERS = np.concatenate([IDS[:, :, None], (IDS[:, :, None] + np.arange(20)) % 30], axis=2)
BASES = np.eye(5, dtype="float32")[IDS % 4]
LETTERS = {"inputs": IDS % 27 + 4, "mask": MASK, "y_prev": IDS % 9 + 4}
SAMPLES = np.arange(2400)
SOUNDS = np.stack([np.sin(SAMPLES**1.4 / 90) / 3, np.cos(SAMPLES / 5) / 4]).astype("float32")
CLIPS = (np.arange(2 * STEPS * 32 * 32) ** 2 % 251).astype("uint8").reshape(BATCH, STEPS, 32, 32, 1)
CHANNELS = np.sin(np.arange(BATCH * STEPS * 6) ** 1.5).reshape(BATCH, STEPS, 6).astype("float32")
HOURS = np.eye(35, dtype="float32")[np.arange(BATCH * (STEPS + 24)).reshape(BATCH, STEPS + 24) % 24]
SERIES = {"target": CHANNELS[:, :, 0], "mask": MASK, "past": CHANNELS[:, :, :0], "known": HOURS}
INPUTS = {
    "activity": {"inputs": CHANNELS, "mask": MASK},
    "cloze": {"inputs": IDS, "mask": MASK},
    "dates": LETTERS,
    "dna": {"inputs": BASES, "mask": MASK},
    "forecast": SERIES | {"origins": np.array([[3, 5], [2, 3]], "int32")},
    "language_model": {"inputs": IDS},
    "music": {"inputs": IDS},
    "names": {"inputs": IDS, "label": np.array([1, 5])},
    "ner": {"inputs": CHARACTERS, "mask": MASK},
    "pronunciation": LETTERS,
    "sentiment": {"inputs": IDS, "mask": MASK},
    "speech": {"inputs": SOUNDS, "mask": np.arange(2400) < np.array([[2400], [1500]])},
    "video": {"inputs": CLIPS, "mask": MASK},
}
# The mean and the standard deviation of what each returns, and five of its numbers.
OUTPUTS = {
    "activity": [0.142857, 0.2067, 1e-05, 0.000519, 0.383237, 0.085518, 0.611496],
    "cloze": [-4.450304, 2.914621, 2.614872, -5.169187, -5.421156, -7.384483, -4.627443],
    "dates": [-4.052269, 6.809196, -13.773446, -9.451894, -8.94755, -2.288989, -3.564371],
    "dna": [0.333333, 0.156046, 0.195224, 0.31382, 0.490956, 0.13998, 0.581211],
    "forecast": [0.230437, 0.642274, 0.038891, -0.096289, -0.150923, 1.330714, 1.344907],
    "language_model": [-4.596179, 2.817277, 3.551503, -8.844059, -6.606586, -7.582779, -8.98753],
    "music": [-2.26296, 3.048926, -2.680187, -3.18109, -5.906436, -7.720689, -4.268796],
    "names": [-4.374852, 4.379688, -0.542112, -10.254962, -6.987136, -11.588463, -12.503425],
    "ner": [-0.40387, 2.620107, 5.783625, 0.239179, 0.257342, 0.016297, 0.226228],
    "pronunciation": [-4.551043, 3.97083, -15.630095, -2.011202, -1.821463, -8.612882, -12.044323],
    "sentiment": [0.333333, 0.132077, 0.195467, 0.504333, 0.300199, 0.163834, 0.339899],
    "speech": [-0.480226, 3.888213, 9.612723, 4.435151, 1.077749, 2.595175, -0.066135],
    "video": [0.090909, 0.279673, 0.0, 0.000925, 0.0, 0.0, 0.0],
}


def summary(name):
    outputs = presets.load(name)(tensors(INPUTS[name]))
    y = arrays(outputs["parameters"] if isinstance(outputs, dict) else outputs)
    y = y[y > -1e8]  # logits of tokens that are never predicted
    return [y.mean(), y.std(), *y[np.linspace(0, len(y) - 1, 5).astype(int)]]


def test_every_model_that_ships_is_tried():
    assert set(INPUTS) == set(OUTPUTS) == set(presets.names())


@pytest.mark.parametrize("name", INPUTS)
def test_it_returns_what_it_returned(name):
    np.testing.assert_allclose(summary(name), OUTPUTS[name], rtol=0, atol=2e-5)


if __name__ == "__main__":
    print(keras.backend.backend(), {name: [round(float(value), 6) for value in summary(name)] for name in INPUTS})
