"""Plot of attention: which input tokens each output token attended to, as a PNG file."""

from matplotlib.figure import Figure

from seqzoo.inspection.plots import save

MOST = 60  # tokens of a side


def draw(weights, inputs, outputs, path, title=""):
    """Writes attention weights as shades, 0 white and 1 dark, the input's tokens across and the output's tokens down.

    Args:
        weights: `(T_y, T_x)`.
        inputs, outputs: T_x and T_y texts of tokens, of which the first `MOST` are drawn.
        path: path of the PNG file.
        title: title of the plot.
    """
    weights, inputs, outputs = weights[:MOST, :MOST], inputs[:MOST], outputs[:MOST]
    wide = max(map(len, inputs), default=1) > 1
    cell = 0.36 if wide else 0.24
    figure = Figure(figsize=(2.2 + cell * len(inputs), 1.8 + cell * len(outputs)), layout="compressed")
    axis = figure.subplots()
    image = axis.imshow(weights, cmap="Blues", vmin=0, vmax=1, aspect="equal")
    axis.set_xticks(
        range(len(inputs)), [_visible(token) for token in inputs], rotation=60 if wide else 0, ha="right" if wide else "center"
    )
    axis.set_yticks(range(len(outputs)), [_visible(token) for token in outputs])
    axis.xaxis.tick_bottom()
    axis.set(xlabel="input", ylabel="output")
    figure.colorbar(image, ax=axis, shrink=0.7, label="attention")
    save(figure, path, title)


def _visible(token):
    return "␣" if token.isspace() else token.strip(" ▁")
