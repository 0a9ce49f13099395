"""Backend primitives on TensorFlow: graphs, XLA clusters, while loops and custom gradients. `seqzoo.backend` documents them."""

import contextlib
import functools
import importlib
import os

import optree
from keras import ops

from seqzoo.backend.common import LazyModule, bound, concurrent_loops_setting, packed, xla_setting

tf = LazyModule("tensorflow")


def compiled(function, loop):
    return _cluster(bound(function, loop)) if _compiles() else bound(function, loop)


def _compiles():
    return not tf.executing_eagerly() if xla_setting() is None else xla_setting()


@functools.cache
def _cluster(function):
    """`function` as one XLA cluster, whose gradient is one cluster too and computes `function` again.

    A loop keeps a list of tensors for its gradient, and XLA cannot pass such a list from one cluster to another.
    """
    run = tf.function(function, jit_compile=True, autograph=False)

    def vjp_of_floats(arguments, upstream):
        """The gradients of the floating-point arguments, in a list."""
        floats = [a for a in tf.nest.flatten(arguments) if a.dtype.is_floating]
        with tf.GradientTape() as tape:
            tape.watch(floats)
            outputs = function(*arguments)
        return tape.gradient(outputs, floats, upstream, unconnected_gradients="zero")

    @tf.custom_gradient
    def call(*arguments):
        outputs = run(*tf.nest.map_structure(tf.stop_gradient, arguments))  # no tape looks inside

        def gradient(*upstream):
            gradients = iter(_cluster(vjp_of_floats)(arguments, tf.nest.pack_sequence_as(outputs, upstream)))
            return [next(gradients) if a.dtype.is_floating else None for a in tf.nest.flatten(arguments)]

        return outputs, gradient

    return call


def jit_loop(function, loop):
    return functools.partial(function, loop)


def jit(function, variables, xla):
    return tf.function(function, jit_compile=xla, autograph=False)


def compiles_for_cpu():
    return _compiles() and not tf.config.list_physical_devices("GPU")


def parallel_loops():
    if not compiles_for_cpu():
        return 1
    return max((tf.config.threading.get_inter_op_parallelism_threads() or _cores()) // concurrent_loops_setting(), 1)


def _cores():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


@contextlib.contextmanager
def discard_traced_gradients():
    gradients = importlib.import_module("tensorflow.python.framework.ops").gradient_registry._registry
    before = set(gradients)
    try:
        yield
    finally:
        for name in set(gradients) - before:
            if name.startswith("CustomGradient"):
                del gradients[name]


def matmul(a, b):
    return ops.matmul(a, b)


def stack(arrays):
    return tf.stack(arrays)


def scan(step, state, inputs, reverse):
    arrays = optree.tree_leaves(inputs)
    steps = ops.shape(arrays[0])[0]
    # One step on zeros shows the structure that a step emits; a graph drops this step.
    _, emitted = step(state, *optree.tree_map(lambda a: ops.zeros(ops.shape(a)[1:], a.dtype), inputs))
    reads = [tf.TensorArray(a.dtype, steps, element_shape=a.shape[1:]).unstack(a) for a in arrays]
    writes = [tf.TensorArray(e.dtype, steps, element_shape=e.shape) for e in optree.tree_leaves(emitted)]

    def body(count, state, writes):
        t = steps - 1 - count if reverse else count
        state, emitted = step(state, *packed(inputs, [array.read(t) for array in reads]))
        return count + 1, state, [array.write(t, e) for array, e in zip(writes, optree.tree_leaves(emitted), strict=True)]

    loop = tf.while_loop(lambda count, *_: count < steps, body, (0, state, writes), maximum_iterations=steps)
    return loop[1], packed(emitted, [array.stack() for array in loop[2]])


def custom_gradient(forward, backward, outputs, arguments, constants, training):
    @tf.custom_gradient
    def function(arguments):
        results, residuals = forward(arguments, constants) if training else (outputs(arguments, constants), None)

        def gradient(*upstream):
            kept = residuals if training else forward(arguments, constants)[1]
            return backward(arguments, constants, kept, tf.nest.pack_sequence_as(results, upstream))

        return results, gradient

    return function(tf.nest.map_structure(tf.convert_to_tensor, arguments))  # an argument may be a variable


def vjp(function, arguments, constants, upstream):
    with tf.GradientTape() as tape:
        tape.watch(optree.tree_leaves(arguments))
        outputs = function(arguments, constants)
    return tape.gradient(outputs, arguments, upstream, unconnected_gradients="zero")


def mean_of_batch(losses):
    return ops.mean(losses) / tf.distribute.get_strategy().num_replicas_in_sync


def profile(folder):
    tf.profiler.experimental.start(folder)
    return tf.profiler.experimental.stop
