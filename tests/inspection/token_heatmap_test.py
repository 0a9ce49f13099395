"""The picture of words and their surprise."""

from itertools import pairwise

import numpy as np

from seqzoo.inspection import token_heatmap


def text():
    chance = np.random.default_rng(0)
    words = [(f"word{i}" * int(chance.integers(1, 4)), float(chance.gamma(2, 3))) for i in range(60)]
    return [*words, ("a$b\n", 99.0), (" ", 0.0)]


def test_every_token_has_a_place_in_rows_that_fit_and_none_touches_another():
    boxes = token_heatmap.placed([text(), [("x", 0.0)]])
    assert [box[2:] for box in boxes] == [*text(), ("x", 0.0)]
    for (x, y, *of_one), (x_next, y_next, *_) in pairwise(boxes):
        end = x + token_heatmap._width(*of_one)
        assert end <= token_heatmap.WIDTH
        assert (y_next == y and x_next == end + token_heatmap.GAP) or (
            y_next >= y + token_heatmap.HEIGHT + token_heatmap.GAP and x_next == 0
        )


def test_a_token_wider_than_a_row_has_one_of_its_own(monkeypatch):
    monkeypatch.setattr(token_heatmap, "WIDTH", 20)
    boxes = token_heatmap.placed([[("word", 1.0), ("other", 1.0)]])
    assert [x for x, *_ in boxes] == [0, 0] and boxes[0][1] < boxes[1][1]


def test_a_picture(tmp_path):
    token_heatmap.draw([text(), [("x", 0.0)]], tmp_path / "s.png", "title $ " + 80 * "x")
    assert (tmp_path / "s.png").read_bytes().startswith(b"\x89PNG")
