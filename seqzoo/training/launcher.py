"""Launcher: starts the worker processes of a distributed training, see `distribution`, and watches them."""

import collections
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from seqzoo.errors import STARTED, DataError
from seqzoo.training import checkpoints, rendezvous
from seqzoo.training.distribution import VARIABLE, WorkerSpec

# Log lines and stack traces of native libraries. The last line of a process that aborts begins with F.
NATIVE_LOG = re.compile(r"[IWE]\d{4} \d\d:\d\d:|WARNING: All log messages|\[Gloo\]|To enable the following|\*\*\* |\s*@ +0x")
FATAL_PREFIX = re.compile(r"F\d{4} \d\d:\d\d:.*?\] ")
GRACE = 1  # second after the first worker's death, in which others may print the reason
_plans = []


@contextlib.contextmanager
def planned(recipe, flags, processes, devices, *host):
    """Context in which `launch_if_planned` calls `train` with these arguments, once, if they need more than one device."""
    if processes * devices > 1:
        _plans.append((recipe, flags, processes, devices, *host))
    try:
        yield
    finally:
        _plans.clear()


def launch_if_planned(folders):
    """Trains with workers, if that is planned. They leave checkpoints, from which `fit` sees that nothing is left to do.

    Args:
        folders: the folders of `fit`. If all their trainings have ended, no worker is started.
    """
    if _plans:
        sys.stdout.flush()  # before workers print
        plan, previous = _plans.pop(), [checkpoints.read(Path(folder, "checkpoint.npz")) for folder in folders]
        if not all(checkpoint and checkpoint.ended for checkpoint in previous):
            train(*plan)


def check():
    """Raises a `DataError` if workers are planned, but the training that begins was not passed to them."""
    if _plans:
        raise DataError("--processes, --devices: expected 1 where a training leaves no checkpoint")


def train(recipe, flags, processes, devices, coordinator=None, number=None):
    """Trains with workers, until they have ended.

    Args:
        recipe: name of the recipe.
        flags: flags of its command `train`.
        processes, devices: see `WorkerSpec`.
        coordinator, number: see `WorkerSpec`, for the one worker of this host; by default all workers are on this host.

    Raises:
        DataError: a worker failed. Then all are ended.
    """
    single_host = number is None
    coordinator = coordinator or rendezvous.free_address()
    specs = [WorkerSpec(i, processes, devices, coordinator) for i in (range(processes) if single_host else [number])]
    command = [sys.executable, "-m", "seqzoo.training.distribution", f"recipes.{recipe}", "train", *flags]
    workers = []
    if not single_host:
        print(f"note: waits for all {processes} processes, to meet at {coordinator}", file=sys.stderr)
    try:
        workers += [_Worker(command, spec, single_host) for spec in specs]
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
        command: a list.
        spec: its `WorkerSpec`.
        single_host: whether all workers are on this host, and share its devices.
    """

    def __init__(self, command, spec, single_host):
        first = (spec.number * spec.devices) if single_host else 0
        self.number, self.tail = spec.number, collections.deque(maxlen=1)
        environment = os.environ | {VARIABLE: json.dumps(spec), STARTED: "1"}
        environment["JAX_LOCAL_DEVICE_IDS"] = ",".join(map(str, range(first, first + spec.devices)))
        if "xla_force_host_platform_device_count" not in environment.get("XLA_FLAGS", ""):
            environment["JAX_NUM_CPU_DEVICES"] = str(spec.devices)
        if single_host:
            environment["NCCL_SOCKET_IFNAME"] = "lo"  # of Linux, which NCCL needs anyway
        environment["COLUMNS"] = str(shutil.get_terminal_size().columns)  # which a process cannot see through pipes
        stdout = None if spec.number == 0 else subprocess.DEVNULL
        pipes = {"stdin": subprocess.PIPE, "stdout": stdout, "stderr": subprocess.PIPE, "text": True, "errors": "replace"}
        self.process = subprocess.Popen(command, env=environment, **pipes)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        """Prints the messages of the first worker, except its error, and keeps the last line of each worker."""
        for line in self.process.stderr:
            if NATIVE_LOG.match(line):
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
    """The message for workers that died: of one that printed its error or was killed, before those that died as a result."""
    worker = min(dead, key=lambda worker: (worker.process.returncode != 2, worker.process.returncode, worker.number))
    status, last = worker.process.returncode, FATAL_PREFIX.sub("", "".join(worker.tail)).strip().removeprefix("error: ")
    if status == 2:
        return last
    end = f"was killed by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
    reason = f" ({last[:300]})" if last else ""
    return f"process {worker.number} of {processes} {end}{reason}; --resume goes on from the last checkpoint"
