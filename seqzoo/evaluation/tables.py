"""Tables of metrics: a row for each model or baseline, mean and spread of several seeds."""

import io

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

WIDTH = 1000  # columns: a table is never wrapped, nor cut to a terminal


def mean_and_spread(rows):
    """Two more rows, where there are several: the mean of each metric, and its standard deviation."""
    if len(rows) < 2:
        return {}
    names = next(iter(rows.values()))
    values = {name: [metrics[name] for metrics in rows.values()] for name in names}
    return {
        f"mean of {len(rows)}": {name: float(np.mean(v)) for name, v in values.items()},
        "spread": {name: float(np.std(v, ddof=1)) for name, v in values.items()},
    }


def table(rows):
    """`{name: {metric: value}}`, the metrics the same in every row, as aligned lines."""
    metrics = list(next(iter(rows.values())))
    header = ["", *(metric.replace("_", " ") for metric in metrics)]
    return aligned(header, [[name, *(f"{row[metric]:.3f}" for metric in metrics)] for name, row in rows.items()])


def aligned(header, rows):
    """Rows of texts below a header, in columns: the first flush left, the others flush right."""
    grid = Table(box=None, pad_edge=False)
    for i, name in enumerate(header):
        grid.add_column(Text(name), justify="right" if i else "left", no_wrap=True)
    for row in rows:
        grid.add_row(*map(Text, row))
    console = Console(file=io.StringIO(), width=WIDTH, color_system=None, legacy_windows=False)
    console.print(grid)
    return "\n".join(line.rstrip() for line in console.file.getvalue().splitlines())
