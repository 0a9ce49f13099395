"""Tables of metrics: a row for each model or baseline, mean and spread of several seeds."""

import numpy as np


def mean_and_spread(rows):
    """Two more rows, where there are several: the mean of each figure, and its standard deviation."""
    if len(rows) < 2:
        return {}
    names = next(iter(rows.values()))
    values = {name: [figures[name] for figures in rows.values()] for name in names}
    return {
        f"mean of {len(rows)}": {name: float(np.mean(v)) for name, v in values.items()},
        "spread": {name: float(np.std(v, ddof=1)) for name, v in values.items()},
    }


def table(rows):
    """{name: {figure: value}}, the figures the same in every row, as aligned lines."""
    names = list(next(iter(rows.values())))
    width = max(map(len, rows))
    lines = [" ".join([" " * width, *(f"{name.replace('_', ' '):>20}" for name in names)])]
    lines += [" ".join([f"{row:{width}}", *(f"{figures[name]:>20.3f}" for name in names)]) for row, figures in rows.items()]
    return "\n".join(line.rstrip() for line in lines)
