"""A training on several processes or devices, each with its rows of every batch.

The command that was typed starts the processes, its workers. They run the recipe until its training has ended, worker 0 alone
writes, and what it leaves is a checkpoint. With that the command goes on by itself, as if it had trained.
"""

import contextlib
import importlib
import json
import os
import pickle
import runpy
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from typing import NamedTuple

import keras
import numpy as np

from seqzoo.data.errors import DataError
from seqzoo.data.shares import Share

VARIABLE = "SEQZOO_WORKER"


class Place(NamedTuple):
    """Which of the `processes` a worker is, how many devices each has, and the address, `host:port`, at which they meet."""

    number: int
    processes: int
    devices: int
    coordinator: str


# In a worker


def place():
    """The `Place` of this process; None if it is no worker."""
    said = os.environ.get(VARIABLE)
    return Place(*json.loads(said)) if said else None


def is_first():
    """Whether this process may write: it is no worker, or the first of them."""
    return place() is None or place().number == 0


def share(batches):
    """Of batches that all workers have the ones that this worker reads."""
    where = place()
    return Share(batches, where.number, where.processes) if where and where.processes > 1 else batches


def of_first(read):
    """What `read()` returns in the first worker, which alone calls it; all workers wait for it."""
    where = place()
    if not where or where.processes == 1:
        return read()
    broadcast = importlib.import_module("jax.experimental.multihost_utils").broadcast_one_to_all
    data = pickle.dumps(read()) if where.number == 0 else b""
    size = int(broadcast(np.array(len(data))))
    return pickle.loads(broadcast(np.frombuffer(data.ljust(size), np.uint8)).tobytes())


def check_kept(folder):
    """Raises a `DataError` in a worker whose training leaves no checkpoint in a folder."""
    if place() and folder is None:
        raise DataError("--processes, --devices: expected 1 of a training that keeps no checkpoints")


def end_worker():
    """Ends the process if it is a worker: what comes after the training is not its business."""
    if place():
        sys.exit(0)


@contextlib.contextmanager
def shown():
    """The time in which a worker may print to standard output."""
    with contextlib.redirect_stdout(sys.__stdout__) if place() and is_first() else contextlib.nullcontext():
        yield


def work(module, *arguments):
    """The worker's process: joins the others, then runs a module with arguments of a command line."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the command, which ends its workers
    threading.Thread(target=_end_with_command, daemon=True).start()
    sys.stdout, status = open(os.devnull, "w"), 1
    try:
        _join(place())
        sys.argv[1:] = arguments
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        status = 0
    except SystemExit as end:
        status = end.code
    except DataError as error:
        print(f"error: {error}", file=sys.stderr)
        status = 2
    except BaseException:
        traceback.print_exc()
    if status:
        sys.stderr.flush()
        os._exit(status)  # the usual end would wait for the others


def _end_with_command():
    os.read(0, 1)  # standard input is a pipe from the command, closed by its end
    os._exit(1)


def _join(where):
    if where.processes > 1:
        keras.distribution.initialize(where.coordinator, where.processes, where.number)
    keras.distribution.set_distribution(keras.distribution.DataParallel(auto_shard_dataset=False))


# In the command


def run(recipe, flags, processes, devices, coordinator=None, number=None):
    """Trains on workers.

    Args:
        recipe: its name.
        flags: of its verb `train`.
        processes, devices: of a `Place`.
        coordinator, number: likewise, of the one worker to start here; all are started here unless given.

    Raises:
        DataError: a worker ended before its time.
    """
    numbers = range(processes) if number is None else [number]
    coordinator = coordinator or f"127.0.0.1:{_free_port()}"
    command = [sys.executable, "-m", __name__, f"recipes.{recipe}", "train", *flags]
    workers = []
    try:
        for number in numbers:
            environment = os.environ | {VARIABLE: json.dumps(Place(number, processes, devices, coordinator))}
            workers.append(subprocess.Popen(command, env=environment, stdin=subprocess.PIPE))
        while any(worker.poll() is None for worker in workers):
            time.sleep(0.1)
            if any(worker.poll() for worker in workers):
                raise DataError("a worker died")
    finally:
        for worker in workers:
            worker.kill()
        for worker in workers:
            worker.wait()


def _free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


if __name__ == "__main__":
    from seqzoo.training import distribution  # the module of that name, not this one, which is __main__

    distribution.work(*sys.argv[1:])
