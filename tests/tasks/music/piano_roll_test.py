"""Piano rolls: every key that is down is drawn where it is, all rolls with the same keys."""

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.image import imread

from seqzoo.data.midi import LOWEST, Note
from seqzoo.tasks.music import piano_roll


@pytest.fixture
def images(monkeypatch):
    """`(array, extent)` of every image."""
    drawn, draw = [], Axes.imshow

    def keep(axis, image, **options):
        drawn.append((np.ma.filled(image, 0), options["extent"]))
        return draw(axis, image, **options)

    monkeypatch.setattr(Axes, "imshow", keep)
    return drawn


def roll(*at, length=8):
    keys = np.zeros((length, 88))
    for step, key in at:
        keys[step, key] = 1
    return keys


def test_a_key_is_drawn_at_its_pitch_and_time(tmp_path, images):
    piano_roll.draw({"a": roll((3, 39), (7, 51))}, tmp_path / "a.png", "title", steps=2)
    ((image, (left, right, bottom, top)),) = images
    assert (left, right) == (0, 4) and top - bottom == len(image)
    assert {(int(row + bottom + 0.5), int(step)) for row, step in np.argwhere(image)} == {(60, 3), (72, 7)}
    assert (tmp_path / "a.png").stat().st_size > 1000


@pytest.mark.parametrize("key", [39, 40])
def test_white_keys_and_black_ones_can_be_seen(tmp_path, key):
    piano_roll.draw({"a": roll((3, key))}, tmp_path / "a.png")
    red, _, blue, _ = np.moveaxis(imread(tmp_path / "a.png"), -1, 0)
    assert np.count_nonzero(blue - red > 0.2) > 100


def test_all_rolls_have_the_keys_of_any_and_faint_ones_are_left_out(tmp_path, images):
    faint = roll((0, 20)) * 0.3 + roll((0, 80)) * 0.01
    piano_roll.draw({"a": roll((0, 30)), "b": faint}, tmp_path / "a.png")
    (first, extent), (second, other) = images
    assert extent == other and first.shape == second.shape == (15, 8)
    assert np.count_nonzero(second) == 1


@pytest.mark.parametrize("length", [0, 1, 1000])
def test_nothing_and_too_much_are_drawn_too(tmp_path, images, length):
    piano_roll.draw({"a": np.zeros((length, 88))}, tmp_path / "a.png")
    assert (tmp_path / "a.png").exists() and all(image.shape[1] <= piano_roll.LONGEST for image, _ in images)


def test_each_note_begins_with_a_gap_and_what_was_given_ends_with_a_line(tmp_path, monkeypatch):
    gaps, lines = [], []
    monkeypatch.setattr(Axes, "vlines", lambda axis, x, bottom, top, **options: gaps.append((list(x), list(bottom), list(top))))
    monkeypatch.setattr(Axes, "axvline", lambda axis, x, **options: lines.append(x))
    keys, notes = roll((0, 39), (1, 39), (2, 39), (3, 40)), [Note(0, 2, 60), Note(2, 3, 60), Note(3, 4, 61), Note(300, 301, 60)]
    piano_roll.draw({"a": keys, "b": keys}, tmp_path / "a.png", steps=2, notes={"b": notes}, primed=3)
    assert LOWEST + 39 == 60
    assert gaps == [([], [], []), ([1, 1.5], [59.5, 60.5], [60.5, 61.5])] and lines == [1.5, 1.5]
