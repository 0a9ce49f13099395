"""One file a task. `python -m recipes.NAME` trains, evaluates and saves; `python -m recipes.NAME -h` tells the rest."""

import contextlib
import os
import sys


@contextlib.contextmanager
def _quiet_start():
    """TensorFlow logs ten lines of its build to file descriptor 2 when it starts; no switch of its own stops them."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


try:
    with _quiet_start():
        import keras

        keras.ops.zeros(1)  # starts the devices
        import seqzoo.backend  # noqa: F401 -- refuses a backend that seqzoo does not run on
except KeyboardInterrupt:
    sys.exit(130)
except (ImportError, ValueError) as error:  # of a backend that is not installed, or that there is not
    print(f"error: {error}", file=sys.stderr)
    sys.exit(2)

if keras.backend.backend() != "tensorflow":
    from keras.src.utils import module_utils  # not public, but the only switch: Keras imports TensorFlow to save a model

    module_utils.tensorflow._available = False
