"""Search space: choices and ranges, as KerasTuner's `HyperParameters`."""

import json
from typing import NamedTuple


class Range(NamedTuple):
    """Range of numbers from `low` to `high`, integers if both are; sampled uniformly, or log-uniformly with `log`."""

    low: float
    high: float
    log: bool = False


def hyperparameters_of(space):
    """KerasTuner's `HyperParameters` of a search space, `{name: a tuple of values, or a Range}`.

    KerasTuner's choices must be of one type, and on the way to a worker not None and not booleans. So choices are JSON texts.
    """
    import keras_tuner

    hyperparameters = keras_tuner.HyperParameters()
    for name, values in space.items():
        if isinstance(values, Range):
            whole = isinstance(values.low, int) and isinstance(values.high, int)
            add = hyperparameters.Int if whole else hyperparameters.Float
            add(name, values.low, values.high, sampling="log" if values.log else "linear")
        else:
            hyperparameters.Choice(name, [json.dumps(value) for value in values])
    return hyperparameters


def values_of(hyperparameters):
    """The values `{name: value}` of `HyperParameters` that `hyperparameters_of` made; floats have four significant digits."""
    return {
        name: json.loads(value) if isinstance(value, str) else float(f"{value:.4g}") if isinstance(value, float) else value
        for name, value in hyperparameters.items()
    }


def decode(space, hyperparameters):
    """The values `{name: value}` in the order of the space, which the way to a worker and back changes."""
    values = values_of(hyperparameters)
    return {name: values[name] for name in space}


def offers(hyperparameter, value):
    """Whether a value is one of those of a hyperparameter of KerasTuner."""
    config, kind = hyperparameter.get_config(), type(hyperparameter).__name__
    if kind in ("Int", "Float"):
        number = type(value) is int or (kind == "Float" and isinstance(value, float))
        return number and config["min_value"] <= value <= config["max_value"]
    values = {"Choice": config.get("values"), "Boolean": [False, True], "Fixed": [config.get("value")]}[kind]
    return json.dumps(value) in map(json.dumps, values)  # in which 1, 1.0 and true differ
