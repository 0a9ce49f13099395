"""Graphs of any size on TensorFlow: traced once, perhaps as one XLA cluster, and cached for as long as the process runs."""

import contextlib
import functools
import threading

import optree

from seqzoo.backend.common import LazyModule

tf = LazyModule("tensorflow")
framework = LazyModule("tensorflow.python.framework.ops")  # not public

_tracing = threading.RLock()


class GraphOfAnySize:
    """`function(*arguments)` as a graph, traced once for arguments that differ in their free dimensions alone.

    `free` is the number of leading dimensions that are free, for each argument or for each part of it. The graph is no part of
    the graph that calls it: it outlives a model, and belongs to no device.
    """

    def __init__(self, function, jit_compile=None):
        self.function, self.jit_compile, self.graphs = function, jit_compile, {}

    def __call__(self, free, *arguments):
        leaves, structure = optree.tree_flatten(arguments, namespace=NAMESPACE)
        leaves = [tf.convert_to_tensor(a) for a in leaves]
        free = optree.broadcast_prefix(free, arguments, namespace=NAMESPACE)
        specs = tuple(tf.TensorSpec((*[None] * n, *a.shape[n:]), a.dtype) for n, a in zip(free, leaves, strict=True))
        with _tracing:
            if (specs, structure) not in self.graphs:
                self.graphs[specs, structure] = self._traced(specs, structure)
        graph, of_results = self.graphs[specs, structure]
        return optree.tree_unflatten(of_results, graph(*leaves))

    def _traced(self, specs, structure):
        """The graph, of flat arguments and results, and the structure of its results."""
        structures = []

        def flat(*leaves):
            results = self.function(*optree.tree_unflatten(structure, leaves))
            leaves, of_results = optree.tree_flatten(results, namespace=NAMESPACE)
            structures.append(of_results)
            return leaves

        before = set(_gradients())
        with tf.device(None):
            run = tf.function(flat, input_signature=specs, autograph=False, jit_compile=self.jit_compile)
            graph = run.get_concrete_function()
        _of_cached_graphs.update(set(_gradients()) - before)
        return graph, structures[0]


NAMESPACE = "seqzoo.backend"  # of `Kept`, for optree
graph_of_any_size = functools.cache(GraphOfAnySize)


@functools.cache
def cluster(function):
    """`function` as one XLA cluster, whose gradient is one cluster too and computes `function` again.

    A loop keeps a list of tensors for its gradient, and XLA cannot pass such a list from one cluster to another.
    """
    traced = GraphOfAnySize(function, jit_compile=True)

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


@optree.register_pytree_node_class(namespace=NAMESPACE)
class Kept:
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
            a.set_shape(shape)
            return a

        items = [item(*like, flow) for like, flow in zip(self.like, self.flows, strict=True)]
        return optree.tree_unflatten(self.structure, items)

    def tree_flatten(self):
        return self.flows, (self.structure, self.like)

    @classmethod
    def tree_unflatten(cls, metadata, flows):
        return cls(*metadata, list(flows))


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
