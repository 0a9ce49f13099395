"""Shards of the batch and chunks of the sequence: shards run in parallel, a chunk fits the processor's cache."""

import numpy as np
from keras import ops, tree

from seqzoo.backend import chunks_pay, pads_chunks, parallel_loops

ASSUMED_BATCH = 32  # rows, in a graph that is traced for any batch size

# Shards of the batch, where the backend runs several loops in parallel: no core waits for another core after each step.

MIN_SHARD_ROWS = 4  # with fewer rows the matrix products are too small
MAX_KERNEL_BYTES = 2**20  # each core reads the whole kernel at each step, from a cache of its own


def in_shards(run, loop, arguments, constants):
    """`run(arguments, constants)`, split into as many shards of the batch as run in parallel."""
    batch, kernel = ops.shape(arguments["x"])[0], arguments["weights"]["recurrent_kernel"]
    # A graph for any batch size may serve one example at a time, but not in training.
    expected = batch if isinstance(batch, int) else ASSUMED_BATCH * loop.training
    shards = min(parallel_loops(), expected // MIN_SHARD_ROWS)
    if shards < 2 or kernel.shape[0] * kernel.shape[1] * 4 > MAX_KERNEL_BYTES:
        shards = 1
    rows = -(-batch // shards)
    if loop.xla:
        rows = _cluster_rows(rows)
    elif shards == 1:
        return run(arguments, constants)
    results = [run(*_shard(arguments, constants, i * rows, rows)) for i in range(shards)]
    return tree.map_structure(lambda *parts: ops.concatenate(parts)[:batch], *results)


# Rows of a cluster: few sizes, for XLA compiles each; above 64 with little padding.
ROWS = (1, 2, 4, 8, 16, 32, 64, *(quarter << k for k in range(4, 26) for quarter in (5, 6, 7, 8)))


def _cluster_rows(rows):
    """The smallest of `ROWS` that is at least `rows`, an integer or a tensor."""
    if isinstance(rows, int):
        return next(size for size in ROWS if size >= rows)
    return ops.take(ROWS, ops.searchsorted(ROWS, rows[None]))[0]


def _shard(arguments, constants, start, rows):
    """`rows` rows of the batch from `start` on, with rows of zeros past the end of the batch."""

    def shard(a):
        a = a[start : start + rows]
        there, *shape = ops.shape(a)
        padding = ops.zeros((rows - there, *shape), a.dtype)
        return a if padding.shape[0] == 0 else ops.concatenate([a, padding])

    of_batch = {"x": arguments["x"], "state": arguments["state"]}
    return tree.map_structure(shard, of_batch) | {"weights": arguments["weights"]}, tree.map_structure(shard, constants)


# Chunks of the sequence. Time-major arrays are `(T_x, batch, ...)`.

CACHE_BYTES = 4 * 2**20  # size of the pre-activations beyond which chunks paid, on the processors that were tried
CHUNK_ROWS = 384  # batch * steps of a chunk: enough for a matmul to be at its best
CLUSTER_BYTES = 2**21  # size of the pre-activations of a chunk whose steps XLA compiles
LEAST_STEPS, MOST_STEPS = 8, 128  # of such a chunk
# Two classes of sequences have chunks, and so a compilation, of their own: those of few steps, where a chunk has `FEW_BYTES` at
# least, and those of many steps, where it has `MOST_STEPS`.
FEW_STEPS, FEW_BYTES, MANY_STEPS = 32, 2**19, 512


def time_major_inputs(arguments, constants, length):
    """The inputs of the steps, time-major: x, and a mask if there is one or if the last chunk needs one for its padding."""
    inputs = {"x": time_major(arguments["x"])}
    if "zoneout" in constants:
        inputs["zoneout"] = time_major(constants["zoneout"])
    if "mask" in constants:
        inputs["mask"] = time_major(constants["mask"])[:, :, None]
    elif pads_chunks() and length is not None and arguments["x"].shape[1] % length:
        inputs["mask"] = ops.ones((*inputs["x"].shape[:2], 1), "bool")
    return inputs


def chunk_length(loop, arguments):
    """The number of steps of a chunk, None for one chunk; a tensor in a graph that is traced for any shape."""
    batch, steps = ops.shape(arguments["x"])[:2]
    columns = arguments["weights"]["kernel"].shape[1]
    if loop.xla:
        length = loop.chunk or _cluster_length(batch, steps, 4 * columns)
        return _even(length, steps) if loop.one_length else length
    if loop.chunk or loop.segments > 1:
        return _even(loop.chunk or -(-steps // loop.segments), steps)
    known = isinstance(batch, int) and isinstance(steps, int)
    if loop.unroll or loop.unit.step_gradient is None or not known or not chunks_pay():
        return None
    return None if 4 * steps * batch * columns <= CACHE_BYTES else _even(max(CHUNK_ROWS // max(batch, 1), 8), steps)


def _cluster_length(batch, steps, bytes_of_row):
    """The steps with `CLUSTER_BYTES` of pre-activations: they depend on the batch, and on T_x only by its class."""
    known = isinstance(batch, int) and isinstance(steps, int)
    xp = np if known else ops
    if not known:
        batch, steps = ops.convert_to_tensor(batch, "int32"), ops.convert_to_tensor(steps, "int32")
    length = xp.clip(CLUSTER_BYTES // bytes_of_row // batch, LEAST_STEPS, MOST_STEPS)
    few = xp.logical_and(steps <= FEW_STEPS, length * batch >= FEW_BYTES // bytes_of_row)
    many = xp.logical_and(steps >= MANY_STEPS, length == MOST_STEPS)
    length = xp.where(few, xp.minimum(length, FEW_STEPS), xp.where(many, MANY_STEPS, length))
    return int(length) if known else length


def _even(length, steps):
    """A chunk length near `length` with little padding.

    The length is a divisor of `steps` from half to double `length`, if there is one.
    """
    if isinstance(length, int) and isinstance(steps, int):
        divisors = [n for n in range(-(-length // 2), 2 * length + 1) if steps % n == 0]
        if divisors:
            return min(divisors, key=lambda n: abs(n - length))
    return -(-steps // -(-steps // length))


def time_major(a):
    """`a` with its first two axes swapped: batch-major to time-major, and back."""
    return ops.transpose(a, (1, 0, *range(2, len(a.shape))))


def batch_major(arrays):
    """Time-major arrays as `(batch, T_x, ...)`, in a tuple."""
    return tuple(map(time_major, arrays))
