"""The picture of `benchmarks.gpu`: time of a training step against units, one panel for each layer and precision."""

from matplotlib.figure import Figure

from benchmarks.gpu_cases import TRAINING


def by_units(rows, path):
    """Draws the rows of cases that differ from others in units alone: a line for each contestant, on logarithmic axes."""
    plain = [row for row in rows if row["what"] == TRAINING and row["mask"] == "none" and not row["recurrent_dropout"]]
    groups = {}
    for row in plain:
        key = row["layer"], row["batch"], row["steps"], row["precision"]
        groups.setdefault(key, {}).setdefault((row["backend"], row["name"]), {})[row["units"]] = row["ms"]
    most = sorted(groups, key=lambda key: -max(map(len, groups[key].values())))[:4]  # of the most sizes
    figure = Figure(figsize=(5.2 * len(most), 4.8), layout="constrained")
    for axes, key in zip(figure.subplots(1, len(most), squeeze=False)[0], most, strict=True):
        lines = groups[key]
        layer, batch, steps, precision = key
        for i, ((backend, name), times) in enumerate(lines.items()):
            style = {"seqzoo": "-", "floor": ":"}.get(name, "--")
            units = sorted(times)
            axes.loglog(units, [times[n] for n in units], style, marker="o", ms=3, color=f"C{i}", label=f"{name} ({backend})")
        axes.set(title=f"{layer}, batch {batch}, T {steps}, {precision}", xlabel="units", ylabel="ms a training step")
        axes.set_xticks(units, units, minor=False)
        axes.xaxis.set_minor_formatter("")
        axes.grid(alpha=0.3, which="both")
        axes.legend(fontsize=7)
    figure.savefig(path, dpi=120)
