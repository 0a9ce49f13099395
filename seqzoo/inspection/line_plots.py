"""Figures against a distance or against time, a line for each network, baselines dashed."""

import numpy as np
from matplotlib.figure import Figure

FEW = 20  # points that are drawn as such


def lines(series, path, xlabel, ylabel, title="", baselines=(), log="", ylim=None):
    """One picture.

    Args:
        series: {name: (x, y)}; x are numbers or names. What is not a number leaves a gap; an infinite y is a cross at the edge.
        path: of the PNG file.
        baselines: names of the series to draw dashed and grey; one of a single point goes right across.
        log: the axes on a logarithmic scale: "", "x", "y" or "xy".
        ylim: the ends of the second axis.
    """
    figure = Figure(figsize=(6.4, 4.4), layout="constrained")
    axis = figure.subplots()
    styles, size = iter(("--", ":", "-.")), 4 + 2 * (len(series) - len(baselines))
    for name, (x, y) in series.items():
        if name in baselines:
            _baseline(axis, name, x, y, next(styles))
        else:
            size -= 2  # the last stand on the first
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
    figure.savefig(path, dpi=120)


def _baseline(axis, name, x, y, style):
    how = {"label": name, "color": "0.4", "linestyle": style}
    if len(x) == 1:
        axis.axhline(y[0], **how)
    else:
        axis.plot(x, y, **how)


def _line(axis, name, x, y, size):
    rings = {"marker": "o", "markersize": size, "markerfacecolor": "white"} if len(x) < FEW else {}
    axis.plot(x, y, label=name, **rings)


def _cross(axis):
    """Where a line goes beyond all numbers: dotted to the upper edge, and a cross there."""
    top = axis.get_ylim()[1]
    for line in list(axis.lines):
        x, y = np.asarray(line.get_xdata(orig=False), float), np.asarray(line.get_ydata(orig=False), float)
        for i in np.flatnonzero(np.isinf(y)):
            shown = slice(max(i - 1, 0), i + 1)
            up = {"color": line.get_color(), "linestyle": ":", "marker": "X", "markersize": 9, "markevery": [-1]}
            axis.plot(x[shown], np.where(np.isinf(y[shown]), top, y[shown]), clip_on=False, zorder=3, **up)
    axis.set_ylim(top=top)
