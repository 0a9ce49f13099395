"""Plots of training curves and of predictions, as PNG files."""

import numpy as np
from matplotlib.figure import Figure

from seqzoo.inspection import figures


def curves(history, path, title=""):
    """Writes training curves: loss and every other metric against epochs, training and validation.

    Args:
        history: one dict of metrics per epoch, as `training.fit` returns it.
        path: path of the PNG file.
        title: title of the plot.
    """
    names = list(dict.fromkeys(name.removeprefix("val_") for name in history[0]))
    figure = Figure(figsize=(4.5 * len(names), 3.2), layout="tight")
    axes = figure.subplots(1, len(names), squeeze=False)
    epochs = range(1, len(history) + 1)
    for axis, name in zip(axes[0], names, strict=True):
        for metric, label, color in ((name, "training", "C0"), (f"val_{name}", "validation", "C1")):
            if metric in history[0]:
                axis.plot(epochs, [metrics.get(metric) for metrics in history], "o-", label=label, color=color)
        axis.set(xlabel="epoch", ylabel=name.replace("_", " "))
        axis.xaxis.get_major_locator().set_params(integer=True)
        axis.grid(alpha=0.3)
        axis.legend()
    save(figure, path, title)


def confusion(counts, labels, path, title=""):
    """Writes a confusion matrix: `counts[i, j]` inputs of label i were predicted as j. Shades are shares of a row."""
    counts = np.asarray(counts)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    size = 2.2 + 0.8 * len(labels)
    figure = Figure(figsize=(size + 0.8, size), layout="tight")
    axis = figure.subplots()
    axis.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (i, j), count in np.ndenumerate(counts):
        color = "white" if shares[i, j] > 0.5 else "black"
        axis.text(j, i, f"{count}\n{shares[i, j]:.0%}", ha="center", va="center", color=color, fontsize=9)
    axis.set(xlabel="predicted", ylabel="actual")
    axis.set_xticks(range(len(labels)), labels, rotation=30, ha="right")
    axis.set_yticks(range(len(labels)), labels)
    save(figure, path, title)


def bars(groups, series, path, ylabel, title=""):
    """Writes a grouped bar chart of metrics in 0..1.

    Args:
        groups: names of the groups.
        series: {name: one metric for each group}.
        path: path of the PNG file.
        ylabel, title: texts of the plot.
    """
    figure = Figure(figsize=(1.5 + 1.3 * len(groups), 3.4), layout="tight")
    axis = figure.subplots()
    width, at = 0.8 / len(series), np.arange(len(groups))
    for i, (name, values) in enumerate(series.items()):
        drawn_bars = axis.bar(at + (i - (len(series) - 1) / 2) * width, values, width, label=name)
        axis.bar_label(drawn_bars, [f"{value:.2f}" for value in values], fontsize=8)
    axis.set_xticks(at, groups)
    axis.set(ylabel=ylabel, ylim=(0, 1.25))
    axis.legend(loc="upper center", ncols=len(series))
    save(figure, path, title)


def scatter(x, y, path, xlabel, ylabel, title=""):
    """Writes a scatter plot of two numbers per input, with the line where both are equal."""
    figure = Figure(figsize=(4.2, 4.2), layout="tight")
    axis = figure.subplots()
    axis.plot(x, y, ".", alpha=0.25, markersize=4)
    ends = [min(*x, *y), max(*x, *y)]
    axis.plot(ends, ends, "k-", linewidth=0.8)
    axis.set(xlabel=xlabel, ylabel=ylabel)
    axis.grid(alpha=0.3)
    save(figure, path, title)


def save(figure, path, title):
    """Writes a figure with a title as a PNG file."""
    figure.suptitle(title, fontsize=10)
    figures.save(figure, path)
