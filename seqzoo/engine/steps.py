"""The steps of one chunk, forward and back: what XLA compiles on TensorFlow. Arrays are time-major."""

import functools
from typing import NamedTuple

from keras import ops

from seqzoo.backend import BACKEND, matmul, scan, vjp


class Steps(NamedTuple):
    """The key of compiled steps: a unit, the dtype of its matrix products, and what the steps emit."""

    unit: object
    dtype: str
    emits: str = "outputs"  # "nothing", "outputs", or "residuals": every state and the unit's saved arrays
    packs: bool = False  # whether the residuals are one array, which XLA compiles faster than several
    unroll: bool = False


def forward(key, sequences, rows, weights, count=None):
    """Runs the first `count` steps of a chunk, all of them where `count` is None.

    Args:
        sequences: `z` `(steps, batch, columns)`, the projected inputs, and perhaps `mask` `(steps, batch, 1)`.
        rows: `state`, the state before the chunk, and perhaps `dropout`, `(batch, units)` each.
        weights: the recurrent kernel and the peepholes.

    Returns:
        The last state, and what the steps emit: the outputs in a tuple of one, or the residuals.
    """
    products = Products(key, weights, rows.get("dropout"))
    peepholes = peepholes_of(key.unit, weights, rows["state"][0].dtype)

    def step(state, z_t, mask_t=None):
        return forward_step(key, functools.partial(products.z, z_t), peepholes, state, mask_t)

    return scan(step, rows["state"], _with_mask((sequences["z"],), sequences), unroll=key.unroll, count=count)


def forward_step(key, z, peepholes, state, mask_t):
    """One step of `forward`, from the gates' pre-activations `z(product, h)`."""
    new, saved = key.unit.step(z, key.unit.State(*state), peepholes)
    new = _keep_masked(mask_t, new, state)
    residuals = _packed(key, new, saved) if key.packs else (new, saved)
    return new, {"nothing": (), "outputs": new[:1], "residuals": residuals}[key.emits]


def backward(key, sequences, rows, weights, count=None):
    """The gradients of `forward`, by the unit's own `step_gradient`.

    Args:
        sequences: `residuals` of `forward`, `d_outputs` (a tuple of one, or empty), and perhaps `mask`.
        rows: `state` and perhaps `dropout` as for `forward`, and `d_state`, the gradient of the last state.

    Returns:
        The gradient of the first state; `d_z`; the operands of the recurrent products `{product: (steps, batch, units)}`; and
        the gradients of the peepholes by name.
    """
    unit, state = key.unit, rows["state"]
    products = Products(key, weights, rows.get("dropout"), backward=True)
    peepholes = peepholes_of(unit, weights, state[0].dtype)
    residuals = Residuals(key, sequences["residuals"], state)

    def step(d_state, d_outputs, factors, mask_t=None):
        d_prev, d_z = backward_step(unit, products.back, peepholes, d_state, d_outputs, factors, mask_t)
        return d_prev, ops.concatenate(d_z, axis=-1)

    inputs = _with_mask((sequences["d_outputs"], residuals.factors), sequences)
    d_state, d_z = scan(step, rows["d_state"], inputs, reverse=True, unroll=key.unroll, count=count)
    if "mask" in sequences:
        d_z = ops.where(sequences["mask"], d_z, ops.zeros_like(d_z))
    return d_state, d_z, residuals.operands(products.drop), residuals.peephole_gradients(d_z)


def backward_step(unit, back, peepholes, d_state, d_outputs, factors, mask_t):
    """One step of `backward`: the gradients of the state before and of the pre-activations, the latter not yet masked."""
    d_state = unit.State(sum(d_outputs, d_state[0]), *d_state[1:])
    d_prev, d_z = unit.step_gradient(back, d_state, factors, peepholes)
    return _keep_masked(mask_t, d_prev, d_state), d_z


