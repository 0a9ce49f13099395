"""A search for better hyperparameters, by KerasTuner, which goes on after a kill; on several processes as `chief` says."""

import contextlib
import csv
import functools
import json
import math
import signal
import tempfile
import threading
import time
from pathlib import Path
from typing import NamedTuple

from seqzoo.errors import DataError, one_line
from seqzoo.training import fit, run_folder
from seqzoo.tuning import coordination
from seqzoo.tuning.space import _decoded, hyperparameters_of

TUNERS = "random", "hyperband", "bayesian", "grid"
MARK, TABLE, TRIALS = "search.json", "trials.csv", "trials"


class Plan(NamedTuple):
    """How to search.

    `max_trials`: None for as many as there is time for, and of grid and hyperband as there are. `minutes`: no trial begins
    later. `epochs`: the most that Hyperband gives to one trial. `wait`: seconds after which a silent worker, or chief, is dead.
    `duration`: what the length of a training is counted in.
    """

    tuner: str = "random"
    max_trials: int | None = None
    minutes: float | None = None
    epochs: int = 10
    seed: int = 0
    wait: float = 60.0
    duration: str = "epochs"


class Trial(NamedTuple):
    """One that ended. A failed one has a quality of minus infinity."""

    number: int
    values: dict
    quality: float
    epochs: int
    seconds: float


def search(
    build,
    train,
    validation,
    folder,
    tuner="random",
    max_trials=20,
    minutes=None,
    epochs=10,
    patience=3,
    seed=0,
    wait=60.0,
    resume=False,
):
    """Searches for the hyperparameters of a model of your own.

    Args:
        build: a `keras_tuner.HyperModel`, or a function of a `keras_tuner.HyperParameters` that returns a compiled model.
        train: what `model.fit` takes: a data set, or a tuple of arrays.
        validation: what `model.fit` takes as `validation_data`. A trial is as good as its lowest loss on it.
        folder: of the search, for the files of its trials and a table of them, `trials.csv`.
        tuner: one of `TUNERS`.
        max_trials, minutes, seed, wait: of a `Plan`.
        epochs: the most that a trial trains for.
        patience: epochs without a lower loss before it stops.
        resume: whether to go on with the search in the folder.

    Returns:
        The best `keras_tuner.HyperParameters`, and the `Trial`s that ended, the best first; of a worker None and none.

    Raises:
        FileExistsError: there is a search in the folder, and not `resume`; or another process runs it.
        DataError: there is none, or another; no trial succeeded; the chief does not answer; a file cannot be written.
        Exception: what `build` raises when it is called for the first time, to see what there is to choose from.
    """
    import keras_tuner

    if tuner not in TUNERS:
        raise ValueError(f"`tuner` must be one of {', '.join(TUNERS)}, got {tuner!r}.")
    if max_trials is not None and max_trials < 1:
        raise ValueError(f"`max_trials` must be a positive integer or None, got {max_trials}.")
    model = build if isinstance(build, keras_tuner.HyperModel) else None
    plan = Plan(tuner, max_trials, minutes, epochs, seed, wait)
    arrays = train if isinstance(train, tuple) else (train,)

    def run_trial(values):
        best = fit.KeepBest(patience)
        how = {"validation_data": validation, "callbacks": [best], "verbose": 0}
        how["epochs"] = values.values.get("tuner/epochs", epochs)
        if model:
            model.fit(values, model.build(values), *arrays, **how)
        else:
            build(values).fit(*arrays, **how)
        return best.best, len(best.history)

    if coordination.role() != "worker":
        begin(folder, {"tuner": tuner, "seed": seed, "epochs": epochs}, resume)
    trials = explore(run_trial, folder, plan, hypermodel=build)
    best = keras_tuner.HyperParameters()
    best.values = dict(trials[0].values) if trials else {}
    return (best, trials) if trials else (None, [])


def check_new(folder):
    if Path(folder, MARK).exists():
        raise FileExistsError(f"{folder} holds a search; expected --resume, to go on with it, or another folder")


def begin(folder, facts, resume=False):
    """Marks the folder of a search, which must be a new one, or with `resume` one that was marked with the same facts.

    Raises:
        FileExistsError, DataError: as `search`.
    """
    path = Path(folder, MARK)
    if not resume:
        check_new(folder)
        path.parent.mkdir(parents=True, exist_ok=True)
        return run_folder.write_json(path, facts)
    found = run_folder.read_json(path)
    for name, expected in json.loads(json.dumps(facts)).items():
        if found.get(name) != expected:
            raise DataError(f"{path}: expected a search with {name} {expected}, to go on with it, found {found.get(name)}")


