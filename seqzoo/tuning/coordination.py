"""Distributed search: a chief process that gives out trials, and worker processes that run them.

All run the same program, on one machine or on several, each with three environment variables of KerasTuner:
`KERASTUNER_TUNER_ID`, "chief" for one of them and a unique name for each other; `KERASTUNER_ORACLE_IP` and
`KERASTUNER_ORACLE_PORT`, the address at which the chief listens. The chief alone keeps the results. Workers may start late, and
die: the chief gives their trials to others. Their messages are not encrypted, and any process may join: use a trusted network.
"""

import contextlib
import os
import queue
import socket
import subprocess
import threading
import time

from seqzoo.errors import DataError, one_line

ID, IP, PORT = "KERASTUNER_TUNER_ID", "KERASTUNER_ORACLE_IP", "KERASTUNER_ORACLE_PORT"
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
    address = {name: os.environ.get(name) for name in (IP, PORT)}
    if not all(address.values()):
        address = {IP: "127.0.0.1", PORT: str(_free_port())}
    environment, processes = dict(os.environ), {}
    os.environ |= {ID: "chief", **address}
    try:
        for number in range(1, count + 1):
            name = f"worker-{os.getpid()}-{number}"
            processes[name] = subprocess.Popen(command, env=os.environ | {ID: name}, stdout=subprocess.DEVNULL)
        yield processes
    finally:
        _restore(environment)
        for process in processes.values():
            process.kill()
        for process in processes.values():
            process.wait()


def _free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def _restore(environment):
    for name in (ID, IP, PORT):
        if name in environment:
            os.environ[name] = environment[name]
        else:
            os.environ.pop(name, None)


def run_search_worker(tuner):
    """Runs the trials that the chief gives this worker, until none are left."""
    import grpc

    try:
        tuner.search()
    except grpc.RpcError as error:
        address = f"{os.environ[IP]}:{os.environ[PORT]}"
        details = getattr(error, "details", str)() or type(error).__name__
        raise DataError(f"{IP}, {PORT}: expected the chief of a search at {address}, but: {one_line(details, 100)}") from error


def run_chief(tuner, processes):
    """Gives out the trials of a tuner's oracle until all have ended. Calls the oracle's `report` of each trial in this thread.

    Args:
        tuner: an `oracles.Tuner`.
        processes: `{tuner id: subprocess.Popen}` of the workers on this machine.

    Raises:
        DataError: the chief cannot listen, or all workers on this machine died.
    """
    oracle, ended, errors = tuner.oracle, queue.SimpleQueue(), queue.SimpleQueue()
    report, oracle.report = oracle.report, ended.put
    threading.Thread(target=_serve, args=(tuner, errors), daemon=True).start()
    while not (oracle.over and ended.empty()):
        with contextlib.suppress(queue.Empty):
            report(ended.get(timeout=POLL))
        with contextlib.suppress(queue.Empty):
            raise DataError(f"{IP}, {PORT}: expected an address to listen at ({one_line(errors.get_nowait(), 150)})")
        oracle.dead = {name for name, process in processes.items() if process.poll() is not None}
        if processes and len(oracle.dead) == len(processes) and ended.empty() and not oracle.over:
            raise DataError("all workers died, --resume goes on with what is left")
    deadline = time.monotonic() + GRACE
    while time.monotonic() < deadline and (
        oracle.tuner_ids - oracle.dead or any(process.poll() is None for process in processes.values())
    ):
        time.sleep(POLL)


def _serve(tuner, errors):
    try:
        tuner.search()
    except Exception as error:
        errors.put(error)
