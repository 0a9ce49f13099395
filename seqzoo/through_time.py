"""The engine: a unit driven over T_x steps, and back through them.

All inputs are projected by one matmul before the loop; the loop carries only the state; back-propagation through time is the
unit's own `step_gradient` in a reverse loop that carries only the state's gradient; each weight's gradient is one matmul after
it. Where it pays, all this is done for a piece of the sequence after another, small enough to stay in the processor's cache.
"""

import functools
from typing import NamedTuple

from keras import ops, tree

from seqzoo.backend import BACKEND, compiled, compiles_for_cpu, custom_gradient, jit_loop, matmul, parallel_loops, scan, vjp


class Loop(NamedTuple):
    """What is compiled once: a unit, and how its steps follow each other."""

    unit: object
    sequences: bool = True
    unroll: bool = False
    segments: int = 1
    piece: int | None = None
    training: bool = True


def through_time(unit, x, state, weights, mask=None, recurrent_dropout=None, **how):
    """Drives `unit` over the steps of `x`.

    Args:
        unit: an `equations.Unit`.
        x: `(batch, T_x, inputs)`. Its dtype is the one of the matrix products.
        state: the initial state, one `(batch, units)` for each part. Its dtype is the one of the state and of all else.
        weights: `kernel` `(inputs, gates * units)`, `recurrent_kernel` `(units, gates * units)`, `bias` `(gates * units,)` or
            None, and `p_<gate>` `(units,)` for each peephole. Columns stand in the order of `unit.gates`.
        mask: booleans `(batch, T_x)`: at a False step the state stays what it was. Any pattern.
        recurrent_dropout: `(batch, units)`, multiplies the state wherever it enters a matrix product.
        sequences: whether the outputs are wanted, or only the last state.
        unroll: a graph of T_x copies of the step instead of a loop.
        segments: into how many pieces the steps are cut. Of all pieces but the one at hand the backward pass keeps the first
            state only and computes the rest anew: memory is least with about √T_x, time grows by a forward pass.
        piece: how many steps are projected, and differentiated, at a time; chosen by size unless given.
        training: whether a gradient is to come. It can come in any case; unforeseen, it costs a forward pass on TensorFlow.

    Returns:
        The outputs a<t> `(batch, T_x, units)`, or None, and the last state, both of the state's dtype.
    """
    weights = {name: weight for name, weight in weights.items() if weight is not None}
    if mask is not None:  # what stands at a masked step, NaN included, reaches nothing
        x = ops.where(mask[:, :, None], x, ops.zeros_like(x))
    arguments = {"x": x, "state": tuple(map(ops.convert_to_tensor, state)), "weights": weights}
    constants = {name: c for name, c in (("mask", mask), ("dropout", recurrent_dropout)) if c is not None}
    loop = Loop(unit, **how)
    outputs, last = _in_shares(jit_loop(_run, loop), loop, arguments, constants)
    return (outputs[0] if loop.sequences else None), unit.State(*last)


def one_step(unit, x_t, state, weights, recurrent_dropout=None):
    """The same unit, one step: `x_t` is `(batch, inputs)`. Returns the next state."""
    products = Products(unit, weights, x_t.dtype, recurrent_dropout)
    z_t = _project(x_t, weights, state[0].dtype)
    new, _ = unit.step(functools.partial(products.z, z_t), unit.State(*state), _peepholes(unit, weights, state[0].dtype))
    return new


class Products:
    """The matrix products of one step, in the compute dtype and with the state's dropout mask.

    A product such as "ur" reads the columns of gates u and r of the recurrent kernel.
    """

    def __init__(self, unit, weights, dtype, dropout=None, backward=False):
        kernel = weights["recurrent_kernel"]
        units, at = kernel.shape[0], 0
        self.columns = {}
        for product in unit.products:
            self.columns[product] = slice(at, at + len(product) * units)
            at += len(product) * units
        self.kernels = {p: ops.cast(kernel[:, columns], dtype) for p, columns in self.columns.items()}
        self.transposed = {p: ops.transpose(kernel) for p, kernel in self.kernels.items()} if backward else {}
        self.dropout, self.dtype = dropout, dtype

    def z(self, z_t, product, h):
        """W[h, x<t>] + b, one array for each gate of the product; `z_t` holds the inputs' share for all gates."""
        z = z_t[:, self.columns[product]] + self._matmul(self.drop(h), self.kernels[product])
        return ops.split(z, len(product), axis=-1)

    def back(self, product, *d_z):
        """The gradient with respect to h, from those with respect to the pre-activations of the product's gates."""
        if BACKEND != "torch" and self.dtype == "float64":
            # XLA (of jaxlib 0.10, TensorFlow 2.21) compiles the one product below wrongly for CPUs, float64 and some sizes.
            rows = ops.split(self.transposed[product], len(d_z))
            return self.drop(sum(self._matmul(d, w) for d, w in zip(d_z, rows, strict=True)))
        return self.drop(self._matmul(ops.concatenate(d_z, axis=-1), self.transposed[product]))

    def drop(self, h):
        return h if self.dropout is None else h * self.dropout

    def _matmul(self, a, b):
        return ops.cast(matmul(ops.cast(a, self.dtype), b), a.dtype)


