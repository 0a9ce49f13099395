"""Tracks: bars lie where the intervals do, in the colour of their label, and of a long sequence a stretch is drawn."""

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from seqzoo.tasks.dna import tracks

ROWS = {
    "one": ({"reference": [(2, 5, 1), (7, 9, 2)], "predicted": [(2, 6, 1)]}, np.linspace(0, 1, 10)),
    "two": ({"reference": [], "predicted": []}, np.zeros(4)),
}


@pytest.fixture
def bars(monkeypatch):
    """`(start, length, color)` of every bar."""
    drawn, draw = [], Axes.broken_barh

    def keep(axis, spans, height, **options):
        drawn.extend((*span, options["color"]) for span in spans)
        return draw(axis, spans, height, **options)

    monkeypatch.setattr(Axes, "broken_barh", keep)
    return drawn


def test_bars_are_intervals_in_the_colors_of_their_labels(tmp_path, bars):
    tracks.draw(ROWS, ("none", "a", "b"), tmp_path / "t.png", "title")
    a, b = tracks.COLORS[:2]
    assert bars == [(2, 3, a), (7, 2, b), (2, 4, a)]
    assert (tmp_path / "t.png").stat().st_size > 1000


def test_the_key_names_every_label_but_that_of_no_interval(tmp_path, monkeypatch):
    named, legend = [], Figure.legend

    def keep(figure, handles, **options):
        named.extend(handle.get_label() for handle in handles)
        return legend(figure, handles=handles, **options)

    monkeypatch.setattr(Figure, "legend", keep)
    tracks.draw(ROWS, ("none", "a", "b"), tmp_path / "t.png")
    assert named == ["a", "b"]


def test_of_a_long_sequence_a_stretch_with_intervals_is_drawn(tmp_path, bars):
    rows = {"long": ({"reference": [(500, 590, 1), (610, 900, 1)], "predicted": []}, np.zeros(1000))}
    tracks.draw(rows, ("none", "a"), tmp_path / "t.png", longest=100)
    assert [bar[:2] for bar in bars] == [(500, 90)]


@pytest.mark.parametrize(
    "spans, length, expected",
    [([], 50, (0, 50)), ([], 500, (0, 100)), ([(200, 210, 1)], 500, (195, 295)), ([(490, 500, 1)], 500, (400, 500))],
)
def test_the_stretch_begins_before_the_first_interval_and_lies_in_the_sequence(spans, length, expected):
    assert tracks.stretch({"reference": spans, "predicted": []}, length, 100) == expected
