"""The verb `search`: better settings of a recipe, found by trying, and compared with its own on the test part."""

import dataclasses
import functools
import json
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import tyro

from seqzoo import report, search_space
from seqzoo.flags import UsageError, check, from_file
from seqzoo.inspection import search_plot
from seqzoo.search_space import settings
from seqzoo.training import chief, fit, run, search

DEFAULT, BEST = "default.json", "best.json"
SHOWN = 10  # trials, in the table
SEEDS = 3  # of the comparison
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
    resume: bool = False
    """Goes on with the search in --out: no trial that has ended is repeated."""
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


@dataclasses.dataclass(frozen=True)
class Recipe:
    """What is searched."""

    name: str
    config_class: type
    space: dict
    """`{setting: a tuple of values, or a search.Range}`, of settings that `load` does not ask for."""
    load: Callable
    """`(config) -> problem`, with a part `test`."""
    train_once: Callable
    """`(config, problem, **how of fit) -> model, history`."""
    kind: report.Kind = report.ONE_ANSWER

    cache: dict = dataclasses.field(default_factory=dict)

    def problem(self, config):
        """The data; read again only where a setting differs that is not in the space."""
        asked = tuple(getattr(config, name) for name in settings(self.config_class) if name not in ("epochs", *self.space))
        if asked not in self.cache:
            self.cache.clear()
            self.cache[asked] = self.load(config)
        return self.cache[asked]

    def trial(self, config, hyperparameters):
        """Its quality, and the number of its epochs."""
        values = {name: value for name, value in hyperparameters.values.items() if not name.startswith("tuner/")}
        epochs = hyperparameters.values.get("tuner/epochs", config.epochs)
        config = dataclasses.replace(config, **{"epochs": epochs} | search.values_of(values))
        _, history = self.train_once(config, self.problem(config), verbose=False)
        return max(quality for quality in map(fit.quality, history) if math.isfinite(quality)), len(history)


def find_better(recipe, asked, folder):
    """The verb, of a `Recipe`; `asked` are its settings and `Flags`."""
    config = recipe.config_class(**{name: getattr(asked, name) for name in settings(recipe.config_class)})
    if chief.role() == "worker":
        recipe.problem(config)
        return search.explore(functools.partial(recipe.trial, config), folder, _plan(asked, config))
    run.check_replaceable(folder)
    place, given = Path(folder, "search"), _given(asked.given)
    space = search_space.from_json(run.read_json(asked.space), asked.space) if asked.space else recipe.space
    if asked.resume:
        asked, config, space = _started(place, recipe, asked, config, space, given)
    else:
        search.check_new(place)
        space = {name: values for name, values in space.items() if name not in given}
    search_space.check(space, config, asked.space or "SPACE", asked.tuner)
    recipe.problem(config)  # nothing is written where it cannot be read
    if not asked.resume:
        place.mkdir(parents=True, exist_ok=True)
        run.write_json(place / DEFAULT, dataclasses.asdict(config))
        search.begin(place, {"recipe": recipe.name, "tuner": asked.tuner, "space": search_space.as_json(space)})
    _tell(recipe, asked, config, space, place, _explore(recipe, asked, config, space, place))


def _given(flags):
    """The names of the settings that flags give."""
    return {flag[2:].partition("=")[0].removeprefix("no-").replace("-", "_") for flag in flags if flag.startswith("--")}


def _plan(asked, config):
    as_many = asked.minutes is not None or asked.tuner in ("grid", "hyperband")
    most = asked.max_trials or (None if as_many else TRIALS)
    return search.Plan(asked.tuner, most, asked.minutes, config.epochs, config.seed, asked.wait)


def _started(place, recipe, asked, config, space, given):
    """What is asked, the configuration and the space of the search in a folder, which is to go on.

    Raises:
        UsageError: there is none, or flags or the space say another one.
    """
    if not (place / search.MARK).exists():
        raise UsageError(f"--resume: expected a search in {place}, found none")
    facts = run.read_json(place / search.MARK)
    check("resume", facts.get("recipe"), lambda name: name == recipe.name, f"a search of {recipe.name} in {place}")
    if "tuner" in given:
        check("tuner", asked.tuner, lambda tuner: tuner == facts["tuner"], f"{facts['tuner']} to resume {place}")
    before = from_file(recipe.config_class, place / DEFAULT)
    for name in set(settings(recipe.config_class)) - {"out", "data_dir"}:
        if name in given or "config" in given:
            old = getattr(before, name)
            check(name, getattr(config, name), lambda new, old=old: new == old, f"{old} to resume {place}")
    now = search_space.as_json(space)
    for name, values in facts["space"].items():
        if now.get(name) != values:
            expected = f"{name} as in {asked.space or 'SPACE'}, {json.dumps(now.get(name))}"
            raise UsageError(f"{place / search.MARK}: expected {expected}, found {json.dumps(values)}")
    space = {name: space[name] for name in facts["space"]}
    before = dataclasses.replace(before, out=config.out, data_dir=config.data_dir)
    return dataclasses.replace(asked, tuner=facts["tuner"]), before, space


