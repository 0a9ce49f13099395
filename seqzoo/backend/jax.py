"""Backend primitives on JAX: `jit`, `lax.scan`, `custom_vjp` and `vjp`. `seqzoo.backend` documents them."""

import contextlib
import functools
import importlib.util
import os

import keras
from keras import ops

from seqzoo.backend import jax_kernel
from seqzoo.backend.common import NO_FORWARD_MODE, LazyModule, bound, kernels_setting

jax = LazyModule("jax")

CACHE_BYTES = 2**30
CACHED_SECONDS = 0.2  # programs that compile faster are not kept
MEASURED = {
    f"seqzoo.equations.{unit}" for unit in ("simple_rnn.SimpleRNN", "simplified_gru.SimplifiedGRU", "gru.GRU", "lstm.LSTM")
}


def compiles():
    return False


def jit_loop(function, loop):
    return _in_reverse_mode(_jitted(function, loop))


@functools.cache
def _jitted(function, loop):
    return jax.jit(bound(function, loop), inline=True)


def _in_reverse_mode(function):
    """`function` with an error in forward mode that names the alternatives."""

    def call(*arguments):
        try:
            return function(*arguments)
        except TypeError as error:
            if "forward-mode" in str(error):
                raise TypeError(NO_FORWARD_MODE) from None
            raise

    return call


def jit(function, variables, xla):
    @jax.jit
    def run(values, arguments):
        with keras.StatelessScope(zip(variables, values, strict=True)):
            return function(*arguments)

    def call(*arguments):
        nonlocal variables
        if variables is None:
            variables = _variables_read(function, arguments)
        return run([variable.value for variable in variables], arguments)

    return call


def _variables_read(function, arguments):
    """The Keras variables that `function` reads when it is traced."""
    read = {}

    class Reads(keras.StatelessScope):
        def get_current_value(self, variable):
            read[id(variable)] = variable
            return super().get_current_value(variable)

    def run(*arguments):
        with Reads():
            return function(*arguments)

    jax.eval_shape(run, *arguments)
    return list(read.values())


def cache_compiled(folder):
    if jax.config.jax_compilation_cache_dir is not None:
        return
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    if os.access(folder, os.W_OK):
        jax.config.update("jax_compilation_cache_dir", str(folder))
        jax.config.update("jax_compilation_cache_max_size", CACHE_BYTES)
        jax.config.update("jax_persistent_cache_min_compile_time_secs", CACHED_SECONDS)


def jit_bars_cudnn(unit):
    return False


def chunks_pay():
    return jax.default_backend() == "cpu"


def parallel_loops():
    return 1


def discard_traced_gradients():
    return contextlib.nullcontext()


def matmul(a, b):
    return ops.matmul(a, b)


def add_bias(z, bias):
    return z + bias


def sum_of_rows(a):
    return ops.sum(a, 0)


def stack(arrays):
    return jax.numpy.stack(arrays)


def scan(step, state, inputs, reverse):
    return jax.lax.scan(lambda state, inputs: step(state, *inputs), state, inputs, reverse=reverse)


def kernels_fit(unit, batch, units, dtype):
    on = kernels_setting()
    if on is False or not all(isinstance(size, int) for size in (batch, units)):
        return False
    if not _on_gpu():
        return bool(on)
    layout = _layout(unit, batch, units, dtype) if _has_triton() and dtype != "float64" else None
    return layout is not None and (on or _measured(unit, layout, dtype))


def _measured(unit, layout, dtype):
    """Whether the kernel was faster than the loop when both were measured: these units on an NVIDIA H200."""
    ours = f"{type(unit).__module__}.{type(unit).__name__}" in MEASURED
    exact = dtype == "float32" and jax.config.jax_default_matmul_precision not in (None, "default", "tensorfloat32")
    alone = jax.device_count() == 1 and jax.local_devices()[0].compute_capability == "9.0"
    sizes = layout.rows <= 32 and (layout.units <= 256 or (layout.units, layout.slices) == (512, 16))
    return ours and alone and sizes and dtype in ("float32", "bfloat16") and not exact


@functools.cache
def _on_gpu():
    return jax.default_backend() == "gpu"


@functools.cache
def _has_triton():
    """Whether this version of JAX has the lowering: JAX 0.11 calls it deprecated."""
    return importlib.util.find_spec("jax.experimental.pallas.triton") is not None


def _layout(unit, batch, units, dtype):
    """The layout of a kernel: on half of the processors, so that two at a time fit, as of two directions."""
    if not _on_gpu():
        return jax_kernel.Layout(jax_kernel.padded_units(units), 1, jax_kernel.LEAST, 4)
    sizes = batch, units, len(unit.gates), len(unit.products), jax.numpy.dtype(dtype).itemsize
    return jax_kernel.layout(*sizes, jax.local_devices()[0].core_count // 2)


def kernel_scan(unit, step, state, sequences, matrices, rows, dtype, reverse):
    layout = _layout(unit, *state[0].shape, dtype)

    @jax.custom_batching.sequential_vmap  # or `vmap` would make more programs than run at the same time
    def scan(*arrays):
        state, sequences, matrices, rows = arrays
        return jax_kernel.kernel_scan(step, state, sequences, matrices, rows, dtype, reverse, layout, not _on_gpu())

    return scan(state, sequences, matrices, rows)


def with_gradient_of(plain, function):
    function_of = jax.custom_vjp(function)
    function_of.defvjp(lambda *arguments: (function(*arguments), arguments), lambda kept, d: jax.vjp(plain, *kept)[1](d))
    return function_of


def cudnn_fits(unit, x, state, weights, mask):
    return False


def loop_over_chunks(run, state, sequences, length, like, kept, reverse):
    def cut(a):
        chunks = -(-a.shape[0] // length)
        padding = jax.numpy.zeros((chunks * length - a.shape[0], *a.shape[1:]), a.dtype)
        return jax.numpy.concatenate([a, padding]).reshape(chunks, length, *a.shape[1:])

    def whole(a):
        return a.reshape(-1, *a.shape[2:])[:steps]

    def of_chunk(state, chunk, kept):
        state, emitted, keep = run(state, chunk, kept)
        return state, (emitted, keep)

    steps = jax.tree.leaves(sequences)[0].shape[0]
    state, (emitted, keep) = scan(of_chunk, state, (jax.tree.map(cut, sequences), kept), reverse)
    return state, jax.tree.map(whole, emitted), keep


def with_static_shape(a, shape):
    return a


def custom_gradient(forward, backward, outputs, arguments, constants, training):
    function = jax.custom_vjp(outputs)

    def keep(arguments, constants):
        outputs, residuals = forward(arguments, constants)
        return outputs, (arguments, constants, residuals)

    function.defvjp(keep, lambda kept, upstream: (backward(*kept, upstream), None))
    return function(arguments, constants)


def vjp(function, arguments, constants, upstream):
    return jax.vjp(lambda arguments: function(arguments, constants), arguments)[1](upstream)[0]


def mean_of_batch(losses):
    return ops.mean(losses)


def profile(folder):
    jax.profiler.start_trace(folder)
    return jax.profiler.stop_trace
