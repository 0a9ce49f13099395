"""A loop over time as one GPU kernel, by Pallas and Triton: the recurrent weights stay on chip for all steps.

A program of the kernel owns a tile of the batch and a slice of the units, and holds its columns of the recurrent weights. With
several slices the programs of one tile exchange the operands of each matrix product through global memory and wait for each
other at a counter; so all programs must run at the same time.

The lowering is Triton's: Mosaic's, the other of Pallas for NVIDIA GPUs, has no `dot_general` in such a loop. Triton takes sizes
that are powers of two, and no slices of values: arrays are padded, and each gate is loaded by itself.
"""

import functools
import itertools
from typing import NamedTuple

from seqzoo.backend.common import LazyModule

jax = LazyModule("jax")
pallas = LazyModule("jax.experimental.pallas")
triton = LazyModule("jax.experimental.pallas.triton")

LEAST = 16  # rows, columns and depth of a matrix product
LINE = 32  # integers from one tile's counter to the next: a line of the cache
# Bytes of a program's weights, and of a slice's operand, that stay on chip: beyond, registers spilled on an NVIDIA H200, and
# the kernel took up to ten times as long as the loop.
ON_CHIP = 128 * 2**10
FEW_UNITS = 64  # with fewer, four warps run a tile, and an exchange costs more than it saves


class Layout(NamedTuple):
    """How a kernel divides its work: padded units, slices of the units, rows of a tile, warps of a program."""

    units: int
    slices: int
    rows: int
    warps: int


