"""API of the recurrence engine: a unit over T_x steps, with back-propagation through time.

One matmul projects all inputs before the loop; the loop carries only the state. Back-propagation through time is the unit's
own `step_gradient` in a reverse loop, which carries only the state's gradient; one matmul after the loop gives each weight's
gradient. Where chunks pay, the engine does all of this for one chunk of the sequence after another, each small enough to stay
in the processor's cache. On TensorFlow XLA compiles the steps of a chunk, whose length depends on that of the sequence only by
its class; the matmuls, and the loop over the chunks, stay outside, so that a new length costs no compilation.
"""

from typing import NamedTuple

import keras
from keras import ops

from seqzoo.backend import (
    bound,
    compiles,
    cudnn,
    cudnn_fits,
    custom_gradient,
    graph_of_any_size,
    jit_loop,
    kernels_fit,
    with_static_shape,
)
from seqzoo.engine import recurrence, steps
from seqzoo.engine.chunking import chunk_length, in_shards


class Loop(NamedTuple):
    """The key of a compiled loop: a unit and the options of `through_time`."""

    unit: object
    sequences: bool = True
    unroll: bool = False
    share: tuple[float, ...] | None = None
    segments: int = 1
    chunk: int | None = None
    one_length: bool = False
    training: bool = True
    xla: bool = False  # whether TensorFlow compiles the steps of each chunk with XLA
    one_chunk: bool = False  # whether one such chunk is known to hold the whole sequence
    full_chunks: bool = False  # whether the chunks are known to need no padding
    kernel: bool = False  # whether JAX runs the steps as one GPU kernel


def through_time(unit, x, state, weights, mask=None, recurrent_dropout=None, zoneout=None, use_cudnn=False, **options):
    """Runs `unit` over the steps of `x`.

    Args:
        unit: an `equations.Unit`.
        x: `(batch, T_x, inputs)`. The dtype of `x` is the dtype of the matrix products.
        state: the initial state, one `(batch, units)` for each part. The dtype of `state` is the dtype of all else.
        weights: `kernel` `(inputs, gates * units)`, `recurrent_kernel` `(units, gates * units)`, `bias` `(gates * units,)` or
            None, and what else the unit has: `p_<gate>` `(units,)` for each peephole, `recurrent_bias` as `bias`, and its
            `gains` and `biases` by name. Columns stand in the order of `unit.gates`.
        mask: booleans `(batch, T_x)`: a False step leaves the state as before. Any pattern.
        recurrent_dropout: `(batch, units)`, multiplies the state wherever the state enters a matrix product.
        zoneout: booleans `(batch, T_x, parts * units)`: where False, the state stays that of the step before. Needs `share`.
        use_cudnn: whether cuDNN may compute what it can; its gradients have no gradients.
        sequences: whether to return the outputs of all steps, or the last state only.
        unroll: a graph of T_x copies of the step instead of a loop, without XLA on TensorFlow.
        share: share of the new state at each step, one for each part, where there is no `zoneout`; all unless given.
        segments: the number of segments of the sequence. Of every segment but the current one the backward pass keeps the first
            state only and computes the rest again: memory is least with about √T_x, time grows by a forward pass.
        chunk: the number of steps that are projected, and differentiated, at a time; chosen by size unless given.
        one_length: whether all sequences have the T_x of `x`: chunks of equal length then divide it, without padding.
        training: whether a gradient follows. Without `training` a gradient works too, and costs a forward pass on TensorFlow.

    Returns:
        The outputs a<t> `(batch, T_x, units)`, or None, and the last state, both of the state's dtype.
    """
    weights = {name: weight for name, weight in weights.items() if weight is not None}
    x = with_static_shape(x, (None, None, weights["kernel"].shape[0]))
    if mask is not None:  # a value at a masked step, NaN included, reaches nothing
        x = ops.where(mask[:, :, None], x, ops.zeros_like(x))
    arguments = {"x": x, "state": tuple(map(ops.convert_to_tensor, state)), "weights": weights}
    constants = {"mask": mask, "dropout": recurrent_dropout, "zoneout": zoneout}
    constants = {name: constant for name, constant in constants.items() if constant is not None}
    loop = Loop(unit, **options)
    given = unit, x, arguments["state"], weights, mask
    allowed = use_cudnn and recurrent_dropout is None and loop.share is None and loop.segments == 1 and not loop.unroll
    fits = allowed and cudnn_fits(*given)

    def by_cudnn():
        outputs, last = cudnn(*given)
        return ((outputs,) if loop.sequences else ()), tuple(last)

    def by_loop():
        return _looped(loop, arguments, constants)

    if isinstance(fits, bool):
        outputs, last = by_cudnn() if fits else by_loop()
    else:  # TensorFlow reads the mask in the graph
        outputs, last = ops.cond(fits, by_cudnn, by_loop)
    batch, length = x.shape[:2]
    units = weights["recurrent_kernel"].shape[0]
    outputs = tuple(with_static_shape(a, (batch, length, units)) for a in outputs)
    return (outputs[0] if loop.sequences else None), unit.State(*(with_static_shape(a, (batch, units)) for a in last))


