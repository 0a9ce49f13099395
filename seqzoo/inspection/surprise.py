"""Words on a ground as dark as the model was surprised by them."""

from matplotlib import pyplot as plt

from seqzoo.inspection import plots

WIDTH = 120  # characters of a row
MOST = 16  # bits from which on the ground is darkest


def draw(texts, path, title=""):
    """Draws each text's tokens in rows, under each its surprise.

    Args:
        texts: a list of `(token, bits)` for each text.
    """
    rows = [row for text in texts for row in [*_wrapped(text), None]][:-1]
    figure, axis = plt.subplots(figsize=(11, 0.8 + 0.42 * len(rows)))
    shades = plt.get_cmap("YlOrRd")
    for number, row in enumerate(rows):
        at = 0
        for token, bits in row or ():
            shade = min(bits / MOST, 1)
            box = {"facecolor": shades(0.85 * shade), "edgecolor": "white", "pad": 2}
            color = "white" if shade > 0.7 else "black"
            axis.text(at, -number, _visible(token), family="monospace", fontsize=9, va="bottom", bbox=box, color=color)
            axis.text(at, -number - 0.12, f"{bits:.1f}", fontsize=5.5, va="top", color="gray")
            at += _width(token)
    axis.set(xlim=(0, WIDTH), ylim=(-len(rows) + 0.4, 0.8))
    axis.axis("off")
    plots.save(figure, path, title)


def _wrapped(text):
    rows, at = [[]], 0
    for token, bits in text:
        if at + _width(token) > WIDTH:
            rows.append([])
            at = 0
        rows[-1].append((token, bits))
        at += _width(token)
    return rows


def _visible(token):
    return (token.replace(" ", "␣").replace("\n", "↵").replace("$", r"\$"))[:24]


def _width(token):
    return max(len(_visible(token)), 2) + 1.2
