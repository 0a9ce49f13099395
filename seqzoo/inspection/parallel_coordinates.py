"""Parallel coordinates plot of the trials of a search: an axis for each hyperparameter, the last axis for the quality."""

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure

from seqzoo.inspection import figures


def draw(trials, path, title="", ranges=None):
    """Writes a parallel coordinates plot as a PNG file: a line for each trial, the best trial last and thickest.

    Args:
        trials: one or more `(values, quality)`: values `{name: value}`, with the same names in all trials, and a number.
        path: path of the PNG file.
        title: title of the plot.
        ranges: `{name: whether logarithmic}` of the numeric axes; on the other axes distinct values are evenly spaced.
    """
    trials = sorted(trials, key=lambda trial: trial[1])
    columns = {name: [values[name] for values, _ in trials] for name in trials[0][0]}
    columns["quality"], ranges = [quality for _, quality in trials], {"quality": False} | (ranges or {})
    axes = [_scale(column, ranges[name]) if name in ranges else _places(column) for name, column in columns.items()]
    figure = Figure(figsize=(1.6 + 1.25 * len(axes), 4.2), layout="constrained")
    axis, at, box = figure.subplots(), np.arange(len(axes)), {"fc": "white", "ec": "none", "alpha": 0.7, "pad": 0.5}
    for i in range(len(trials)):
        heights = [positions[i] for positions, _ in axes]
        best = i == len(trials) - 1
        color = colormaps["viridis_r"]((len(trials) - i) / len(trials) if not best else 0)
        axis.plot(at, heights, color="C3" if best else color, linewidth=3 if best else 1.5, alpha=1 if best else 0.8)
    for x, (_, ticks) in zip(at, axes, strict=True):
        axis.axvline(x, color="0.6", linewidth=0.8, zorder=0)
        for height, label in ticks:
            axis.text(x + 0.05, height, label, fontsize=8, va="center", bbox=box)
    axis.set_xticks(at, [name.replace("_", "\n") for name in columns], fontsize=9)
    axis.set(yticks=[], xlim=(-0.2, len(axes) - 0.4), ylim=(-0.06, 1.06))
    axis.spines[:].set_visible(False)
    figure.suptitle(title, fontsize=10)
    figures.save(figure, path)


def _places(column):
    """Returns positions of values on a categorical axis of 0 to 1, and `(height, label)` of its ticks."""
    try:
        different = sorted(set(column))
    except TypeError:  # None among numbers
        different = sorted(set(column), key=str)
    heights = dict(zip(different, np.linspace(0, 1, len(different)) if len(different) > 1 else [0.5], strict=True))
    return [heights[value] for value in column], [(height, _format_value(value)) for value, height in heights.items()]


def _scale(column, log):
    """Returns positions of values on a numeric axis of 0 to 1, and `(height, label)` of its ticks."""
    scale, spaced = (np.log, np.geomspace) if log else (np.asarray, np.linspace)
    low, high = min(column), max(column)

    def height(value):
        return float((scale(value) - scale(low)) / (scale(high) - scale(low))) if high > low else 0.5

    marks = [float(mark) for mark in spaced(low, high, 5)] if high > low else [low]
    return [height(value) for value in column], [(height(mark), _format_value(mark)) for mark in marks]


def _format_value(value):
    return f"{value:.4g}" if isinstance(value, float) else str(value)
