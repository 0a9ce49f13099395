"""The verb `search`: better settings of a recipe, found by trying, and compared with its own on the test part."""

import dataclasses
import functools
import json
import logging
import math
import shutil
import sys
from pathlib import Path
from typing import Literal

import tyro

from seqzoo.errors import UsageError
from seqzoo.recipe import search_report, search_space
from seqzoo.recipe.flags import check, from_file
from seqzoo.recipe.recipe import Recipe as Recipe  # recipes find here all that they need
from seqzoo.recipe.recipe import Search
from seqzoo.recipe.search_space import settings
from seqzoo.training import run_folder
from seqzoo.tuning import coordination, search

DEFAULT = "default.json"
PLACES = {"out", "data_dir"}  # settings that may differ when it goes on
TRIALS = 20  # unless it is said how many


@dataclasses.dataclass(frozen=True)
class Flags:
    """Tries values of some settings, those of the recipe's SPACE, and writes the best as a file for `train --config`.

    A setting whose flag is given keeps that value. Results are kept after each trial in the folder `search` of --out.

    On several machines, run the same command on each, with these variables in the environment: KERASTUNER_TUNER_ID, "chief"
    on one and on each other a name of its own; KERASTUNER_ORACLE_IP and KERASTUNER_ORACLE_PORT, where the chief listens.
    """

    tuner: Literal["random", "hyperband", "bayesian", "grid"] = "random"
    """How it chooses what to try."""
    max_trials: int | None = None
    """At most; 20 if not given. With --minutes as many as there is time for, of grid and hyperband as there are."""
    minutes: float | None = None
    """No trial begins later."""
    space: str | None = None
    """A JSON file to search instead: {"units": [32, 64], "learning_rate": {"low": 1e-4, "high": 1e-2, "log": true}}."""
    workers: int = 0
    """Processes on this machine to share the trials."""
    wait: float = 60.0
    """Seconds after which a worker, or the chief, that is not heard of counts as dead."""
    resume: bool | None = None
    """`--resume`: goes on with the search in --out and repeats no trial that ended; `--no-resume`: begins anew."""
    compare: bool = True
    """Whether the best is trained again, and the settings without a search, with three seeds, and tested."""
    given: tyro.conf.Suppress[tuple[str, ...]] = ()

    def __post_init__(self):
        super().__post_init__()  # of the recipe's settings
        check("max_trials", self.max_trials, lambda n: n is None or n >= 1, "a positive integer")
        check("minutes", self.minutes, lambda x: x is None or 0 < x < math.inf, "a positive number")
        check("workers", self.workers, lambda n: n == 0 or n >= 1, "an integer from 0")
        check("wait", self.wait, lambda x: 0 < x < math.inf, "a positive number")


def asked(config_class):
    """A recipe's settings and `Flags`, as one dataclass."""
    both = dataclasses.make_dataclass("Search", [], bases=(Flags, config_class), frozen=True)
    both.__doc__ = Flags.__doc__
    return both


def find_better(recipe, asked, folder):
    """The verb, of a `Recipe`; `asked` are its settings and `Flags`."""
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # it warns of models that are traced anew, as each trial's is
    config = recipe.config_class(**{name: getattr(asked, name) for name in settings(recipe.config_class)})
    if coordination.role() == "worker":
        recipe.problem(config)
        return search.explore(functools.partial(recipe.trial, config), folder, _plan(asked, asked.tuner, recipe, config))
    run_folder.check_replaceable(folder)
    where = asked.space or "SPACE"
    space = search_space.from_json(run_folder.read_json(where), where) if asked.space else recipe.space
    space = search_space.checked(space, config, where, asked.tuner, recipe.duration)
    place = Path(folder, "search")
    continues = asked.resume and (place / search.MARK).exists()
    found = (_started if continues else _new)(Search(recipe, config, space, asked.tuner, place), asked)
    recipe.problem(found.config)  # where it cannot be read, nothing is written
    if not continues:
        _begin(found)
    trials = _explore(found, _plan(asked, found.tuner, recipe, found.config), asked.workers)
    search_report.tell(found, trials, asked.compare)


