"""Oracles and tuner: KerasTuner's, extended to resume after a kill and to survive workers that die.

The state of a search is in the files of its trials, `trial_*/trial.json`, alone. KerasTuner writes them in place, so a kill may
tear one. KerasTuner's other files are not written, because their content follows from these.

Importing this module takes a second: import it where it is used.
"""

import contextlib
import json
import math
import os
import sys
import threading
import time
import warnings
from pathlib import Path

import grpc
import keras_tuner
from keras_tuner import oracles
from keras_tuner.engine.base_tuner import BaseTuner
from keras_tuner.engine.trial import Trial
from keras_tuner.src import config  # not public, but the only switch for the traceback of a chief that is gone
from keras_tuner.src.distribute import oracle_client  # not public, but the only place of its timeout

from seqzoo import backend
from seqzoo.errors import one_line
from seqzoo.tuning.space import offers

config.DEBUG = False

WRITTEN_OFF = "INVALID"  # the status of a trial whose file was torn; KerasTuner leaves no trial with it
ENDED = ("COMPLETED", "FAILED")
OBJECTIVE = keras_tuner.Objective("quality", "max")


class ResumableOracle:
    """Mixin for KerasTuner's oracles: resuming, lost workers, a deadline and a report of each trial.

    A worker loses its trial if it sends nothing for `worker_timeout` seconds, or its id is in `dead`. The next worker that
    requests a trial gets that trial; later results of the lost worker are ignored. No trial starts after `deadline`.
    `report` is called with each trial that ends. `over`: no trial is left.
    """

    worker_timeout, deadline, over = 60.0, math.inf, False

    def __init__(self, **arguments):
        super().__init__(objective=OBJECTIVE, max_consecutive_failed_trials=None, **arguments)
        self.verbose, self.last_contact, self.dead, self.report = 0, {}, set(), lambda trial: None

    def save(self):
        """Writes nothing; see the module."""

    @keras_tuner.synchronized
    def create_trial(self, tuner_id):
        self._requeue_lost_trials()
        self.last_contact[tuner_id] = time.monotonic()
        if time.monotonic() > self.deadline:
            self.max_trials, self._retry_queue = max(1, len(self.trials)), []
        trial = super().create_trial(tuner_id)
        if trial.status == "STOPPED" and self.ongoing_trials:
            trial.status = "IDLE"  # this worker may have to take over the trial of another one
        self.over = trial.status == "STOPPED"
        return trial

    def get_trial(self, trial_id):
        """A trial. Workers call this regularly while they train."""
        for tuner_id, trial in self.ongoing_trials.items():
            if trial.trial_id == trial_id:
                self.last_contact[tuner_id] = time.monotonic()
        self._requeue_lost_trials()
        return super().get_trial(trial_id)

    def _requeue_lost_trials(self):
        for tuner_id, trial in list(self.ongoing_trials.items()):
            if tuner_id in self.dead or time.monotonic() - self.last_contact[tuner_id] > self.worker_timeout:
                del self.ongoing_trials[tuner_id]
                self._retry_queue.append(trial.trial_id)
                print(f"note: {tuner_id} is not heard of any more, trial {int(trial.trial_id)} begins anew", file=sys.stderr)

    @keras_tuner.synchronized
    def update_trial(self, trial_id, metrics, step=0):
        trial = self.trials[trial_id]
        if trial_id in self.end_order:
            return trial
        trial.metrics = type(trial.metrics)()  # else KerasTuner takes the mean with the results of a lost worker
        metrics = {name: -math.inf if math.isnan(value) else value for name, value in metrics.items()}
        return super().update_trial(trial_id, metrics, step)

    @keras_tuner.synchronized
    def end_trial(self, trial):
        if trial.trial_id not in self.end_order:  # else another worker was faster, after this one counted as dead
            self._retry_queue = [trial_id for trial_id in self._retry_queue if trial_id != trial.trial_id]
            super().end_trial(trial)
            self.report(self.trials[trial.trial_id])

    def score_trial(self, trial):
        super().score_trial(trial)
        if trial.score == -math.inf:
            trial.score = math.nan  # which KerasTuner treats as a failure


class Random(ResumableOracle, oracles.RandomSearchOracle):
    """Random search, which repeats no combination of values."""