def _looped(loop, arguments, constants):
    """The outputs, in a tuple that is empty without them, and the last state."""
    unit, x, units = loop.unit, arguments["x"], arguments["weights"]["recurrent_kernel"].shape[0]
    by_hand = unit.step_gradient is not None and not loop.unroll
    kernel = by_hand and loop.share is None and kernels_fit(unit, x.shape[0], units, x.dtype)
    loop = loop._replace(xla=compiles() and not loop.unroll, kernel=kernel)
    outputs, last = in_shards(jit_loop(_run, loop), loop, arguments, constants)
    return tuple(outputs), tuple(last)


def one_step(unit, x_t, state, weights, recurrent_dropout=None, share=None):
    """One step of `unit`: `x_t` is `(batch, inputs)`. Returns the next state."""
    sequences, rows = {"z": recurrence.project(unit, x_t, weights, state[0].dtype)[None]}, {"state": state}
    if recurrent_dropout is not None:
        rows["dropout"] = recurrent_dropout
    key = steps.Steps(unit, keras.backend.standardize_dtype(x_t.dtype), "nothing", unroll=True, share=share)
    new, _ = steps.forward(key, sequences, rows, recurrence.of_steps(unit, weights))
    return unit.State(*new)


def _run(loop, arguments, constants):
    """The outputs and the last state, with the hand-written gradient where the unit or `segments` needs a custom one."""
    if loop.xla:
        steps, length = arguments["x"].shape[1], chunk_length(loop, arguments)
        if isinstance(length, int) and steps is not None:
            loop = loop._replace(one_chunk=steps <= length, full_chunks=loop.one_length and steps % length == 0)
        constants = constants | {"length": ops.convert_to_tensor(length, "int32")}
    outputs, forward, backward = (_pass(f, loop) for f in (recurrence.outputs, recurrence.forward, recurrence.backward))
    if loop.unit.step_gradient is None and loop.segments == 1 and not loop.xla:
        return outputs(arguments, constants)
    return custom_gradient(forward, backward, outputs, arguments, constants, loop.training)


FREE = {"x": 2, "mask": 2, "zoneout": 2, "state": 1, "dropout": 1, "weights": 0, "length": 0}  # leading dimensions of any size


def _pass(function, loop):
    """`function(loop, ...)`, traced once for any batch and any T_x where its chunks are compiled in a graph."""
    if not loop.xla:
        return bound(function, loop)

    def run(arguments, constants, *given):
        free = [{name: FREE[name] for name in named} for named in (arguments, constants)]
        of_given = (0, (2, 1)) if given else ()  # what the forward pass kept, and the gradients of outputs and last state
        return graph_of_any_size(function, loop, (*free, *of_given))(arguments, constants, *given)

    return run