def _explore(recipe, asked, config, space, place):
    plan = _plan(asked, config)

    def report_last(trials):
        best = max(trials, key=lambda trial: trial.quality)
        if best.quality > -math.inf:
            run.write_json(place / BEST, dataclasses.asdict(dataclasses.replace(config, **best.values)))
        print(_line(trials, best, plan.max_trials), flush=True)

    explore = functools.partial(search.explore, functools.partial(recipe.trial, config), place, plan, space, report=report_last)
    try:
        if not asked.workers:
            return explore()
        command = [sys.executable, "-m", f"recipes.{recipe.name}", "search", "--config", place / DEFAULT]
        with chief.workers(asked.workers, [*command, "--wait", str(asked.wait)]) as processes:
            return explore(processes=processes)
    except KeyboardInterrupt:
        print(f"\nthe results so far are in {place}; --resume goes on", file=sys.stderr)
        raise


def _line(trials, best, most):
    number, values, quality, epochs, seconds = trials[-1]
    said = " ".join(f"{name}={value}" for name, value in values.items())
    result = "failed" if quality == -math.inf else f"quality {quality:.4f} after {epochs} epochs"
    rank = f"best {best.quality:.4f} of trial {best.number}"
    return f"{len(trials)}{f'/{most}' if most else ''}  trial {number}: {said}: {result}, {seconds:.0f} s ({rank})"


# Results


def _tell(recipe, asked, config, space, place, trials):
    """Prints, and writes as a README.md, the best trials and how the best does on the test part."""
    best = dataclasses.replace(config, **trials[0].values)
    run.write_json(place / BEST, dataclasses.asdict(best))
    log = [name for name, values in space.items() if isinstance(values, search.Range) and values.log]
    succeeded = [(trial.values, trial.quality) for trial in trials if trial.quality > -math.inf]
    search_plot.draw(succeeded, place / "search.png", f"{recipe.name}: {len(trials)} trials, {asked.tuner}", log)
    parts = [
        f"The best of {len(trials)} trials, by the validation part, on which the search chose:",
        f"```\n{_table(trials[:SHOWN])}\n```",
        f"All are in `trials.csv`, a picture of them in `search.png`, the best in `{BEST}`: "
        f"`python -m recipes.{recipe.name} --config {place / BEST}` trains it.",
    ]
    print("\n" + "\n\n".join(parts).replace("```\n", "").replace("\n```", "").replace("`", ""), flush=True)
    if asked.compare:
        compared = _compared(recipe, config, best)
        said = f"The test part, which no trial has seen, each trained with {SEEDS} seeds:"
        print(f"\n{said}\n\n{compared}", flush=True)
        parts += [said, f"```\n{compared}\n```"]
    title = f"# A search for better settings: {recipe.name}, {asked.tuner}"
    (place / "README.md").write_text("\n\n".join([title, *parts, "![search](search.png)"]) + "\n", encoding="utf-8")


def _table(trials):
    rows = [["trial", "quality", "epochs", "seconds", *trials[0].values]]
    for number, values, quality, epochs, seconds in trials:
        shown = "failed" if quality == -math.inf else f"{quality:.4f}"
        rows.append([number, shown, str(epochs), f"{seconds:.0f}", *map(str, values.values())])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


def _compared(recipe, config, best):
    """The table of the figures of the best and of what would have been without a search, beside the baselines'."""
    rows = {}
    for name, chosen in {"default": config, "best": best}.items():
        of_seeds, problem = {}, recipe.problem(chosen)
        for seed in range(config.seed, config.seed + SEEDS):
            model, _ = recipe.train_once(dataclasses.replace(chosen, seed=seed), problem, verbose=False)
            of_seeds[f"{name}, seed {seed}"] = recipe.kind.of_model(model, problem.test)
        rows |= of_seeds | {f"{name}, {row}": of for row, of in report.mean_and_spread(of_seeds).items()}
    return report.table(rows | recipe.kind.of_baselines(recipe.problem(config)))