class Bayesian(ResumableOracle, oracles.BayesianOptimizationOracle):
    """Bayesian optimization, KerasTuner's, but with random values in place of a combination that was tried before."""

    def populate_space(self, trial_id):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a fit to few points
            proposal = super().populate_space(trial_id)
        if proposal["values"] and self._duplicate(proposal["values"]):
            return self._random_populate_space()
        return proposal


class Grid(ResumableOracle, oracles.GridSearchOracle):
    """Grid search: all combinations in order. (KerasTuner's own does not resume at its place after a kill.)"""

    def populate_space(self, trial_id):
        space = self.get_space()
        values = {each.name: each.default for each in space.space if space.is_active(each)}
        while values is not None and self._duplicate(values):
            values = self._get_next_combination(values)
        return {"status": "STOPPED" if values is None else "RUNNING", "values": values}


class Hyperband(ResumableOracle, oracles.HyperbandOracle):
    """Hyperband: many trials of few epochs, then the best of them with more; one iteration, or repeated up to `max_trials`."""

    def __init__(self, max_trials, max_epochs, **arguments):
        super().__init__(max_epochs=max_epochs, hyperband_iterations=None if max_trials else 1, **arguments)
        self.max_trials = max_trials

    def populate_space(self, trial_id):
        proposal = super().populate_space(trial_id)
        for bracket in self._brackets:  # KerasTuner records the number of the newest bracket
            if any(each["id"] == trial_id for trials in bracket["rounds"] for each in trials):
                proposal["values"]["tuner/bracket"] = bracket["bracket_num"]
        return proposal

    def _remove_completed_brackets(self):  # KerasTuner checks the last round alone, but a trial of another may be torn
        def has_room(bracket):
            sizes = (self._get_size(bracket["bracket_num"], i) for i in range(len(bracket["rounds"])))
            return any(len(trials) < size for trials, size in zip(bracket["rounds"], sizes, strict=True))

        self._brackets = [bracket for bracket in self._brackets if has_room(bracket)]

    def restore(self, trials):
        """Rebuilds the brackets from the values of their trials."""
        bracket_of = {}
        for trial in trials:
            values = trial.hyperparameters.values
            round_number, past_id = values["tuner/round"], values.get("tuner/trial_id")
            bracket = bracket_of.get(past_id) or self._bracket_with_room(values["tuner/bracket"], round_number)
            bracket["rounds"][round_number].append({"past_id": past_id, "id": trial.trial_id})
            bracket_of[trial.trial_id] = bracket

    def _bracket_with_room(self, number, round_number):
        for bracket in self._brackets:
            if bracket["bracket_num"] == number and len(bracket["rounds"][round_number]) < self._get_size(number, round_number):
                return bracket
        self._increment_bracket_num()
        self._start_new_bracket()
        return self._bracket_with_room(number, round_number)


def oracle_of(tuner, max_trials, epochs, seed, hyperparameters):
    """A new oracle for one of `search.TUNERS`. Its seed is one higher, because KerasTuner takes 0 for no seed."""
    arguments = {"hyperparameters": hyperparameters, "seed": seed + 1, "max_trials": max_trials}
    arguments["allow_new_entries"] = not hyperparameters
    if tuner == "hyperband":
        return Hyperband(max_epochs=epochs, **arguments)
    return {"random": Random, "bayesian": Bayesian, "grid": Grid}[tuner](**arguments)


class Tuner(BaseTuner):
    """Tuner that runs the trials of an oracle, or as a worker those of the chief's oracle.

    Args:
        oracle: a `ResumableOracle`.
        train: a function of a trial's `HyperParameters` that returns its quality, the higher the better, and its epochs.
        folder: the folder of the trials' folders.
        hypermodel: a model builder of KerasTuner.
        worker: whether this process is a worker.
    """

    def __init__(self, oracle, train, folder, hypermodel=None, worker=False):
        oracle_client.TIMEOUT = oracle.worker_timeout  # an hour by default
        self.train, self.worker_timeout, self.worker = train, oracle.worker_timeout, worker
        super().__init__(oracle, hypermodel, directory=str(Path(folder).parent), project_name=Path(folder).name)

    def save(self):
        """Writes nothing; see the module."""

    def pre_create_trial(self):
        if self.worker:
            time.sleep(0.2)  # KerasTuner requests again at once if there is nothing to do

    def run_trial(self, trial):
        start, trial_id = time.monotonic(), trial.trial_id
        beat = heartbeat(self.oracle, trial_id, self.worker_timeout) if self.worker else contextlib.nullcontext()
        try:
            with backend.discard_traced_gradients(), beat:
                quality, epochs = self.train(trial.hyperparameters)
        except Exception as error:  # for example of a model that is too large, while others are not
            print(f"note: trial {int(trial_id)} failed: {type(error).__name__}: {one_line(error)}", file=sys.stderr)
            quality, epochs = -math.inf, 0
        return {"quality": quality, "epochs": epochs, "seconds": time.monotonic() - start}


