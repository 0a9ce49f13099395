"""Arguments of recurrent layers: their checks, and their values in a configuration."""

import keras


def from_serialized(cls, config):
    """An instance from its configuration, whose values may be Keras objects written as dictionaries."""
    return cls(**{name: keras.saving.deserialize_keras_object(value) for name, value in config.items()})


def as_list(states):
    return list(states) if isinstance(states, (list, tuple)) else [states]


def with_arguments(config, **arguments):
    """The configuration of a layer that says by `arguments` what `unit` says in `Recurrent`'s."""
    return {name: value for name, value in config.items() if name not in ("unit", "open_gates")} | arguments


GATES = {"activation": "tanh", "recurrent_activation": "sigmoid"}  # of c̃ and of the gates, in Keras's words


def check_gates(activation, recurrent_activation):
    """Refuses what is not `GATES`."""
    for (name, expected), given in zip(GATES.items(), (activation, recurrent_activation), strict=True):
        if not is_activation(given, expected):
            raise ValueError(f'`{name}` must be "{expected}", as in the notes, got {given!r}.')


def is_activation(given, name):
    """Whether `given` is Keras's activation of that name, or the name."""
    return given in (name, getattr(keras.activations, name))


def positive_integer(name, value):
    """An integer above zero, checked."""
    if isinstance(value, bool) or not hasattr(value, "__index__") or value <= 0:
        raise ValueError(f"`{name}` must be a positive integer, got {value!r}.")
    return int(value)


def rate_of(name, value):
    """A fraction to drop, checked."""
    try:
        if 0 <= float(value) < 1:
            return float(value)
    except (TypeError, ValueError):
        pass
    raise ValueError(f"`{name}` must be at least 0 and below 1, got {value!r}.")
