"""Set before Keras is imported.

Float64 on JAX: a run with `JAX_ENABLE_X64=0` skips the tests of float64. One thread: these arrays are small, and
PyTorch's threads would spend their time waiting for each other.
"""

import os

os.environ.setdefault("JAX_ENABLE_X64", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras  # noqa: E402  (reads the environment set above)
import pytest  # noqa: E402  (likewise its plugins)


@pytest.fixture(autouse=True)
def _seeded():
    keras.utils.set_random_seed(0)
