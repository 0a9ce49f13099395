"""Plots of piano rolls: time from left to right, a row for each key."""

import numpy as np
from matplotlib.figure import Figure

from seqzoo.data.midi import LOWEST
from seqzoo.inspection import figures

LONGEST = 256  # steps of a roll in a plot
MARGIN = 2  # keys beyond the highest and the lowest key in use
FAINT = 0.02  # highest probability of a key that is not drawn
BLACK = (1, 3, 6, 8, 10)  # keys of an octave, from C = 0


def draw(rolls, path, title="", steps=1, notes=None, primed=0):
    """Draws piano rolls, one above the other, all with the same keys.

    Args:
        rolls: `{name: array (T, 88)}` of 0 and 1, or of probabilities; of a long roll the first `LONGEST` steps are drawn.
        path: the PNG file.
        steps: of a quarter note.
        notes: `{name: list of midi.Note}`, for some of the rolls: each note begins with a thin gap.
        primed: steps of the prime; a line marks their end.
    """
    rolls = {name: np.asarray(roll, float)[:LONGEST] for name, roll in rolls.items()}
    low, high = _keys(rolls.values())
    figure = Figure(figsize=(11, 0.6 + 2.4 * len(rolls)), layout="constrained")
    axes = figure.subplots(len(rolls), 1, squeeze=False, sharex=True)[:, 0]
    for axis, (name, roll) in zip(axes, rolls.items(), strict=True):
        _draw(axis, roll, low, high, steps)
        _separate_notes(axis, (notes or {}).get(name, ()), len(roll), steps)
        if primed:
            _mark_prime(axis, primed / steps)
        axis.set_title(name, loc="left", fontsize=9)
    axes[-1].set_xlabel("quarter notes")
    figure.suptitle(title, fontsize=10, x=0.01, ha="left")
    figures.save(figure, path)


def _keys(rolls):
    """The lowest and the highest key of the plot."""
    used = np.flatnonzero(np.max([roll.max(axis=0, initial=0) for roll in rolls], axis=0) > FAINT)
    low, high = (used[0], used[-1]) if len(used) else (0, 87)
    return max(0, low - MARGIN), min(87, high + MARGIN)


def _draw(axis, roll, low, high, steps):
    pitches = range(low + LOWEST, high + LOWEST + 1)
    for pitch in pitches:
        if pitch % 12 in BLACK:
            axis.axhspan(pitch - 0.5, pitch + 0.5, color="0.95", linewidth=0, zorder=-1)  # behind the image
    visible = np.ma.masked_less_equal(roll[:, low : high + 1].T, FAINT)
    extent = (0, len(roll) / steps, pitches[0] - 0.5, pitches[-1] + 0.5)
    if len(roll):
        axis.imshow(
            visible, origin="lower", aspect="auto", cmap="Blues", vmin=-0.2, vmax=1, extent=extent, interpolation="none"
        )
    octaves = [pitch for pitch in pitches if pitch % 12 == 0]
    axis.set_yticks(octaves, [f"C{pitch // 12 - 1}" for pitch in octaves])
    axis.grid(alpha=0.3)
    axis.tick_params(labelsize=8)


def _separate_notes(axis, notes, length, steps):
    """Draws a gap where each note begins, which distinguishes a note struck again from a note held."""
    begun = [(note.start / steps, note.pitch) for note in notes if 0 < note.start < length]
    at, pitch = np.reshape(begun, (-1, 2)).T
    axis.vlines(at, pitch - 0.5, pitch + 0.5, color="white", linewidth=1.5, capstyle="butt")


def _mark_prime(axis, at):
    """Draws a line where the prime ends."""
    axis.axvline(at, color="C3", linewidth=1.2)
    axis.text(at, 1.01, "prime ", color="C3", fontsize=8, ha="right", va="bottom", transform=axis.get_xaxis_transform())
