"""Distributed training: the worker processes that share each batch, each on one device or several.

`launcher` starts the workers, each with its `WorkerSpec` in the environment. A worker runs a recipe until its training ends.
All workers compute the same weights; the first worker alone writes and prints.
"""

import contextlib
import importlib
import json
import os
import runpy
import signal
import sys
import threading
from typing import NamedTuple

import keras
import numpy as np

from seqzoo import backend
from seqzoo.data import digest as digests
from seqzoo.errors import DataError, one_line
from seqzoo.training import messages, rendezvous
from seqzoo.training.sharding import ShardedBatches

VARIABLE = "SEQZOO_WORKER"
_keep_alive = []  # objects that must live as long as the process


class WorkerSpec(NamedTuple):
    """Specification of a worker: its number, the numbers of processes and of devices of each, and `host:port` to meet at."""

    number: int
    processes: int
    devices: int
    coordinator: str


def worker_spec():
    """The `WorkerSpec` of this process; None if it is no worker.

    Raises:
        DataError: the variable in the environment holds something else.
    """
    text = os.environ.get(VARIABLE)
    if not text:
        return None
    try:
        spec = WorkerSpec(*json.loads(text))
        port = spec.coordinator.rpartition(":")[2]
        if int(port) in range(1, 65536) and spec.number in range(spec.processes) and spec.devices in range(1, 65536):
            return spec
    except (ValueError, TypeError, AttributeError, RecursionError):
        pass
    raise DataError(f"{VARIABLE}: expected a value that the launcher of a training sets, got {text[:60]!r}")


def is_first():
    """Whether this process writes and prints: it is the first worker, or no worker."""
    worker = worker_spec()
    return worker is None or worker.number == 0


# What `fit` calls


def adapt(model, shuffle):
    """Adapts a compiled model to TensorFlow's workers: each device clips its own gradient, before all are added.

    Args:
        shuffle: see `fit`.

    Raises:
        DataError: the workers cannot train the model.
    """
    worker = worker_spec()
    if worker is None or backend.BACKEND != "tensorflow":
        return
    if not shuffle:
        raise DataError("--devices: expected 1 where a state is carried from batch to batch; KERAS_BACKEND=jax takes several")
    optimizer = getattr(model.optimizer, "inner_optimizer", model.optimizer)
    if optimizer.global_clipnorm:
        optimizer.global_clipnorm /= worker.devices


def shard(batches):
    """The rows that this worker reads, of a `keras.utils.PyDataset` that is the same in all workers.

    Raises:
        DataError: the first batch, or the number of batches, differs from that of the first worker.
    """
    worker = worker_spec()
    if worker is None:
        return batches
    digest = batches.num_batches, digests.digest(batches[0])
    if broadcast_from_first(lambda: digest) != digest:
        raise DataError(f"process {worker.number}: expected the data of process 0, got other data; all read the same files")
    cast_bool = backend.BACKEND == "tensorflow"  # there Keras takes the mean of the devices' first batches
    return ShardedBatches(batches, worker.number, worker.processes, worker.devices, cast_bool)


def broadcast_from_first(read):
    """The value of `read()` in the first worker, which alone calls it. The other workers wait for the value."""
    worker = worker_spec()
    if worker is None or worker.processes == 1:
        return read()
    broadcast = importlib.import_module("jax.experimental.multihost_utils").broadcast_one_to_all
    data = messages.dumps(read()) if worker.number == 0 else b""
    size = int(broadcast(np.array(len(data))))
    return messages.loads(broadcast(np.frombuffer(data.ljust(size), np.uint8)).tobytes())


@contextlib.contextmanager
def first_worker_output():
    """Context in which the first worker prints to the standard output of its command."""
    with contextlib.redirect_stdout(_keep_alive[0]) if worker_spec() and is_first() else contextlib.nullcontext():
        yield


def end_worker():
    """Ends the process if it is a worker. The command itself does what comes after the training."""
    if worker_spec():
        sys.exit(0)


# The process


def run_training_worker(module, *arguments):
    """Joins the other workers, then runs a module with arguments of a command line."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the command, which ends its workers
    end_with_parent()
    _redirect_stdout()
    try:
        _join(worker_spec())
        sys.argv[1:] = arguments
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if end.code:
            _end(end.code)
    except DataError as error:
        _end(2, error)
    except BaseException as error:
        _end(1, f"{type(error).__name__}: {one_line(error)}")


def end_with_parent():
    """Ends this process when its parent ends, however it does: standard input is a pipe from the parent, which closes then."""

    def wait():
        os.read(0, 1)
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def _redirect_stdout():
    """Keeps standard output for `first_worker_output`, and discards all else, because native libraries write to it too."""
    _keep_alive.append(os.fdopen(os.dup(1), "w", buffering=1))
    with open(os.devnull, "w") as devnull:
        os.dup2(devnull.fileno(), 1)


def _end(status, message=None):
    if message:
        print(f"error: {message}", file=sys.stderr)
    sys.stderr.flush()
    os._exit(status)  # `sys.exit` would wait for the other workers


def _join(worker):
    """Joins the other workers: all models that are built from now on share their batches."""
    if backend.BACKEND == "tensorflow":
        return _mirror(worker.devices)
    from keras.src.utils import module_utils  # not public, but the only switch: Keras imports TensorFlow, if only to seed it

    module_utils.tensorflow._available = False
    if worker.processes > 1:
        rendezvous.join(worker)
    devices = keras.distribution.list_devices()
    _check_devices(len(devices) // worker.processes, worker.devices)
    if worker.processes == 1:
        devices = devices[: worker.devices]
    keras.distribution.set_distribution(keras.distribution.DataParallel(devices=devices, auto_shard_dataset=False))


def _mirror(count):
    """Enters the scope of TensorFlow's `MirroredStrategy` on so many devices."""
    tf = importlib.import_module("tensorflow")
    if not tf.config.list_physical_devices("GPU"):
        (cpu,) = tf.config.list_physical_devices("CPU")
        tf.config.set_logical_device_configuration(cpu, count * [tf.config.LogicalDeviceConfiguration()])
    devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    _check_devices(len(devices), count)
    scope = tf.distribute.MirroredStrategy([device.name for device in devices[:count]]).scope()
    scope.__enter__()
    _keep_alive.append(scope)


def _check_devices(available, expected):
    if available < expected:
        raise DataError(f"--devices: expected at most {available}, as many as a process has here, got {expected}")


if __name__ == "__main__":
    from seqzoo.training import distribution  # the module of that name, which this one, `__main__`, is not

    distribution.run_training_worker(*sys.argv[1:])
