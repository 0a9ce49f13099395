"""The verb search: hyperparameters of a recipe, compared with its defaults on the test split."""

import dataclasses
import functools
import json
import logging
import math
import shutil
import sys
from pathlib import Path
from typing import Literal

from seqzoo.errors import DataError, UsageError
from seqzoo.recipe import search_report, search_space
from seqzoo.recipe.config import check
from seqzoo.recipe.flags import from_file, given_fields, model_name, parse_config
from seqzoo.recipe.recipe import Recipe
from seqzoo.recipe.search_space import field_names, with_values
from seqzoo.recipe.training_data import TrainingData
from seqzoo.training import fit, run_folder
from seqzoo.tuning import coordination
from seqzoo.tuning import search as tuning_search
from seqzoo.tuning.space import values_of

DEFAULT = "default.json"
FREE_FIELDS = {"out", "data_dir"}  # fields of a config that may differ when a search resumes
MAX_TRIALS = 20
PARTS = 10  # of a training whose duration is not in epochs, for Hyperband


@dataclasses.dataclass(frozen=True)
class SearchFlags:
    """Trains with values of the recipe's SEARCH_SPACE and writes the best config as a file for `train --config`.

    A setting whose flag is given keeps that value. Results are kept after each trial in the folder `search` of --out.

    On several machines, run the same command on each, with these environment variables: KERASTUNER_TUNER_ID, "chief" on one
    machine and another name on each other; KERASTUNER_ORACLE_IP and KERASTUNER_ORACLE_PORT, the address of the chief.
    """

    tuner: Literal["random", "hyperband", "bayesian", "grid"] = "random"
    """Search algorithm of KerasTuner."""
    max_trials: int | None = None
    """Most trials; 20 if not given. With --minutes, grid or hyperband there is no limit unless given."""
    minutes: float | None = None
    """Minutes after which no trial starts."""
    space: str | None = None
    """JSON file to search instead: {"units": [32, 64], "learning_rate": {"low": 1e-4, "high": 1e-2, "log": true}}."""
    workers: int = 0
    """Processes on this machine that share the trials."""
    worker_timeout: float = 60.0
    """Seconds without a message after which a worker, or the chief, counts as dead."""
    resume: bool | None = None
    """`--resume` continues the search in --out, without the trials that ended; `--no-resume` starts anew."""
    compare: bool = True
    """Whether to train the best and the default config with three seeds each, and test them."""

    def __post_init__(self):
        super().__post_init__()  # of the recipe's config
        check("max_trials", self.max_trials, lambda n: n is None or n >= 1, "a positive integer")
        check("minutes", self.minutes, lambda x: x is None or 0 < x < math.inf, "a positive number")
        check("workers", self.workers, lambda n: n == 0 or n >= 1, "an integer from 0")
        check("worker_timeout", self.worker_timeout, lambda x: 0 < x < math.inf, "a positive number")
        check("folds", getattr(self, "folds", 0), lambda folds: folds == 0, "none in a search")


@dataclasses.dataclass(frozen=True)
class Search:
    """A search of a recipe: the config it starts from, the space, the tuner and the folder."""

    recipe: Recipe
    config: object
    space: dict
    tuner: str
    folder: Path
    cache: dict = dataclasses.field(default_factory=dict)  # the last dataset, by the fields that it depends on

    def dataset(self, config):
        """The data; read again only where a field outside the recipe's search space differs."""
        free = (self.recipe.duration, *self.recipe.search_space)
        key = tuple(getattr(config, name) for name in field_names(self.recipe.config) if name not in free)
        if key not in self.cache:
            self.cache.clear()
            self.cache[key] = self.recipe.dataset(config)
        return self.cache[key]

    @property
    def parts(self):
        """In how many parts Hyperband divides a training."""
        whole = getattr(self.config, self.recipe.duration)
        return whole if self.recipe.duration == "epochs" else min(whole, PARTS)

    def run_trial(self, hyperparameters):
        """Trains with a trial's hyperparameters in place of the config's: quality, and how long it took, in `duration`."""
        values = {name: value for name, value in hyperparameters.values.items() if not name.startswith("tuner/")}
        duration = getattr(self.config, self.recipe.duration)
        part = duration * hyperparameters.values.get("tuner/epochs", self.parts) // self.parts
        config = with_values(self.config, {self.recipe.duration: part} | values_of(values))
        _, history = self.recipe.train(config, self.dataset(config), verbose=False)
        qualities = (fit.quality(metrics) for metrics in history if "val_loss" in metrics)
        return max(quality for quality in qualities if math.isfinite(quality)), len(history)

    def plan(self, flags):
        """The `tuning.search.Plan` of the flags."""
        unlimited = flags.minutes is not None or self.tuner in ("grid", "hyperband")
        max_trials = flags.max_trials or (None if unlimited else MAX_TRIALS)
        limits = max_trials, flags.minutes, self.parts, self.config.seed, flags.worker_timeout
        return tuning_search.Plan(self.tuner, *limits, self.recipe.duration)


def search_flags(config_class):
    """`SearchFlags` and a recipe's config, as one dataclass."""
    both = dataclasses.make_dataclass("Search", [], bases=(SearchFlags, config_class), frozen=True)
    both.__doc__ = SearchFlags.__doc__
    return both


