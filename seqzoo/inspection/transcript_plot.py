"""Plot of a transcript: the spectrogram of a sound, and what a CTC model makes of it, as a PNG file."""

import numpy as np
from matplotlib.figure import Figure

from seqzoo.inspection.figures import save

MOST = 14  # tokens whose probabilities are drawn


def draw(decibels, hop, probabilities, names, aligned, step, path, title=""):
    """Writes the log-mel spectrogram, the probability of the most probable tokens at each step, and the aligned tokens.

    Args:
        decibels: `(frames, bands)`.
        hop: seconds of a frame.
        probabilities: `(T_x, tokens)`; token 0 is the blank.
        names: names of the tokens.
        aligned: `decoding.ctc.Aligned` tokens.
        step: seconds of a step.
        path: path of the PNG file.
        title: title of the plot.
    """
    seconds = len(decibels) * hop
    figure = Figure(figsize=(max(6, min(16, 2.2 * seconds)), 5.2), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True)
    above.imshow(decibels.T, origin="lower", aspect="auto", extent=(0, seconds, 0, decibels.shape[1]), cmap="magma")
    above.set(ylabel="mel band")
    order = _rows(probabilities, aligned)
    shades = probabilities[:, order].T
    extent = (0, len(probabilities) * step, len(order) - 0.5, -0.5)
    image = below.imshow(shades, aspect="auto", extent=extent, cmap="Blues", vmin=0, vmax=1)
    below.set_yticks(range(len(order)), ["blank" if i == 0 else _visible(names[i]) for i in order])
    below.set(xlabel="seconds", ylabel="token")
    for token, first, last in aligned:
        middle = (first + last + 1) / 2 * step
        above.axvline(middle, color="white", linewidth=0.6, alpha=0.6)
        above.text(middle, decibels.shape[1] * 0.92, _visible(names[token]), color="white", ha="center", va="top", fontsize=11)
    figure.colorbar(image, ax=below, label="probability", pad=0.01)
    figure.suptitle(title, fontsize=10)
    save(figure, path)


def _rows(probabilities, aligned):
    """The tokens to draw: the blank, those of the transcript in its order, and then the most probable others."""
    order = list(dict.fromkeys([0, *(token for token, _, _ in aligned)]))
    others = [int(i) for i in np.argsort(-probabilities.max(axis=0)) if i not in order]
    return (order + others)[: max(MOST, len(order))]


def _visible(name):
    return "␣" if name.isspace() else name.strip("▁") or "␣"
