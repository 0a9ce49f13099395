"""Search spaces as KerasTuner's `HyperParameters`: choices and ranges."""

import json
from typing import NamedTuple


class Range(NamedTuple):
    """All numbers from `low` to `high`, whole ones if both are; evenly, or with `log` evenly by their logarithms."""

    low: float
    high: float
    log: bool = False


def hyperparameters_of(space):
    """A search space, `{name: a tuple of values, or a Range}`, as KerasTuner's `HyperParameters`.

    Its choices are of one type, and not None or a truth value on the way to a worker; so ours are JSON.
    """
    import keras_tuner

    found = keras_tuner.HyperParameters()
    for name, values in space.items():
        if isinstance(values, Range):
            kind = found.Int if isinstance(values.low, int) and isinstance(values.high, int) else found.Float
            kind(name, values.low, values.high, sampling="log" if values.log else "linear")
        else:
            found.Choice(name, [json.dumps(value) for value in values])
    return found


def values_of(hyperparameters):
    """{name: value} of the values that `hyperparameters_of` a space has. Four digits of a number must do."""
    return {
        name: json.loads(value) if isinstance(value, str) else float(f"{value:.4g}") if isinstance(value, float) else value
        for name, value in hyperparameters.items()
    }


def _decoded(space, hyperparameters):
    """In the order of the space, which the way to a worker and back has changed."""
    values = values_of(hyperparameters)
    return {name: values[name] for name in space}
