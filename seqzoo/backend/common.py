"""Helpers of the three backends: settings, lazy imports, nested structures and the unrolled scan."""

import contextlib
import functools
import importlib

import optree  # Keras's own choice, but on PyTorch, where `keras.tree` leaves every leaf to the garbage collector
from keras import ops

NO_FORWARD_MODE = (
    "The gradient of a seqzoo layer is written out by hand and goes backward only: forward mode (`jvp`, `jacfwd`) does not "
    "work. Use `grad`, `vjp` or `jacrev`."
)

_xla = None
_kernels = None
_concurrent_loops = 1


@contextlib.contextmanager
def xla(on):
    """Context manager: whether the engine compiles its loops with XLA on TensorFlow. JAX always compiles, PyTorch never.

    Keras leaves XLA off without a GPU. For these loops XLA pays on a CPU too: a training step takes a half to a fifth of the
    time. XLA compiles once for all lengths, in a second or so. The default (None) compiles where a graph is traced (`fit`,
    `evaluate`, `predict`, `tf.function`), unless the graph is exported, and not in eager calls; `with xla(False):` or
    `with xla(True):` around the tracing or the eager call overrides the default.
    """
    global _xla
    before, _xla = _xla, on
    try:
        yield
    finally:
        _xla = before


def xla_setting():
    """The innermost `xla` setting: True, False or None."""
    return _xla


@contextlib.contextmanager
def kernels(on):
    """Context manager: whether JAX runs the steps of a sequence as one GPU kernel where the recurrent weights fit on chip.

    The default (None) does where that was faster when it was measured, on one GPU; `with kernels(False):` or `with
    kernels(True):` around the tracing overrides the default. On a CPU `kernels(True)` interprets the kernel, for tests.
    """
    global _kernels
    before, _kernels = _kernels, on
    try:
        yield
    finally:
        _kernels = before


def kernels_setting():
    """The innermost `kernels` setting: True, False or None."""
    return _kernels


@contextlib.contextmanager
def concurrent_loops(count):
    """Context manager: a call inside is one of `count` loops that may run at the same time."""
    global _concurrent_loops
    before, _concurrent_loops = _concurrent_loops, _concurrent_loops * count
    try:
        yield
    finally:
        _concurrent_loops = before


def concurrent_loops_setting():
    """The product of all surrounding `concurrent_loops`."""
    return _concurrent_loops


class LazyModule:
    """A library that is imported at the first use of an attribute: a backend's module imports where its library is missing."""

    def __init__(self, name):
        self._name = name

    def __getattr__(self, attribute):
        return getattr(importlib.import_module(self._name), attribute)


@functools.cache  # XLA and JAX compile anew for another object
def bound(function, loop):
    """`function(loop, ...)`, the same object for the same arguments."""
    return functools.partial(function, loop)


def in_order_of_cudnn(unit, blocks):
    """The blocks of a weight, one for each gate of `unit`, in the order and with the signs of cuDNN."""
    _, gates = unit.cudnn
    by_gate = dict(zip(unit.gates, blocks, strict=True))
    return [by_gate[gate] if gate in by_gate else -by_gate[gate.lower()] for gate in gates]


def packed(structure, flat):
    """The leaves `flat` in the nesting of `structure`."""
    return optree.tree_unflatten(optree.tree_structure(structure), flat)


def scan_unrolled(step, state, inputs, reverse, stack):
    """`scan` as a Python loop; `stack` stacks a tuple of the backend's tensors."""
    steps = optree.tree_leaves(inputs)[0].shape[0]
    emitted = [None] * steps
    for t in reversed(range(steps)) if reverse else range(steps):
        state, emitted[t] = step(state, *optree.tree_map(lambda a, t=t: a[t], inputs))
    return state, optree.tree_map(lambda *a: stack(a), *emitted)


def loop_over_chunks(run, state, sequences, length, like, kept, reverse):
    """`loop_over_chunks` as a Python loop; `kept` is a list."""
    steps = optree.tree_leaves(sequences)[0].shape[0]
    starts = range(0, steps, length)
    emitted, keeps = [None] * len(starts), [None] * len(starts)
    for i in reversed(range(len(starts))) if reverse else range(len(starts)):
        chunk = optree.tree_map(lambda a, start=starts[i]: a[start : start + length], sequences)
        state, emitted[i], keeps[i] = run(state, chunk, kept and kept[i])
    return state, optree.tree_map(lambda *parts: ops.concatenate(parts), *emitted), keeps
