"""Hyperparameter search with KerasTuner, which resumes after a kill; on several processes as `coordination` describes."""

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
from seqzoo.tuning.space import decode, hyperparameters_of

TUNERS = "random", "hyperband", "bayesian", "grid"
SEARCH_FILE, TRIALS_TABLE, TRIALS_FOLDER = "search.json", "trials.csv", "trials"


class Plan(NamedTuple):
    """Options of a search.

    `max_trials`: number of trials; None for as many as `minutes` allow, or for all of grid and hyperband. `minutes`: no trial
    starts later. `epochs`: the most epochs of a Hyperband trial. `worker_timeout`: seconds after which a silent worker, or
    chief, counts as dead. `duration`: the unit of the length of a training.
    """

    tuner: str = "random"
    max_trials: int | None = None
    minutes: float | None = None
    epochs: int = 10
    seed: int = 0
    worker_timeout: float = 60.0
    duration: str = "epochs"


class Trial(NamedTuple):
    """A trial that ended. The quality of a failed trial is minus infinity."""

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
    worker_timeout=60.0,
    resume=False,
):
    """Searches for the best hyperparameters of any Keras model.

    Args:
        build: a `keras_tuner.HyperModel`, or a function of a `keras_tuner.HyperParameters` that returns a compiled model.
        train: what `model.fit` takes: a data set, or a tuple of arrays.
        validation: what `model.fit` takes as `validation_data`. The quality of a trial is minus its lowest loss on it.
        folder: the folder of the search, for the files of its trials and their table, `trials.csv`.
        tuner: one of `TUNERS`.
        max_trials, minutes, seed, worker_timeout: see `Plan`.
        epochs: the most epochs of a trial.
        patience: number of epochs without a lower loss after which a trial stops.
        resume: whether to resume the search in the folder.

    Returns:
        The best `keras_tuner.HyperParameters`, and the list of `Trial`s, the best first; in a worker None and an empty list.

    Raises:
        FileExistsError: the folder holds a search and `resume` is False; or another process runs it.
        DataError: there is no search to resume, or another one; no trial succeeded; the chief does not answer; a file cannot be
            written.
        Exception: an error of `build` in its first call, which collects the hyperparameters.
    """
    import keras_tuner

    if tuner not in TUNERS:
        raise ValueError(f"`tuner` must be one of {', '.join(TUNERS)}, got {tuner!r}.")
    if max_trials is not None and max_trials < 1:
        raise ValueError(f"`max_trials` must be a positive integer or None, got {max_trials}.")
    model = build if isinstance(build, keras_tuner.HyperModel) else None
    plan = Plan(tuner, max_trials, minutes, epochs, seed, worker_timeout)
    arrays = train if isinstance(train, tuple) else (train,)

    def run_trial(hyperparameters):
        best = fit.KeepBest(patience)
        options = {"validation_data": validation, "callbacks": [best], "verbose": 0}
        options["epochs"] = hyperparameters.values.get("tuner/epochs", epochs)
        if model:
            model.fit(hyperparameters, model.build(hyperparameters), *arrays, **options)
        else:
            build(hyperparameters).fit(*arrays, **options)
        return best.best, len(best.history)

    if coordination.role() != "worker":
        begin(folder, {"tuner": tuner, "seed": seed, "epochs": epochs}, resume)
    trials = explore(run_trial, folder, plan, hypermodel=build)
    best = keras_tuner.HyperParameters()
    best.values = dict(trials[0].values) if trials else {}
    return (best, trials) if trials else (None, [])


def check_new(folder):
    """Raises a `FileExistsError` if the folder holds a search."""
    if Path(folder, SEARCH_FILE).exists():
        raise FileExistsError(f"{folder} holds a search; expected --resume, to go on with it, or another folder")


def begin(folder, metadata, resume=False):
    """Writes `search.json` into the folder of a new search; with `resume` checks that the file there has the same metadata.

    Raises:
        FileExistsError, DataError: see `search`.
    """
    path = Path(folder, SEARCH_FILE)
    if not resume:
        check_new(folder)
        path.parent.mkdir(parents=True, exist_ok=True)
        return run_folder.write_json(path, metadata)
    existing = run_folder.read_json(path)
    for name, expected in json.loads(json.dumps(metadata)).items():
        if existing.get(name) != expected:
            raise DataError(f"{path}: expected a search with {name} {expected}, to go on with it, found {existing.get(name)}")


