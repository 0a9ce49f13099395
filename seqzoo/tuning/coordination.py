"""Distributed search: a chief process that gives out trials, and worker processes that run them.

All run the same program, on one machine or on several, each with three environment variables of KerasTuner:
`KERASTUNER_TUNER_ID`, "chief" for one of them and a unique name for each other; `KERASTUNER_ORACLE_IP` and
`KERASTUNER_ORACLE_PORT`, the address at which the chief listens. The chief alone keeps the results. Workers may start late, and
die: the chief gives their trials to others. Their messages are neither encrypted nor signed, and any process that reaches the
address of the chief may join. The chief checks every message, see `server`; still, use a closed network. Workers that the chief
starts itself reach it through a socket in a folder that only its user may open, and end when the chief ends.
"""

import contextlib
import os
import queue
import subprocess
import tempfile
import time

from seqzoo.errors import STARTED, DataError, one_line
from seqzoo.training.distribution import end_with_parent

ID, IP, PORT = "KERASTUNER_TUNER_ID", "KERASTUNER_ORACLE_IP", "KERASTUNER_ORACLE_PORT"
CHIEF_PIPE = "SEQZOO_CHIEF_PIPE"  # set for a worker whose standard input is a pipe from the chief
GRACE = 10  # seconds in which workers may end
POLL = 0.2  # seconds


def role():
    """The role of this process by its environment: "alone", "chief" or "worker".

    Raises:
        DataError: a variable is missing or invalid.
    """
    values = {name: os.environ.get(name) for name in (ID, IP, PORT)}
    if not any(values.values()):
        return "alone"
    for name, value in values.items():
        if not value:
            raise DataError(f"{name}: expected a value in the environment, beside those of {ID}, {IP} and {PORT}; it has none")
    if not values[PORT].isdecimal() or not 0 < int(values[PORT]) < 65536:
        raise DataError(f"{PORT}: expected a port from 1 to 65535, got {values[PORT]}")
    return "chief" if "chief" in values[ID] else "worker"


@contextlib.contextmanager
def workers(count, command):
    """Makes this process a chief, and starts workers: yields `{tuner id: subprocess.Popen}`. At the end all are killed."""
    address, environment, processes = {name: os.environ.get(name) for name in (IP, PORT)}, dict(os.environ), {}
    with tempfile.TemporaryDirectory(prefix="seqzoo-") as private:
        if not all(address.values()):
            address = {IP: f"unix:{private}/chief", PORT: "1"}  # the socket `chief:1`
        os.environ |= {ID: "chief", **address}
        try:
            for number in range(1, count + 1):
                name = f"worker-{os.getpid()}-{number}"
                variables = os.environ | {ID: name, CHIEF_PIPE: "1", STARTED: "1"}
                processes[name] = subprocess.Popen(command, env=variables, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
            yield processes
        finally:
            _restore(environment)
            for process in processes.values():
                process.kill()
            for process in processes.values():
                process.wait()
                process.stdin.close()


def _restore(environment):
    for name in (ID, IP, PORT):
        if name in environment:
            os.environ[name] = environment[name]
        else:
            os.environ.pop(name, None)


def run_search_worker(tuner):
    """Runs the trials that the chief gives this worker, until none are left."""
    import grpc

    if os.environ.get(CHIEF_PIPE):
        end_with_parent()
    try:
        tuner.search()
    except grpc.RpcError as error:
        address = f"{os.environ[IP]}:{os.environ[PORT]}"
        details = getattr(error, "details", str)() or type(error).__name__
        raise DataError(f"{IP}, {PORT}: expected the chief of a search at {address}, but: {one_line(details, 100)}") from error


def run_chief(oracle, processes):
    """Gives out the trials of an oracle until all have ended. Calls the oracle's `report` of each trial in this thread.

    Args:
        oracle: an `oracles.ResumableOracle`.
        processes: `{tuner id: subprocess.Popen}` of the workers on this machine.

    Raises:
        DataError: the chief cannot listen, or all workers on this machine died.
        Exception: an error of the oracle.
    """
    from seqzoo.tuning import server

    ended, errors = queue.SimpleQueue(), queue.SimpleQueue()
    report, oracle.report = oracle.report, ended.put
    try:
        listener = server.start(oracle, f"{os.environ[IP]}:{os.environ[PORT]}", errors.put)
    except RuntimeError as error:
        raise DataError(f"{IP}, {PORT}: expected an address to listen at ({one_line(error, 150)})") from error
    try:
        while not (oracle.over and ended.empty()):
            with contextlib.suppress(queue.Empty):
                report(ended.get(timeout=POLL))
            with contextlib.suppress(queue.Empty):
                raise errors.get_nowait()
            oracle.dead = {name for name, process in processes.items() if process.poll() is not None}
            if processes and len(oracle.dead) == len(processes) and ended.empty() and not oracle.over:
                raise DataError("all workers died, --resume goes on with what is left")
        _await_end(oracle, processes)
    finally:
        listener.stop(0)


def _await_end(oracle, processes):
    """Waits until all workers know that the search is over."""
    deadline = time.monotonic() + GRACE
    while time.monotonic() < deadline and (
        oracle.tuner_ids - oracle.dead or any(process.poll() is None for process in processes.values())
    ):
        time.sleep(POLL)
