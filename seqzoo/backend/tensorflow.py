"""Backend primitives on TensorFlow: XLA clusters, while loops and custom gradients. `seqzoo.backend` documents them."""

import functools
import os
import sys

import optree
from keras import ops

from seqzoo.backend import common, tensorflow_cudnn
from seqzoo.backend.common import LazyModule, concurrent_loops_setting, packed, xla_setting
from seqzoo.backend.tensorflow_graphs import Kept
from seqzoo.backend.tensorflow_graphs import cluster as cluster
from seqzoo.backend.tensorflow_graphs import discard_traced_gradients as discard_traced_gradients
from seqzoo.backend.tensorflow_graphs import graph_of_any_size as graph_of_any_size

tf = LazyModule("tensorflow")
control_flow = LazyModule("tensorflow.python.ops.control_flow_util")  # not public

EXPORTERS = ("keras.src.export", "tensorflow.lite", "tensorflow.python.saved_model", "tf2onnx")


def compiles():
    on = not tf.executing_eagerly() if xla_setting() is None else xla_setting()
    return on and not _in_xla() and not _exported()


def _in_xla():
    """Whether XLA compiles the whole graph that is being traced."""
    return not tf.executing_eagerly() and control_flow.GraphOrParentsInXlaContext(tf.compat.v1.get_default_graph())


def _exported():
    """Whether the graph is being traced for another runtime, which nothing but the caller tells."""
    frame = None if tf.executing_eagerly() else sys._getframe()
    while frame and not frame.f_globals.get("__name__", "").startswith(EXPORTERS):
        frame = frame.f_back
    return frame is not None


def jit_loop(function, loop):
    return functools.partial(function, loop)


def jit(function, variables, xla):
    graphs = {}  # by shapes: TensorFlow warns of a function that is traced for many

    def call(*arguments):
        shapes = tuple((tuple(a.shape), a.dtype) for a in optree.tree_leaves(arguments))
        if shapes not in graphs:
            graphs[shapes] = tf.function(functools.partial(function), jit_compile=xla, autograph=False)
        return graphs[shapes](*arguments)

    return call


def cache_compiled(folder):
    pass


def chunks_pay():
    return False


def parallel_loops():
    if not compiles() or tf.config.list_physical_devices("GPU"):
        return 1
    return max((tf.config.threading.get_inter_op_parallelism_threads() or _cores()) // concurrent_loops_setting(), 1)


def _cores():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def matmul(a, b):
    return ops.matmul(a, b)


def add_bias(z, bias):
    return tf.nn.bias_add(z, bias)


def sum_of_rows(a):
    return tf.raw_ops.BiasAddGrad(out_backprop=a)  # one op, and faster than `reduce_sum`


def stack(arrays):
    return tf.stack(arrays)


def scan(step, state, inputs, reverse, count=None):
    arrays = optree.tree_leaves(inputs)
    steps = ops.shape(arrays[0])[0]
    end = steps if count is None else count
    # One step on zeros shows the structure that a step emits; a graph drops this step.
    _, emitted = step(state, *optree.tree_map(lambda a: ops.zeros(ops.shape(a)[1:], a.dtype), inputs))
    reads = [tf.TensorArray(a.dtype, steps, element_shape=a.shape[1:]).unstack(a) for a in arrays]
    writes = [tf.TensorArray(e.dtype, steps, element_shape=e.shape) for e in optree.tree_leaves(emitted)]

    def body(i, state, writes):
        t = end - 1 - i if reverse else i
        state, emitted = step(state, *packed(inputs, [array.read(t) for array in reads]))
        return i + 1, state, [array.write(t, e) for array, e in zip(writes, optree.tree_leaves(emitted), strict=True)]

    loop = tf.while_loop(lambda i, *_: i < end, body, (0, state, writes), maximum_iterations=steps)
    return loop[1], packed(emitted, [array.stack() for array in loop[2]])


def kernels_fit(unit, batch, units, dtype):
    return False


def cudnn_fits(*given):
    return not _in_xla() and not _exported() and tensorflow_cudnn.fits(*given)


def jit_bars_cudnn(unit):
    return unit.cudnn is not None and tensorflow_cudnn.on_gpu()


cudnn = tensorflow_cudnn.run


def loop_over_chunks(run, state, sequences, length, like, kept, reverse):
    if tf.executing_eagerly():
        return common.loop_over_chunks(run, state, sequences, length, like, kept, reverse)
    steps = ops.shape(optree.tree_leaves(sequences)[0])[0]
    chunks = -(-steps // length)

    def body(count, state, writes):
        i = chunks - 1 - count if reverse else count
        start = i * length
        size = tf.minimum(length, steps - start)

        def of_chunk(a):
            others = a.shape.rank - 1
            return with_static_shape(tf.slice(a, [start, *[0] * others], [size, *[-1] * others]), (None, *a.shape[1:]))

        new, *given = run(state, optree.tree_map(of_chunk, sequences), kept and kept.read(i))
        new = optree.tree_map(lambda a, old: with_static_shape(a, old.shape), new, state)
        shapes[:] = [a.shape for a in optree.tree_leaves(given[1])]
        return count + 1, new, [array.write(i, a) for array, a in zip(writes, optree.tree_leaves(given), strict=True)]

    def array(like):
        return tf.TensorArray(like.dtype, chunks, element_shape=like.shape, infer_shape=False, clear_after_read=False)

    shapes, writes = [], [array(a) for a in optree.tree_leaves(like)]
    _, state, writes = tf.while_loop(lambda count, *_: count < chunks, body, (0, state, writes))
    emitted, keep = packed(like, writes)
    return state, optree.tree_map(lambda array: array.concat(), emitted), Kept.of(keep, shapes)


def pad_steps(a, length):
    padded = tf.pad(a, [[0, length - tf.shape(a)[0]], *[[0, 0]] * (a.shape.rank - 1)])
    return with_static_shape(padded, (None, *a.shape[1:]))


def with_static_shape(a, shape):
    a = tf.convert_to_tensor(a)
    if not tf.executing_eagerly():
        a.set_shape(shape)
    return a


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
