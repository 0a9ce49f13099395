"""The engine: a unit driven over T_x steps, and back through them.

All inputs are projected by one matmul before the loop; the loop carries only the state; back-propagation through time is the
unit's own `step_gradient` in a reverse loop that carries only the state's gradient; each weight's gradient is one matmul after
it.
"""

import functools
from typing import NamedTuple

from keras import ops, tree

from seqzoo.backend import BACKEND, by_hand, compiled, matmul, pull_back, scan, traced


class Loop(NamedTuple):
    """What is compiled once: a unit, and how its steps follow each other."""

    unit: object
    sequences: bool = True
    unroll: bool = False
    segments: int = 1


def through_time(unit, x, state, weights, mask=None, recurrent_dropout=None, sequences=True, unroll=False, segments=1):
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

    Returns:
        The outputs a<t> `(batch, T_x, units)`, or None, and the last state, both of the state's dtype.
    """
    weights = {name: weight for name, weight in weights.items() if weight is not None}
    if mask is not None:  # what stands at a masked step, NaN included, reaches nothing
        x = ops.where(mask[:, :, None], x, ops.zeros_like(x))
    arguments = {"x": x, "state": tuple(state), "weights": weights}
    constants = {name: c for name, c in (("mask", mask), ("dropout", recurrent_dropout)) if c is not None}
    if x.shape[1] is not None:
        segments = min(segments, x.shape[1])
    outputs, last = traced(_run, Loop(unit, sequences, unroll, segments))(arguments, constants)
    return (outputs[0] if sequences else None), unit.State(*last)


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
        if BACKEND == "jax" and self.dtype == "float64":
            # jaxlib 0.10 on CPUs, in float64 and for some sizes, compiles the one product below wrongly in a masked loop.
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
    if loop.segments > 1:
        return by_hand(compiled(_forward_segments, loop), compiled(_backward_segments, loop), arguments, constants)
    if loop.unit.step_gradient is None:
        return compiled(_outputs, loop)(arguments, constants)
    return by_hand(compiled(_forward, loop), compiled(_backward, loop), arguments, constants)


def _time_major(a):
    return ops.transpose(a, (1, 0, *range(2, len(a.shape))))


def _mask_columns(constants):
    """The mask as an input of the scan: `(T_x, batch, 1)`, or nothing."""
    return (_time_major(constants["mask"])[:, :, None],) if "mask" in constants else ()


def _forward(loop, arguments, constants):
    """The outputs, in a tuple that may be empty, and the last state; and the residuals of `_backward`: every state, and what
    the unit saved."""
    unit, x, state, weights = loop.unit, arguments["x"], arguments["state"], arguments["weights"]
    products = Products(unit, weights, x.dtype, constants.get("dropout"))
    peepholes = _peepholes(unit, weights, state[0].dtype)

    def step(state, z_t, mask_t=None):
        new, saved = unit.step(functools.partial(products.z, z_t), unit.State(*state), peepholes)
        new = _hold(mask_t, new, state)
        return new, (new, saved)

    z = _project(_time_major(x), weights, state[0].dtype)  # (T_x, batch, gates * units)
    last, residuals = scan(step, state, (z, *_mask_columns(constants)), unroll=loop.unroll)
    states, _ = residuals
    outputs = (_time_major(states[0]),) if loop.sequences else ()
    return (outputs, last), residuals


def _outputs(loop, arguments, constants):
    return _forward(loop, arguments, constants)[0]


def _backward(loop, arguments, constants, residuals, upstream):
    """The gradients of `arguments`, in their structure."""
    unit, x, state, weights = loop.unit, _time_major(arguments["x"]), arguments["state"], arguments["weights"]
    states, saved = residuals
    d_outputs, d_last = upstream
    products = Products(unit, weights, x.dtype, constants.get("dropout"), backward=True)
    peepholes, mask = _peepholes(unit, weights, state[0].dtype), _mask_columns(constants)
    prev = unit.State(*(ops.concatenate([first[None], part[:-1]]) for first, part in zip(state, states, strict=True)))

    def step(d_state, d_outputs, factors, mask_t=None):
        d_state = unit.State(sum(d_outputs, d_state[0]), *d_state[1:])
        d_prev, d_z = unit.step_gradient(products.back, d_state, factors, peepholes)
        return _hold(mask_t, d_prev, d_state), ops.concatenate(d_z, axis=-1)

    factors = unit.factors(prev, unit.State(*states), saved)
    inputs = (tuple(map(_time_major, d_outputs)), factors, *mask)
    d_state, d_z = scan(step, d_last, inputs, reverse=True, unroll=loop.unroll)
    if mask:
        d_z = ops.where(mask[0], d_z, ops.zeros_like(d_z))
    d_x = matmul(ops.cast(d_z, x.dtype), ops.transpose(ops.cast(weights["kernel"], x.dtype)))
    d_weights = _weight_gradients(unit, x, prev, saved, d_z, products)
    d_weights = {name: ops.cast(d_weights[name], weight.dtype) for name, weight in weights.items()}
    return {"x": _time_major(d_x), "state": d_state, "weights": d_weights}


def _weight_gradients(unit, x, prev, saved, d_z, products):
    """One matmul over all `T_x * batch` rows for each product."""

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


# Segments: the backward pass computes one anew at a time, from the state at its start.


def _forward_segments(loop, arguments, constants):
    """The outputs and the last state, and the residuals of `_backward_segments`: the state at the start of each segment."""

    def step(state, x, *mask):
        here, of_here = arguments | {"x": x, "state": state}, constants | dict(zip(["mask"], mask, strict=False))
        outputs, last = _outputs(_segment(loop), here, of_here)
        return last, (outputs, state)

    last, (outputs, starts) = scan(step, arguments["state"], _split(loop, _steps(loop, arguments, constants)))
    return (tuple(_joined(a, arguments["x"]) for a in outputs), last), starts


def _backward_segments(loop, arguments, constants, starts, upstream):
    """The gradients of `arguments`, in their structure."""
    d_outputs, d_last = upstream
    segment = _segment(loop)

    def step(carried, start, d_outputs, x, *mask):
        d_state, d_weights = carried
        here, of_here = arguments | {"x": x, "state": start}, constants | dict(zip(["mask"], mask, strict=False))
        if segment.unit.step_gradient is None:
            d = pull_back(functools.partial(_outputs, segment), here, of_here, (d_outputs, d_state))
        else:
            d = _backward(segment, here, of_here, _forward(segment, here, of_here)[1], (d_outputs, d_state))
        return (d["state"], tree.map_structure(ops.add, d_weights, d["weights"])), d["x"]

    nothing = tree.map_structure(ops.zeros_like, arguments["weights"])
    inputs = starts, _split(loop, d_outputs), *_split(loop, _steps(loop, arguments, constants))
    (d_state, d_weights), d_x = scan(step, (d_last, nothing), inputs, reverse=True)
    return {"x": _joined(d_x, arguments["x"]), "state": d_state, "weights": d_weights}


def _segment(loop):
    return loop._replace(segments=1)


def _steps(loop, arguments, constants):
    """x, and the mask where there is one or the last segment has to be filled up with masked steps."""
    x, mask = arguments["x"], constants.get("mask")
    if mask is None and (x.shape[1] is None or x.shape[1] % loop.segments):
        mask = ops.ones(ops.shape(x)[:2], "bool")
    return (x,) if mask is None else (x, mask)


def _split(loop, arrays):
    """`(segments, batch, steps, ...)` of each array `(batch, T_x, ...)`, filled up with zeros."""

    def split(a):
        batch, steps = ops.shape(a)[:2]
        length = -(-steps // loop.segments)
        filling = ops.zeros((batch, length * loop.segments - steps, *a.shape[2:]), a.dtype)
        pieces = ops.reshape(ops.concatenate([a, filling], axis=1), (batch, loop.segments, length, *a.shape[2:]))
        return _time_major(pieces)

    return tuple(map(split, arrays))


def _joined(pieces, like):
    """The inverse of `_split`, with as many steps as `like`."""
    batch, steps = ops.shape(like)[:2]
    return ops.reshape(_time_major(pieces), (batch, -1, pieces.shape[-1]))[:, :steps]
