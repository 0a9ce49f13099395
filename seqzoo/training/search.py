"""A search for better hyperparameters, by KerasTuner, which goes on after a kill; alone, or as a chief with workers.

Chief and workers are processes that run the same program, on one machine or on several, each with three environment variables:
`KERASTUNER_TUNER_ID`, "chief" for one of them and for each other a name of its own; `KERASTUNER_ORACLE_IP` and
`KERASTUNER_ORACLE_PORT`, the address at which the chief listens. Workers train, the chief alone writes and prints. Workers may
come late, and die: the chief gives their trials to others.
"""

import contextlib
import csv
import json
import math
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import NamedTuple

from seqzoo.data.errors import DataError, one_line
from seqzoo.training import fit, run

VARIABLES = "KERASTUNER_TUNER_ID", "KERASTUNER_ORACLE_IP", "KERASTUNER_ORACLE_PORT"
TUNERS = ("random", "hyperband", "bayesian", "grid")
MARK = "search.json"


class Range(NamedTuple):
    """All numbers from `low` to `high`, whole ones if both are; evenly, or with `log` evenly by their logarithms."""

    low: float
    high: float
    log: bool = False


class Plan(NamedTuple):
    """How to search.

    `max_trials`: None for as many as there is time for, and of grid and hyperband as there are. `minutes`: no trial begins
    later. `epochs`: the most that Hyperband gives to one trial. `wait`: seconds after which a silent worker, or chief, is dead.
    """

    tuner: str = "random"
    max_trials: int | None = None
    minutes: float | None = None
    epochs: int = 10
    seed: int = 0
    wait: float = 60.0


class Trial(NamedTuple):
    """One that ended. A failed one has a quality of minus infinity."""

    number: str
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
    resume=False,
    wait=60.0,
):
    """Searches for the hyperparameters of a model of your own.

    Args:
        build: a `keras_tuner.HyperModel`, or a function of a `keras_tuner.HyperParameters` that returns a compiled model.
        train: what `model.fit` takes: a data set, or a tuple of arrays.
        validation: what `model.fit` takes as `validation_data`. A trial is as good as the lowest loss on it.
        folder: of the search.
        tuner: one of `TUNERS`.
        max_trials, minutes, epochs, seed, wait: of `Plan`; each trial trains for at most so many epochs.
        patience: of `fit.KeepBest`.
        resume: whether to go on with the search in the folder.

    Returns:
        The best `keras_tuner.HyperParameters`, and all trials that ended, the best first. None and nothing in a worker.

    Raises:
        FileExistsError: there is a search in the folder, and not `resume`.
        DataError: there is none, or another; no trial succeeded; the chief does not answer.
    """
    import keras_tuner

    model = build if isinstance(build, keras_tuner.HyperModel) else _Built(build)
    arrays = train if isinstance(train, tuple) else (train,)

    def run_trial(values):
        best, most = fit.KeepBest(patience), values.values.get("tuner/epochs", epochs)
        how = {"validation_data": validation, "epochs": most, "callbacks": [best], "verbose": 0}
        model.fit(values, model.build(values), *arrays, **how)
        return best.best, len(best.history)

    plan = Plan(tuner, max_trials, minutes, epochs, seed, wait)
    if role() != "worker":
        begin(folder, {"tuner": tuner, "seed": seed, "epochs": epochs}, resume)
    trials = explore(run_trial, folder, plan, hypermodel=model)
    if not trials:
        return None, []
    best = keras_tuner.HyperParameters()
    best.values = trials[0].values
    return best, trials
