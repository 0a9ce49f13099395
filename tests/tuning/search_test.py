"""Searches whose trials are no trainings: what is tried, what a kill leaves, and who gets which trial."""

import contextlib
import csv
import itertools
import json
import math
import os
import random
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time

import keras
import keras_tuner
import numpy as np
import pytest
from backends import BACKEND

from seqzoo.errors import DataError
from seqzoo.layers import GRU
from seqzoo.training import rendezvous
from seqzoo.tuning import coordination, oracles, search
from seqzoo.tuning import space as tuning_space
from seqzoo.tuning.search import Plan
from seqzoo.tuning.space import Range

SPACE = {"cell": ("gru", "lstm", "rnn"), "units": (8, 16, 32, 64), "both": (True, False), "rate": Range(1e-4, 1e-2, log=True)}
CHOICES = {"cell": ("gru", "lstm", "rnn"), "units": (8, 16, 32, 64), "both": (True, False)}
EACH = pytest.mark.parametrize("tuner", ["random", "hyperband", "bayesian", "grid"])
EAGER = BACKEND == "tensorflow"  # where tracing takes longer than all steps
PLANS = {tuner: Plan(tuner, 8, epochs=4) for tuner in ("random", "bayesian", "grid")}
PLANS["hyperband"] = Plan("hyperband", epochs=4)


class Killed(BaseException):
    """As a kill: nothing catches it, and nothing is written after it."""


class Train:
    """A training, all of it dictated: remembers what was tried, and is killed in trial number `dies_in`."""

    def __init__(self, dies_in=None):
        self.tried, self.dies_in = [], dies_in

    def __call__(self, hyperparameters):
        if len(self.tried) == self.dies_in:
            raise Killed
        values = hyperparameters.values
        self.tried.append(
            json.dumps({name: value for name, value in values.items() if name != "tuner/trial_id"}, sort_keys=True)
        )
        return quality(values), values.get("tuner/epochs", 4)


def quality(values):
    """Of each of the values another, so that no order is left to chance."""
    return random.Random(json.dumps(sorted((k, v) for k, v in values.items() if not k.startswith("tuner/")))).random()


def run(folder, plan, train=None, space=CHOICES, **arguments):
    train = train or Train()
    search.begin(folder, {"tuner": plan.tuner}, resume=(folder / search.SEARCH_FILE).exists())
    return search.explore(train, folder, plan, space, **arguments)


@EACH
def test_as_many_trials_as_are_asked_for_all_different_the_best_first(tmp_path, tuner):
    train = Train()
    trials = run(tmp_path, PLANS[tuner], train, SPACE if tuner != "grid" else CHOICES)
    assert len(trials) == len(train.tried) == len(set(train.tried))
    assert len(trials) == 8 or tuner == "hyperband"
    qualities = [trial.quality for trial in trials]
    assert qualities == sorted(qualities, reverse=True)
    for trial in trials:
        assert trial.values["cell"] in SPACE["cell"] and trial.values["units"] in SPACE["units"]
        assert trial.values["both"] in (True, False) and isinstance(trial.values["both"], bool)


def test_the_grid_is_all_combinations(tmp_path):
    trials = run(tmp_path, Plan("grid"))
    assert {tuple(trial.values.values()) for trial in trials} == set(itertools.product(*CHOICES.values()))
    assert len(trials) == 24


def test_a_space_that_is_used_up_ends_the_search(tmp_path):
    assert len(run(tmp_path, Plan("random", 50), space={"units": (1, 2, 3)})) == 3


def test_hyperband_gives_few_epochs_to_many_and_all_to_the_best_of_them(tmp_path):
    trials = run(tmp_path, PLANS["hyperband"])
    epochs = [trial.epochs for trial in trials]
    assert {2, 4} == set(epochs)
    (few, most) = ([trial for trial in trials if trial.epochs == e] for e in (2, 4))
    best = {json.dumps(trial.values) for trial in sorted(few, key=lambda trial: -trial.quality)[:1]}
    assert best <= {json.dumps(trial.values) for trial in most}


