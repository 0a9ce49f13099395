"""One of the processes, workers, that share a training: each has some of the rows of every batch, on one device or several.

`workers` starts them, each with its `Place` in the environment. They run a recipe until its training has ended. All compute the
same weights, and the first one alone writes and prints.
"""

import contextlib
import importlib
import json
import os
import pickle
import runpy
import signal
import socket
import sys
import threading
import time
import zlib
from typing import NamedTuple

import keras
import numpy as np

from seqzoo import backend
from seqzoo.errors import DataError, one_line
from seqzoo.training.sharding import ShardedBatches

VARIABLE = "SEQZOO_WORKER"
PATIENCE = 300  # seconds for all to be there, as JAX has
_kept = []  # what must live as long as the process


class WorkerSpec(NamedTuple):
    """The number of a worker of so many `processes`, how many devices each has, and the `host:port` at which they meet."""

    number: int
    processes: int
    devices: int
    coordinator: str


def place():
    """The `Place` of this process; None if it is no worker."""
    said = os.environ.get(VARIABLE)
    return WorkerSpec(*json.loads(said)) if said else None


def is_first():
    """Whether this process writes: it is no worker, or the first one."""
    where = place()
    return where is None or where.number == 0


# What a training asks


def adapt(model, shuffle):
    """Makes a compiled model ready for TensorFlow's workers. There each device clips its gradient, then all are added.

    Args:
        shuffle: as of `fit`.

    Raises:
        DataError: they cannot train it.
    """
    where = place()
    if where is None or backend.BACKEND != "tensorflow":
        return
    if not shuffle:
        raise DataError("--devices: expected 1 where a state is carried from batch to batch; KERAS_BACKEND=jax takes several")
    optimizer = getattr(model.optimizer, "inner_optimizer", model.optimizer)
    if optimizer.global_clipnorm:
        optimizer.global_clipnorm /= where.devices


def share(batches):
    """Of a `keras.utils.PyDataset`, the same in all workers, the rows that this one reads.

    Raises:
        DataError: its first batch is not that of the first worker, or there are not as many.
    """
    where = place()
    if where is None:
        return batches
    digest = batches.num_batches, zlib.crc32(pickle.dumps(batches[0]))
    if broadcast_from_first(lambda: digest) != digest:
        raise DataError(f"process {where.number}: expected the data of process 0, found other data; all read the same files")
    numbers = backend.BACKEND == "tensorflow"  # there Keras looks at the mean of the devices' first batches
    return ShardedBatches(batches, where.number, where.processes, where.devices, numbers)


def broadcast_from_first(read):
    """What `read()` returns in the first worker, which alone calls it. The others wait for it."""
    where = place()
    if where is None or where.processes == 1:
        return read()
    broadcast = importlib.import_module("jax.experimental.multihost_utils").broadcast_one_to_all
    data = pickle.dumps(read()) if where.number == 0 else b""
    size = int(broadcast(np.array(len(data))))
    return pickle.loads(broadcast(np.frombuffer(data.ljust(size), np.uint8)).tobytes())


@contextlib.contextmanager
def shown():
    """The time in which the first worker prints what a process by itself would print."""
    with contextlib.redirect_stdout(_kept[0]) if place() and is_first() else contextlib.nullcontext():
        yield


def end_worker():
    """Ends the process if it is a worker: what comes after the training is done without it."""
    if place():
        sys.exit(0)


# The process


def run_training_worker(module, *arguments):
    """Joins the other workers, then runs a module with arguments of a command line."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the command, which ends its workers
    threading.Thread(target=_end_with_command, daemon=True).start()
    _silence()
    try:
        _join(place())
        sys.argv[1:] = arguments
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if end.code:
            _end(end.code)
    except DataError as error:
        _end(2, error)
    except BaseException as error:
        _end(1, f"{type(error).__name__}: {one_line(error)}")


def _end_with_command():
    os.read(0, 1)  # standard input is a pipe from the command, which closes when that ends
    os._exit(1)


def _silence():
    """Keeps standard output for `shown`. The libraries below Python write to it too."""
    _kept.append(os.fdopen(os.dup(1), "w", buffering=1))
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 1)


def _end(status, said=None):
    if said:
        print(f"error: {said}", file=sys.stderr)
    sys.stderr.flush()
    os._exit(status)  # the usual end waits for the other workers


def _join(where):
    """Makes all models that are built from now on share their batches."""
    if backend.BACKEND == "tensorflow":
        return _mirror(where.devices)
    from keras.src.utils import module_utils

    module_utils.tensorflow._available = False  # where it is installed, Keras would import it only to seed it
    if where.processes > 1:
        _await(where.coordinator)
        keras.distribution.initialize(where.coordinator, where.processes, where.number)
    devices = keras.distribution.list_devices()
    _check_devices(len(devices) // where.processes, where.devices)
    if where.processes == 1:
        devices = devices[: where.devices]
    keras.distribution.set_distribution(keras.distribution.DataParallel(devices=devices, auto_shard_dataset=False))


def _await(coordinator):
    """Waits until the first process listens, which otherwise is only told by an abort."""
    host, port = coordinator.rsplit(":", 1)
    until = time.monotonic() + PATIENCE
    while place().number > 0:
        try:
            return socket.create_connection((host, int(port)), timeout=5).close()
        except OSError as error:
            if time.monotonic() > until:
                where = f"--coordinator: expected process 0 at {coordinator}, waited {PATIENCE} seconds"
                raise DataError(f"{where} ({error.strerror or error})") from error
            time.sleep(1)


def _mirror(count):
    tf = importlib.import_module("tensorflow")
    if not tf.config.list_physical_devices("GPU"):
        (cpu,) = tf.config.list_physical_devices("CPU")
        tf.config.set_logical_device_configuration(cpu, count * [tf.config.LogicalDeviceConfiguration()])
    devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    _check_devices(len(devices), count)
    scope = tf.distribute.MirroredStrategy([device.name for device in devices[:count]]).scope()
    scope.__enter__()
    _kept.append(scope)


def _check_devices(found, expected):
    if found < expected:
        raise DataError(f"--devices: expected at most {found}, as many as a process has here, got {expected}")


if __name__ == "__main__":
    from seqzoo.training import distribution  # the module of that name, which this one, `__main__`, is not

    distribution.run_training_worker(*sys.argv[1:])
