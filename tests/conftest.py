"""Set before Keras is imported.

Float64 on JAX: a run with `JAX_ENABLE_X64=0` skips the tests of float64. One thread: these arrays are small, and
PyTorch's threads would spend their time waiting for each other. XLA leaves machine code as it comes: most of it runs once.
"""

import collections
import os
import signal
import sys

os.environ.setdefault("JAX_ENABLE_X64", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras  # noqa: E402  (reads the environment set above)
import pytest  # noqa: E402  (likewise its plugins)

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts what runs in the background without


@pytest.fixture(autouse=True)
def _seeded():
    keras.utils.set_random_seed(0)


examples = collections.Counter()  # that the laws were tried on, of all processes


def pytest_sessionfinish(session):
    tried = getattr(sys.modules.get("laws.cases"), "tried", {})
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["examples"] = dict(tried)
    else:
        examples.update(tried)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    examples.update(getattr(node, "workeroutput", {}).get("examples", {}))


def pytest_terminal_summary(terminalreporter):
    if examples:
        terminalreporter.write_line(f"laws: {examples.total():,} examples, {keras.backend.backend()}")
        for law, count in sorted(examples.items()):
            terminalreporter.write_line(f"{count:6,} {law.removeprefix('test_').replace('_', ' ')}")
