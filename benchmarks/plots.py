"""Plots of the benchmarks, as PNG files."""

from matplotlib.figure import Figure


def ratios(rows, path, title):
    """Writes a bar chart of the speedup in a training step: a panel for each unit, a bar for each size and rival."""
    rows = [row for row in rows if row["what"] == "training step" and row["name"] not in ("seqzoo", "matmuls")]
    units = list(dict.fromkeys(row["unit"] for row in rows))
    rivals = list(dict.fromkeys((row["backend"], row["name"]) for row in rows))
    sizes = list(dict.fromkeys((_size(row), row["masked"]) for row in rows))
    figure = Figure(figsize=(4.2 * len(units), 1.6 + 0.13 * len(sizes) * len(rivals)))
    panels = figure.subplots(1, len(units), sharey=True, squeeze=False)[0]
    for panel, unit in zip(panels, units, strict=True):
        for i, rival in enumerate(rivals):
            of_rival = {
                (_size(row), row["masked"]): row["ratio"]
                for row in rows
                if row["unit"] == unit and (row["backend"], row["name"]) == rival
            }
            at = [j + (i - len(rivals) / 2 + 0.5) * 0.8 / len(rivals) for j, size in enumerate(sizes) if size in of_rival]
            values = [of_rival[size] for size in sizes if size in of_rival]
            panel.barh(at, values, 0.8 / len(rivals), label=_label(rival))
            for y, value in zip(at, values, strict=True):
                panel.text(value, y, f" {value:.1f}", va="center", fontsize=7)
        panel.axvline(1, color="black", lw=0.8)
        panel.set(title=unit, xscale="log", xlabel="times as fast (training step)")
        panel.xaxis.set_major_formatter("{x:g}")
        panel.set_yticks(range(len(sizes)), [f"{size}{', masked' if masked else ''}" for size, masked in sizes], fontsize=8)
        panel.margins(x=0.15)
    panels[0].invert_yaxis()
    figure.legend(*panels[0].get_legend_handles_labels(), loc="lower center", ncols=len(rivals), fontsize=8)
    figure.suptitle(f"seqzoo against ...   {title}", fontsize=9)
    figure.tight_layout(rect=(0, 0.05, 1, 1))
    _save(figure, path)


def growth(rows, path, title):
    """Writes plots of time and memory against T, batch size and units, on logarithmic axes: a line for each contestant."""
    axes = list(dict.fromkeys(row["axis"] for row in rows))
    contestants = list(dict.fromkeys(map(_line, rows)))
    figure = Figure(figsize=(4.2 * len(axes), 7))
    panels = figure.subplots(2, len(axes), sharey="row", squeeze=False)
    for column, axis in enumerate(axes):
        for unit, backend, name in contestants:
            points = [row for row in rows if _line(row) == (unit, backend, name) and row["axis"] == axis]
            style = {"ls": "-" if name == "seqzoo" else "--" if name == "keras.layers" else ":", "marker": "o", "ms": 3}
            for panel, metric in zip(panels[:, column], ("ms", "MiB"), strict=True):
                known = [(row["value"], row[metric]) for row in points if row[metric]]
                if known:
                    panel.loglog(*zip(*known, strict=True), label=f"{unit}, {_label((backend, name))}", **style)
        panels[0, column].set(title=f"against {axis}", ylabel="ms a training step" if not column else "")
        panels[1, column].set(xlabel=axis, ylabel="MiB, peak of a training step" if not column else "")
    for panel in panels.flat:
        panel.grid(alpha=0.3, which="both")
    figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="lower center", ncols=4, fontsize=8)
    figure.suptitle(title, fontsize=9)
    figure.tight_layout(rect=(0, 0.07, 1, 1))
    _save(figure, path)


def _size(row):
    return tuple(row[name] for name in ("batch", "steps", "inputs", "units"))


def _line(row):
    return row["unit"], row["backend"], row["name"]


def _label(rival):
    backend, name = rival
    return name if name == "torch.nn" else f"{name} ({backend})"


def _save(figure, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)
