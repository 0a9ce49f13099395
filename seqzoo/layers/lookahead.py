"""Backward direction with a limited lookahead, for online models: at each step it starts again a few steps ahead."""

from keras import ops

from seqzoo.layers.arguments import as_list


def windows(x, lookahead):
    """Windows of each step and the `lookahead` next steps: `(batch, T_x, ...)` -> `(batch * T_x, lookahead + 1, ...)`.

    Steps beyond the end are zeros, or False.
    """
    batch, steps, *shape = ops.shape(x)
    beyond = ops.zeros((batch, lookahead, *shape), x.dtype)
    padded = ops.concatenate([x, beyond], axis=1)
    shifted = [padded[:, k : k + steps] for k in range(lookahead + 1)]  # (batch, T_x, ...) each
    return ops.reshape(ops.stack(shifted, axis=2), (-1, lookahead + 1, *shape))


def backward(layer, sequences, lookahead, initial_state=None, mask=None, training=False):
    """Outputs of the backward `layer` at each step, from the window of that step and the `lookahead` next steps.

    Returns:
        The outputs `(batch, T_x, units)`, and, if the layer returns its state, the states at the first step.
    """
    batch, steps, _ = ops.shape(sequences)
    mask = ops.ones((batch, steps), "bool") if mask is None else ops.cast(mask, "bool")
    arguments = {"mask": windows(mask, lookahead), "training": training}
    if initial_state is not None:
        arguments["initial_state"] = [ops.repeat(part, steps, axis=0) for part in initial_state]
    output, *state = as_list(layer(windows(sequences, lookahead), **arguments))

    def by_step(a):
        return ops.reshape(a, (-1, steps, a.shape[-1]))

    return by_step(output[:, -1]), [by_step(part)[:, 0] for part in state]


def check(lookahead, layer):
    """Raises a ValueError if `lookahead` is no number of steps, or if `layer`, the forward layer, does not support it."""
    if isinstance(lookahead, bool) or not hasattr(lookahead, "__index__") or lookahead < 0:
        raise ValueError(f"`lookahead` must be None or a number of steps from 0, got {lookahead!r}.")
    if not layer.return_sequences:
        raise ValueError("`lookahead` needs `return_sequences=True`: it is about the output of each step.")
    for name in ("stateful", "go_backwards"):
        if getattr(layer, name, False):
            raise ValueError(f"`lookahead` needs a layer without `{name}`.")


def merged(forward, backward, mode):
    """Returns the merged outputs of two directions; for the mode None a pair of both."""
    merge = {
        "concat": lambda a, b: ops.concatenate([a, b], axis=-1),
        "sum": lambda a, b: a + b,
        "ave": lambda a, b: (a + b) / 2,
        "mul": lambda a, b: a * b,
        None: lambda a, b: (a, b),
    }
    return merge[mode](forward, backward)