def explore(train, folder, plan, space=None, hypermodel=None, report=None, processes=None):
    """Runs the trials of a search that are left.

    Args:
        train: a function of a trial's `keras_tuner.HyperParameters` that returns its quality, the higher the better, and its
            epochs.
        folder: the folder of a search, after `begin`.
        plan: a `Plan`.
        space: `{name: a tuple of values, or a Range}`; `values_of` returns the values of a trial.
        hypermodel: a model builder of KerasTuner that defines the space itself, in place of `space`.
        report: a function that the chief calls after each trial with all trials that ended, the last one last.
        processes: in the chief, `{tuner id: subprocess.Popen}` of workers on this machine; if all die, the search ends.

    Returns:
        The list of `Trial`s, the best first; in a worker an empty list.

    Raises:
        FileExistsError: another process runs the search.
        DataError: no trial succeeded; the chief does not answer, or cannot listen.
    """
    from seqzoo.tuning import oracles

    hyperparameters = hyperparameters_of(space) if space else None
    oracle = oracles.oracle_of(plan.tuner, plan.max_trials, plan.epochs, plan.seed, hyperparameters)
    oracle.worker_timeout = plan.worker_timeout
    with _interruptible(train) as train:
        if coordination.role() == "worker":
            with tempfile.TemporaryDirectory() as unused:
                return coordination.run_search_worker(oracles.Tuner(oracle, train, unused, hypermodel, worker=True)) or []
        with alone(folder):
            tuner = oracles.Tuner(oracle, train, Path(folder, TRIALS_FOLDER), hypermodel)
            with _write_errors(folder):
                decode_values = functools.partial(decode, space) if space else dict
                trials = _run(tuner, folder, plan, decode_values, report, processes or {})
    if not trials or trials[0].quality == -math.inf:
        raise DataError(f"{folder}: no trial succeeded: expected other values to search, or more trials")
    return trials


@contextlib.contextmanager
def alone(folder):
    """Locks the folder of a search, which is created if missing: no other process runs, or begins, a search there.

    Raises:
        FileExistsError: another process does.
    """
    Path(folder).mkdir(parents=True, exist_ok=True)
    message = f"--out: another process is searching in {folder}; expected a folder of its own"
    with run_folder.locked(Path(folder, "lock"), message):
        yield


@contextlib.contextmanager
def _write_errors(folder):
    """Turns write errors of TensorFlow, by which KerasTuner writes if it is there, into `DataError`s; they are no `OSError`s.

    (Errors of a trial do not come here: the tuner catches them.)
    """
    try:
        yield
    except Exception as error:
        if not type(error).__module__.startswith("tensorflow."):
            raise
        raise DataError(f"{folder}: cannot be written ({one_line(error, 100)}); --resume goes on") from error


def _run(tuner, folder, plan, decode_values, report, processes):
    """Runs trials until none are left. Returns the `Trial`s, the best first."""
    from seqzoo.tuning import oracles

    oracle = tuner.oracle
    expected = {each.name for each in oracle.get_space().space if not each.conditions}
    torn = oracles.restore(oracle, Path(folder, TRIALS_FOLDER))
    for trial in oracle.trials.values():
        for name in expected - set(trial.hyperparameters.values):
            raise DataError(f"{folder}: expected a search with {name!r}, to go on with it, got one of another model")
    for number in torn:
        print(f"note: the file of trial {int(number)} was torn or changed, another is run in its place", flush=True)
    if plan.minutes is not None:
        oracle.deadline = time.monotonic() + 60 * plan.minutes
    oracle.report = lambda _: _report(folder, oracle, decode_values, plan.duration, report)
    coordination.run_chief(oracle, processes) if coordination.role() == "chief" else tuner.search()
    return sorted(_report(folder, oracle, decode_values, plan.duration), key=lambda trial: -trial.quality)


@contextlib.contextmanager
def _interruptible(train):
    """Yields `train`, changed so that Ctrl-C or SIGTERM in a training also ends the search: `fit` does not raise it again."""
    defaults = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}
    is_main = threading.current_thread() == threading.main_thread()
    numbers = [number for number, default in defaults.items() if is_main and signal.getsignal(number) == default]
    interrupts = []

    def interrupt(*_):
        interrupts.append(True)
        raise KeyboardInterrupt

    def train_or_interrupt(hyperparameters):
        try:
            return train(hyperparameters)
        finally:  # also after an error, which the interrupt may have caused
            if interrupts:
                raise KeyboardInterrupt

    for number in numbers:
        signal.signal(number, interrupt)
    try:
        yield train_or_interrupt
    finally:
        for number in numbers:
            signal.signal(number, defaults[number])


def _report(folder, oracle, decode_values, duration, report=None):
    """Writes the table of the trials that ended, calls `report`, and returns the `Trial`s."""
    trials = [_ended(oracle.trials[number], decode_values) for number in list(oracle.end_order)]
    names = list(dict.fromkeys(name for trial in trials for name in trial.values))
    path = Path(folder, TRIALS_TABLE)
    partial = path.with_suffix(".part")
    with partial.open("w", encoding="utf-8", newline="") as file:
        write = csv.writer(file).writerow
        write(["trial", "quality", duration, "seconds", *names])
        for number, values, quality, epochs, seconds in trials:
            results = "failed" if quality == -math.inf else quality, epochs, f"{seconds:.1f}"
            write([number, *results, *(values.get(name) for name in names)])
    partial.replace(path)
    if report:
        report(trials)
    return trials


def _ended(trial, decode_values):
    """The `Trial` of a KerasTuner trial that ended."""
    values = {name: value for name, value in trial.hyperparameters.values.items() if not name.startswith("tuner/")}
    quality = trial.score if trial.status == "COMPLETED" else -math.inf
    epochs, seconds = (
        float(trial.metrics.get_best_value(name)) if trial.metrics.exists(name) else 0.0 for name in ("epochs", "seconds")
    )
    return Trial(int(trial.trial_id), decode_values(values), float(quality), int(epochs), seconds)
