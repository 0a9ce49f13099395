"""Plot of clips: their frames side by side, as a PNG file."""

import numpy as np
from matplotlib.figure import Figure

from seqzoo.inspection.figures import save

MOST = 12  # frames of a clip


def draw(clips, captions, path, title=""):
    """Writes a row of frames for each clip, with a caption beside it.

    Args:
        clips: arrays `(T_x, height, width, channels)` uint8.
        captions: a text for each.
        path: path of the PNG file.
        title: title of the plot.
    """
    figure = Figure(figsize=(12, 1.05 * len(clips) + 0.5), layout="constrained")
    rows = figure.subplots(len(clips), MOST, squeeze=False)
    for axes, clip, caption in zip(rows, clips, captions, strict=True):
        chosen = np.linspace(0, len(clip) - 1, min(MOST, len(clip))).round().astype(int)
        for axis in axes:
            axis.axis("off")
        for axis, i in zip(axes, chosen, strict=False):
            frame = clip[i][..., 0] if clip.shape[-1] == 1 else clip[i]
            axis.imshow(frame, cmap="gray", vmin=0, vmax=255)
        axes[0].set_title(caption, loc="left", fontsize=8)
    figure.suptitle(title, fontsize=10)
    save(figure, path)
