"""The engine: a unit driven over T_x steps, and back through them.

All inputs are projected by one matmul before the loop; the loop carries only the state; back-propagation through time is the
unit's own `step_gradient` in a reverse loop that carries only the state's gradient; each weight's gradient is one matmul after
it. The only file of seqzoo that imports a backend: the last part holds what TensorFlow, JAX and PyTorch say differently.
"""

import contextlib
import functools
import importlib

import keras
from keras import ops, tree


def through_time(unit, x, state, weights, mask=None, recurrent_dropout=None):
    """Drives `unit` over the steps of `x`.

    Args:
        unit: an `equations.Unit`.
        x: `(batch, T_x, inputs)`. Its dtype is the one of the matrix products.
        state: the initial state, one `(batch, units)` for each part. Its dtype is the one of the state and of all else.
        weights: `kernel` `(inputs, gates * units)`, `recurrent_kernel` `(units, gates * units)`, `bias` `(gates * units,)` or
            None, and `p_<gate>` `(units,)` for each peephole. Columns stand in the order of `unit.gates`.
        mask: booleans `(batch, T_x)`: at a False step the state stays what it was. Any pattern.
        recurrent_dropout: `(batch, units)`, multiplies the state wherever it enters a matrix product.

    Returns:
        The outputs a<t> `(batch, T_x, units)` and the last state, both of the state's dtype.
    """
    weights = {name: weight for name, weight in weights.items() if weight is not None}
    if mask is not None:  # what stands at a masked step, NaN included, reaches nothing
        x = ops.where(mask[:, :, None], x, ops.zeros_like(x))
    arguments = {"x": x, "state": tuple(state), "weights": weights}
    constants = {name: c for name, c in (("mask", mask), ("dropout", recurrent_dropout)) if c is not None}
    outputs, last = traced(_run, unit)(arguments, constants)
    return outputs, unit.State(*last)


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

    def __init__(self, unit, weights, dtype, dropout=None):
        kernel = weights["recurrent_kernel"]
        units, at = kernel.shape[0], 0
        self.columns = {}
        for product in unit.products:
            self.columns[product] = slice(at, at + len(product) * units)
            at += len(product) * units
        self.kernels = {p: ops.cast(kernel[:, columns], dtype) for p, columns in self.columns.items()}
        self.transposed = {p: ops.transpose(kernel) for p, kernel in self.kernels.items()}
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


def _run(unit, arguments, constants):
    if unit.step_gradient is None:
        return compiled(_outputs, unit)(arguments, constants)
    return by_hand(compiled(_forward, unit), compiled(_backward, unit), arguments, constants)


def _time_major(a):
    return ops.swapaxes(a, 0, 1)


def _mask_columns(constants):
    """The mask as an input of the scan: `(T_x, batch, 1)`, or nothing."""
    return (_time_major(constants["mask"])[:, :, None],) if "mask" in constants else ()


def _forward(unit, arguments, constants):
    """The outputs and the last state, and the residuals of `_backward`: every state, and what the unit saved."""
    x, state, weights = arguments["x"], arguments["state"], arguments["weights"]
    products = Products(unit, weights, x.dtype, constants.get("dropout"))
    peepholes = _peepholes(unit, weights, state[0].dtype)

    def step(state, z_t, mask_t=None):
        new, saved = unit.step(functools.partial(products.z, z_t), unit.State(*state), peepholes)
        new = _hold(mask_t, new, state)
        return new, (new, saved)

    z = _project(_time_major(x), weights, state[0].dtype)  # (T_x, batch, gates * units)
    last, residuals = scan(step, state, (z, *_mask_columns(constants)))
    states, _ = residuals
    return (_time_major(states[0]), last), residuals


def _outputs(unit, arguments, constants):
    return _forward(unit, arguments, constants)[0]


