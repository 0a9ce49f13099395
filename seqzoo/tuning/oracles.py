"""KerasTuner's tuners, made to go on after a kill, and past workers that died.

What is known of a search is what stands in the files of its trials, `trial_*/trial.json`; KerasTuner writes those in place, so
that a kill may tear one. Its other files are not written: all that they tell follows from these.

Importing this takes a second: import it where it is used.
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
from keras_tuner.src import config
from keras_tuner.src.distribute import oracle_client

from seqzoo import backend
from seqzoo.errors import one_line

config.DEBUG = False  # it would print a traceback where a chief is gone

WRITTEN_OFF = "INVALID"  # the status of a trial whose file was torn; KerasTuner leaves no trial with it
ENDED = ("COMPLETED", "FAILED")
QUALITY = keras_tuner.Objective("quality", "max")


class ResumableOracle:
    """What our oracles add to KerasTuner's.

    A worker that is not heard of for `wait` seconds, or is called dead, loses its trial to the next one that asks; what it says
    later is not listened to. No trial begins after `deadline`. `report` is called with each trial that ends.
    """

    wait, deadline, over = 60.0, math.inf, False

    def __init__(self, **arguments):
        super().__init__(objective=QUALITY, max_consecutive_failed_trials=None, **arguments)
        self.verbose, self.heard, self.dead, self.report = 0, {}, set(), lambda trial: None

    def save(self):
        """Writes nothing: see above."""

    @keras_tuner.synchronized
    def create_trial(self, tuner_id):
        self._requeue_lost_trials()
        self.heard[tuner_id] = time.monotonic()
        if time.monotonic() > self.deadline:
            self.max_trials, self._retry_queue = max(1, len(self.trials)), []
        trial = super().create_trial(tuner_id)
        if trial.status == "STOPPED" and self.ongoing_trials:
            trial.status = "IDLE"  # it may yet have to take over another's trial
        self.over = trial.status == "STOPPED"
        return trial

    def get_trial(self, trial_id):
        """As a worker asks again and again while it trains."""
        for tuner_id, trial in self.ongoing_trials.items():
            if trial.trial_id == trial_id:
                self.heard[tuner_id] = time.monotonic()
        self._requeue_lost_trials()
        return super().get_trial(trial_id)

    def _requeue_lost_trials(self):
        for tuner_id, trial in list(self.ongoing_trials.items()):
            if tuner_id in self.dead or time.monotonic() - self.heard[tuner_id] > self.wait:
                del self.ongoing_trials[tuner_id]
                self._retry_queue.append(trial.trial_id)
                print(f"note: {tuner_id} is not heard of any more, trial {int(trial.trial_id)} begins anew", file=sys.stderr)

    @keras_tuner.synchronized
    def update_trial(self, trial_id, metrics, step=0):
        return self.trials[trial_id] if trial_id in self.end_order else super().update_trial(trial_id, metrics, step)

    @keras_tuner.synchronized
    def end_trial(self, trial):
        if trial.trial_id not in self.end_order:  # another may have been faster, after this one was called dead
            self._retry_queue = [waiting for waiting in self._retry_queue if waiting != trial.trial_id]
            super().end_trial(trial)
            self.report(self.trials[trial.trial_id])

    def score_trial(self, trial):
        super().score_trial(trial)
        if trial.score == -math.inf:
            trial.score = math.nan  # which KerasTuner takes for a failure


class Random(ResumableOracle, oracles.RandomSearchOracle):
    """Values at random, none twice."""


class Bayesian(ResumableOracle, oracles.BayesianOptimizationOracle):
    """As KerasTuner's, but what was tried already is not tried again: then values at random."""

    def populate_space(self, trial_id):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a fit to few points
            found = super().populate_space(trial_id)
        if found["values"] and self._duplicate(found["values"]):
            return self._random_populate_space()
        return found


class Grid(ResumableOracle, oracles.GridSearchOracle):
    """All combinations in turn. KerasTuner's own would forget after a kill where it was."""

    def populate_space(self, trial_id):
        space = self.get_space()
        values = {each.name: each.default for each in space.space if space.is_active(each)}
        while values is not None and self._duplicate(values):
            values = self._get_next_combination(values)
        return {"status": "STOPPED" if values is None else "RUNNING", "values": values}