def test_hyperband_goes_on_and_on_until_there_are_as_many(tmp_path):
    once = len(run(tmp_path / "once", PLANS["hyperband"], space=SPACE))
    assert len(run(tmp_path / "more", Plan("hyperband", once + 5, epochs=4), space=SPACE)) == once + 5


@EACH
def test_the_seed_decides(tmp_path, tuner):
    tried = {}
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        run(tmp_path / name, PLANS[tuner]._replace(seed=seed), train := Train())
        tried[name] = train.tried
    assert tried["a"] == tried["b"] and (tried["a"] != tried["c"] or tuner == "grid")


def test_ranges_are_kept_to_and_filled(tmp_path):
    space = {"n": Range(2, 5), "rate": Range(1e-4, 1e-2, log=True), "share": Range(0.0, 1.0), "batch": Range(8, 512, log=True)}
    trials = run(tmp_path, Plan("random", 80), space=space)
    sampled = {name: np.array([trial.values[name] for trial in trials]) for name in space}
    assert set(sampled["n"]) == {2, 3, 4, 5} and sampled["batch"].dtype == int
    for name, values in sampled.items():
        assert space[name].low <= values.min() and values.max() <= space[name].high
    assert 0.35 < np.mean(sampled["rate"] < 1e-3) < 0.65 and 0.35 < np.mean(sampled["batch"] < 64) < 0.65
    assert 0.35 < np.mean(sampled["share"] < 0.5) < 0.65


def test_choices_come_back_as_they_are(tmp_path):
    choices = (None, True, 1, 2.5, "two", "3")
    trials = run(tmp_path, Plan("grid"), space={"any": choices})
    assert sorted(map(repr, (trial.values["any"] for trial in trials))) == sorted(map(repr, choices))


def test_no_trial_begins_after_the_minutes(tmp_path):
    assert len(run(tmp_path, Plan("random", minutes=1e-9))) == 1


def test_the_table_is_all_trials_as_they_ended(tmp_path):
    reported = []
    trials = run(tmp_path, PLANS["random"], report=lambda ended: reported.append([trial.number for trial in ended]))
    with (tmp_path / "trials.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["trial"]) for row in rows] == reported[-1] and reported == [reported[-1][: i + 1] for i in range(8)]
    by_number = {trial.number: trial for trial in trials}
    for row in rows:
        trial = by_number[int(row["trial"])]
        assert float(row["quality"]) == trial.quality and int(row["epochs"]) == trial.epochs
        assert {name: str(value) for name, value in trial.values.items()} == {name: row[name] for name in CHOICES}


# Failures.


def test_a_trial_that_fails_does_not_end_the_search(tmp_path, capsys):
    def fails(hyperparameters):
        if "lstm" in hyperparameters["cell"]:
            raise FloatingPointError("not a\nnumber")
        return 1.0, 1

    trials = run(tmp_path, Plan("grid"), fails)
    failed = [trial for trial in trials if trial.quality == -math.inf]
    assert len(trials) == 24 and {trial.values["cell"] for trial in failed} == {"lstm"} and len(failed) == 8
    assert trials[-8:] == failed
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 8 and all("FloatingPointError: not a number" in line for line in lines)
    assert (tmp_path / "trials.csv").read_text().count("failed") == 8


@EACH
def test_if_all_fail_it_is_an_error(tmp_path, tuner):
    def fails(hyperparameters):
        raise FloatingPointError

    with pytest.raises(DataError, match="no trial succeeded"):
        run(tmp_path, PLANS[tuner], fails)


def test_the_bayesian_tuner_goes_past_failures(tmp_path):
    def sometimes(hyperparameters):
        if hyperparameters["units"] == "8":
            raise MemoryError
        return quality(hyperparameters.values), 1

    trials = run(tmp_path, Plan("bayesian", 18), sometimes, SPACE)
    assert len(trials) == 18 and 0 < sum(trial.quality == -math.inf for trial in trials) < 18


@pytest.mark.parametrize("left", [None, TypeError("'NoneType' object is not callable")])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_ctrl_c_and_sigterm_end_the_search_even_where_they_only_end_a_training(tmp_path, left, number):
    """By `fit`, which keeps the best epoch, or with an error that it leaves in an epoch's middle."""
    train = Train()

    def pressed(hyperparameters):
        result = train(hyperparameters)
        if len(train.tried) == 3:
            with contextlib.suppress(KeyboardInterrupt):
                os.kill(os.getpid(), number)
            if left:
                raise left
        return result

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, PLANS["random"], pressed)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    assert len(run(tmp_path, PLANS["random"], again := Train())) == 8 and len(again.tried) == 6