def backward_automatic(key, sequences, rows, weights, count=None):
    """The gradients of `forward` by automatic differentiation: those of the first state, of `z` and of the weights."""
    arguments = {"z": sequences["z"], "state": rows["state"], "weights": weights}
    constants = {"dropout": rows["dropout"]} if "dropout" in rows else {}

    def run(arguments, constants):
        of_steps = {name: sequences[name] for name in sequences if name == "mask"} | {"z": arguments["z"]}
        last, emitted = forward(key, of_steps, constants | {"state": arguments["state"]}, arguments["weights"], count)
        return emitted, last

    d = vjp(run, arguments, constants, (sequences["d_outputs"], rows["d_state"]))
    return d["state"], d["z"], d["weights"]


class Products:
    """The matrix products of one step, in the compute dtype and with the state's dropout mask.

    A product such as "ur" reads the columns of gates u and r of the recurrent kernel.
    """

    def __init__(self, key, weights, dropout=None, backward=False):
        self.dropout, self.dtype = dropout, key.dtype
        self.columns = columns_of(key.unit, weights["recurrent_kernel"])
        kernel = ops.cast(weights["recurrent_kernel"], key.dtype)
        self.kernels = {p: kernel if len(self.columns) == 1 else kernel[:, columns] for p, columns in self.columns.items()}
        self.transposed = {p: ops.transpose(kernel) for p, kernel in self.kernels.items()} if backward else {}

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


def columns_of(unit, kernel):
    """The columns of each product in a kernel, as slices."""
    units, at, columns = kernel.shape[0], 0, {}
    for product in unit.products:
        columns[product] = slice(at, at + len(product) * units)
        at += len(product) * units
    return columns


def peepholes_of(unit, weights, dtype):
    """The peephole weights of `unit` by gate, in `dtype`."""
    return {gate: ops.cast(weights[f"p_{gate}"], dtype) for gate in unit.peepholes}


def _keep_masked(mask_t, new, old):
    """The new state at real steps, the old one at masked steps."""
    return tuple(new) if mask_t is None else tuple(ops.where(mask_t, n, o) for n, o in zip(new, old, strict=True))


def _with_mask(inputs, sequences):
    return (*inputs, sequences["mask"]) if "mask" in sequences else inputs


def _packed(key, new, saved):
    if any(array.shape[-1] != new[0].shape[-1] for array in saved):
        shapes = [tuple(array.shape) for array in saved]
        raise ValueError(f"`{type(key.unit).__name__}.step` must save arrays (batch, units), got the shapes {shapes}.")
    return ops.concatenate([*new, *saved], axis=-1)


class Residuals:
    """What the forward pass saved, as the backward pass reads it."""

    def __init__(self, key, residuals, first):
        states, self.saved = _unpacked(key, residuals, first)
        before = zip(first, states, strict=True)
        self.key, self.prev = key, key.unit.State(*(ops.concatenate([part[None], later[:-1]]) for part, later in before))
        self.factors = key.unit.factors(self.prev, key.unit.State(*states), self.saved)

    def operands(self, drop):
        """The operands of the recurrent products, in the compute dtype."""
        operands = self.key.unit.operands(self.prev, self.saved)
        return {product: ops.cast(drop(h), self.key.dtype) for product, h in operands.items()}

    def peephole_gradients(self, d_z):
        """The gradients of the peepholes, by name."""
        gates = self.key.unit.gates
        by_gate = dict(zip(gates, ops.split(d_z, len(gates), axis=-1), strict=True))
        return {f"p_{gate}": ops.sum(by_gate[gate] * self.prev.c, (0, 1)) for gate in self.key.unit.peepholes}


def _unpacked(key, residuals, state):
    """The states and the saved arrays among the residuals."""
    if not key.packs:
        return residuals
    arrays = ops.split(residuals, residuals.shape[-1] // state[0].shape[-1], axis=-1)
    return tuple(arrays[: len(state)]), tuple(arrays[len(state) :])
