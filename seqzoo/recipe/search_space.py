"""What a search may choose from, `{setting: a tuple of values, or a Range}`: as a JSON object, and whether it can be."""

import dataclasses
import json
import math

from seqzoo.errors import UsageError
from seqzoo.recipe.flags import parse
from seqzoo.tuning.space import Range


def settings(config_class):
    """Their names."""
    return [field.name for field in dataclasses.fields(config_class)]


def with_values(config, values):
    """The configuration with `{setting: value}` of a space. Of a setting that is a tuple, a value stands for a tuple of it."""
    tuples = {name for name in values if isinstance(getattr(config, name), tuple)}
    return dataclasses.replace(config, **{name: (value,) if name in tuples else value for name, value in values.items()})


def from_json(found, where):
    """The space of `{setting: a list of values, or {"low": 1, "high": 9} and perhaps "log": true}`.

    Raises:
        UsageError: it is not of this form; it says `where`.
    """
    return {name: _values(f"{where}: {name}", values) for name, values in found.items()}


def _values(where, values):
    if isinstance(values, list) and values and all(isinstance(value, _PLAIN) for value in values):
        return tuple(values)
    if isinstance(values, dict) and {"low", "high"} <= set(values) <= {"low", "high", "log"}:
        return Range(**values)
    raise UsageError(f"{where}: expected a list of values, or low, high and perhaps log, got {json.dumps(values)}")


_PLAIN = str | int | float | bool | None


def as_json(space):
    """As `from_json` reads it."""
    return {name: values._asdict() if isinstance(values, Range) else list(values) for name, values in space.items()}


def checked(space, config, where, tuner, duration="epochs"):
    """The same space, numbers and all as the settings have them.

    Raises:
        UsageError: a value cannot take the place of that in the configuration; it says `where`.
    """
    known = settings(type(config))
    for name, values in space.items():
        if name not in known or (name == duration and tuner == "hyperband"):
            others = f"the settings are {', '.join(known)}" if name not in known else "Hyperband chooses them itself"
            raise UsageError(f"{where}: {name}: expected another setting; {others}")
        if isinstance(values, Range):
            _check_range(f"{where}: {name}", values)
    try:
        return {name: _parsed(name, values, config) for name, values in space.items()}
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from None


def _parsed(name, values, config):
    ends = values[:2] if isinstance(values, Range) else values
    found = [getattr(parse(type(config), [_flag(name, value)], "", config), name) for value in ends]
    found = [value[0] if isinstance(value, tuple) else value for value in found]
    return Range(*found, values.log) if isinstance(values, Range) else tuple(found)


def _check_range(where, values):
    numbers = all(isinstance(x, int | float) and not isinstance(x, bool) for x in values[:2])
    if not numbers or not -math.inf < values.low < values.high < math.inf or (values.log and values.low <= 0):
        raise UsageError(f"{where}: expected low < high, and 0 < low with log, got {json.dumps(values._asdict())}")


def _flag(name, value):
    flag = f"--{name.replace('_', '-')}"
    if isinstance(value, bool):
        return flag if value else flag.replace("--", "--no-", 1)
    return f"{flag}={value}"
