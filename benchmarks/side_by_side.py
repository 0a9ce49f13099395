"""Alternating timing of several frameworks, each in its own process.

On a shared machine only the ratios of one run mean anything: repetitions of the frameworks therefore alternate.
"""

import ctypes
import importlib
import multiprocessing
import os
import time

import numpy as np


class Framework:
    """Process of one framework: on request it builds the contestants of a module and runs them."""

    def __init__(self, module, backend=None):
        spawn = multiprocessing.get_context("spawn")
        self.backend = backend
        self.pipe, other = spawn.Pipe()
        self.process = spawn.Process(target=_serve, args=(other, module, backend), daemon=True)
        self.process.start()
        other.close()

    def ask(self, *request):
        """Sends a request. Returns the answer, or raises the error of the process."""
        self.pipe.send(request)
        answer = self.pipe.recv()
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self):
        """Ends the process."""
        self.pipe.close()
        self.process.join()


def in_turns(frameworks, case, what, wanted=None, seconds=3.0, least=5, most=20):
    """Returns {(backend, name): milliseconds of each repetition}, after a first one that compiles."""
    names = [(framework, name) for framework in frameworks for name in framework.ask("build", case, wanted)]
    times = {(framework.backend, name): [] for framework, name in names}
    for framework, name in names:
        framework.ask("time", name, what)
    start = time.perf_counter()
    for repetition in range(most):
        if repetition >= least and time.perf_counter() - start > seconds:
            break
        for framework, name in names:
            times[framework.backend, name].append(framework.ask("time", name, what))
    return times


def alone(module, backend, case, name, what="training step"):
    """Returns milliseconds and memory, in MiB, of a run in a new process.

    The memory is the peak resident memory of a second run, minus the resident memory after a run of the same model over two
    steps. It is measured on Linux alone; elsewhere it is None.
    """
    framework = Framework(module, backend)
    batch, _, inputs, units = case.size
    try:
        framework.ask("build", case._replace(size=(batch, 2, inputs, units)), [name])
        before = framework.ask("highest", name, what)[0]
        framework.ask("build", case, [name])
        highest = framework.ask("highest", name, what)[1]
        milliseconds = min(framework.ask("time", name, what) for _ in range(3))
        return milliseconds, None if highest is None else highest - before
    finally:
        framework.close()


def _serve(pipe, module, backend):
    if backend:
        os.environ["KERAS_BACKEND"] = backend
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # hides log lines of the frameworks; errors go through the pipe
    contestants = {}
    while True:
        try:
            request, *arguments = pipe.recv()
        except EOFError:
            return
        try:
            if request == "build":
                contestants = importlib.import_module(module).contestants(*arguments)
                answer = list(contestants)
            else:
                name, what = arguments
                requests = {"time": milliseconds, "highest": _highest, "value": lambda function: function()}
                answer = requests[request](contestants[name][what])
        except Exception as error:
            answer = RuntimeError(f"{module}: {type(error).__name__}: {error}")
        pipe.send(answer)


def milliseconds(function, warming=0.05, measured=0.1):
    """Returns the mean milliseconds of a run. First runs without timing wake threads and refill caches."""
    _for_seconds(function, warming)
    return 1000 * float(np.mean(_for_seconds(function, measured)))


def _for_seconds(function, seconds):
    """Runs a function for some seconds, once at least. Returns the seconds of each run."""
    times = []
    while not times or sum(times) < seconds:
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return times


def _highest(function):
    """Returns the resident memory after a run and the peak during a second run, in MiB."""
    function()
    if not os.path.exists("/proc/self/clear_refs"):
        return None, None
    ctypes.CDLL(None).malloc_trim(0)  # memory that the compiler has freed does not count
    after = _megabytes("VmRSS")
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")  # resets the peak
    function()
    return after, _megabytes("VmHWM")


def _megabytes(name):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith(name))
