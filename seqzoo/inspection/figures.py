"""Figures as PNG files, on a machine without a screen. Their texts are those of the user: no dollar sign begins a formula."""

from matplotlib.figure import Figure
from matplotlib.text import Text


def save(figure: Figure, path, dpi: int = 120) -> None:
    """Writes a figure as a PNG file, each text as it is. (The powers on an axis with a logarithmic scale are formulas.)"""
    powers = {
        id(label)
        for axes in figure.axes
        for axis in (axes.xaxis, axes.yaxis)
        if axis.get_scale() == "log"
        for label in axis.get_ticklabels(which="both")
    }
    for text in figure.findobj(Text):
        text.set_parse_math(id(text) in powers)
    figure.savefig(path, dpi=dpi)
