"""Token heatmap: the tokens of a text, each on a background shaded by its surprisal in bits."""

from matplotlib import colormaps
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from seqzoo.inspection import figures

WIDTH = 560  # width of a row; all lengths are in points, 1/72 inch
MARGIN, GAP = 8, 2
TOKEN, BITS = 10, 7.5  # font sizes
ADVANCE = 0.602  # width of a letter of the monospaced font, as a share of its size
HEIGHT = 25  # height of a box
MOST = 16  # bits from which on the background is darkest


def draw(texts, path, title=""):
    """Writes a token heatmap as a PNG file: the tokens of each text in rows, with the surprisal in bits under each token.

    Args:
        texts: a list of `(token, bits)` for each text.
        path: path of the PNG file.
        title: title of the plot.
    """
    boxes = placed(texts)
    width = max([x + _width(token, bits) for x, _, token, bits in boxes] + [TOKEN * ADVANCE * len(title)]) + 2 * MARGIN
    height = max(y for _, y, _, _ in boxes) + HEIGHT + 3 * MARGIN + TOKEN
    figure = Figure(figsize=(width / 72, height / 72))
    axis = figure.add_axes((0, 0, 1, 1), xlim=(-MARGIN, width - MARGIN), ylim=(height - 2 * MARGIN - TOKEN, -MARGIN - TOKEN))
    axis.axis("off")
    axis.text(0, -MARGIN, title, fontsize=TOKEN)
    for box in boxes:
        _draw(axis, *box)
    figures.save(figure, path, dpi=144)


def placed(texts):
    """Returns the layout: `(x, y, token, bits)` of each box's upper left corner, y downwards. Each text begins a new row."""
    boxes, y = [], 0
    for text in texts:
        x = 0
        for token, bits in text:
            if x and x + _width(token, bits) > WIDTH:
                x, y = 0, y + HEIGHT + GAP
            boxes.append((x, y, token, bits))
            x += _width(token, bits) + GAP
        y += HEIGHT + MARGIN
    return boxes


def _draw(axis, x, y, token, bits):
    shade, width = min(bits / MOST, 1), _width(token, bits)
    color = "white" if shade > 0.7 else "black"
    axis.add_patch(Rectangle((x, y), width, HEIGHT, facecolor=colormaps["YlOrRd"](0.85 * shade), linewidth=0))
    for text, size, at in ((_visible(token), TOKEN, 0.52), (f"{bits:.1f}", BITS, 0.88)):
        axis.text(x + width / 2, y + at * HEIGHT, text, family="monospace", fontsize=size, color=color, ha="center")


def _width(token, bits):
    return 4 + ADVANCE * max(TOKEN * len(_visible(token)), BITS * len(f"{bits:.1f}"))


def _visible(token):
    return token.replace(" ", "␣").replace("\n", "↵")[:24]