@contextlib.contextmanager
def heartbeat(oracle, trial_id, timeout):
    """Context in which a worker contacts the chief regularly. If it does not answer for `timeout` seconds, the process ends."""
    done = threading.Event()

    def beat():
        while not done.wait(timeout / 10):
            try:
                oracle.get_trial(trial_id)
            except grpc.RpcError:
                print(f"error: the chief of the search has not answered for {timeout:g} seconds", file=sys.stderr, flush=True)
                os._exit(2)

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def restore(oracle, folder):
    """Restores the state of a search from its folder of trials into a new oracle. Returns the numbers of torn trials.

    Trials that ended stay. Trials that ran when the search was killed run again. Trials whose file is torn, or has values that
    a fixed space does not offer, are written off, and others take their place: with random values, or the same values in a grid
    and in the first rounds of Hyperband.
    """
    space = oracle.get_space()
    trials = _trials(folder, space)
    if not oracle.allow_new_entries:  # the space is the same as when the search began
        for number, trial in trials.items():
            if not _is_offered(trial.hyperparameters.values, space):
                trials[number] = Trial(space.copy(), number, WRITTEN_OFF)
    valid = [trial for trial in trials.values() if trial.status != WRITTEN_OFF]
    for trial in valid if oracle.allow_new_entries else ():
        oracle.update_space(trial.hyperparameters)
    if hasattr(oracle, "restore"):
        oracle.restore(valid)
    hashes = {trial.trial_id: oracle._compute_values_hash(trial.hyperparameters.values) for trial in valid}
    oracle.trials = trials
    state = {
        "start_order": list(hashes),
        "end_order": [trial.trial_id for trial in valid if trial.status in ENDED],
        "retry_queue": [trial.trial_id for trial in reversed(valid) if trial.status not in ENDED],
        "tried_so_far": list(hashes.values()),
        "id_to_hash": hashes,
    }
    oracle.set_state(oracle.get_state() | state)
    oracle._max_collisions *= len(trials) + 1  # it draws again from the beginning, past all that was tried
    written_off = [trial for trial in trials.values() if trial.status == WRITTEN_OFF]
    for trial in written_off:
        oracle._save_trial(trial)
    if oracle.max_trials:
        oracle.max_trials += len(written_off)
    return [trial.trial_id for trial in written_off]


def _trials(folder, space):
    """`{number: trial}`. A gap is a trial that is written off, because KerasTuner numbers the next trial by their count."""
    names = {int(path.name[6:]): path.name[6:] for path in Path(folder).glob("trial_*") if path.name[6:].isdecimal()}
    numbers = [names.get(i, str(i)) for i in range(max(names, default=-1) + 1)]
    trials = ((number, _read(Path(folder, f"trial_{number}", "trial.json"), number)) for number in numbers)
    return {number: trial or Trial(space.copy(), number, WRITTEN_OFF) for number, trial in trials}


def _read(path, number):
    """The `Trial` in a file; None if the file is torn. A trial that had not ended loses its metrics."""
    try:
        trial = Trial.from_state(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
    if trial.trial_id != number or trial.status not in (*ENDED, "RUNNING"):
        return None
    return trial if trial.status in ENDED else Trial(trial.hyperparameters, number)


def _is_offered(values, space):
    """Whether a space offers values, some of whose names it may lack."""
    same_name = {name: [each for each in space.space if each.name == name] for name in values}
    return all(any(offers(each, values[name]) for each in known) for name, known in same_name.items() if known)
