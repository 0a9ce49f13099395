"""The steps of one chunk, forward and back: what XLA compiles on TensorFlow. Arrays are time-major."""

from typing import NamedTuple

from keras import ops

from seqzoo.backend import BACKEND, matmul, scan, vjp
from seqzoo.engine import zoneout


class Steps(NamedTuple):
    """The key of compiled steps: a unit, the dtype of its matrix products, and what the steps emit."""

    unit: object
    dtype: str
    emits: str = "outputs"  # "nothing", "outputs", or "residuals": every state and the unit's saved arrays
    packs: bool = False  # whether the residuals are one array, which XLA compiles faster than several
    unroll: bool = False
    share: tuple[float, ...] | None = None  # of the new state at each step, by part: see `zoneout`


def forward(key, sequences, rows, weights, count=None):
    """Runs the first `count` steps of a chunk, all of them where `count` is None.

    Args:
        sequences: `z` `(steps, batch, columns)`, the projected inputs, and perhaps `mask` `(steps, batch, 1)` and `zoneout`
            `(steps, batch, parts * units)`.
        rows: `state`, the state before the chunk, and perhaps `dropout`, `(batch, units)` each.
        weights: the recurrent kernel and the peepholes.

    Returns:
        The last state, and what the steps emit: the outputs in a tuple of one, or the residuals.
    """
    products = Products(key, weights, rows.get("dropout"))
    p = vectors_of(key.unit, weights, rows["state"][0].dtype)

    def step(state, z_t, masks):
        return forward_step(key, PreActivations(products, z_t), p, state, masks)

    return scan(step, rows["state"], (sequences["z"], Masks.among(sequences)), unroll=key.unroll, count=count)


def forward_step(key, z, p, state, masks):
    """One step of `forward`, from the gates' pre-activations `z(product, h)`; `masks` are those of the step."""
    share = zoneout.shares(key, masks.zoneout, state[0].dtype)
    new, saved = key.unit.step(z, key.unit.State(*state), p)
    if len(new[0].shape) != 2:
        shape = tuple(new[0].shape)
        raise ValueError(f"`{type(key.unit).__name__}.step` must return a state of (batch, units), got the shape {shape}.")
    saved = saved if share is None else (*saved, *new)
    new = _keep_masked(masks.mask, zoneout.mixed(share, new, state), state)
    residuals = _packed(key, new, saved) if key.packs else (new, saved)
    return new, {"nothing": (), "outputs": new[:1], "residuals": residuals}[key.emits]


def backward(key, sequences, rows, weights, count=None):
    """The gradients of `forward`, by the unit's own `step_gradient`.

    Args:
        sequences: `residuals` of `forward`, `d_outputs` (a tuple of one, or empty), and the masks that `forward` had.
        rows: `state` and perhaps `dropout` as for `forward`, and `d_state`, the gradient of the last state.

    Returns:
        The gradient of the first state; `d_z`, and the gradient of the recurrent products where it is another, in a list; the
        operands of the recurrent products `{product: (steps, batch, units)}`; and the gradients of the peepholes and of the
        recurrent bias by name.
    """
    unit, state = key.unit, rows["state"]
    products = Products(key, weights, rows.get("dropout"), backward=True)
    p = vectors_of(unit, weights, state[0].dtype)
    residuals = Residuals(key, sequences["residuals"], state)

    def step(d_state, d_outputs, factors, masks):
        d_prev, d_z = backward_step(key, products.back, p, d_state, d_outputs, factors, masks)
        return d_prev, [ops.concatenate(gates, axis=-1) for gates in d_z]

    inputs = sequences["d_outputs"], residuals.factors, Masks.among(sequences)
    d_state, d_z = scan(step, rows["d_state"], inputs, reverse=True, unroll=key.unroll, count=count)
    return d_state, d_z, residuals.operands(products.drop), residuals.vector_gradients(d_z)


def backward_step(key, back, p, d_state, d_outputs, factors, masks):
    """One step of `backward`: the gradient of the state before; and by gate those of the pre-activations, zero at masked steps.

    Where the unit takes other gradients back through the recurrent products, these follow.
    """
    d_state, by_product = (sum(d_outputs, d_state[0]), *d_state[1:]), {}

    def recorded(product, *d):
        by_product[product] = d
        return back(product, *d)

    share = zoneout.shares(key, masks.zoneout, d_state[0].dtype)
    d_prev, d_z = key.unit.step_gradient(recorded, key.unit.State(*zoneout.of_new(share, d_state)), factors, p)
    d_prev = _keep_masked(masks.mask, zoneout.with_old(share, d_prev, d_state), d_state)
    d_recurrent = [d for product in key.unit.products for d in by_product[product]]
    d_z = [d_z] if all(a is b for a, b in zip(d_recurrent, d_z, strict=True)) else [d_z, d_recurrent]
    return d_prev, d_z if masks.mask is None else [
        [ops.where(masks.mask, d, ops.zeros_like(d)) for d in gates] for gates in d_z
    ]


