"""Where the trials of a search stand in the picture."""

import pytest

from seqzoo.inspection import parallel_coordinates


@pytest.mark.parametrize("log", [False, True])
def test_a_scale_goes_from_the_lowest_to_the_highest(log):
    heights, ticks = parallel_coordinates._scale([0.1, 10.0, 1.0], log)
    assert heights == pytest.approx([0, 1, 0.5 if log else 1 / 11])
    assert [ticks[0][1], ticks[-1][1]] == ["0.1", "10"] and [height for height, _ in ticks] == pytest.approx(
        [0, 0.25, 0.5, 0.75, 1]
    )


def test_each_value_has_a_place_of_its_own_numbers_by_their_size():
    assert parallel_coordinates._places([8, 64, 16, 8]) == ([0, 1, 0.5, 0], [(0, "8"), (0.5, "16"), (1, "64")])
    heights, ticks = parallel_coordinates._places([None, 0.5, None])
    assert heights[0] == heights[2] != heights[1] and {label for _, label in ticks} == {"None", "0.5"}


@pytest.mark.parametrize("count", [1, 2, 9])
def test_a_picture(tmp_path, count):
    trials = [
        ({"cell": "gru", "deep": i % 2 == 0, "rate": 0.1 * (i + 1), "any": None if i else 3}, -float(i)) for i in range(count)
    ]
    parallel_coordinates.draw(trials, tmp_path / "a.png", "title", {"rate": True})
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
