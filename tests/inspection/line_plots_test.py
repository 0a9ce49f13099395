"""The pictures of `recipes.long_range`: what is no number, what is beyond all numbers, what is one point."""

import math

import numpy as np
import pytest
from matplotlib.figure import Figure

from seqzoo.inspection import line_plots


@pytest.fixture
def axes(monkeypatch):
    """Those of every picture that is written."""
    drawn, save = [], Figure.savefig

    def keep(figure, *arguments, **options):
        drawn.extend(figure.axes)
        save(figure, *arguments, **options)

    monkeypatch.setattr(Figure, "savefig", keep)
    return drawn


def test_lines_are_drawn_with_names_gaps_and_logarithms(tmp_path):
    series = {"a": ([1, 10, 100], [1e-3, math.nan, 1]), "b": ([1, 100], [0.5, 0.5])}
    line_plots.lines(series, tmp_path / "log.png", "x", "y", "title", baselines=["b"], log="xy")
    line_plots.lines({"c": (["1-5", "6-10"], [0.1, 0.9])}, tmp_path / "names.png", "x", "y", ylim=(0, 1))
    assert all((tmp_path / name).read_bytes().startswith(b"\x89PNG") for name in ("log.png", "names.png"))


def test_what_is_infinite_is_a_cross_at_the_upper_edge(tmp_path, axes):
    series = {"lost": ([1, 2], [50, math.inf]), "kept": ([1, 2, 3], [50, 5, 0.5])}
    line_plots.lines(series, tmp_path / "a.png", "x", "y", log="xy")
    (axis,) = axes
    *lines, cross = axis.lines
    assert [line.get_label() for line in lines] == ["lost", "kept"] and cross.get_color() == lines[0].get_color()
    np.testing.assert_array_equal(cross.get_xydata(), [(1, 50), (2, axis.get_ylim()[1])])


def test_a_baseline_of_one_point_goes_right_across(tmp_path, axes):
    line_plots.lines({"a": (["10"], [0.9]), "b": (["10"], [0.2])}, tmp_path / "a.png", "x", "y", baselines=["b"])
    (axis,) = axes
    assert [list(line.get_ydata()) for line in axis.lines] == [[0.9], [0.2, 0.2]]


def test_nothing_that_is_drawn_is_under_the_key(tmp_path, axes):
    series = {f"{name} {i}": ([1, 2, 3], [0, 0.5, 1]) for name in ("simple network", "gru", "lstm") for i in range(4)}
    line_plots.lines(series, tmp_path / "a.png", "x", "y")
    (axis,) = axes
    (key,) = axis.figure.legends
    assert not key.get_window_extent().overlaps(axis.get_window_extent())
