"""Functions of several frameworks, each in a process of its own, timed in turns.

On a shared machine only the ratios of one run mean anything: so one repetition of each follows the other, and again.
"""

import importlib
import multiprocessing
import os
import time

import numpy as np


class Framework:
    """A process that builds the contestants of one module and runs them when asked."""

    def __init__(self, module, backend=None):
        spawn = multiprocessing.get_context("spawn")
        self.backend = backend
        self.pipe, other = spawn.Pipe()
        self.process = spawn.Process(target=_serve, args=(other, module, backend), daemon=True)
        self.process.start()
        other.close()

    def ask(self, *request):
        self.pipe.send(request)
        answer = self.pipe.recv()
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self):
        self.pipe.close()
        self.process.join()


def in_turns(frameworks, case, what, wanted=None, seconds=3.0, least=5, most=20):
    """{(backend, name): milliseconds of each repetition}, after one that compiles."""
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


def memory(module, backend, case, name, what="training step"):
    """MiB: how far the resident memory of a new process rises, in a second step, over what it was after the first."""
    os.environ["MALLOC_MMAP_THRESHOLD_"] = "65536"  # so that what was freed after the first step is not counted
    framework = Framework(module, backend)
    try:
        framework.ask("build", case, [name])
        return framework.ask("memory", name, what)
    finally:
        framework.close()
        del os.environ["MALLOC_MMAP_THRESHOLD_"]


def _serve(pipe, module, backend):
    if backend:
        os.environ["KERAS_BACKEND"] = backend
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
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
                answer = {"time": _milliseconds, "memory": _rise}[request](contestants[name][what])
        except Exception as error:
            answer = RuntimeError(f"{module}: {type(error).__name__}: {error}")
        pipe.send(answer)


def _milliseconds(function):
    time.sleep(0.02)  # the threads of the one before may still spin
    milliseconds = _once(function)
    return milliseconds if milliseconds > 100 else _once(function)  # a short one again, its memory being warm


def _once(function):
    start = time.perf_counter()
    function()
    return 1000 * (time.perf_counter() - start)


def _rise(function):
    function()
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")  # the highest figure so far is forgotten
    before = _kilobytes("VmRSS")
    function()
    return (_kilobytes("VmHWM") - before) / 1024


def _kilobytes(name):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(name))


def quartiles(times):
    """Low, median, high."""
    return np.percentile(times, [25, 50, 75])
