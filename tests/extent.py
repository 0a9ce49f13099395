"""How much runs, and how: `make check` leaves out what is marked `full`, and compiles only what is marked `compiled`."""

import contextlib

import pytest

FULL = False  # whether everything runs, compiled; conftest.py sets it from `--full`
full = pytest.mark.full
compiled = pytest.mark.usefixtures("compiled")  # for a test of graphs, compilation or whole trainings as a user runs them


@contextlib.contextmanager
def plain(on=True):
    """On TensorFlow operation by operation: tracing and compiling a loop takes longer than the few steps of a test."""
    import keras

    from seqzoo.backend import xla

    with contextlib.ExitStack() as stack:
        if on and keras.backend.backend() == "tensorflow":
            import tensorflow as tf

            stack.callback(tf.config.run_functions_eagerly, tf.config.functions_run_eagerly())
            stack.enter_context(xla(False))
            tf.config.run_functions_eagerly(True)
        yield


def without(left_out, values):
    """Parameters, of which those left out run with `--full` alone."""
    return [pytest.param(value, marks=full) if value in left_out else value for value in values]


QUICK = {"data", "decoding", "equations", "inspection"}  # folders


def sort_by_time(items):
    """The long files first, so that all workers end at about the same time."""
    items.sort(key=lambda item: item.path.parent.name in QUICK)


def leave_to_full(items):
    """Marks as `full` what `check` leaves out of a test's combinations of parameters: it tries each value of each parameter."""
    by_function = {}
    for item in (item for item in items if not item.get_closest_marker("full")):
        by_function.setdefault(item.nodeid.partition("[")[0], []).append(item)
    for cases in by_function.values():
        kept = each_choice([_values(case) for case in cases])
        for i, case in enumerate(cases):
            if i not in kept:
                case.add_marker(full)


def _values(case):
    """The parameters of a test, by name."""
    return {(name, repr(value)) for name, value in case.callspec.params.items()} if hasattr(case, "callspec") else set()


def each_choice(cases):
    """The numbers of few of these sets of parameters that together hold all there are: greedily, the first of the best."""
    kept, missing = {0}, set().union(*cases) - cases[0]
    while missing:
        best = max(range(len(cases)), key=lambda i: len(cases[i] & missing))
        kept.add(best)
        missing -= cases[best]
    return kept
