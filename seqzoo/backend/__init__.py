"""Backend primitives: compilation, scan and custom gradients for TensorFlow, JAX and PyTorch.

`tensorflow.py`, `jax.py` and `torch.py` define the same functions; this module documents them and calls those of Keras's
backend. No other module of seqzoo imports a backend, except `layers.conversion`, which makes PyTorch modules.
"""

import functools
import importlib

import keras

from seqzoo.backend import common
from seqzoo.backend.common import bound as bound
from seqzoo.backend.common import concurrent_loops as concurrent_loops
from seqzoo.backend.common import kernels as kernels
from seqzoo.backend.common import xla as xla

BACKEND = keras.backend.backend()
if BACKEND not in ("tensorflow", "jax", "torch"):
    raise ImportError(f'seqzoo runs on the Keras backends "tensorflow", "jax" and "torch", got KERAS_BACKEND="{BACKEND}".')
_backend = importlib.import_module(f"{__name__}.{BACKEND}")


def compiles():
    """Whether TensorFlow compiles the steps of a chunk with XLA: in a graph, unless the setting `xla` says otherwise.

    Not where the graph is being exported, for other runtimes know no XLA, nor where XLA compiles all of it.
    """
    return _backend.compiles()


def compiled(function, key, free):
    """`function(key, ...)`, compiled with XLA on TensorFlow, once for arguments that differ in their free dimensions alone.

    `free` is the number of leading dimensions that are free, for each argument or for each part of it.
    """
    return functools.partial(_backend.cluster(bound(function, key)), free)


def graph_of_any_size(function, key, free):
    """`function(key, ...)`, traced on TensorFlow once for arguments that differ in their free dimensions alone."""
    return functools.partial(_backend.graph_of_any_size(bound(function, key)), free)


def jit_loop(function, loop):
    """`function(loop, ...)` traced once for each `loop`, on JAX, where every eager call would trace it again."""
    return _backend.jit_loop(function, loop)


def jit(function, variables=None, xla=False):
    """`function` traced once for each shape of its arguments, tensors in tuples or lists. The result keeps no gradient.

    Args:
        variables: the Keras variables that `function` reads, those of its first call unless given; their values may change
            between two calls.
        xla: whether TensorFlow compiles `function` with XLA. Compilation takes a second or more and pays for loops of many
            small steps.
    """
    return _backend.jit(function, variables if variables is None else list(variables), xla)


def cache_compiled(folder):
    """Keeps compiled programs in a folder for later processes, unless the user chose a folder, or none: on JAX.

    The least recently used ones are deleted beyond 1 GiB.
    """
    _backend.cache_compiled(folder)


def chunks_pay():
    """Whether loops are compiled as a whole for a CPU, where a chunk of a sequence stays in the processor's cache: JAX."""
    return _backend.chunks_pay()


def pads_chunks():
    """Whether all chunks of a sequence have one length, the last filled up with zeros: JAX."""
    return BACKEND == "jax"


def loop_over_chunks(run, state, sequences, length, like, kept, reverse):
    """Loop over chunks of `length` steps: `state, emitted, keep = run(state, chunk, kept)`, from the last if `reverse`.

    Args:
        sequences: arrays `(T_x, batch, ...)`, of which each chunk gets its steps.
        like: the types of what a chunk emits and of what a chunk keeps, in their structure.
        kept: what an earlier loop over the same chunks kept, or None.

    Returns:
        The last state; the emitted arrays `(T_x, ...)`; and what the chunks keep, for `kept` alone.
    """
    return _backend.loop_over_chunks(run, state, sequences, length, like, kept, reverse)


def pad_steps(a, length):
    """`a`, `(steps, ...)`, with zeros up to `length` steps."""
    return _backend.pad_steps(a, length)


def with_static_shape(a, shape):
    """`a` with the dimensions in `shape` that are not None, on TensorFlow, which forgets them in a graph."""
    return _backend.with_static_shape(a, shape)


def parallel_loops():
    """The number of independent loops that run at the same time: more than 1 on TensorFlow only, where a loop is one op."""
    return _backend.parallel_loops()


def discard_traced_gradients():
    """Context manager: discards at its end the gradients that TensorFlow registered in the block.

    TensorFlow keeps the gradient of every `custom_gradient` in a graph for ever, and with the gradient the graph: seqzoo's own,
    and Keras's for gradient clipping. Use the block around a model that is built, trained and dropped inside; a model that
    outlives the block cannot be trained further in its existing graphs.
    """
    return _backend.discard_traced_gradients()


