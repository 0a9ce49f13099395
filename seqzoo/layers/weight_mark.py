"""Mark of seqzoo in a file of weights.

The weights of `keras.layers` have the names, shapes and dtypes of ours, but another order of gates and other signs. So a file
of weights names the unit of each cell, and a file that names none is refused, except where the file of a whole model says of
which class its layers are.
"""

import contextlib
import contextvars
import sys

import numpy as np

MARK = "seqzoo_unit"  # beside the variables of a cell: the name of the unit's class, as bytes
UNMARKED = (
    "this file has no mark of seqzoo. If it is one of Keras's layers, whose gates have another order and other signs, load it "
    "into the Keras model and convert the model, `seqzoo.layers.conversion.from_keras(model)`. If an old seqzoo wrote it, and "
    "only then: `conversion.load_weights(model, path, unmarked=True)`"
)
_accepts_unmarked = contextvars.ContextVar("accepts_unmarked", default=False)


@contextlib.contextmanager
def accepting_unmarked():
    """Context manager: files of weights need no mark."""
    token = _accepts_unmarked.set(True)
    try:
        yield
    finally:
        _accepts_unmarked.reset(token)


def write(store, unit):
    """Writes the mark of a unit into Keras's store of a cell's variables."""
    store[MARK] = np.frombuffer(type(unit).__name__.encode(), "uint8")


def checked(store, unit):
    """Returns the variables of Keras's store without the mark, a dictionary.

    Raises:
        ValueError: the weights are those of another unit, or of an unknown one.
    """
    names = list(store.keys())  # a store of Keras is no mapping
    variables = {name: store[name] for name in names if name != MARK}
    if MARK in names:
        found, expected = bytes(np.asarray(store[MARK])).decode(), type(unit).__name__
        if found != expected:
            raise ValueError(f"the file has weights of `equations.{found}`, and this cell computes `equations.{expected}`")
    elif variables and not _accepts_unmarked.get() and "load_weights_only" in _callers():
        raise ValueError(UNMARKED)
    return variables


def check_legacy_file():
    """Raises a ValueError where Keras assigns the weights of a `.h5` file of Keras 2, which has no room for a mark."""
    callers = set() if _accepts_unmarked.get() else _callers()
    if callers & LEGACY and "load_model_from_hdf5" not in callers:
        raise ValueError(UNMARKED)


LEGACY = {"load_weights_from_hdf5_group", "load_weights_from_hdf5_group_by_name"}


def _callers():
    """The names of Keras's functions that are running: nothing else tells whether it reads weights or a whole model."""
    names, frame = set(), sys._getframe()
    while frame:
        if frame.f_globals.get("__name__", "").startswith("keras.src."):
            names.add(frame.f_code.co_name)
        frame = frame.f_back
    return names
