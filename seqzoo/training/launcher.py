"""The processes of a training that is shared, see `distribution`, as the command that was typed starts and watches them."""

import collections
import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from seqzoo.errors import DataError
from seqzoo.training import checkpoints
from seqzoo.training.distribution import VARIABLE, WorkerSpec

# Logs, not of Python, and its stack; a last word begins with F.
NATIVE = re.compile(r"[IWE]\d{4} \d\d:\d\d:|WARNING: All log messages|\[Gloo\]|To enable the following|\*\*\* |\s*@ +0x")
LAST = re.compile(r"F\d{4} \d\d:\d\d:.*?\] ")
GRACE = 1  # second from the first worker's death, in which others may say why
_planned = []


@contextlib.contextmanager
def planned(recipe, flags, processes, devices, *host):
    """The time in which `train_as_planned` is `train` with these arguments, once, where they ask for more than one device."""
    if processes * devices > 1:
        _planned.append((recipe, flags, processes, devices, *host))
    try:
        yield
    finally:
        _planned.clear()


def launch_if_planned(folders):
    """Trains with workers, if that is planned. What comes of it are checkpoints: `fit` finds them, and nothing left to do.

    Args:
        folders: those of `fit`. Where all trainings have ended, there is nothing left for workers either.
    """
    if _planned:
        sys.stdout.flush()  # before they print
        planned, found = _planned.pop(), [checkpoints.read(Path(folder, "checkpoint.npz")) for folder in folders]
        if not all(each and each.ended for each in found):
            train(*planned)


def check():
    """Raises a `DataError` if workers are planned, and it comes to a training that is not told to them."""
    if _planned:
        raise DataError("--processes, --devices: expected 1 where a training leaves no checkpoint")


def train(recipe, flags, processes, devices, coordinator=None, number=None):
    """Trains with workers, until they have ended.

    Args:
        recipe: its name.
        flags: of its verb `train`.
        processes, devices: of a `Place`.
        coordinator, number: likewise, of the one worker that this host has; all are on this host unless given.

    Raises:
        DataError: one of them did not end well. Then all are ended.
    """
    alone = number is None
    coordinator = coordinator or f"127.0.0.1:{_free_port()}"
    places = [WorkerSpec(i, processes, devices, coordinator) for i in (range(processes) if alone else [number])]
    command = [sys.executable, "-m", "seqzoo.training.distribution", f"recipes.{recipe}", "train", *flags]
    workers = []
    if not alone:
        print(f"note: waits for all {processes} processes, to meet at {coordinator}", file=sys.stderr)
    try:
        workers += [_Worker(command, place, alone) for place in places]
        _wait(workers, processes)
    except KeyboardInterrupt:
        print("\ninterrupted; --resume goes on from the last checkpoint", file=sys.stderr)
        raise
    finally:
        for worker in workers:
            worker.end()


class _Worker:
    """The process of a worker.

    Args:
        command: as a list.
        place: its `Place`.
        alone: whether all workers are on this host, and share its devices.
    """

    def __init__(self, command, place, alone):
        first = (place.number * place.devices) if alone else 0
        self.number, self.tail = place.number, collections.deque(maxlen=1)
        environment = os.environ | {VARIABLE: json.dumps(place)}
        environment["JAX_LOCAL_DEVICE_IDS"] = ",".join(map(str, range(first, first + place.devices)))
        if "xla_force_host_platform_device_count" not in environment.get("XLA_FLAGS", ""):
            environment["JAX_NUM_CPU_DEVICES"] = str(place.devices)
        if alone:
            environment["JAX_COORDINATOR_BIND_ADDRESS"] = place.coordinator
        out = None if place.number == 0 else subprocess.DEVNULL
        pipes = {"stdin": subprocess.PIPE, "stdout": out, "stderr": subprocess.PIPE, "text": True, "errors": "replace"}
        self.process = subprocess.Popen(command, env=environment, **pipes)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        """Passes on what the first worker says, but what it dies of."""
        for line in self.process.stderr:
            if NATIVE.match(line):
                continue
            self.tail.append(line)
            if self.number == 0 and not line.startswith("error: "):
                print(line, end="", file=sys.stderr, flush=True)

    def end(self):
        self.process.kill()
        self.process.wait()
        self.reader.join(GRACE)


def _wait(workers, processes):
    while any(statuses := [worker.process.poll() for worker in workers]) or None in statuses:
        if any(statuses):
            time.sleep(GRACE)
            raise DataError(_failure_message([worker for worker in workers if worker.process.poll()], processes))
        time.sleep(0.1)


def _failure_message(dead, processes):
    """What is said of workers that died: of the one that said itself why, or that was killed, rather than of those it left."""
    worker = min(dead, key=lambda worker: (worker.process.returncode != 2, worker.process.returncode, worker.number))
    status, last = worker.process.returncode, LAST.sub("", "".join(worker.tail)).strip().removeprefix("error: ")
    if status == 2:
        return last
    how = f"was killed by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
    why = f" ({last[:300]})" if last else ""
    return f"process {worker.number} of {processes} {how}{why}; --resume goes on from the last checkpoint"


def _free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