def _backward(unit, arguments, constants, residuals, upstream):
    """The gradients of `arguments`, in their structure."""
    x, state, weights = _time_major(arguments["x"]), arguments["state"], arguments["weights"]
    states, saved = residuals
    d_outputs, d_last = upstream
    products = Products(unit, weights, x.dtype, constants.get("dropout"))
    peepholes, mask = _peepholes(unit, weights, state[0].dtype), _mask_columns(constants)
    prev = unit.State(*(ops.concatenate([first[None], part[:-1]]) for first, part in zip(state, states, strict=True)))

    def step(d_state, d_output, factors, mask_t=None):
        d_state = unit.State(d_state[0] + d_output, *d_state[1:])
        d_prev, d_z = unit.step_gradient(products.back, d_state, factors, peepholes)
        return _hold(mask_t, d_prev, d_state), ops.concatenate(d_z, axis=-1)

    factors = unit.factors(prev, unit.State(*states), saved)
    d_state, d_z = scan(step, d_last, (_time_major(d_outputs), factors, *mask), reverse=True)
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


# What the backends say differently: a traced and a compiled function, a scan, and a function with a gradient of its own.

BACKEND = keras.backend.backend()
_module = importlib.import_module(BACKEND)
_xla = None


@contextlib.contextmanager
def xla(on):
    """On TensorFlow, whether the engine compiles its loops with XLA. (On JAX they always are, on PyTorch never.)

    Keras leaves XLA off where there is no GPU; for these loops it pays there too: a training step takes a half to a fifth of
    the time. But XLA compiles once for each shape, 0.5 to 2 seconds. So by default (None) it is used where a graph is traced
    (`fit`, `evaluate`, `predict`, `tf.function`) and not in eager calls; `with xla(False):` or `with xla(True):` around the
    tracing or the eager call says otherwise. A gradient of a gradient needs `with xla(False):`.
    """
    global _xla
    before, _xla = _xla, on
    try:
        yield
    finally:
        _xla = before


def traced(function, unit):
    """`function(unit, ...)` as one graph, traced once, where it is called eagerly and that pays."""
    if BACKEND == "jax":
        return _jitted(function, unit)
    if BACKEND == "tensorflow" and _xla and _module.executing_eagerly():
        return _graph(function, unit)
    return functools.partial(function, unit)


def compiled(function, unit):
    """`function(unit, ...)` compiled by XLA, on TensorFlow and where `xla` says so."""
    wanted = BACKEND == "tensorflow" and (not _module.executing_eagerly() if _xla is None else _xla)
    return _cluster(_bound(function, unit)) if wanted else _bound(function, unit)


@functools.cache  # XLA compiles anew for what is not the same object
def _bound(function, unit):
    return functools.partial(function, unit)


@functools.cache
def _jitted(function, unit):
    return _module.jit(_bound(function, unit), inline=True)


@functools.cache
def _graph(function, unit):
    return _module.function(_bound(function, unit))


@functools.cache
def _cluster(function):
    """`function` as one XLA cluster, whose gradient is one too and computes `function` anew.

    What a loop keeps for its gradient is a list of tensors, which XLA cannot hand over from one cluster to another.
    """
    tf = _module
    run = tf.function(function, jit_compile=True)

    def pull_back(arguments, upstream):
        """The gradients of the arguments that have one, in a list."""
        floating = [a for a in tf.nest.flatten(arguments) if a.dtype.is_floating]
        with tf.GradientTape() as tape:
            tape.watch(floating)
            outputs = function(*arguments)
        return tape.gradient(outputs, floating, upstream, unconnected_gradients="zero")

    @tf.custom_gradient
    def call(*arguments):
        outputs = run(*arguments)

        def gradient(*upstream):
            gradients = iter(_cluster(pull_back)(arguments, tf.nest.pack_sequence_as(outputs, upstream)))
            return [next(gradients) if a.dtype.is_floating else None for a in tf.nest.flatten(arguments)]

        return outputs, gradient

    return call


def matmul(a, b):
    """a b. `keras.ops.matmul` on PyTorch rounds float64 to float32."""
    return a @ b if BACKEND == "torch" else ops.matmul(a, b)