def test_what_cannot_be_is_said_before_anything_is_written(tmp_path):
    for wrong in ({"tuner": "foo"}, {"max_trials": 0}):
        with pytest.raises(ValueError, match="must be"):
            search.search(None, (), None, tmp_path / "s", **wrong)
    assert not list(tmp_path.iterdir())


def test_another_models_search_is_not_gone_on_with(tmp_path):
    run(tmp_path, PLANS["random"], space={"units": (1, 2, 3)})
    with pytest.raises(DataError, match="expected a search with 'depth', to go on with it"):
        run(tmp_path, PLANS["random"], space={"depth": (1, 2, 3)})


def test_a_file_that_tensorflow_cannot_write_is_one_line(tmp_path):
    errors = pytest.importorskip("tensorflow").errors

    message = pytest.raises(DataError, match="cannot be written .*No space left on device.*--resume goes on")
    with message, search._write_errors(tmp_path):
        raise errors.ResourceExhaustedError(None, None, "trial.json; No space left on device")


# Kills.


@EACH
@pytest.mark.parametrize("dies_in", [0, 1, 5])
def test_after_a_kill_no_trial_that_ended_is_repeated(tmp_path, tuner, dies_in):
    run(tmp_path / "whole", PLANS[tuner], whole := Train())
    with pytest.raises(Killed):
        run(tmp_path / "cut", PLANS[tuner], first := Train(dies_in))
    trials = run(tmp_path / "cut", PLANS[tuner], second := Train())
    assert first.tried + second.tried == whole.tried or tuner == "bayesian"
    assert len(trials) == len(whole.tried) == len(first.tried) + len(second.tried) == len({*first.tried, *second.tried})


@EACH
def test_what_has_ended_has_nothing_left_to_run_and_more_can_be_asked_for(tmp_path, tuner):
    trials = run(tmp_path, PLANS[tuner], first := Train())
    assert run(tmp_path, PLANS[tuner], second := Train()) == trials and second.tried == []
    more = PLANS[tuner]._replace(max_trials=len(trials) + 3)
    assert len(run(tmp_path, more, third := Train())) == len(trials) + 3
    assert len(third.tried) == 3 and not {*third.tried} & {*first.tried}


