"""Figures against a distance or against time, a line for each network, baselines dashed."""

from matplotlib.figure import Figure


def lines(series, path, xlabel, ylabel, title="", baselines=(), log="", ylim=None):
    """One picture.

    Args:
        series: {name: (x, y)}; x are numbers or names. What is not a number leaves a gap.
        path: of the PNG file.
        baselines: names of the series to draw dashed and grey.
        log: the axes on a logarithmic scale: "", "x", "y" or "xy".
        ylim: the ends of the second axis.
    """
    figure = Figure(figsize=(6.4, 4), layout="constrained")
    axis = figure.subplots()
    styles = iter(("--", ":", "-."))
    for i, (name, (x, y)) in enumerate(series.items()):
        style = {"color": "0.4", "linestyle": next(styles)} if name in baselines else {"marker": "o" if len(x) < 20 else ""}
        axis.plot(x, y, label=name, markersize=3 + len(series) - i, **style)  # the last stand on the first
    axis.set(xlabel=xlabel, ylabel=ylabel)
    if ylim:
        axis.set_ylim(ylim)
    for letter in log:
        getattr(axis, f"set_{letter}scale")("log")
    axis.grid(alpha=0.3)
    axis.legend(fontsize=8)
    figure.suptitle(title, fontsize=10)
    figure.savefig(path, dpi=120)
