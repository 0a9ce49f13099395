"""Arguments of recurrent layers: checks and serialization."""

import keras


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


def check_gates(activation, recurrent_activation):
    """Raises a ValueError unless the activations are those of `GATES`."""
    for (name, expected), given in zip(GATES.items(), (activation, recurrent_activation), strict=True):
        if not is_activation(given, expected):
            raise ValueError(f'`{name}` must be "{expected}", as in the notes, got {given!r}.')


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
