"""Recurrence of a unit: matrix products, one chunk of steps, forward pass and backward pass."""

import functools

from keras import ops, tree

from seqzoo.backend import BACKEND, matmul, scan, vjp
from seqzoo.engine.chunking import batch_major, cut, in_chunks, step_inputs, time_major


def outputs(loop, arguments, constants):
    """The outputs a<t>, in a tuple that is empty without `sequences`, and the last state."""
    steps, length = step_inputs(loop, arguments, constants)
    chunk = Chunk(loop, arguments, constants)

    def run(state, *steps):
        last, (states, _) = chunk.forward(state, *steps, residuals=False)
        return last, states

    last, states = in_chunks(run, arguments["state"], steps, length)
    return batch_major(states, arguments["x"]), last


def forward(loop, arguments, constants):
    """The result of `outputs`; and for `backward` the initial state of each chunk and, with one segment, the residuals."""
    steps, length = step_inputs(loop, arguments, constants)
    chunk = Chunk(loop, arguments, constants)

    def run(state, *steps):
        last, (states, saved) = chunk.forward(state, *steps)
        if loop.segments == 1:
            return last, ((), (state, (states, saved)))
        return last, (states[:1] if loop.sequences else (), (state, ()))

    last, (emitted, kept) = in_chunks(run, arguments["state"], steps, length)
    if loop.segments == 1 and loop.sequences:  # the outputs are among the residuals
        emitted = kept[1][0][:1]
    return (batch_major(emitted, arguments["x"]), last), kept


def backward(loop, arguments, constants, kept, upstream):
    """The gradients of `arguments`, in their structure."""
    steps, length = step_inputs(loop, arguments, constants)
    chunk = Chunk(loop, arguments, constants, backward=True)
    d_outputs, d_last = upstream

    def run(carried, kept, d_outputs, *steps):
        d_state, d_weights = carried
        d_x, d_state, d_weights_here = chunk.backward(*kept, d_outputs, d_state, *steps)
        return (d_state, tree.map_structure(ops.add, d_weights, d_weights_here)), (d_x,)

    carried = d_last, tree.map_structure(ops.zeros_like, arguments["weights"])
    inputs = kept, cut(tuple(map(time_major, d_outputs)), length), *steps
    (d_state, d_weights), d_x = in_chunks(run, carried, inputs, length, reverse=True)
    return {"x": batch_major(d_x, arguments["x"])[0], "state": d_state, "weights": d_weights}


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
        """W[h, x<t>] + b, one array for each gate of the product; `z_t` is Wx x<t> + b of all gates."""
        z = z_t[:, self.columns[product]] + self._matmul(self.drop(h), self.kernels[product])
        return ops.split(z, len(product), axis=-1)

    def back(self, product, *d_z):
        """The gradient with respect to h, from the gradients of the pre-activations of the product's gates."""
        if BACKEND != "torch" and self.dtype == "float64":
            # XLA (of jaxlib 0.10, TensorFlow 2.21) compiles the one product below wrongly for CPUs, float64 and some sizes.
            rows = ops.split(self.transposed[product], len(d_z))
            return self.drop(sum(self._matmul(d, w) for d, w in zip(d_z, rows, strict=True)))
        return self.drop(self._matmul(ops.concatenate(d_z, axis=-1), self.transposed[product]))

    def drop(self, h):
        return h if self.dropout is None else h * self.dropout

    def _matmul(self, a, b):
        return ops.cast(matmul(ops.cast(a, self.dtype), b), a.dtype)


def project(x, weights, dtype):
    """The part of all pre-activations that depends on the inputs: Wx x<t> + b."""
    z = ops.cast(matmul(x, ops.cast(weights["kernel"], x.dtype)), dtype)
    return z if weights.get("bias") is None else z + ops.cast(weights["bias"], dtype)


def peepholes(unit, weights, dtype):
    """The peephole weights of `unit` by gate, in `dtype`."""
    return {gate: ops.cast(weights[f"p_{gate}"], dtype) for gate in unit.peepholes}


def _keep_masked(mask_t, new, old):
    """The new state at real steps, the old one at masked steps."""
    return tuple(new) if mask_t is None else tuple(ops.where(mask_t, n, o) for n, o in zip(new, old, strict=True))


class Chunk:
    """Forward and backward pass over the consecutive steps of one chunk. Arrays are time-major."""

    def __init__(self, loop, arguments, constants, backward=False):
        self.loop, self.unit, self.weights = loop, loop.unit, arguments["weights"]
        self.dropout = constants.get("dropout")
        state = arguments["state"]
        self.dtype = state[0].dtype
        self.products = Products(self.unit, self.weights, arguments["x"].dtype, self.dropout, backward)
        self.peepholes = peepholes(self.unit, self.weights, self.dtype)

    def forward(self, state, x, mask=None, residuals=True):
        """The last state; and every state, with the unit's saved arrays. Without `residuals`: the outputs, if `sequences`."""

        def step(state, z_t, mask_t=None):
            new, saved = self.unit.step(functools.partial(self.products.z, z_t), self.unit.State(*state), self.peepholes)
            new = _keep_masked(mask_t, new, state)
            return new, (new, saved) if residuals else (new[:1] if self.loop.sequences else (), ())

        inputs = (project(x, self.weights, self.dtype),) if mask is None else (project(x, self.weights, self.dtype), mask)
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
            return _keep_masked(mask_t, d_prev, d_state), ops.concatenate(d_z, axis=-1)

        factors = self.unit.factors(prev, self.unit.State(*states), saved)
        inputs = (d_outputs, factors) if mask is None else (d_outputs, factors, mask)
        d_state, d_z = scan(step, d_last, inputs, reverse=True, unroll=self.loop.unroll)
        if mask is not None:
            d_z = ops.where(mask, d_z, ops.zeros_like(d_z))
        d_x = matmul(ops.cast(d_z, x.dtype), ops.transpose(ops.cast(self.weights["kernel"], x.dtype)))
        d_weights = _weight_gradients(self.unit, x, prev, saved, d_z, self.products)
        return d_x, d_state, {name: ops.cast(d_weights[name], weight.dtype) for name, weight in self.weights.items()}

    def _automatic(self, state, d_outputs, d_last, x, mask):
        """The gradients of `backward` by the backend's automatic differentiation."""
        whole = self.loop._replace(segments=1)
        arguments = {"x": time_major(x), "state": state, "weights": self.weights}
        constants = {} if self.dropout is None else {"dropout": self.dropout}
        if mask is not None:
            constants["mask"] = time_major(mask)[:, :, 0]
        upstream = tuple(map(time_major, d_outputs)), d_last
        d = vjp(functools.partial(outputs, whole), arguments, constants, upstream)
        return time_major(d["x"]), d["state"], d["weights"]


def _weight_gradients(unit, x, prev, saved, d_z, products):
    """The gradients of the weights by name: one matmul over all rows `steps * batch` for each product."""

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
