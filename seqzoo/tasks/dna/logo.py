"""Sequence logos: letters stacked at each position, each as high as its importance."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import PathPatch
from matplotlib.textpath import TextPath
from matplotlib.transforms import Affine2D

from seqzoo.inspection import figures

COLORS = {"A": "#109648", "C": "#255c99", "G": "#f7b32b", "T": "#d62839"}  # as in most logos of DNA
FONT = FontProperties(family="DejaVu Sans", weight="bold")
LONGEST = 120  # positions of a logo that is still legible


def draw(rows, letters, path, title="", ylabel="", longest=LONGEST):
    """Draws sequence logos, one above the other, to the same scale.

    Args:
        rows: `{name: heights (T, letters)}`, not negative. Where T is above `longest`, a logo has `longest` positions: the
            stretch with the largest sum of heights in all rows together.
        letters: the letter of each column.
        path: the PNG file.
    """
    start, stop = heaviest(list(rows.values()), longest)
    figure = Figure(figsize=(2 + 0.17 * (stop - start), 0.6 + 1.5 * len(rows)), layout="constrained")
    axes = figure.subplots(len(rows), 1, squeeze=False)
    highest = max(float(heights.sum(axis=1).max()) for heights in rows.values()) or 1.0
    for axis, (name, heights) in zip(axes[:, 0], rows.items(), strict=True):
        for position in range(start, min(stop, len(heights))):
            _stack(axis, position + 1, heights[position], letters)
        axis.set(xlim=(start + 0.4, stop + 0.6), ylim=(0, 1.05 * highest), ylabel=ylabel)
        axis.set_title(name, loc="left", fontsize=9)
        axis.set_xticks([t for t in range(start + 1, stop + 1) if t % 5 == 0 or t == 1])
        axis.spines[["top", "right"]].set_visible(False)
    axes[-1, 0].set_xlabel("position")
    figure.suptitle(title, fontsize=10)
    figures.save(figure, path)


def heaviest(rows, longest):
    """`(start, stop)` of the `longest` positions with the largest sum of heights; of all positions where there are fewer."""
    length = max(map(len, rows))
    if length <= longest:
        return 0, length
    total = np.zeros(length)
    for heights in rows:
        total[: len(heights)] += heights.sum(axis=1)
    sums = np.convolve(total, np.ones(longest), mode="valid")
    start = int(sums.argmax())
    return start, start + longest


def _stack(axis, position, heights, letters):
    """Draws the letters of one position, the lowest letter at the bottom."""
    bottom = 0.0
    for i in np.argsort(heights, kind="stable"):
        if heights[i] > 0:
            axis.add_patch(_letter(letters[i], position, bottom, heights[i]))
            bottom += heights[i]


def _letter(letter, position, bottom, height):
    """Patch of a letter's outline, stretched to the width 0.9 and to `height`."""
    outline = TextPath((0, 0), letter, size=1, prop=FONT)
    box = outline.get_extents()
    scale = Affine2D().translate(-box.x0, -box.y0).scale(0.9 / box.width, height / box.height)
    return PathPatch(
        outline.transformed(scale.translate(position - 0.45, bottom)), facecolor=COLORS.get(letter, "black"), linewidth=0
    )