def layout(batch, units, matrices, products, itemsize, programs):
    """The layout for at most `programs` programs, or None where the weights do not fit on chip.

    A tile is one slice where that fits and an exchange would cost more than smaller products save: for two products a step, or
    few units. Otherwise a slice has 32 units, or 16 if those do not fit.
    """
    units = padded_units(units)
    if (products > 1 or units <= FEW_UNITS) and matrices * units**2 * itemsize <= ON_CHIP:
        return Layout(units, 1, LEAST, warps=4 if units <= FEW_UNITS else 8)
    for width in (32, 16):
        slices, rows = units // width, LEAST
        while slices * -(-batch // rows) > programs and rows < batch:
            rows *= 2
        if 1 < slices <= programs and (matrices * width + rows) * units * itemsize <= ON_CHIP:
            return Layout(units, slices, rows, warps=4)
    return None


def padded_units(units):
    """The next power of two, at least `LEAST`."""
    return max(1 << (units - 1).bit_length(), LEAST)


def kernel_scan(step, state, sequences, matrices, rows, dtype, reverse, layout, interpret):
    """`seqzoo.backend.kernel_scan` in a given layout; `interpret` runs it operation by operation, on any device."""
    (batch, units), steps = state[0].shape, len(jax.tree.leaves(sequences)[0])
    whole = -(-batch // layout.rows) * layout.rows

    def padded(a):
        a = _padded(a, 0 if a.ndim == 2 else 1, whole)
        return a if a.shape[-1] == 1 else _padded(a, -1, layout.units)

    def array(*shape, of=None):
        return jax.ShapeDtypeStruct(shape, of or state[0].dtype)

    products = {name: _padded(_padded(m.astype(dtype), -1, layout.units), -2, layout.units) for name, m in matrices.items()}
    given = jax.tree.map(padded, (sequences, rows, state))
    emitted = _emitted(step, sequences, state, matrices, rows)
    emitted = [array(steps, whole, parts, layout.units) for parts in emitted]
    counter, exchanged = [], []
    if layout.slices > 1:
        counter = [jax.numpy.zeros(whole // layout.rows * LINE, "int32")]
        exchanged = [array(2, whole, max(m.shape[0] for m in matrices.values()), layout.units, of=dtype)]
    inputs, structure = jax.tree.flatten((*given, products, counter))
    outputs, output_structure = jax.tree.flatten((counter, emitted, tuple(array(*a.shape) for a in given[2]), exchanged))

    def kernel(*refs):
        *taken, _ = jax.tree.unflatten(structure, refs[: len(inputs)])
        made = jax.tree.unflatten(output_structure, refs[len(inputs) :])
        _Program(layout, dtype, *made).run(step, steps, *taken, reverse, interpret)

    outputs = pallas.pallas_call(
        kernel,
        out_shape=[array(*a.shape, of=a.dtype) for a in outputs],
        grid=(whole // layout.rows, layout.slices),
        input_output_aliases={len(inputs) - 1: 0} if counter else {},
        compiler_params=triton.CompilerParams(num_warps=layout.warps, num_stages=1),
        interpret=interpret,
    )(*inputs)
    _, emitted, last, _ = jax.tree.unflatten(output_structure, outputs)
    return tuple(a[:batch, :units] for a in last), [a[:, :batch, :, :units] for a in emitted]


class _Program:
    """One program: a tile of rows and a slice of units of all arrays."""

    def __init__(self, layout, dtype, counter, emitted, last, exchanged):
        self.layout, self.dtype = layout, dtype
        self.counter, self.emitted, self.last, self.exchanged = counter, emitted, last, exchanged
        self.tile, width = pallas.program_id(0), layout.units // layout.slices
        self.rows = pallas.ds(self.tile * layout.rows, layout.rows)
        self.columns = pallas.ds(pallas.program_id(1) * width, width)

    def run(self, step, steps, sequences, rows, state, products, reverse, interpret):
        """The loop over time; the inputs of the next step are on their way while a step runs."""
        rows, state = jax.tree.map(lambda ref: ref[self.rows, self.columns], (rows, state))
        self.barrier = (lambda: None) if interpret else triton.debug_barrier
        self.weights = jax.tree.map(self._weights, products)

        def at(i):
            return steps - 1 - i if reverse else i

        def body(i, carried):
            state, inputs = carried
            following = self._inputs(sequences, at(jax.numpy.minimum(i + 1, steps - 1)))
            exchanges = itertools.count(i * len(products))
            state, emitted = step(functools.partial(self._product, exchanges), state, inputs, rows)
            for ref, parts in zip(self.emitted, emitted, strict=True):
                for part, a in enumerate(parts):
                    ref[at(i), self.rows, part, self.columns] = a
            return tuple(state), following

        state, _ = jax.lax.fori_loop(0, steps, body, (state, self._inputs(sequences, at(0))))
        for ref, a in zip(self.last, state, strict=True):
            ref[self.rows, self.columns] = a

    def _weights(self, ref):
        operands, results = ref.shape[:2]
        return [[ref[i, j, :, self.columns] for j in range(results)] for i in range(operands)]

    def _inputs(self, sequences, t):
        """The inputs of step t: of an array with parts the list of them."""

        def tile(ref):
            columns = self.columns if ref.shape[-1] > 1 else slice(None)
            parts = [(part,) for part in range(ref.shape[2])] if len(ref.shape) == 4 else [()]
            tiles = [ref[t, self.rows, *part, columns] for part in parts]
            return tiles if len(ref.shape) == 4 else tiles[0]

        return jax.tree.map(tile, sequences)

    def _product(self, exchanges, name, *operands):
        """The sums over the operands h of h W, one for each result of the product."""
        weights, dtype = self.weights[name], operands[0].dtype
        operands = [h.astype(self.dtype) for h in operands]
        whole = self._exchanged(operands, next(exchanges)) if self.layout.slices > 1 else operands
        terms = [[_dot(h, w, dtype) for w in of_operand] for h, of_operand in zip(whole, weights, strict=True)]
        return [sum(parts[1:], parts[0]) for parts in zip(*terms, strict=True)]

    def _exchanged(self, operands, number):
        """All slices of the operands, after each program of the tile has given its own; the two halves take turns."""
        number, one = jax.numpy.int32(number), jax.numpy.int32(1)  # also where Python's integers are int64
        half, (counter,), (exchanged,), at = number & 1, self.counter, self.exchanged, (self.tile * LINE,)
        for i, h in enumerate(operands):
            exchanged[half, self.rows, i, self.columns] = h
        self.barrier()
        arrived, expected = triton.atomic_add(counter, at, one) + one, self.layout.slices * (number + one)
        jax.lax.while_loop(lambda n: n < expected, lambda _: triton.atomic_add(counter, at, one - one), arrived)
        self.barrier()
        for i in range(len(operands)):  # `volatile`, for another program wrote it
            yield triton.load(exchanged.at[half, self.rows, i, :], volatile=True)


def _dot(a, b, dtype):
    return jax.lax.dot(a, b, preferred_element_type=dtype)


def _padded(a, axis, size):
    """`a` with zeros up to `size` along an axis."""
    widths = [(0, 0)] * a.ndim
    widths[axis] = (0, size - a.shape[axis])
    return jax.numpy.pad(a, widths)


def _emitted(step, sequences, state, matrices, rows):
    """The number of parts of each array that a step emits."""

    def emitted(state, inputs, rows):
        inputs = jax.tree.map(lambda a: list(jax.numpy.unstack(a, axis=1)) if a.ndim == 3 else a, inputs)
        return step(lambda name, h, *_: [h] * matrices[name].shape[1], state, inputs, rows)[1]

    return list(map(len, jax.eval_shape(emitted, state, jax.tree.map(lambda a: a[0], sequences), rows)))
