"""Pictures: a PNG of some size for every shape of input, and what a matrix says is drawn where it belongs."""

import numpy as np
import pytest
from matplotlib import pyplot as plt

from seqzoo.inspection import plots


def is_picture(path):
    return path.read_bytes().startswith(b"\x89PNG") and path.stat().st_size > 1000


@pytest.fixture(autouse=True)
def _leaves_no_figure_open():
    yield
    assert plt.get_fignums() == []


@pytest.fixture
def drawn(monkeypatch):
    """The axes of every figure that is saved."""
    axes, save = [], plots.save

    def keep(figure, path, title):
        axes.extend(figure.axes)
        save(figure, path, title)

    monkeypatch.setattr(plots, "save", keep)
    return axes


nan = float("nan")


@pytest.mark.parametrize(
    "history",
    [
        [{"loss": 1.0}],
        [{"loss": 1.0, "val_loss": 2.0}] * 3,
        [
            {"loss": 1.0, "accuracy": 0.5, "val_loss": 2.0, "val_accuracy": 0.4},
            {"loss": nan} | dict.fromkeys(["accuracy", "val_loss", "val_accuracy"], nan),
        ],
    ],
)
def test_curves_of_one_epoch_of_several_and_of_none_that_count(tmp_path, history):
    plots.curves(history, tmp_path / "c.png", "title")
    assert is_picture(tmp_path / "c.png")


def test_curves_show_training_beside_validation(tmp_path, drawn):
    plots.curves([{"loss": 3.0, "val_loss": 4.0}, {"loss": 1.0, "val_loss": 2.0}], tmp_path / "c.png")
    (axis,) = drawn
    shown = {line.get_label(): (line.get_xdata().tolist(), line.get_ydata().tolist()) for line in axis.lines}
    assert shown == {"training": ([1, 2], [3.0, 1.0]), "validation": ([1, 2], [4.0, 2.0])}


def test_a_confusion_matrix_has_actual_rows_and_predicted_columns(tmp_path, drawn):
    plots.confusion([[8, 2], [0, 0]], ("bad", "good"), tmp_path / "c.png")
    (axis,) = drawn
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("predicted", "actual")
    said = {text.get_position(): text.get_text() for text in axis.texts}
    assert said == {(0, 0): "8\n80%", (1, 0): "2\n20%", (0, 1): "0\n0%", (1, 1): "0\n0%"}
    assert is_picture(tmp_path / "c.png")


@pytest.mark.parametrize("series", [{"a": [0.5, 1.0]}, {"a": [0.0, 1.0], "b": [0.2, 0.3]}])
def test_bars_have_the_heights_of_their_figures(tmp_path, drawn, series):
    plots.bars(["x", "y"], series, tmp_path / "b.png", "accuracy")
    (axis,) = drawn
    assert [bar.get_height() for bar in axis.patches] == [value for values in series.values() for value in values]
    assert is_picture(tmp_path / "b.png")


@pytest.mark.parametrize("x, y", [([1.0, 2.0], [2.0, 1.0]), (np.zeros(3), np.zeros(3)), ([1.0], [1.0])])
def test_a_scatter_plot_has_its_points(tmp_path, drawn, x, y):
    plots.scatter(x, y, tmp_path / "s.png", "actual", "predicted")
    (axis,) = drawn
    np.testing.assert_array_equal(axis.lines[0].get_xydata(), np.stack([x, y], axis=-1))
    assert is_picture(tmp_path / "s.png")