def _plan(asked, tuner, recipe, config):
    as_many = asked.minutes is not None or tuner in ("grid", "hyperband")
    most = asked.max_trials or (None if as_many else TRIALS)
    return search.Plan(tuner, most, asked.minutes, recipe.parts(config), config.seed, asked.wait, recipe.duration)


def _given(flags):
    """The names of the settings that flags give."""
    return {flag[2:].partition("=")[0].removeprefix("no-").replace("-", "_") for flag in flags if flag.startswith("--")}


def _new(it, asked):
    """The `Search` that is asked for, of what no flag gives.

    Raises:
        UsageError: there is one already, and nobody has said what shall become of it; or there is nothing to search.
    """
    if (it.place / search.MARK).exists():
        expected = f"--resume to go on with the search in {it.place}, or --no-resume to begin anew"
        check("resume", asked.resume, lambda resume: resume is False, expected)
    space = {name: values for name, values in it.space.items() if name not in _given(asked.given)}
    if not space:
        raise UsageError(f"{asked.space or 'SPACE'}: expected a setting whose flag is not given, found none to search")
    return it._replace(space=space)


def _begin(it):
    with search.alone(it.place):
        for name in (search.MARK, *search_report.WRITTEN):
            Path(it.place, name).unlink(missing_ok=True)
        shutil.rmtree(it.place / search.TRIALS, ignore_errors=True)
        run_folder.write_json(it.place / DEFAULT, dataclasses.asdict(it.config))
        search.begin(it.place, {"recipe": it.recipe.name, "tuner": it.tuner, "space": search_space.as_json(it.space)})


def _started(it, asked):
    """The `Search` in the folder, which is to go on.

    Raises:
        UsageError: the recipe, flags or the space say another one.
    """
    mark, given, now = it.place / search.MARK, _given(asked.given), search_space.as_json(it.space)
    facts = {"recipe": None, "tuner": None, "space": {}} | run_folder.read_json(mark)
    check("resume", facts["recipe"], lambda name: name == it.recipe.name, f"a search of {it.recipe.name} in {it.place}")
    if "tuner" in given:
        check("tuner", it.tuner, lambda tuner: tuner == facts["tuner"], f"{facts['tuner']} to resume {it.place}")
    before = from_file(it.recipe.config_class, it.place / DEFAULT)
    known = {*settings(it.recipe.config_class)}
    for name in sorted(known - PLACES):
        if name in given or "config" in given:
            old = getattr(before, name)
            check(name, getattr(it.config, name), lambda new, old=old: new == old, f"{old} to resume {it.place}")
    for name, values in facts["space"].items():
        if now.get(name) != values:
            expected = f"{name} as in {asked.space or 'SPACE'}, {json.dumps(now.get(name))}"
            raise UsageError(f"{mark}: expected {expected}, found {json.dumps(values)}")
    config = dataclasses.replace(before, **{name: getattr(it.config, name) for name in known & PLACES})
    return it._replace(config=config, tuner=facts["tuner"], space={name: it.space[name] for name in facts["space"]})


def _explore(it, plan, count):
    """The trials, on so many other processes, or on none."""
    train, report = (
        functools.partial(it.recipe.trial, it.config),
        functools.partial(search_report.progress, it, plan.max_trials),
    )
    explore = functools.partial(search.explore, train, it.place, plan, it.space, report=report)
    command = [sys.executable, "-m", f"recipes.{it.recipe.name}", "search", "--config", it.place / DEFAULT]
    try:
        if not count:
            return explore()
        with coordination.workers(count, [*command, "--wait", str(plan.wait)]) as processes:
            return explore(processes=processes)
    except KeyboardInterrupt:
        print(f"\nthe results so far are in {it.place}; --resume goes on", file=sys.stderr)
        raise
