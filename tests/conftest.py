"""How tests run: the environment of Keras, and what `make check` leaves to `make check-full`.

Float64 on JAX: a run with `JAX_ENABLE_X64=0` skips the tests of float64. One thread: these arrays are small, and
PyTorch's threads would spend their time waiting for each other. XLA leaves machine code as it comes: most of it runs once.
Keras is imported by the processes that run tests, not by the one that starts them.
"""

import collections
import os
import resource
import signal
import sys
import tempfile

import extent
import pytest

os.environ.setdefault("JAX_ENABLE_X64", "1")
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

BACKEND = os.environ.get("KERAS_BACKEND", "tensorflow")
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts what runs in the background without


def pytest_addoption(parser):
    parser.addoption("--full", action="store_true", help="run everything: tests marked `full`, more examples, compiled loops")


def pytest_configure(config):
    extent.FULL = config.getoption("--full")
    if BACKEND == "jax" and "JAX_COMPILATION_CACHE_DIR" not in os.environ:  # in the process whose workers inherit it
        cache = tempfile.TemporaryDirectory(prefix="jax-")
        config.add_cleanup(cache.cleanup)
        os.environ["JAX_COMPILATION_CACHE_DIR"] = cache.name


def pytest_collection_modifyitems(config, items):
    extent.sort_by_time(items)
    extent.leave_to_full(items)
    if not extent.FULL:
        config.hook.pytest_deselected(items=[item for item in items if item.get_closest_marker("full")])
        items[:] = [item for item in items if not item.get_closest_marker("full")]


@pytest.fixture(autouse=True)
def _seeded():
    import keras

    keras.utils.set_random_seed(0)


@pytest.fixture(autouse=True)
def _as_extent_says(request):
    """Each test runs operation by operation, unless it is `compiled` or everything runs; no graph outlives it."""
    from seqzoo.backend import discard_traced_gradients

    with discard_traced_gradients(), extent.plain(not (extent.FULL or "compiled" in request.fixturenames)):
        yield


@pytest.fixture(autouse=True, scope="module")
def _forgetful():
    """JAX keeps all that it compiled, gigabytes of it. What another module needs again comes from the run's cache on disk."""
    yield
    if BACKEND == "jax":
        import jax

        jax.clear_caches()


@pytest.fixture
def compiled():
    """What is asked for by `extent.compiled`."""


examples = collections.Counter()  # that the laws were tried on, of all processes
peaks = []  # bytes of memory, of each process


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    tried = dict(getattr(sys.modules.get("laws.cases"), "tried", {}))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput |= {"examples": tried, "peak": peak}
    elif not peaks:
        examples.update(tried)
        peaks.append(peak)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    examples.update(getattr(node, "workeroutput", {}).get("examples", {}))
    peaks.append(getattr(node, "workeroutput", {}).get("peak", 0))


def pytest_terminal_summary(terminalreporter):
    terminalreporter.write_line(f"{BACKEND}: peak memory of a process {max(peaks, default=0) / 1e9:.1f} GB")
    if examples:
        terminalreporter.write_line(f"laws: {examples.total():,} examples, {BACKEND}")
        for law, count in sorted(examples.items()):
            terminalreporter.write_line(f"{count:6,} {law.removeprefix('test_').replace('_', ' ')}")