def _project(x, weights, dtype):
    """The inputs' share of all pre-activations: Wx x<t> + b."""
    z = ops.cast(matmul(x, ops.cast(weights["kernel"], x.dtype)), dtype)
    return z if weights.get("bias") is None else z + ops.cast(weights["bias"], dtype)


def _peepholes(unit, weights, dtype):
    return {gate: ops.cast(weights[f"p_{gate}"], dtype) for gate in unit.peepholes}


def _hold(mask_t, new, old):
    """The new state at real steps, the old one at masked steps."""
    return tuple(new) if mask_t is None else tuple(ops.where(mask_t, n, o) for n, o in zip(new, old, strict=True))


def _run(loop, arguments, constants):
    forward, backward, outputs = compiled(_forward, loop), compiled(_backward, loop), compiled(_outputs, loop)
    if loop.unit.step_gradient is None and loop.segments == 1:
        return outputs(arguments, constants)
    return custom_gradient(forward, backward, outputs, arguments, constants, loop.training)


def _time_major(a):
    return ops.transpose(a, (1, 0, *range(2, len(a.shape))))


def _outputs(loop, arguments, constants):
    """The outputs a<t>, in a tuple that is empty where they are not asked for, and the last state."""
    steps, length = _steps(loop, arguments, constants)
    run = Piece(loop, arguments, constants)

    def piece(state, *steps):
        last, (states, _) = run.forward(state, *steps, residuals=False)
        return last, states

    last, states = _in_pieces(piece, arguments["state"], steps, length)
    return _batch_major(states, arguments["x"]), last


def _forward(loop, arguments, constants):
    """`_outputs`, and what `_backward` reads of each piece: the state at its start and, if it is not to be computed anew, its
    residuals."""
    steps, length = _steps(loop, arguments, constants)
    run = Piece(loop, arguments, constants)

    def piece(state, *steps):
        last, (states, saved) = run.forward(state, *steps)
        if loop.segments == 1:
            return last, ((), (state, (states, saved)))
        return last, (states[:1] if loop.sequences else (), (state, ()))

    last, (outputs, kept) = _in_pieces(piece, arguments["state"], steps, length)
    if loop.segments == 1 and loop.sequences:  # the outputs are among the residuals
        outputs = kept[1][0][:1]
    return (_batch_major(outputs, arguments["x"]), last), kept


def _backward(loop, arguments, constants, kept, upstream):
    """The gradients of `arguments`, in their structure."""
    steps, length = _steps(loop, arguments, constants)
    run = Piece(loop, arguments, constants, backward=True)
    d_outputs, d_last = upstream

    def piece(carried, kept, d_outputs, *steps):
        d_state, d_weights = carried
        d_x, d_state, of_piece = run.backward(*kept, d_outputs, d_state, *steps)
        return (d_state, tree.map_structure(ops.add, d_weights, of_piece)), (d_x,)

    carried = d_last, tree.map_structure(ops.zeros_like, arguments["weights"])
    inputs = kept, _cut(tuple(map(_time_major, d_outputs)), length), *steps
    (d_state, d_weights), d_x = _in_pieces(piece, carried, inputs, length, reverse=True)
    return {"x": _batch_major(d_x, arguments["x"])[0], "state": d_state, "weights": d_weights}


