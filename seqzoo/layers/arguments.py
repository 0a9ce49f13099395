"""Arguments of recurrent layers: names, checks and serialization."""

import inspect
from typing import Any, TypedDict, get_args
from typing import Unpack as Unpack  # PEP 692: an editor completes `**kwargs` by the names of a TypedDict

import keras


class LayerArguments(TypedDict, total=False):
    """Arguments of `keras.layers.Layer`."""

    name: str | None
    dtype: Any
    trainable: bool
    activity_regularizer: Any


class CellArguments(LayerArguments, total=False):
    """Arguments of `RecurrentCell`."""

    use_bias: bool
    kernel_initializer: Any
    recurrent_initializer: Any
    bias_initializer: Any
    kernel_regularizer: Any
    recurrent_regularizer: Any
    bias_regularizer: Any
    kernel_constraint: Any
    recurrent_constraint: Any
    bias_constraint: Any
    dropout: float
    recurrent_dropout: float
    zoneout: float | tuple[float, ...]
    seed: int | None
    implementation: int


class RecurrentArguments(CellArguments, total=False):
    """Arguments of `Recurrent`."""

    return_sequences: bool
    return_state: bool
    go_backwards: bool
    stateful: bool
    unroll: bool
    zero_output_for_mask: bool
    segments: int


def named(cls, others=()):
    """Gives `cls.__init__` a signature with all arguments: its own, and those that its annotation of `**kwargs` names.

    Their defaults are those of its base classes, or of the classes `others`.
    """
    *own, rest = inspect.signature(cls.__init__).parameters.values()
    (names,) = get_args(rest.annotation)
    given = [inspect.signature(of.__init__).parameters for of in (*others, *reversed(cls.__mro__))]
    defaults = {name: parameter.default for parameters in given for name, parameter in parameters.items()}
    missing = [name for name in names.__annotations__ if name not in {parameter.name for parameter in own}]
    passed_on = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=defaults[name]) for name in missing]
    cls.__init__.__signature__ = inspect.Signature([*own, *passed_on])
    return cls


def from_serialized(cls, config):
    """Returns an instance of a class from its configuration, whose values may be serialized Keras objects."""
    return cls(**{name: keras.saving.deserialize_keras_object(value) for name, value in config.items()})


def as_list(states):
    """Returns states as a list: a single tensor becomes a list of one."""
    return list(states) if isinstance(states, (list, tuple)) else [states]


def with_arguments(config, **arguments):
    """Returns a layer's configuration with `arguments` in place of the `unit` of `Recurrent`."""
    return {name: value for name, value in config.items() if name not in ("unit", "open_gates")} | arguments


GATES = {"activation": "tanh", "recurrent_activation": "sigmoid"}  # of c̃ and of the gates, by Keras's names


def check_gates(layer, activation, recurrent_activation):
    """Raises a ValueError unless the activations are those of `GATES`; `layer` is the name of the class."""
    for (name, expected), given in zip(GATES.items(), (activation, recurrent_activation), strict=True):
        if not is_activation(given, expected):
            raise ValueError(f'`{name}` must be "{expected}", got {given!r}; {way_out(layer)}.')


def way_out(layer):
    """Says what takes other activations: the Keras layer of that name."""
    return f"use `keras.layers.{layer}` for others, which works beside seqzoo's layers and inside `Bidirectional` and `Stacked`"


def is_activation(given, name):
    """Returns whether `given` is Keras's activation of that name, or the name."""
    return given in (name, getattr(keras.activations, name))


def positive_integer(name, value):
    """Returns a positive integer; raises a ValueError for other values."""
    if isinstance(value, bool) or not hasattr(value, "__index__") or value <= 0:
        raise ValueError(f"`{name}` must be a positive integer, got {value!r}.")
    return int(value)


def rate_of(name, value):
    """Returns a dropout rate in [0, 1); raises a ValueError for other values."""
    try:
        if 0 <= float(value) < 1:
            return float(value)
    except (TypeError, ValueError):
        pass
    raise ValueError(f"`{name}` must be at least 0 and below 1, got {value!r}.")


def rates_of(name, value, parts):
    """Returns one rate in [0, 1), or a tuple of one for each of `parts`; raises a ValueError for other values."""
    if not isinstance(value, (list, tuple)):
        return rate_of(name, value)
    if len(value) != len(parts):
        raise ValueError(
            f"`{name}` must be a rate, or a tuple of one for each part of the state ({', '.join(parts)}), got {value!r}."
        )
    return tuple(rate_of(name, rate) for rate in value)