def at_least_float32(dtype):
    """Float32 for a 16-bit dtype, else the dtype. (Keras's `result_type` makes float32 of float64 on JAX and PyTorch.)"""
    dtype = keras.backend.standardize_dtype(dtype)
    return "float32" if dtype in ("float16", "bfloat16") else dtype


def matmul(a, b):
    """The matrix product a b. `keras.ops.matmul` on PyTorch rounds float64 to float32."""
    return _backend.matmul(a, b)


def add_bias(z, bias):
    """z + b for a matrix of rows; TensorFlow fuses it with the product before it."""
    return _backend.add_bias(z, bias)


def sum_of_rows(a):
    """The sum of the rows of a matrix."""
    return _backend.sum_of_rows(a)


def scan(step, state, inputs, reverse=False, unroll=False, count=None):
    """Loop over the first axis of `inputs`: `state, emitted = step(state, *inputs[t])` for every t, from the last if `reverse`.

    Args:
        count: the number of steps to run, all unless given, on TensorFlow. What the other steps emit is zero.

    Returns:
        The last state, and the emitted values stacked along the first axis in the order of time.
    """
    if unroll:
        return common.scan_unrolled(step, state, inputs, reverse, _backend.stack)
    return _backend.scan(step, state, inputs, reverse) if count is None else _backend.scan(step, state, inputs, reverse, count)


def kernels_fit(unit, batch, units, dtype):
    """Whether a GPU runs the steps of `unit` as one kernel: on JAX, where the setting `kernels` or a measurement says so."""
    return _backend.kernels_fit(unit, batch, units, dtype)


def kernel_scan(unit, step, state, sequences, matrices, rows, dtype, reverse=False):
    """Loop over time in one GPU kernel: `state, emitted = step(product, state, inputs, rows)` for every t.

    Args:
        unit: by whose sizes the kernel is laid out.
        step: a function of arrays `(rows, columns)`, element by element but for `product(name, *h)`: the list of Σ_i h_i W_ij
            for every j. `inputs` and `rows` have the structure of `sequences` and `rows`.
        sequences: a structure of arrays `(T_x, batch, units)`, `(T_x, batch, 1)`, or `(T_x, batch, parts, units)`, of which a
            step gets a list.
        matrices: `{name: W}`, each `(i, j, units, units)`.
        rows: a structure of arrays `(batch, units)`.
        dtype: of the matrix products; sums are float32.

    Returns:
        The last state, and one array `(T_x, batch, parts, units)` for each tuple of arrays that a step emits.
    """
    return _backend.kernel_scan(unit, step, state, sequences, matrices, rows, dtype, reverse)


def with_gradient_of(plain, function):
    """`function`, differentiated as `plain`, a function of the same value, is: on JAX."""
    return _backend.with_gradient_of(plain, function)


def cudnn_fits(unit, x, state, weights, mask):
    """Whether cuDNN computes `unit` for these arguments: on TensorFlow, as a tensor where a mask decides, and on PyTorch.

    On JAX cuDNN was slower than the loop at every size.
    """
    return _backend.cudnn_fits(unit, x, state, weights, mask)


def jit_bars_cudnn(unit):
    """Whether cuDNN computes `unit` unless the model is compiled as a whole: on TensorFlow, whose XLA has no op of cuDNN."""
    return _backend.jit_bars_cudnn(unit)


def cudnn(unit, x, state, weights, mask):
    """The outputs and the last state of `unit`, by cuDNN."""
    return _backend.cudnn(unit, x, state, weights, mask)


def custom_gradient(forward, backward, outputs, arguments, constants, training):
    """`outputs(arguments, constants)` with a custom gradient.

    Args:
        forward: `forward(arguments, constants)` returns the outputs and the residuals.
        backward: `backward(arguments, constants, residuals, upstream)` returns the gradient with respect to `arguments`.
        outputs: `outputs(arguments, constants)` returns the outputs alone.
        training: whether TensorFlow keeps the residuals in the forward pass. TensorFlow cannot know there whether a gradient
            follows; without residuals the gradient computes `forward` again.
    """
    return _backend.custom_gradient(forward, backward, outputs, arguments, constants, training)


def vjp(function, arguments, constants, upstream):
    """Vector-Jacobian product of `function(arguments, constants)`: the gradient of `arguments`, in their structure."""
    return _backend.vjp(function, arguments, constants, upstream)


def mean_of_batch(losses):
    """The mean of `losses` over the rows of a batch; on several TensorFlow devices the device's part of the mean.

    Keras adds up the losses of TensorFlow's devices.
    """
    return _backend.mean_of_batch(losses)


def profile(folder):
    """Starts the backend's profiler; returns the function that stops the profiler and writes the profile into `folder`."""
    return _backend.profile(folder)