class Piece:
    """Some steps one after another, and back."""

    def __init__(self, loop, arguments, constants, backward=False):
        self.loop, self.unit, self.weights = loop, loop.unit, arguments["weights"]
        self.dropout = constants.get("dropout")
        state = arguments["state"]
        self.dtype = state[0].dtype
        self.products = Products(self.unit, self.weights, arguments["x"].dtype, self.dropout, backward)
        self.peepholes = _peepholes(self.unit, self.weights, self.dtype)

    def forward(self, state, x, mask=None, residuals=True):
        """The last state; and every state, with what the unit saved. Without `residuals` the outputs, if they are wanted."""

        def step(state, z_t, mask_t=None):
            new, saved = self.unit.step(functools.partial(self.products.z, z_t), self.unit.State(*state), self.peepholes)
            new = _hold(mask_t, new, state)
            return new, (new, saved) if residuals else (new[:1] if self.loop.sequences else (), ())

        inputs = (_project(x, self.weights, self.dtype),) if mask is None else (_project(x, self.weights, self.dtype), mask)
        return scan(step, state, inputs, unroll=self.loop.unroll)

    def backward(self, state, residuals, d_outputs, d_last, x, mask=None):
        """The gradients of `x`, of `state` and of the weights."""
        if self.unit.step_gradient is None:
            return self._automatic(state, d_outputs, d_last, x, mask)
        states, saved = residuals or self.forward(state, x, *(() if mask is None else (mask,)))[1]
        prev = self.unit.State(*(ops.concatenate([first[None], part[:-1]]) for first, part in zip(state, states, strict=True)))

        def step(d_state, d_outputs, factors, mask_t=None):
            d_state = self.unit.State(sum(d_outputs, d_state[0]), *d_state[1:])
            d_prev, d_z = self.unit.step_gradient(self.products.back, d_state, factors, self.peepholes)
            return _hold(mask_t, d_prev, d_state), ops.concatenate(d_z, axis=-1)

        factors = self.unit.factors(prev, self.unit.State(*states), saved)
        inputs = (d_outputs, factors) if mask is None else (d_outputs, factors, mask)
        d_state, d_z = scan(step, d_last, inputs, reverse=True, unroll=self.loop.unroll)
        if mask is not None:
            d_z = ops.where(mask, d_z, ops.zeros_like(d_z))
        d_x = matmul(ops.cast(d_z, x.dtype), ops.transpose(ops.cast(self.weights["kernel"], x.dtype)))
        d_weights = _weight_gradients(self.unit, x, prev, saved, d_z, self.products)
        return d_x, d_state, {name: ops.cast(d_weights[name], weight.dtype) for name, weight in self.weights.items()}

    def _automatic(self, state, d_outputs, d_last, x, mask):
        """The same by the backend's own differentiation."""
        whole = self.loop._replace(segments=1)
        arguments = {"x": _time_major(x), "state": state, "weights": self.weights}
        constants = {} if self.dropout is None else {"dropout": self.dropout}
        if mask is not None:
            constants["mask"] = _time_major(mask)[:, :, 0]
        upstream = tuple(map(_time_major, d_outputs)), d_last
        d = vjp(functools.partial(_outputs, whole), arguments, constants, upstream)
        return _time_major(d["x"]), d["state"], d["weights"]


def _weight_gradients(unit, x, prev, saved, d_z, products):
    """One matmul over all rows `steps * batch` for each product."""

    def rows(a):
        return ops.reshape(ops.cast(a, x.dtype), (-1, a.shape[-1]))

    def outer(h, d_z):
        return matmul(ops.transpose(rows(h)), rows(d_z))

    operands = unit.operands(prev, saved)
    recurrent = [outer(products.drop(operands[p]), d_z[:, :, columns]) for p, columns in products.columns.items()]
    gradients = {"kernel": outer(x, d_z), "recurrent_kernel": ops.concatenate(recurrent, axis=-1), "bias": ops.sum(d_z, (0, 1))}
    by_gate = dict(zip(unit.gates, ops.split(d_z, len(unit.gates), axis=-1), strict=True))
    for gate in unit.peepholes:
        gradients[f"p_{gate}"] = ops.sum(by_gate[gate] * prev.c, (0, 1))
    return gradients


# The batch in shares, where the backend works on several loops at once: no core waits for another after each step.

SHARE = 4  # rows at least, or the products are too small
KERNEL = 2**20  # bytes at most, for each core reads the whole kernel at each step, from a cache of its own


