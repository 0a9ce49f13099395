"""Backend primitives on TensorFlow: graphs, XLA clusters, while loops and custom gradients. `seqzoo.backend` documents them."""

import contextlib
import functools
import os
import sys

import optree
from keras import ops

from seqzoo.backend import common
from seqzoo.backend.common import LazyModule, bound, concurrent_loops_setting, packed, xla_setting

tf = LazyModule("tensorflow")
control_flow = LazyModule("tensorflow.python.ops.control_flow_util")  # not public
framework = LazyModule("tensorflow.python.framework.ops")  # not public


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


class _OfAnySize:
    """`function(*arguments)` as a graph, traced once for arguments that differ in their free dimensions alone."""

    def __init__(self, function, jit_compile):
        self.function, self.jit_compile, self.graphs = function, jit_compile, {}

    def __call__(self, free, *arguments):
        leaves, structure = optree.tree_flatten(arguments, namespace=__name__)
        leaves = [tf.convert_to_tensor(a) for a in leaves]
        free = optree.broadcast_prefix(free, arguments, namespace=__name__)
        specs = tuple(tf.TensorSpec((*[None] * n, *a.shape[n:]), a.dtype) for n, a in zip(free, leaves, strict=True))
        if (specs, structure) not in self.graphs:
            self.graphs[specs, structure] = self._traced(specs, structure)
        graph, of_results = self.graphs[specs, structure]
        return optree.tree_unflatten(of_results, graph(*leaves))

    def _traced(self, specs, structure):
        of_results = []

        def flat(*leaves):
            results, of_result = optree.tree_flatten(
                self.function(*optree.tree_unflatten(structure, leaves)), namespace=__name__
            )
            of_results.append(of_result)
            return results

        before = set(_gradients())
        alone = None if self.jit_compile else {"_noinline": True}
        graph = tf.function(
            flat, input_signature=specs, jit_compile=self.jit_compile, autograph=False, experimental_attributes=alone
        ).get_concrete_function()
        _of_cached_graphs.update(set(_gradients()) - before)
        return graph, of_results[0]


@functools.cache
def graph_of_any_size(function):
    return _OfAnySize(function, jit_compile=None)


@functools.cache
def cluster(function):
    """`function` as one XLA cluster, whose gradient is one cluster too and computes `function` again.

    A loop keeps a list of tensors for its gradient, and XLA cannot pass such a list from one cluster to another.
    """
    traced = _OfAnySize(function, jit_compile=True)

    def vjp_of_floats(arguments, upstream):
        """The gradients of the floating-point arguments, in a list."""
        floats = [a for a in tf.nest.flatten(arguments) if a.dtype.is_floating]
        with tf.GradientTape() as tape:
            tape.watch(floats)
            outputs = function(*arguments)
        return tape.gradient(outputs, floats, upstream, unconnected_gradients="zero")

    def differentiable(free, *arguments):
        @tf.custom_gradient
        def call(*arguments):
            outputs = traced(free, *arguments)

            def gradient(*upstream):
                gradients = iter(cluster(vjp_of_floats)(0, arguments, tf.nest.pack_sequence_as(outputs, upstream)))
                return [next(gradients) if a.dtype.is_floating else None for a in tf.nest.flatten(arguments)]

            return outputs, gradient

        return call(*tf.nest.map_structure(tf.convert_to_tensor, arguments))

    return differentiable


def jit_loop(function, loop):
    return functools.partial(function, loop)


def jit(function, variables, xla):
    return tf.function(function, jit_compile=xla, autograph=False)


def chunks_pay():
    return False


def parallel_loops():
    if not compiles() or tf.config.list_physical_devices("GPU"):
        return 1
    return max((tf.config.threading.get_inter_op_parallelism_threads() or _cores()) // concurrent_loops_setting(), 1)


def _cores():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


@contextlib.contextmanager
def discard_traced_gradients():
    before = set(_gradients())
    try:
        yield
    finally:
        for name in set(_gradients()) - before - _of_cached_graphs:
            if name.startswith("CustomGradient"):
                del _gradients()[name]


def _gradients():
    """The gradients that TensorFlow knows by name."""
    return framework.gradient_registry._registry


_of_cached_graphs = set()  # names of gradients


def matmul(a, b):
    return ops.matmul(a, b)


def add_bias(z, bias):
    return tf.nn.bias_add(z, bias)


def sum_of_rows(a):
    return tf.matmul(tf.ones((1, tf.shape(a)[0]), a.dtype), a)[0]  # faster than `reduce_sum`


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
    return state, optree.tree_map(lambda array: array.concat(), emitted), _Kept.of(keep, shapes)


@optree.register_pytree_node_class(namespace=__name__)
class _Kept:
    """What chunks keep for their gradient: a structure of lists, one tensor a chunk, which a graph returns as their flows."""

    def __init__(self, structure, like, flows):
        self.structure, self.like, self.flows = structure, like, flows

    @classmethod
    def of(cls, arrays, shapes):
        leaves, structure = optree.tree_flatten(arrays)
        like = tuple((array.dtype, shape) for array, shape in zip(leaves, shapes, strict=True))
        return cls(structure, like, [array.flow for array in leaves])

    def read(self, i):
        def item(dtype, shape, flow):
            static = [-1 if n is None else n for n in shape]
            a = tf.raw_ops.TensorListGetItem(input_handle=flow, index=i, element_shape=static, element_dtype=dtype)
            return with_static_shape(a, shape)

        items = [item(*like, flow) for like, flow in zip(self.like, self.flows, strict=True)]
        return optree.tree_unflatten(self.structure, items)

    def tree_flatten(self):
        return self.flows, (self.structure, self.like)

    @classmethod
    def tree_unflatten(cls, metadata, flows):
        return cls(*metadata, list(flows))


def pad_steps(a, length):
    there = tf.shape(a)[0]
    fill = lambda: tf.pad(a, [[0, length - there], *[[0, 0]] * (a.shape.rank - 1)])
    return with_static_shape(tf.cond(there < length, fill, lambda: a), (None, *a.shape[1:]))


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
