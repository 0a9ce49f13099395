"""Line plots of metrics against distance or time: a line for each network, baselines dashed."""

import numpy as np
from matplotlib.figure import Figure

from seqzoo.inspection import figures

FEW = 20  # lines with fewer points get markers


def lines(series, path, xlabel, ylabel, title="", baselines=(), log="", ylim=None):
    """Writes a line plot as a PNG file.

    Args:
        series: {name: (x, y)}; x are numbers or names. A NaN leaves a gap; an infinite y is a cross at the upper edge.
        path: path of the PNG file.
        xlabel, ylabel, title: texts of the plot.
        baselines: names of the series to draw dashed and grey; a single point becomes a horizontal line.
        log: axes with a logarithmic scale: "", "x", "y" or "xy".
        ylim: lower and upper limit of the y axis.
    """
    figure = Figure(figsize=(6.4, 4.4), layout="constrained")
    axis = figure.subplots()
    styles, size = iter(("--", ":", "-.")), 4 + 2 * (len(series) - len(baselines))
    for name, (x, y) in series.items():
        if name in baselines:
            _baseline(axis, name, x, y, next(styles))
        else:
            size -= 2  # later markers lie on earlier ones
            _line(axis, name, x, y, size)
    axis.set(xlabel=xlabel, ylabel=ylabel)
    if ylim:
        axis.set_ylim(ylim)
    for letter in log:
        getattr(axis, f"set_{letter}scale")("log")
    _cross(axis)
    axis.grid(alpha=0.3)
    figure.legend(fontsize=8, loc="outside lower center", ncols=3)
    figure.suptitle(title, fontsize=10)
    figures.save(figure, path)


def _baseline(axis, name, x, y, style):
    options = {"label": name, "color": "0.4", "linestyle": style}
    if len(x) == 1:
        axis.axhline(y[0], **options)
    else:
        axis.plot(x, y, **options)


def _line(axis, name, x, y, size):
    markers = {"marker": "o", "markersize": size, "markerfacecolor": "white"} if len(x) < FEW else {}
    axis.plot(x, y, label=name, **markers)


def _cross(axis):
    """Draws infinite values: a dotted line to the upper edge, and a cross there."""
    top = axis.get_ylim()[1]
    for line in list(axis.lines):
        x, y = np.asarray(line.get_xdata(orig=False), float), np.asarray(line.get_ydata(orig=False), float)
        for i in np.flatnonzero(np.isinf(y)):
            segment = slice(max(i - 1, 0), i + 1)
            style = {"color": line.get_color(), "linestyle": ":", "marker": "X", "markersize": 9, "markevery": [-1]}
            axis.plot(x[segment], np.where(np.isinf(y[segment]), top, y[segment]), clip_on=False, zorder=3, **style)
    axis.set_ylim(top=top)