def _in_shares(run, loop, arguments, constants):
    """`run(arguments, constants)`, for as many shares of the batch as are worked on at once."""
    batch, kernel = ops.shape(arguments["x"])[0], arguments["weights"]["recurrent_kernel"]
    # A graph for any batch may be asked about one example at a time, but not while it is trained.
    expected = batch if isinstance(batch, int) else BATCH * loop.training
    shares = min(parallel_loops(), expected // SHARE)
    if shares < 2 or kernel.shape[0] * kernel.shape[1] * 4 > KERNEL:
        return run(arguments, constants)
    rows = -(-batch // shares)
    results = [run(*_share(arguments, constants, i * rows, rows)) for i in range(shares)]
    return tree.map_structure(lambda *of_shares: ops.concatenate(of_shares)[:batch], *results)


def _share(arguments, constants, start, rows):
    """`rows` of the batch, with rows of zeros where it has no more."""

    def share(a):
        a = a[start : start + rows]
        there, *shape = ops.shape(a)
        filling = ops.zeros((rows - there, *shape), a.dtype)
        return a if filling.shape[0] == 0 else ops.concatenate([a, filling])

    of_batch = {"x": arguments["x"], "state": arguments["state"]}
    return tree.map_structure(share, of_batch) | {"weights": arguments["weights"]}, tree.map_structure(share, constants)


# Steps in pieces. Time-major arrays are `(T_x, batch, ...)`, and `(pieces, length, batch, ...)` once they are cut.

CACHE = 4 * 2**20  # bytes of pre-activations beyond which pieces paid, on the processors that were tried
ROWS = 384  # batch * steps of a piece: enough for a matmul to be at its best
BATCH = 32  # of a graph that is traced for any


def _steps(loop, arguments, constants):
    """What each step takes, x<t> and its mask where there is one, cut into pieces; and their length, None for one piece."""
    x = _time_major(arguments["x"])
    steps, length = ops.shape(x)[0], _length(loop, arguments)
    even = length is None or (isinstance(steps, int) and steps % length == 0)
    if "mask" in constants:
        mask = _time_major(constants["mask"])[:, :, None]
    else:
        mask = None if even else ops.ones((*ops.shape(x)[:2], 1), "bool")
    return _cut((x,) if mask is None else (x, mask), length), length


def _length(loop, arguments):
    """How many steps there are to a piece. A tensor where a graph is traced for any number of them."""
    batch, steps = ops.shape(arguments["x"])[:2]
    if loop.piece or loop.segments > 1:
        return _even(loop.piece or -(-steps // loop.segments), steps)
    if loop.unroll or loop.unit.step_gradient is None or not compiles_for_cpu():
        return None
    if not isinstance(batch, int):  # in a graph for any size
        batch = BATCH
    length = max(ROWS // max(batch, 1), 8)
    size = steps * batch * arguments["weights"]["kernel"].shape[1] * 4
    if isinstance(size, int):
        return None if size <= CACHE else _even(length, steps)
    return ops.where(size <= CACHE, steps, _even(length, steps))


def _even(length, steps):
    """About `length`: a divisor of `steps` if there is one from half of it to its double, else one with little to fill up."""
    if isinstance(length, int) and isinstance(steps, int):
        divisors = [n for n in range(-(-length // 2), 2 * length + 1) if steps % n == 0]
        if divisors:
            return min(divisors, key=lambda n: abs(n - length))
    return -(-steps // -(-steps // length))


def _cut(arrays, length):
    """Time-major arrays in pieces, the last of them filled up with zeros, which are masked steps."""

    def cut(a):
        steps, *shape = ops.shape(a)
        pieces = -(-steps // length)
        filling = ops.zeros((pieces * length - steps, *shape), a.dtype)
        a = a if isinstance(filling.shape[0], int) and not filling.shape[0] else ops.concatenate([a, filling])
        return ops.reshape(a, (pieces, length, *shape))

    return arrays if length is None else tree.map_structure(cut, arrays)


def _in_pieces(piece, state, steps, length, reverse=False):
    """`state, emitted = piece(state, *steps)` for one piece after another."""
    return piece(state, *steps) if length is None else scan(piece, state, steps, reverse=reverse)


def _batch_major(arrays, like):
    """Time-major arrays, cut or not, as `(batch, T_x, ...)`, with as many steps as `like`."""
    steps = ops.shape(like)[1]

    def whole(a):
        return _time_major(ops.reshape(a, (-1, *ops.shape(a)[-2:]))[:steps])

    return tuple(map(whole, arrays))