class Hyperband(ResumableOracle, oracles.HyperbandOracle):
    """Many trials of few epochs, the best of them again with more; once through, or on and on until `max_trials`."""

    def __init__(self, max_trials, max_epochs, **arguments):
        super().__init__(max_epochs=max_epochs, hyperband_iterations=None if max_trials else 1, **arguments)
        self.max_trials = max_trials

    def populate_space(self, trial_id):
        found = super().populate_space(trial_id)
        for bracket in self._brackets:  # KerasTuner notes the number of the newest one
            if any(each["id"] == trial_id for of_round in bracket["rounds"] for each in of_round):
                found["values"]["tuner/bracket"] = bracket["bracket_num"]
        return found

    def _remove_completed_brackets(self):  # KerasTuner looks at the last round alone: a trial of another may be torn
        def has_room(bracket):
            sizes = (self._get_size(bracket["bracket_num"], i) for i in range(len(bracket["rounds"])))
            return any(len(of_round) < size for of_round, size in zip(bracket["rounds"], sizes, strict=True))

        self._brackets = [bracket for bracket in self._brackets if has_room(bracket)]

    def restore(self, trials):
        """Finds the brackets again, from the values of their trials."""
        bracket_of = {}
        for trial in trials:
            values = trial.hyperparameters.values
            place, past = values["tuner/round"], values.get("tuner/trial_id")
            bracket = bracket_of.get(past) or self._bracket_with_room(values["tuner/bracket"], place)
            bracket["rounds"][place].append({"past_id": past, "id": trial.trial_id})
            bracket_of[trial.trial_id] = bracket

    def _bracket_with_room(self, number, place):
        for bracket in self._brackets:
            if bracket["bracket_num"] == number and len(bracket["rounds"][place]) < self._get_size(number, place):
                return bracket
        self._increment_bracket_num()
        self._start_new_bracket()
        return self._bracket_with_room(number, place)


def oracle_of(tuner, max_trials, epochs, seed, hyperparameters):
    """An oracle that begins. KerasTuner takes a seed of 0 for none."""
    arguments = {"hyperparameters": hyperparameters, "seed": seed + 1, "max_trials": max_trials}
    if tuner == "hyperband":
        return Hyperband(max_epochs=epochs, **arguments)
    return {"random": Random, "bayesian": Bayesian, "grid": Grid}[tuner](**arguments)


class Tuner(BaseTuner):
    """Runs the trials of an oracle, or as a worker those of the chief's.

    Args:
        train: of the `HyperParameters` of a trial: its quality, the higher the better, and its number of epochs.
        folder: where that of each trial is.
        worker: whether it is one.
    """

    def __init__(self, oracle, train, folder, hypermodel=None, worker=False):
        oracle_client.TIMEOUT = oracle.wait  # an hour, else
        self.train, self.wait, self.worker = train, oracle.wait, worker
        super().__init__(oracle, hypermodel, directory=str(Path(folder).parent), project_name=Path(folder).name)

    def save(self):
        """Writes nothing: see above."""

    def pre_create_trial(self):
        if self.worker:
            time.sleep(0.2)  # KerasTuner asks again at once where there is nothing to do

    def run_trial(self, trial):
        started, name = time.monotonic(), trial.trial_id
        try:
            with (
                backend.discard_traced_gradients(),
                heartbeat(self.oracle, name, self.wait) if self.worker else contextlib.nullcontext(),
            ):
                quality, epochs = self.train(trial.hyperparameters)
        except Exception as error:  # such as of a model that is too large: others are not
            print(f"note: trial {int(name)} failed: {type(error).__name__}: {one_line(error)}", file=sys.stderr)
            quality, epochs = -math.inf, 0
        return {"quality": quality, "epochs": epochs, "seconds": time.monotonic() - started}


@contextlib.contextmanager
def heartbeat(oracle, trial_id, wait):
    """For the time of the block the chief hears of this worker; where the chief is gone, the process ends."""
    done = threading.Event()

    def beat():
        while not done.wait(wait / 10):
            try:
                oracle.get_trial(trial_id)
            except grpc.RpcError:
                print(f"error: the chief of the search has not answered for {wait:g} seconds", file=sys.stderr, flush=True)
                os._exit(2)

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def restore(oracle, folder):
    """Puts an oracle that begins where the trials in a folder show that another was.

    Those that ended stay; those that ran when it was killed run again; those whose file is torn are written off, and others
    take their place: at random, of a grid and in the first rounds of Hyperband, with the same values. Returns their numbers.
    """
    trials = _trials(folder, oracle.get_space())
    kept = [trial for trial in trials.values() if trial.status != WRITTEN_OFF]
    for trial in kept:
        oracle.update_space(trial.hyperparameters)
    if hasattr(oracle, "restore"):
        oracle.restore(kept)
    hashes = {trial.trial_id: oracle._compute_values_hash(trial.hyperparameters.values) for trial in kept}
    oracle.trials = trials
    state = {
        "start_order": list(hashes),
        "end_order": [trial.trial_id for trial in kept if trial.status in ENDED],
        "retry_queue": [trial.trial_id for trial in reversed(kept) if trial.status not in ENDED],
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
    """{number: trial}, in gaps what is written off: the next trial has the number of those that there are."""
    found = {int(path.name[6:]): path for path in Path(folder).glob("trial_*") if path.name[6:].isdecimal()}
    numbers = {i: found[i].name[6:] if i in found else str(i) for i in range(max(found, default=-1) + 1)}
    read = ((number, _read(Path(folder, f"trial_{number}", "trial.json"), number)) for number in numbers.values())
    return {number: trial or Trial(space.copy(), number, WRITTEN_OFF) for number, trial in read}


def _read(path, number):
    """The `Trial` in a file, None if it is torn. Of one that had not ended, what it said is forgotten."""
    try:
        trial = Trial.from_state(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
    if trial.trial_id != number or trial.status not in (*ENDED, "RUNNING"):
        return None
    return trial if trial.status in ENDED else Trial(trial.hyperparameters, number)
