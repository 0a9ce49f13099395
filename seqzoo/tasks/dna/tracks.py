"""Plots of tracks: intervals along sequences as coloured bars, one track above the other, as in genome browsers."""

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from seqzoo.inspection import figures

LONGEST = 3000  # bases of a sequence in a plot
COLORS = colormaps["tab10"].colors


def draw(rows, labels, path, title="", longest=LONGEST):
    """Draws the tracks of each sequence, the first track on top, and a curve below them.

    Args:
        rows: `{name: (tracks, curve)}` of sequences: tracks are `{name: [(start, end, label number)]}`; the curve is `(T,)` in
            0..1.
        labels: names of the labels, the first that of no interval.
        path: the PNG file.
        longest: most bases of a sequence to draw; of a longer sequence the `stretch` is drawn.
    """
    figure = Figure(figsize=(11, 0.8 + 1.5 * len(rows)), layout="constrained")
    axes = figure.subplots(len(rows), 1, squeeze=False)[:, 0]
    for axis, (name, (tracks, curve)) in zip(axes, rows.items(), strict=True):
        start, stop = stretch(tracks, len(curve), longest)
        for height, spans in zip(range(len(tracks), 0, -1), tracks.values(), strict=True):
            _bars(axis, spans, start, stop, height + 0.15)
        axis.fill_between(np.arange(start, stop), curve[start:stop], color="0.75", linewidth=0)
        axis.set(xlim=(start, stop), ylim=(0, len(tracks) + 1.05))
        axis.set_yticks([0.5, *(height + 0.5 for height in range(len(tracks), 0, -1))], ["probability", *tracks])
        axis.set_title(name, loc="left", fontsize=9)
        axis.tick_params(labelsize=8)
        axis.spines[["top", "right"]].set_visible(False)
    axes[-1].set_xlabel("base")
    key = [Patch(color=_color(number), label=label) for number, label in enumerate(labels) if number]
    figure.legend(handles=key, loc="outside upper right", ncols=min(len(key), 6), fontsize=8, frameon=False)
    figure.suptitle(title, fontsize=10, x=0.01, ha="left")
    figures.save(figure, path)


def stretch(tracks, length, longest):
    """`(start, stop)` of the bases to draw: all, or `longest` bases from just before the first interval."""
    first = min((spans[0][0] for spans in tracks.values() if spans), default=0)
    start = max(0, min(first - longest // 20, length - longest))
    return start, min(length, start + longest)


def _bars(axis, spans, start, stop, bottom):
    for begin, end, number in spans:
        begin, end = max(begin, start), min(end, stop)
        if begin < end:
            axis.broken_barh([(begin, end - begin)], (bottom, 0.7), color=_color(number), linewidth=0)


def _color(number):
    return COLORS[(number - 1) % len(COLORS)]
