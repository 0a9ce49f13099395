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
    several = {key: lines for key, lines in groups.items() if max(map(len, lines.values())) > 1} or dict(
        list(groups.items())[:1]
    )
    figure = Figure(figsize=(4.4 * len(several), 4.2), layout="constrained")
    for axes, (key, lines) in zip(figure.subplots(1, len(several), squeeze=False)[0], several.items(), strict=True):
        layer, batch, steps, precision = key
        for i, ((backend, name), times) in enumerate(lines.items()):
            style = {"seqzoo": "-", "floor": ":"}.get(name, "--")
            units = sorted(times)
            axes.loglog(units, [times[n] for n in units], style, marker="o", ms=3, color=f"C{i}", label=f"{name} ({backend})")
        axes.set(title=f"{layer}, batch {batch}, T {steps}, {precision}", xlabel="units", ylabel="ms a training step")
        axes.set_xticks(units, units)
        axes.grid(alpha=0.3, which="both")
        axes.legend(fontsize=7)
    figure.savefig(path, dpi=120)
