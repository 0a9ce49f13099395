"""Plot of forecasts: history, forecast with its interval, and what came, as a PNG file."""

from typing import NamedTuple

import numpy as np
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure

from seqzoo.inspection.figures import save


class Panel(NamedTuple):
    """One forecast of a plot.

    Args:
        title: title of the panel.
        times: of the history and of the forecast.
        values: numbers at these times, NaN where missing.
        origin: the number of the first time of the forecast.
        quantiles: `(steps, 3)`: lower bound, median, upper bound.
    """

    title: str
    times: np.ndarray
    values: np.ndarray
    origin: int
    quantiles: np.ndarray


def choose(places, count, seed):
    """Returns the numbers of `count` forecasts at most, of different series as far as there are several."""
    order = np.random.default_rng(seed).permutation(len(places))
    seen, first, others = set(), [], []
    for i in order:
        (others if places[i][0] in seen else first).append(int(i))
        seen.add(places[i][0])
    return (first + others)[:count]


def draw(panels, path, title=""):
    """Writes a PNG file with a panel for each forecast."""
    figure = Figure(figsize=(9, 2.3 * len(panels) + 0.5), layout="constrained")
    for axis, panel in zip(np.ravel(figure.subplots(len(panels), 1, squeeze=False)), panels, strict=True):
        ahead = panel.times[panel.origin :]
        low, median, high = panel.quantiles.T
        axis.plot(panel.times, panel.values, color="0.25", linewidth=1, label="series")
        axis.fill_between(ahead, low, high, color="tab:blue", alpha=0.25, label="interval")
        axis.plot(ahead, median, color="tab:blue", linewidth=1.6, label="median")
        axis.axvline(ahead[0], color="0.6", linewidth=0.8, linestyle=":")
        if panel.times.dtype.kind == "M":
            locator = AutoDateLocator()
            axis.xaxis.set_major_locator(locator)
            axis.xaxis.set_major_formatter(ConciseDateFormatter(locator))
        axis.set_title(panel.title, fontsize=9)
        axis.grid(alpha=0.3)
    figure.legend(*figure.axes[0].get_legend_handles_labels(), fontsize=8, loc="outside lower center", ncols=3)
    figure.suptitle(title, fontsize=10)
    save(figure, path)