def search(recipe, arguments):
    """Runs the trials of a search and writes its report; a worker runs trials of the chief."""
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # it warns of models that are traced anew, as each trial's is
    flags_class = search_flags(recipe.config)
    flags, given = parse_config(flags_class, arguments, f"recipes.{recipe.name} search"), given_fields(flags_class, arguments)
    if any(argument.partition("=")[0] == "--config" for argument in arguments):
        given |= {"config"}
    config = recipe.config(**{name: getattr(flags, name) for name in field_names(recipe.config)})
    config = recipe.apply_quick(config) if recipe.apply_quick else config
    folder = Path(flags.out or f"runs/{model_name(recipe.name, flags)}")
    if coordination.role() == "worker":
        run = Search(recipe, config, {}, flags.tuner, folder)
        run.dataset(config)
        return tuning_search.explore(run.run_trial, folder, run.plan(flags))
    run_folder.check_replaceable(folder)
    run_search(Search(recipe, config, _space(recipe, config, flags), flags.tuner, folder / "search"), flags, given)


def _space(recipe, config, flags):
    """The space of --space FILE, or the recipe's, with values as the config has them."""
    source = flags.space or "SEARCH_SPACE"
    space = search_space.from_json(run_folder.read_json(source), source) if flags.space else recipe.search_space
    return search_space.checked(space, config, source, flags.tuner, recipe.duration)


def run_search(search, flags, given):
    """Starts or resumes a `Search`, runs its trials and writes its report. `given`: fields whose flags are given."""
    resumes = flags.resume and (search.folder / tuning_search.SEARCH_FILE).exists()
    search = resume(search, flags, given) if resumes else new(search, flags, given)
    data = _data_digest(search)  # unreadable data fail before anything is written
    if not resumes:
        start(search, data)
    elif data != run_folder.read_json(search.folder / tuning_search.SEARCH_FILE).get("data", data):
        raise DataError(f"{search.config.files()}: changed: expected the data with which the search in {search.folder} began")
    trials = _run_trials(search, search.plan(flags), flags.workers)
    search_report.write_report(search, trials, flags.compare)


def new(search, flags, given):
    """The search, without the fields that flags give.

    Raises:
        UsageError: there is a search, and neither --resume nor --no-resume; or no field is left to search.
    """
    if (search.folder / tuning_search.SEARCH_FILE).exists():
        expected = f"--resume to go on with the search in {search.folder}, or --no-resume to begin anew"
        check("resume", flags.resume, lambda resume: resume is False, expected)
    space = {name: values for name, values in search.space.items() if name not in given}
    if not space:
        source = flags.space or "SEARCH_SPACE"
        raise UsageError(f"{source}: expected a setting whose flag is not given, found none to search")
    return dataclasses.replace(search, space=space)


def _data_digest(search):
    """The digest of the data on which all trials are compared; None where each trial generates its own."""
    dataset = search.dataset(search.config)
    if not hasattr(search.config, "data"):
        return None
    return TrainingData.of(dataset, search.recipe.task_of(search.config)).with_files(search.config)


def start(search, data):
    """Empties the folder of the search and writes its record."""
    with tuning_search.alone(search.folder):
        for name in (tuning_search.SEARCH_FILE, *search_report.FILES):
            Path(search.folder, name).unlink(missing_ok=True)
        shutil.rmtree(search.folder / tuning_search.TRIALS_FOLDER, ignore_errors=True)
        run_folder.write_json(search.folder / DEFAULT, dataclasses.asdict(search.config))
        space = search_space.as_json(search.space)
        tuning_search.begin(search.folder, {"recipe": search.recipe.name, "tuner": search.tuner, "space": space, "data": data})


def resume(search, flags, given):
    """The search in the folder, with its config, space and tuner.

    Raises:
        UsageError: the recipe, flags or the space differ from those of the record.
    """
    mark, folder = search.folder / tuning_search.SEARCH_FILE, search.folder
    record = {"recipe": None, "tuner": None, "space": {}} | run_folder.read_json(mark)
    expected = f"a search of {search.recipe.name} in {folder}"
    check("resume", record["recipe"], lambda name: name == search.recipe.name, expected)
    if "tuner" in given:
        check("tuner", search.tuner, lambda tuner: tuner == record["tuner"], f"{record['tuner']} to resume {folder}")
    before, names = from_file(search.recipe.config, folder / DEFAULT), set(field_names(search.recipe.config))
    for name in sorted(names - FREE_FIELDS):
        if name in given or "config" in given:
            old = getattr(before, name)
            check(name, getattr(search.config, name), lambda value, old=old: value == old, f"{old} to resume {folder}")
    _check_same_space(search, record["space"], flags, mark)
    config = dataclasses.replace(before, **{name: getattr(search.config, name) for name in names & FREE_FIELDS})
    return dataclasses.replace(
        search, config=config, tuner=record["tuner"], space={name: search.space[name] for name in record["space"]}
    )


def _check_same_space(search, recorded, flags, mark):
    space = search_space.as_json(search.space)
    for name, values in recorded.items():
        if space.get(name) != values:
            expected = f"{name} as in {flags.space or 'SEARCH_SPACE'}, {json.dumps(space.get(name))}"
            raise UsageError(f"{mark}: expected {expected}, found {json.dumps(values)}")


def _run_trials(search, plan, workers):
    """The trials, run on so many other processes, or on this one."""
    report = functools.partial(search_report.report_progress, search, plan.max_trials)
    explore = functools.partial(tuning_search.explore, search.run_trial, search.folder, plan, search.space, report=report)
    command = [sys.executable, "-m", f"recipes.{search.recipe.name}", "search", "--config", search.folder / DEFAULT]
    try:
        if not workers:
            return explore()
        with coordination.workers(workers, [*command, "--worker-timeout", str(plan.worker_timeout)]) as processes:
            return explore(processes=processes)
    except KeyboardInterrupt:
        print(f"\nthe results so far are in {search.folder}; --resume goes on", file=sys.stderr)
        raise