def torn(path):
    """The file of a trial, in all the ways in which it may be found after a kill."""
    whole = path.read_bytes()
    for length in (0, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        yield
    for other in (b"\xff" * 9, b"[]", b"{}"):
        path.write_bytes(other)
        yield
    path.unlink()
    yield
    path.parent.rmdir()
    yield


def shape(tried):
    """Without what may follow from another order of trials."""
    values = json.loads(tried)
    return {name: values[name] for name in values if name != "tuner/bracket"}


@EACH
@pytest.mark.parametrize("place", [0, 3, -1])
def test_a_torn_file_costs_its_own_trial_and_no_other(tmp_path, tuner, place, capsys):
    whole, plan = tmp_path / "whole", PLANS[tuner]
    run(whole, plan, first := Train())
    name = sorted(path.name for path in (whole / "trials").iterdir())[place]
    tearing = torn(whole / "trials" / name / "trial.json")
    for i, _ in enumerate(tearing):
        capsys.readouterr()
        shutil.copytree(whole, tmp_path / str(i))
        trials = run(tmp_path / str(i), plan, second := Train())
        assert len(trials) == len(first.tried) and len(second.tried) == 1
        assert shape(second.tried[0]) == shape(first.tried[place]) or tuner == "bayesian"
        if (whole / "trials" / name).exists() or place != -1:
            assert f"trial {int(name.removeprefix('trial_'))} was torn" in capsys.readouterr().out
        assert run(tmp_path / str(i), plan, third := Train()) == trials and not third.tried


@EACH
def test_files_torn_by_a_kill_of_several_workers(tmp_path, tuner):
    """Two torn, and one of a trial that was running, in the middle of a search."""
    run(tmp_path / "whole", PLANS[tuner], whole := Train())
    with pytest.raises(Killed):
        run(tmp_path / "cut", PLANS[tuner], first := Train(6))
    for number in (2, 4):
        (path,) = (tmp_path / "cut" / "trials").glob(f"trial_*{number}/trial.json")
        path.write_text("{")
    run(tmp_path / "cut", PLANS[tuner], second := Train())
    assert len(second.tried) == len(whole.tried) - 4
    assert {*first.tried, *second.tried} == {*whole.tried} or tuner in ("bayesian", "hyperband")


def test_another_search_is_not_gone_on_with(tmp_path):
    search.begin(tmp_path, {"tuner": "grid", "space": {"units": (1, 2)}})
    search.begin(tmp_path, {"tuner": "grid", "space": {"units": (1, 2)}}, resume=True)
    with pytest.raises(FileExistsError, match="--resume"):
        search.begin(tmp_path, {"tuner": "grid"})
    with pytest.raises(DataError, match="expected a search with tuner random, to go on with it, found grid"):
        search.begin(tmp_path, {"tuner": "random"}, resume=True)
    with pytest.raises(DataError, match="search.json"):
        search.begin(tmp_path / "none", {"tuner": "random"}, resume=True)


# Two at once.

HOLDS = """
import sys, time
from seqzoo.tuning import search

def train(hyperparameters):
    print("runs", flush=True)
    time.sleep(600)

search.explore(train, sys.argv[1], search.Plan(), {"units": (1, 2)})
"""


def test_of_two_searches_in_one_folder_the_second_is_refused_until_the_first_is_killed(tmp_path):
    search.begin(tmp_path, {"tuner": "random"})
    with subprocess.Popen([sys.executable, "-c", HOLDS, str(tmp_path)], stdout=subprocess.PIPE, text=True) as first:
        try:
            assert first.stdout.readline() == "runs\n"
            with pytest.raises(
                FileExistsError, match="--out: another process is searching in .*; expected a folder of its own$"
            ):
                run(tmp_path, Plan(), space={"units": (1, 2)})
            with pytest.raises(FileExistsError, match="another process"), search.alone(tmp_path):
                pass
        finally:
            first.kill()
    assert len(run(tmp_path, Plan(), space={"units": (1, 2)})) == 2
    assert {path.name for path in tmp_path.iterdir()} == {search.SEARCH_FILE, search.TRIALS_TABLE, search.TRIALS_FOLDER}


def test_a_worker_may_share_the_folder_with_its_chief(tmp_path, environment):
    environment(ID="w1", IP="127.0.0.1", PORT=rendezvous.free_address().partition(":")[2])
    with search.alone(tmp_path), pytest.raises(DataError, match="expected the chief of a search"):
        search.explore(Train(), tmp_path, Plan(worker_timeout=0.5), CHOICES)


# Chief and workers.


def oracle_in(folder, tuner="random", most=4, worker_timeout=60.0):
    """A chief's, without a server."""
    oracle = oracles.oracle_of(tuner, most, 4, 0, tuning_space.hyperparameters_of(CHOICES))
    oracle.worker_timeout = worker_timeout
    oracles.Tuner(oracle, None, folder)
    return oracle


def end(oracle, trial, value=1.0):
    oracle.update_trial(trial.trial_id, {"quality": value})
    trial.status = "COMPLETED"
    oracle.end_trial(trial)


@EACH
def test_each_worker_gets_a_trial_of_its_own(tmp_path, tuner):
    oracle = oracle_in(tmp_path, tuner, 10)
    given = [oracle.create_trial(f"worker-{i}") for i in range(3)]
    assert len({trial.trial_id for trial in given}) == 3
    assert len({str(trial.hyperparameters.values) for trial in given}) == 3
    assert oracle.create_trial("worker-1") is given[1]


def test_the_trial_of_a_dead_worker_goes_to_the_next_that_asks(tmp_path):
    oracle = oracle_in(tmp_path, most=2)
    lost, kept = oracle.create_trial("a"), oracle.create_trial("b")
    oracle.dead = {"a"}
    end(oracle, kept)
    taken = oracle.create_trial("b")
    assert taken.trial_id == lost.trial_id and taken.hyperparameters.values == lost.hyperparameters.values
    end(oracle, taken)
    assert oracle.create_trial("b").status == "STOPPED" and oracle.over
    assert oracle.end_order == [kept.trial_id, lost.trial_id]


def test_a_worker_is_dead_if_it_is_not_heard_of(tmp_path, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(oracles.time, "monotonic", lambda: clock[0])
    oracle = oracle_in(tmp_path, worker_timeout=10.0)
    silent, other = oracle.create_trial("silent"), oracle.create_trial("other")
    for clock[0] in (8.0, 16.0, 24.0):
        oracle.get_trial(other.trial_id)
    assert [trial.trial_id for trial in oracle.ongoing_trials.values()] == [other.trial_id]
    assert oracle.create_trial("third").trial_id == silent.trial_id


def test_of_two_that_end_the_same_trial_the_first_counts(tmp_path):
    oracle, ended = oracle_in(tmp_path, most=1), []
    oracle.report = ended.append
    slow = oracles.Trial(oracle.create_trial("slow").hyperparameters.copy(), "0")
    oracle.dead = {"slow"}
    end(oracle, oracle.create_trial("fast"), 1.0)
    end(oracle, slow, 2.0)
    assert len(ended) == len(oracle.end_order) == 1 and oracle.trials["0"].score == 1.0


def test_one_that_was_only_slow_is_heard_before_its_trial_is_given_away(tmp_path):
    oracle = oracle_in(tmp_path, most=1)
    slow = oracle.create_trial("slow")
    oracle.dead = {"slow"}
    assert oracle.get_trial(slow.trial_id) is slow and not oracle.ongoing_trials
    end(oracle, slow)
    assert oracle.create_trial("other").status == "STOPPED" and oracle.end_order == [slow.trial_id]


def test_nobody_leaves_while_a_trial_runs(tmp_path):
    oracle = oracle_in(tmp_path, most=1)
    running = oracle.create_trial("a")
    assert oracle.create_trial("b").status == "IDLE" and not oracle.over
    oracle.dead = {"a"}
    assert oracle.create_trial("b").trial_id == running.trial_id


def test_numbers_reach_a_worker_as_they_are():
    """Through the messages between chief and worker."""
    space = tuning_space.hyperparameters_of(
        {"any": (None, True, 2.5, "two"), "rate": Range(1e-4, 1e-2, log=True), "n": Range(1, 9)}
    )
    space.values = {"any": "null", "rate": 0.0012345678901234, "n": 3}
    there = keras_tuner.HyperParameters.from_proto(space.to_proto())
    assert there.values == space.values and tuning_space.values_of(there.values) == {"any": None, "rate": 0.001235, "n": 3}


@pytest.fixture
def environment(monkeypatch):
    for name in (coordination.ID, coordination.IP, coordination.PORT):
        monkeypatch.delenv(name, raising=False)
    return lambda **values: [monkeypatch.setenv(getattr(coordination, name), value) for name, value in values.items()]


@pytest.mark.parametrize(
    "values, expected",
    [
        ({}, "alone"),
        ({"ID": "chief", "IP": "127.0.0.1", "PORT": "8000"}, "chief"),
        ({"ID": "w1", "IP": "127.0.0.1", "PORT": "8000"}, "worker"),
    ],
)
def test_the_environment_says_who_is_who(environment, values, expected):
    environment(**values)
    assert coordination.role() == expected


@pytest.mark.parametrize(
    "values, named",
    [
        ({"ID": "w1"}, coordination.IP),
        ({"IP": "127.0.0.1", "PORT": "8000"}, coordination.ID),
        ({"ID": "w1", "IP": "127.0.0.1"}, coordination.PORT),
        ({"ID": "w1", "IP": "127.0.0.1", "PORT": "x"}, coordination.PORT),
        ({"ID": "w1", "IP": "127.0.0.1", "PORT": "70000"}, coordination.PORT),
    ],
)
def test_an_environment_that_cannot_be_is_an_error_that_names_it(environment, values, named):
    environment(**values)
    with pytest.raises(DataError, match=named):
        coordination.role()


def test_a_worker_without_a_chief_ends(tmp_path, environment):
    environment(ID="w1", IP="127.0.0.1", PORT=rendezvous.free_address().partition(":")[2])
    with pytest.raises(DataError, match="expected the chief of a search at 127.0.0.1"):
        search.explore(Train(), tmp_path, Plan(worker_timeout=0.5), CHOICES)
    assert not list(tmp_path.iterdir())


def test_a_chief_that_cannot_listen_ends(tmp_path, environment):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        environment(ID="chief", IP="127.0.0.1", PORT=str(taken.getsockname()[1]))
        with pytest.raises(DataError, match="expected an address to listen at"):
            run(tmp_path, Plan(max_trials=1))


WORKER = """
import os, sys, time
from seqzoo.tuning import search

log, me = sys.argv[1], os.environ["KERASTUNER_TUNER_ID"][-1]

def train(hyperparameters):
    with open(log, "a") as file:
        print(me, os.getpid(), hyperparameters["units"], file=file, flush=True)
    while me == "1" or "1" not in [line[0] for line in open(log)]:
        time.sleep(0.1)
    return float(hyperparameters["units"]), 1

search.explore(train, "nowhere", search.Plan())
"""


def test_a_worker_that_is_killed_does_not_stop_the_search(tmp_path):
    """The first worker is killed in its first trial, which the second then does, like all others, once."""
    log, units, killed = tmp_path / "log", tuple(range(1, 7)), []
    log.touch()

    def kill(trials):
        if not killed:
            (pid,) = (int(line.split()[1]) for line in log.read_text().splitlines() if line.startswith("1"))
            os.kill(pid, signal.SIGKILL)
            killed.append(pid)

    with coordination.workers(2, [sys.executable, "-c", WORKER, str(log)]) as processes:
        trials = run(tmp_path / "run", Plan(max_trials=5), space={"units": units}, report=kill, processes=processes)
    tried = [line.split()[2] for line in log.read_text().splitlines() if line.startswith("2")]
    assert len(killed) == 1 and len(trials) == 5
    assert sorted(tried) == sorted(str(trial.values["units"]) for trial in trials)
    assert all(trial.quality == trial.values["units"] for trial in trials)
    assert coordination.role() == "alone" and all(process.returncode is not None for process in processes.values())


STAYS = """
import os, sys, time
from seqzoo.tuning import search

def train(hyperparameters):
    print(os.getpid(), file=open(sys.argv[1], "a"), flush=True)
    time.sleep(600)

search.explore(train, "nowhere", search.Plan())
"""
CHIEF = """
import sys
from seqzoo.tuning import coordination, search

log, folder, worker = sys.argv[1:]
search.begin(folder, {})
with coordination.workers(2, [sys.executable, "-c", worker, log]) as processes:
    search.explore(None, folder, search.Plan(), {"units": (1, 2)}, processes=processes)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGKILL, marks=pytest.mark.full)], ids=["term", "kill"])
def test_a_chief_that_is_ended_takes_its_workers_along(tmp_path, number):
    log, private = tmp_path / "log", tmp_path / "private"
    log.touch()
    private.mkdir()
    arguments = [sys.executable, "-c", CHIEF, str(log), str(tmp_path / "run"), STAYS]
    options = {"env": os.environ | {"TMPDIR": str(private)}, "stderr": subprocess.PIPE, "start_new_session": True}
    with subprocess.Popen(arguments, **options) as chief:
        try:
            assert by_then(lambda: len(log.read_text().split()) == 2 or chief.poll() is not None, 60)
            workers = [int(pid) for pid in log.read_text().split()]
            assert len(workers) == 2 and all(map(is_running, workers))
            (socket_folder,) = private.glob("seqzoo-*")
            assert stat.S_IMODE(socket_folder.stat().st_mode) == 0o700 and not listens(chief.pid)
            chief.send_signal(number)
            chief.wait(30)
        finally:
            chief.kill()
    assert by_then(lambda: not any(map(is_running, workers)), 10)
    assert number == signal.SIGKILL or not socket_folder.exists()


def by_then(is_so, seconds):
    """Whether something is so within some seconds."""
    until = time.monotonic() + seconds
    while not is_so() and time.monotonic() < until:
        time.sleep(0.05)
    return is_so()


def is_running(pid):
    """Whether a process runs; one that ended, but was not waited for, does not."""
    status = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout
    return bool(status.strip()) and not status.startswith("Z")


def listens(pid):
    """Whether a process listens at a port."""
    psutil = pytest.importorskip("psutil")
    return [each for each in psutil.Process(pid).net_connections("inet") if each.status == psutil.CONN_LISTEN]


def test_if_all_workers_die_the_search_ends_and_can_go_on(tmp_path):
    dies = [sys.executable, "-c", "pass"]
    with pytest.raises(DataError, match="--resume"), coordination.workers(2, dies) as processes:
        run(tmp_path, Plan(max_trials=2), processes=processes)
    assert len(run(tmp_path, Plan(max_trials=2))) == 2


# Models of one's own.


def data(rows=8):
    x = np.random.default_rng(0).normal(size=(rows, 3, 2)).astype("float32")
    return x, x.sum(axis=(1, 2))[:, None]


def build(hp):
    units = hp.Choice("units", [2, 3, 4])
    model = keras.Sequential([keras.Input((3, 2)), GRU(units), keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(hp.Float("rate", 1e-4, 1e-1, sampling="log")), "mse", run_eagerly=EAGER)
    return model


class OfItsOwn(keras_tuner.HyperModel):
    """Chooses its batch too, and what a second layer has only if there is one."""

    def build(self, hp):
        layers = [GRU(hp.Int("units", 2, 4), return_sequences=True)]
        if hp.Boolean("deep"):
            with hp.conditional_scope("deep", [True]):
                layers.append(GRU(hp.Int("more_units", 2, 3), return_sequences=True))
        model = keras.Sequential([keras.Input((3, 2)), *layers, keras.layers.Flatten(), keras.layers.Dense(1)])
        model.compile("adam", "mse", run_eagerly=EAGER)
        return model

    def fit(self, hp, model, *arguments, **named):
        return model.fit(*arguments, batch_size=hp.Choice("batch", [4, 8]), **named)


@pytest.mark.parametrize("builder", [build, OfItsOwn()], ids=["function", "HyperModel"])
def test_a_builder_of_ones_own(tmp_path, builder):
    options = {"max_trials": 2, "epochs": 2}
    best, trials = search.search(builder, data(), data(4), tmp_path, **options)
    model = (builder if builder is build else builder.build)(best)
    assert model.layers[0].cell.units == best["units"] == trials[0].values["units"]
    assert len(trials) == 2 and all(-math.inf < trial.quality < 0 and 1 <= trial.epochs <= 2 for trial in trials)
    with pytest.raises(FileExistsError):
        search.search(builder, data(), data(4), tmp_path, **options)
    with search.alone(tmp_path), pytest.raises(FileExistsError, match="another process"):
        search.search(builder, data(), data(4), tmp_path, resume=True, **options)
    again, same = search.search(builder, data(), data(4), tmp_path, resume=True, **options)
    assert same == trials and again.values == best.values
    _, more = search.search(builder, data(), data(4), tmp_path, resume=True, **options | {"max_trials": 3})
    assert len(more) == 3 and set(map(str, trials)) < set(map(str, more))