def explore(train, folder, plan, space=None, hypermodel=None, report=None, processes=None):
    """Runs the trials that are left to run.

    Args:
        train: of a trial's `keras_tuner.HyperParameters`: its quality, the higher the better, and its number of epochs.
        folder: that of a search which has begun.
        space: `{name: a tuple of values, or a Range}`, of which `values_of` says what a trial has; or else
        hypermodel: a model builder of KerasTuner, which says itself what it searches.
        report: called by the chief after each trial with all that ended, the last one last.
        processes: of the chief, `{tuner id: subprocess.Popen}` of workers on this machine; if all die, the search ends.

    Returns:
        The `Trial`s that ended, the best first; of a worker none.

    Raises:
        FileExistsError: another process runs the search.
        DataError: no trial succeeded; the chief does not answer, or cannot listen.
    """
    from seqzoo.tuning import oracles

    begins = plan.tuner, plan.max_trials, plan.epochs, plan.seed, hyperparameters_of(space) if space else None
    oracle = oracles.oracle_of(*begins)
    oracle.wait = plan.wait
    with _interruptible(train) as train:
        if coordination.role() == "worker":
            with tempfile.TemporaryDirectory() as nowhere:
                return coordination.run_search_worker(oracles.Tuner(oracle, train, nowhere, hypermodel, worker=True)) or []
        with alone(folder):
            tuner = oracles.Tuner(oracle, train, Path(folder, TRIALS), hypermodel)
            with _files_written(folder):
                decode = functools.partial(_decoded, space) if space else dict
                trials = _run(tuner, folder, plan, decode, report, processes or {})
    if not trials or trials[0].quality == -math.inf:
        raise DataError(f"{folder}: no trial succeeded: expected other values to search, or more trials")
    return trials


@contextlib.contextmanager
def alone(folder):
    """For the time of the block no other process runs, or begins, a search in the folder, which is made if there is none.

    Raises:
        FileExistsError: another does.
    """
    Path(folder).mkdir(parents=True, exist_ok=True)
    with run_folder.locked(
        Path(folder, "lock"), f"--out: another process is searching in {folder}; expected a folder of its own"
    ):
        yield


@contextlib.contextmanager
def _files_written(folder):
    """KerasTuner writes by TensorFlow, if that is there, whose errors are no `OSError`s. (A trial's own are caught before.)"""
    try:
        yield
    except Exception as error:
        if not type(error).__module__.startswith("tensorflow."):
            raise
        raise DataError(f"{folder}: cannot be written ({one_line(error, 100)}); --resume goes on") from error


def _run(tuner, folder, plan, decode, report, processes):
    """The trials that ended, the best first, when there is none left to run."""
    from seqzoo.tuning import oracles

    oracle = tuner.oracle
    expected = {each.name for each in oracle.get_space().space if not each.conditions}
    torn = oracles.restore(oracle, Path(folder, TRIALS))
    for trial in oracle.trials.values():
        for name in expected - set(trial.hyperparameters.values):
            raise DataError(f"{folder}: expected a search with {name!r}, to go on with it, found one of another model")
    for number in torn:
        print(f"note: the file of trial {int(number)} was torn, another is run in its place", flush=True)
    if plan.minutes is not None:
        oracle.deadline = time.monotonic() + 60 * plan.minutes
    oracle.report = lambda _: _tell(folder, oracle, decode, plan.duration, report)
    coordination.run_chief(tuner, processes) if coordination.role() == "chief" else tuner.search()
    return sorted(_tell(folder, oracle, decode, plan.duration), key=lambda trial: -trial.quality)


@contextlib.contextmanager
def _interruptible(train):
    """Yields `train`, but such that Ctrl-C ends more than the training that it meets: `fit` does not hand it on."""
    if signal.getsignal(signal.SIGINT) != signal.default_int_handler or threading.current_thread() != threading.main_thread():
        yield train
        return
    pressed = []

    def press(*_):
        pressed.append(True)
        raise KeyboardInterrupt

    def train_or_end(hyperparameters):
        try:
            return train(hyperparameters)
        finally:  # also of an error, that the interrupt may have caused
            if pressed:
                raise KeyboardInterrupt

    signal.signal(signal.SIGINT, press)
    try:
        yield train_or_end
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _tell(folder, oracle, decode, duration, report=None):
    """Writes the table of the trials that ended, and reports and returns them."""
    trials = [_ended(oracle.trials[number], decode) for number in list(oracle.end_order)]
    names = list(dict.fromkeys(name for trial in trials for name in trial.values))
    path = Path(folder, TABLE)
    beside = path.with_suffix(".part")
    with beside.open("w", encoding="utf-8", newline="") as file:
        write = csv.writer(file).writerow
        write(["trial", "quality", duration, "seconds", *names])
        for number, values, quality, epochs, seconds in trials:
            figures = "failed" if quality == -math.inf else quality, epochs, f"{seconds:.1f}"
            write([number, *figures, *(values.get(name) for name in names)])
    beside.replace(path)
    if report:
        report(trials)
    return trials


def _ended(trial, decode):
    values = {name: value for name, value in trial.hyperparameters.values.items() if not name.startswith("tuner/")}
    quality = trial.score if trial.status == "COMPLETED" else -math.inf
    epochs, seconds = (
        float(trial.metrics.get_best_value(name)) if trial.metrics.exists(name) else 0.0 for name in ("epochs", "seconds")
    )
    return Trial(int(trial.trial_id), decode(values), float(quality), int(epochs), seconds)
