"""A text in a figure is what the user wrote."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from seqzoo.inspection import figures, line_plots, plots


@pytest.mark.parametrize("text", ["costs $5 or $x_$", r"\frac $\frac$", "$", "$$", "a_b^c"])
def test_a_dollar_sign_is_no_formula(tmp_path, text):
    figure = Figure(layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], label=text)
    axes.set(title=text, xlabel=text)
    axes.set_xticks([0, 1], [text, "b"])
    axes.legend()
    figures.save(figure, tmp_path / "a.png")
    assert axes.get_xticklabels()[0].get_text() == text and (tmp_path / "a.png").stat().st_size > 1000


def test_labels_with_dollar_signs_are_drawn(tmp_path):
    plots.confusion(np.eye(2), ("$a_$", r"$\b$"), tmp_path / "a.png", "title $x_$")
    plots.bars(["$g_$"], {"$s_$": [0.5]}, tmp_path / "b.png", "y $")
    assert {path.name for path in tmp_path.iterdir()} == {"a.png", "b.png"}


def test_the_powers_of_a_logarithmic_axis_stay(tmp_path, monkeypatch):
    kept = []
    monkeypatch.setattr(Figure, "savefig", lambda figure, path, dpi: (figure.canvas.draw(), kept.append(figure)))
    line_plots.lines({"a": ([1, 10, 100], [1, 10, 1000])}, tmp_path / "a.png", "x", "y", log="xy")
    labels = [label for label in kept[0].axes[0].get_xticklabels() if label.get_text()]
    assert labels and all(label.get_parse_math() for label in labels)
