"""What the tests need of each backend: a gradient, a graph, a dtype."""

import importlib

import keras
import numpy as np
import pytest
from extent import full
from keras import ops, tree

BACKEND = keras.backend.backend()
_module = importlib.import_module(BACKEND)

HAS_FLOAT64 = BACKEND != "jax" or _module.config.jax_enable_x64
needs_float64 = pytest.mark.skipif(not HAS_FLOAT64, reason="float64 on JAX needs JAX_ENABLE_X64=1")
only_tensorflow = pytest.mark.skipif(BACKEND != "tensorflow", reason="a choice that only TensorFlow offers")
# What `check` tries on TensorFlow alone.
full_on_others = full if BACKEND != "tensorflow" else pytest.mark.filterwarnings()  # a mark of nothing
TOLERANCES = {"float64": 1e-12, "float32": 2e-6}
dtypes = pytest.mark.parametrize("dtype", [pytest.param("float64", marks=needs_float64), "float32"])


def tensors(structure):
    return tree.map_structure(ops.convert_to_tensor, structure)


def constant_tensors(**constants):
    return {name: None if c is None else ops.convert_to_tensor(c) for name, c in constants.items()}


def arrays(structure):
    """NumPy arrays of float64, whatever the dtype was."""
    return tree.map_structure(lambda a: ops.convert_to_numpy(ops.cast(a, "float64")), structure)


def gradient(function):
    """The function that returns the gradients of the scalar `function(arguments)`, in the structure of `arguments`."""
    return lambda arguments: _gradients[BACKEND](function, arguments)


def gradients(function, arguments):
    """Those gradients at `arguments`, a structure of NumPy arrays, as NumPy arrays."""
    return arrays(gradient(function)(tensors(arguments)))


def central_differences(function, arguments, step=1e-5):
    """An approximation to `gradients(function, arguments)`, from the values of `function` alone."""
    graph, flat = as_graph(function), [np.array(a) for a in tree.flatten(arguments)]

    def value():
        return float(graph(tensors(tree.pack_sequence_as(arguments, flat))))

    def slope(array, at):
        here = array[at]
        array[at] = here + step
        above = value()
        array[at] = here - step
        below = value()
        array[at] = here
        return (above - below) / (2 * step)

    slopes = [np.reshape([slope(array, at) for at in np.ndindex(array.shape)], array.shape) for array in flat]
    return tree.pack_sequence_as(arguments, slopes)


def as_graph(function):
    """`function`, traced once for each shape where the backend can."""
    tracer = {"tensorflow": "function", "jax": "jit"}.get(BACKEND)
    return getattr(_module, tracer)(function) if tracer else function


def _tensorflow(function, arguments):
    with _module.GradientTape() as tape:
        tape.watch(tree.flatten(arguments))
        value = function(arguments)
    return tape.gradient(value, arguments, unconnected_gradients="zero")


def _jax(function, arguments):
    return _module.grad(function)(arguments)


def _torch(function, arguments):
    flat = [a if a.requires_grad else a.detach().requires_grad_() for a in tree.flatten(arguments)]
    value = function(tree.pack_sequence_as(arguments, flat))
    return tree.pack_sequence_as(
        arguments, _module.autograd.grad(value, flat, create_graph=True, allow_unused=True, materialize_grads=True)
    )


_gradients = {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}