def scan(step, state, inputs, reverse=False):
    """`state, emitted = step(state, *inputs[t])` for every t, from the last one where `reverse`.

    Returns the last state, and what was emitted, stacked along the first axis in the order of time.
    """
    return _scans[BACKEND](step, state, inputs, reverse)


def _scan_jax(step, state, inputs, reverse):
    return _module.lax.scan(lambda state, inputs: step(state, *inputs), state, inputs, reverse=reverse)


def _scan_torch(step, state, inputs, reverse):
    steps = tree.flatten(inputs)[0].shape[0]
    emitted = [None] * steps
    for t in reversed(range(steps)) if reverse else range(steps):
        state, emitted[t] = step(state, *tree.map_structure(lambda a, t=t: a[t], inputs))
    return state, tree.map_structure(lambda *a: _module.stack(a), *emitted)


def _scan_tensorflow(step, state, inputs, reverse):
    tf = _module
    arrays = tree.flatten(inputs)
    steps = ops.shape(arrays[0])[0]
    # What a step emits, learnt from one on zeros: a graph drops it.
    _, emitted = step(state, *tree.map_structure(lambda a: ops.zeros(ops.shape(a)[1:], a.dtype), inputs))
    reads = [tf.TensorArray(a.dtype, steps, element_shape=a.shape[1:]).unstack(a) for a in arrays]
    writes = [tf.TensorArray(e.dtype, steps, element_shape=e.shape) for e in tree.flatten(emitted)]

    def body(count, state, writes):
        t = steps - 1 - count if reverse else count
        state, emitted = step(state, *tree.pack_sequence_as(inputs, [array.read(t) for array in reads]))
        return count + 1, state, [array.write(t, e) for array, e in zip(writes, tree.flatten(emitted), strict=True)]

    loop = tf.while_loop(lambda count, *_: count < steps, body, (0, state, writes), maximum_iterations=steps)
    return loop[1], tree.pack_sequence_as(emitted, [array.stack() for array in loop[2]])


_scans = {"tensorflow": _scan_tensorflow, "jax": _scan_jax, "torch": _scan_torch}


def by_hand(forward, backward, arguments, constants):
    """The outputs of `forward(arguments, constants) -> outputs, residuals`, whose gradient with respect to `arguments` is
    `backward(arguments, constants, residuals, upstream)`."""
    return _by_hand[BACKEND](forward, backward, arguments, constants)


def _by_hand_jax(forward, backward, arguments, constants):
    function = _module.custom_vjp(lambda arguments, constants: forward(arguments, constants)[0])

    def keep(arguments, constants):
        outputs, residuals = forward(arguments, constants)
        return outputs, (arguments, constants, residuals)

    function.defvjp(keep, lambda kept, upstream: (backward(*kept, upstream), None))
    return function(arguments, constants)


def _by_hand_tensorflow(forward, backward, arguments, constants):
    @_module.custom_gradient
    def function(arguments):
        outputs, residuals = forward(arguments, constants)

        def gradient(*upstream):
            return backward(arguments, constants, residuals, _module.nest.pack_sequence_as(outputs, upstream))

        return outputs, gradient

    return function(_module.nest.map_structure(_module.convert_to_tensor, arguments))  # a variable is none yet


def _by_hand_torch(forward, backward, arguments, constants):
    class Function(_module.autograd.Function):  # its gradient has none: PyTorch would take the residuals for constants
        @staticmethod
        def forward(ctx, *flat):
            outputs, ctx.residuals = forward(tree.pack_sequence_as(arguments, flat), constants)
            ctx.save_for_backward(*flat)
            return tuple(tree.flatten(outputs))

        @staticmethod
        @_module.autograd.function.once_differentiable
        def backward(ctx, d_outputs, *d_last):
            arguments_ = tree.pack_sequence_as(arguments, ctx.saved_tensors)
            return tuple(tree.flatten(backward(arguments_, constants, ctx.residuals, (d_outputs, d_last))))

    outputs, *last = Function.apply(*tree.flatten(arguments))
    return outputs, tuple(last)


_by_hand = {"tensorflow": _by_hand_tensorflow, "jax": _by_hand_jax, "torch": _by_hand_torch}
