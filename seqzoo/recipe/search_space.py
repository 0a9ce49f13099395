"""Search spaces, `{field of a config: a tuple of values, or a Range}`: read from JSON, written as JSON, checked."""

import dataclasses
import json
import math

from seqzoo.errors import UsageError
from seqzoo.recipe.flags import flag_of, parse
from seqzoo.tuning.space import Range

PLAIN = str | int | float | bool | None


def field_names(config_class):
    """Names of a config's fields."""
    return [field.name for field in dataclasses.fields(config_class)]


def with_values(config, values):
    """The config with `{field: value}` of a space. In a field that is a tuple, a value stands for a tuple of one."""
    tuples = {name for name in values if isinstance(getattr(config, name), tuple)}
    return dataclasses.replace(config, **{name: (value,) if name in tuples else value for name, value in values.items()})


def from_json(values, source):
    """The space of `{field: a list of values, or {"low": 1, "high": 9} and perhaps "log": true}`.

    Raises:
        UsageError: the JSON is not of this form; the message names `source`.
    """
    return {name: _values(f"{source}: {name}", values_of_field) for name, values_of_field in values.items()}


def _values(source, values):
    if isinstance(values, list) and values and all(isinstance(value, PLAIN) for value in values):
        return tuple(values)
    if isinstance(values, dict) and {"low", "high"} <= set(values) <= {"low", "high", "log"}:
        return Range(**values)
    raise UsageError(f"{source}: expected a list of values, or low, high and perhaps log, got {json.dumps(values)}")


def as_json(space):
    """The JSON that `from_json` reads."""
    return {name: values._asdict() if isinstance(values, Range) else list(values) for name, values in space.items()}


def checked(space, config, source, tuner, duration="epochs"):
    """The space with each value parsed as its flag.

    Raises:
        UsageError: the config cannot have a value; the message names `source`.
    """
    names = field_names(type(config))
    for name, values in space.items():
        if name not in names or (name == duration and tuner == "hyperband"):
            reason = f"the settings are {', '.join(names)}" if name not in names else "Hyperband chooses them itself"
            raise UsageError(f"{source}: {name}: expected another setting; {reason}")
        if isinstance(values, Range):
            _check_range(f"{source}: {name}", values)
    try:
        return {name: _parsed(name, values, config) for name, values in space.items()}
    except UsageError as error:
        raise UsageError(f"{source}: {error}") from None


def _parsed(name, values, config):
    ends = values[:2] if isinstance(values, Range) else values
    parsed = [getattr(parse(type(config), [_argument(config, name, value)], "", config), name) for value in ends]
    parsed = [value[0] if isinstance(value, tuple) else value for value in parsed]
    return Range(*parsed, values.log) if isinstance(values, Range) else tuple(parsed)


def _check_range(source, values):
    numbers = all(isinstance(x, int | float) and not isinstance(x, bool) for x in values[:2])
    if not numbers or not -math.inf < values.low < values.high < math.inf or (values.log and values.low <= 0):
        raise UsageError(f"{source}: expected low < high, and 0 < low with log, got {json.dumps(values._asdict())}")


def _argument(config, name, value):
    flag = flag_of(type(config), name)
    if isinstance(value, bool):
        return flag if value else flag.replace("--", "--no-", 1)
    return f"{flag}={value}"
