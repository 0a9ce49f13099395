"""Shards of the batch and chunks of the sequence: shards run in parallel, a chunk fits the processor's cache."""

from keras import ops, tree

from seqzoo.backend import compiles_for_cpu, parallel_loops, scan

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
        return run(arguments, constants)
    rows = -(-batch // shards)
    results = [run(*_shard(arguments, constants, i * rows, rows)) for i in range(shards)]
    return tree.map_structure(lambda *parts: ops.concatenate(parts)[:batch], *results)


def _shard(arguments, constants, start, rows):
    """`rows` rows of the batch from `start` on, with rows of zeros past the end of the batch."""

    def shard(a):
        a = a[start : start + rows]
        there, *shape = ops.shape(a)
        padding = ops.zeros((rows - there, *shape), a.dtype)
        return a if padding.shape[0] == 0 else ops.concatenate([a, padding])

    of_batch = {"x": arguments["x"], "state": arguments["state"]}
    return tree.map_structure(shard, of_batch) | {"weights": arguments["weights"]}, tree.map_structure(shard, constants)


# Chunks of the sequence. Time-major arrays are `(T_x, batch, ...)`, and `(chunks, length, batch, ...)` once cut.

CACHE_BYTES = 4 * 2**20  # size of the pre-activations beyond which chunks paid, on the processors that were tried
CHUNK_ROWS = 384  # batch * steps of a chunk: enough for a matmul to be at its best


def step_inputs(loop, arguments, constants):
    """The inputs of the steps, x<t> and a mask if needed, cut into chunks; and the chunk length, None for one chunk."""
    x = time_major(arguments["x"])
    steps, length = ops.shape(x)[0], _length(loop, arguments)
    even = length is None or (isinstance(steps, int) and steps % length == 0)
    if "mask" in constants:
        mask = time_major(constants["mask"])[:, :, None]
    else:
        mask = None if even else ops.ones((*ops.shape(x)[:2], 1), "bool")
    return cut((x,) if mask is None else (x, mask), length), length


def _length(loop, arguments):
    """The number of steps of a chunk, None for one chunk; a tensor in a graph that is traced for any number of steps."""
    batch, steps = ops.shape(arguments["x"])[:2]
    if loop.chunk or loop.segments > 1:
        return _even(loop.chunk or -(-steps // loop.segments), steps)
    if loop.unroll or loop.unit.step_gradient is None or not compiles_for_cpu():
        return None
    if not isinstance(batch, int):  # in a graph for any batch size
        batch = ASSUMED_BATCH
    length = max(CHUNK_ROWS // max(batch, 1), 8)
    size = steps * batch * arguments["weights"]["kernel"].shape[1] * 4
    if isinstance(size, int):
        return None if size <= CACHE_BYTES else _even(length, steps)
    return ops.where(size <= CACHE_BYTES, steps, _even(length, steps))


def _even(length, steps):
    """A chunk length near `length` with little padding.

    The length is a divisor of `steps` from half to double `length`, if there is one.
    """
    if isinstance(length, int) and isinstance(steps, int):
        divisors = [n for n in range(-(-length // 2), 2 * length + 1) if steps % n == 0]
        if divisors:
            return min(divisors, key=lambda n: abs(n - length))
    return -(-steps // -(-steps // length))


def cut(arrays, length):
    """Time-major arrays cut into chunks, the last chunk padded with zeros, which are masked steps."""

    def cut_one(a):
        steps, *shape = ops.shape(a)
        chunks = -(-steps // length)
        padding = ops.zeros((chunks * length - steps, *shape), a.dtype)
        a = a if isinstance(padding.shape[0], int) and not padding.shape[0] else ops.concatenate([a, padding])
        return ops.reshape(a, (chunks, length, *shape))

    return arrays if length is None else tree.map_structure(cut_one, arrays)


def in_chunks(run, state, steps, length, reverse=False):
    """`state, emitted = run(state, *steps)` for one chunk after another."""
    return run(state, *steps) if length is None else scan(run, state, steps, reverse=reverse)


def time_major(a):
    """`a` with its first two axes swapped: batch-major to time-major, and back."""
    return ops.transpose(a, (1, 0, *range(2, len(a.shape))))


def batch_major(arrays, like):
    """Time-major arrays, cut or not, as `(batch, T_x, ...)`, with as many steps as `like`."""
    steps = ops.shape(like)[1]

    def whole(a):
        return time_major(ops.reshape(a, (-1, *ops.shape(a)[-2:]))[:steps])

    return tuple(map(whole, arrays))
