"""`forward` and `backward` of `seqzoo.engine.steps` as one GPU kernel each: the same steps, with an array for each gate."""

from keras import ops

from seqzoo.backend import bound, kernel_scan, with_gradient_of
from seqzoo.engine import steps
from seqzoo.equations.unit import gates_apart


def run(function, key, sequences, rows, weights):
    """`function` of `seqzoo.engine.steps` in one kernel. The gradient of the kernel is that of the function."""
    kernel = {steps.forward: forward, steps.backward: backward}[function]
    return with_gradient_of(bound(function, key), bound(kernel, key))(sequences, rows, weights)


def forward(key, sequences, rows, weights):
    """As `steps.forward`."""
    unit, parts = key.unit, len(rows["state"])

    def step(product, state, inputs, rows):
        z = PreActivations(unit, product, inputs["z"], rows)
        with gates_apart():
            new, emitted = steps.forward_step(key, z, _peepholes(unit, rows), state, _masks(inputs))
        return new, [(a,) for a in (sum(map(tuple, emitted), ()) if key.emits == "residuals" else emitted)]

    sequences = _mask(sequences) | {"z": _by_gate(unit, sequences["z"])}
    kernel = _matrices(key, weights)
    last, emitted = kernel_scan(unit, step, rows["state"], sequences, kernel, _rows(unit, rows, weights), key.dtype)
    emitted = tuple(a[:, :, 0] for a in emitted)
    return last, (emitted[:parts], emitted[parts:]) if key.emits == "residuals" else emitted


def backward(key, sequences, rows, weights):
    """As `steps.backward`."""
    unit, residuals = key.unit, steps.Residuals(key, sequences["residuals"], rows["state"])

    def step(product, d_state, inputs, rows):
        def back(name, *d_z):
            return _dropped(product(name, *d_z)[0], rows)

        of_step = inputs["d_outputs"], inputs["factors"], _masks(inputs)
        return steps.backward_step(key, back, _peepholes(unit, rows), d_state, *of_step)

    inputs = _mask(sequences) | {"d_outputs": sequences["d_outputs"], "factors": residuals.factors}
    kernel = {name: ops.transpose(matrix, (1, 0, 3, 2)) for name, matrix in _matrices(key, weights).items()}
    d_state, d_z = kernel_scan(unit, step, rows["d_state"], inputs, kernel, _rows(unit, rows, weights), key.dtype, reverse=True)
    d_z = [ops.reshape(d, (*d.shape[:2], -1)) for d in d_z]
    return d_state, d_z, residuals.operands(lambda h: _dropped(h, rows)), residuals.vector_gradients(d_z)


class PreActivations:
    """As `steps.PreActivations`, where `z_t` is a list by gate."""

    def __init__(self, unit, product, z_t, rows):
        self.product, self.rows, self.z_t = product, rows, dict(zip(unit.gates, z_t, strict=True))

    def __call__(self, product, h):
        return [x + a for x, a in zip(self.inputs(product), self.recurrent(product, h), strict=True)]

    def inputs(self, product):
        return [self.z_t[gate] for gate in product]

    def recurrent(self, product, h):
        products = self.product(product, _dropped(h, self.rows))
        biases = [self.rows.get(f"recurrent_bias_{gate}") for gate in product]
        return [a if b is None else a + b for a, b in zip(products, biases, strict=True)]


def _dropped(h, rows):
    return h * rows["dropout"] if "dropout" in rows else h


def _mask(sequences):
    return {"mask": ops.cast(sequences["mask"], "int8")} if "mask" in sequences else {}  # Triton loads no booleans


def _masks(inputs):
    return steps.Masks(inputs["mask"] != 0) if "mask" in inputs else steps.Masks()


def _by_gate(unit, a):
    """`(..., gates * units)` as `(..., gates, units)`."""
    return ops.reshape(a, (*a.shape[:-1], len(unit.gates), -1))


def _matrices(key, weights):
    """The recurrent kernel of each product as one matrix for each gate, `(1, gates, units, units)`."""
    by_gate = ops.transpose(_by_gate(key.unit, weights["recurrent_kernel"]), (1, 0, 2))
    return {name: by_gate[None, key.unit.gates.index(name) :][:, : len(name)] for name in key.unit.products}


def _rows(unit, rows, weights):
    """The dropout mask, the peepholes and the recurrent biases, `(batch, units)` each."""
    state = rows["state"][0]
    dropout = {"dropout": rows["dropout"]} if "dropout" in rows else {}
    vectors = {f"p_{gate}": weights[f"p_{gate}"] for gate in unit.peepholes}
    if "recurrent_bias" in weights:
        by_gate = ops.split(weights["recurrent_bias"], len(unit.gates))
        vectors |= {f"recurrent_bias_{gate}": b for gate, b in zip(unit.gates, by_gate, strict=True)}
    return dropout | {name: ops.broadcast_to(ops.cast(p, state.dtype), state.shape) for name, p in vectors.items()}


def _peepholes(unit, rows):
    return {gate: rows[f"p_{gate}"] for gate in unit.peepholes}