def backward_automatic(key, sequences, rows, weights, count=None):
    """The gradients of `forward` by automatic differentiation: those of the first state, of `z` and of the weights."""
    arguments = {"z": sequences["z"], "state": rows["state"], "weights": weights}
    constants = {"dropout": rows["dropout"]} if "dropout" in rows else {}

    def run(arguments, constants):
        given = sequences | {"z": arguments["z"]}
        last, emitted = forward(key, given, constants | {"state": arguments["state"]}, arguments["weights"], count)
        return emitted, last

    d = vjp(run, arguments, constants, (sequences["d_outputs"], rows["d_state"]))
    return d["state"], d["z"], d["weights"]


class PreActivations:
    """The gates' pre-activations of one step, `z(product, h)`, from `z_t`, Wx x<t> + b of all gates; and their two terms."""

    def __init__(self, products, z_t):
        self.products, self.z_t = products, z_t

    def __call__(self, product, h):
        """W[h, x<t>] + b, one array for each gate of the product."""
        return ops.split(self._of_inputs(product) + self.products.recurrent(product, h), len(product), axis=-1)

    def inputs(self, product):
        """Wx x<t> + b, one array for each gate of the product."""
        return ops.split(self._of_inputs(product), len(product), axis=-1)

    def recurrent(self, product, h):
        """Wh h, one array for each gate of the product, with the recurrent bias where the unit has one."""
        return ops.split(self.products.recurrent(product, h), len(product), axis=-1)

    def _of_inputs(self, product):
        return self.z_t[:, self.products.columns[product]]


class Products:
    """The matrix products of one step, in the compute dtype and with the state's dropout mask.

    A product such as "ur" reads the columns of gates u and r of the recurrent kernel.
    """

    def __init__(self, key, weights, dropout=None, backward=False):
        self.dropout, self.dtype, self.bias = dropout, key.dtype, weights.get("recurrent_bias")
        self.columns = columns_of(key.unit, weights["recurrent_kernel"])
        kernel = ops.cast(weights["recurrent_kernel"], key.dtype)
        self.kernels = {p: kernel if len(self.columns) == 1 else kernel[:, columns] for p, columns in self.columns.items()}
        self.transposed = {p: ops.transpose(kernel) for p, kernel in self.kernels.items()} if backward else {}

    def recurrent(self, product, h):
        """Wh h of all gates of the product, side by side, with the recurrent bias where there is one."""
        z = self._matmul(self.drop(h), self.kernels[product])
        return z if self.bias is None else z + ops.cast(self.bias[self.columns[product]], z.dtype)

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


def vectors_of(unit, weights, dtype):
    """The `p` of `unit.step`, in `dtype`: peepholes by gate, gains and biases by name, zeros for a bias that is not there."""
    peepholes = {gate: ops.cast(weights[f"p_{gate}"], dtype) for gate in unit.peepholes}
    named = (unit.gains | unit.biases).items()
    there = {name: ops.split(ops.cast(weights[name], dtype), len(gates)) for name, gates in named if name in weights}
    return peepholes | {name: [0.0] * len(gates) for name, gates in named} | there


def _keep_masked(mask_t, new, old):
    """The new state at real steps, the old one at masked steps."""
    return tuple(new) if mask_t is None else tuple(ops.where(mask_t, n, o) for n, o in zip(new, old, strict=True))


class Masks(NamedTuple):
    """The masks of one step, or of all steps of a chunk; None for one that is not there."""

    mask: object = None
    zoneout: object = None

    @classmethod
    def among(cls, sequences):
        return cls(*map(sequences.get, cls._fields))


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
        if key.share is not None:  # the state that the unit returned is the last that was saved
            self.saved, states = self.saved[: -len(first)], self.saved[-len(first) :]
        self.factors = key.unit.factors(self.prev, key.unit.State(*states), self.saved)

    def operands(self, drop):
        """The operands of the recurrent products, in the compute dtype."""
        operands = self.key.unit.operands(self.prev, self.saved)
        return {product: ops.cast(drop(h), self.key.dtype) for product, h in operands.items()}

    def vector_gradients(self, d_z):
        """The gradients of the peepholes and of the recurrent bias, by name."""
        gates = self.key.unit.gates
        by_gate = dict(zip(gates, ops.split(d_z[0], len(gates), axis=-1), strict=True))
        gradients = {f"p_{gate}": ops.sum(by_gate[gate] * self.prev.c, (0, 1)) for gate in self.key.unit.peepholes}
        return gradients | ({"recurrent_bias": ops.sum(d_z[-1], (0, 1))} if self.key.unit.recurrent_bias else {})


def _unpacked(key, residuals, state):
    """The states and the saved arrays among the residuals."""
    if not key.packs:
        return residuals
    arrays = ops.split(residuals, residuals.shape[-1] // state[0].shape[-1], axis=-1)
    return tuple(arrays[: len(state)]), tuple(arrays[len(state) :])
