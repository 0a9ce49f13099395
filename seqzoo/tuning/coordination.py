"""A search on several processes: a chief that gives out trials, and workers that run them.

They run the same program, on one machine or on several, each with three environment variables, which are KerasTuner's:
`KERASTUNER_TUNER_ID`, "chief" for one of them and for each other a name of its own; `KERASTUNER_ORACLE_IP` and
`KERASTUNER_ORACLE_PORT`, the address at which the chief listens. The chief alone keeps the results. Workers may come late, and
die: the chief gives their trials to others. What they say to each other is not encrypted, and anyone may join: let no stranger
into their network.
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


def role():
    """What the environment makes of this process: "alone", "chief" or "worker".

    Raises:
        DataError: it says it half, or in no way that can be.
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
    """Makes this process a chief, and starts workers: yields `{tuner id: subprocess.Popen}`. In the end none is left."""
    address = {name: os.environ.get(name) for name in (IP, PORT)}
    if not all(address.values()):
        address = {IP: "127.0.0.1", PORT: str(_free_port())}
    before, processes = dict(os.environ), {}
    os.environ |= {ID: "chief", **address}
    try:
        for number in range(1, count + 1):
            name = f"worker-{os.getpid()}-{number}"
            processes[name] = subprocess.Popen(command, env=os.environ | {ID: name}, stdout=subprocess.DEVNULL)
        yield processes
    finally:
        _restore(before)
        for process in processes.values():
            process.kill()
        for process in processes.values():
            process.wait()


def _free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def _restore(before):
    for name in (ID, IP, PORT):
        if name in before:
            os.environ[name] = before[name]
        else:
            os.environ.pop(name, None)


def run_search_worker(tuner):
    """Runs the trials that a chief gives this worker, until there are none left."""
    import grpc

    try:
        tuner.search()
    except grpc.RpcError as error:
        place = f"{os.environ[IP]}:{os.environ[PORT]}"
        said = getattr(error, "details", str)() or type(error).__name__
        raise DataError(f"{IP}, {PORT}: expected the chief of a search at {place}, but: {one_line(said, 100)}") from error


def run_chief(tuner, processes):
    """Gives out the trials of a tuner's oracle until all have ended, and calls its `report` of each in this thread.

    Raises:
        DataError: the chief cannot listen, or all of its workers' processes died.
    """
    oracle, ended, failed = tuner.oracle, queue.SimpleQueue(), queue.SimpleQueue()
    report, oracle.report = oracle.report, ended.put
    threading.Thread(target=_serve, args=(tuner, failed), daemon=True).start()
    while not (oracle.over and ended.empty()):
        with contextlib.suppress(queue.Empty):
            report(ended.get(timeout=0.2))
        with contextlib.suppress(queue.Empty):
            raise DataError(f"{IP}, {PORT}: expected an address to listen at ({one_line(failed.get_nowait(), 150)})")
        oracle.dead = {name for name, process in processes.items() if process.poll() is not None}
        if processes and len(oracle.dead) == len(processes) and ended.empty() and not oracle.over:
            raise DataError("all workers died, --resume goes on with what is left")
    until = time.monotonic() + GRACE
    while time.monotonic() < until and (oracle.tuner_ids - oracle.dead or any(p.poll() is None for p in processes.values())):
        time.sleep(0.2)


def _serve(tuner, failed):
    try:
        tuner.search()
    except Exception as error:
        failed.put(error)
