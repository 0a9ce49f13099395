"""Moving sprites: no frame tells the label, the order of the frames does."""

import numpy as np

from seqzoo.datasets import moving_sprites
from seqzoo.datasets.moving_sprites import LABELS, clip


def test_the_splits():
    sizes = {"train": 22, "validation": 11, "test": 11}
    first, again = (moving_sprites.load(3, sizes) for _ in range(2))
    assert first.train.targets == list(LABELS) * 2
    for one, other in zip(first.train.inputs, again.train.inputs, strict=True):
        np.testing.assert_array_equal(one, other)
        assert one.shape[1:] == (32, 32, 1) and one.dtype == np.uint8 and 14 <= len(one) <= 18


def test_a_frame_is_equally_probable_under_all_labels():
    """By its brightness, its spread, and the light in its upper and its left half: within 4.5 standard errors."""
    rng, count = np.random.default_rng(0), 600
    statistics = np.array([[_statistics(clip(label, rng), rng) for _ in range(count)] for label in LABELS])
    means, deviation = statistics.mean(axis=1), statistics.std(axis=1).mean(axis=0)
    assert (np.abs(means - means.mean(axis=0)) < 4.5 * deviation / np.sqrt(count)).all()


def _statistics(frames, rng):
    frame = frames[rng.integers(len(frames))][..., 0].astype(float)
    light = frame > 150
    return frame.mean(), frame.std(), light[:16].mean(), light[:, :16].mean()


def test_a_figure_moves_as_its_label_says():
    rng = np.random.default_rng(1)
    for label, (axis, sign) in {"left": (1, -1), "right": (1, 1), "up": (0, -1), "down": (0, 1)}.items():
        for _ in range(5):
            frames = clip(label, rng)[..., 0].astype(float)
            angle = [_place(frame, axis) for frame in frames]  # on the torus
            moves = np.angle(np.exp(1j * np.diff(angle)))
            assert np.sign(np.median(moves)) == sign


def _place(frame, axis):
    line = np.clip(frame - np.median(frame) - 35, 0, None).sum(axis=1 - axis)
    return np.angle((line * np.exp(2j * np.pi * np.arange(32) / 32)).sum())
