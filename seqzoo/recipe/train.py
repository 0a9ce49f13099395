"""The verb train: a training that begins, or resumes; evaluation on the test split; the run's folder."""

import contextlib
import dataclasses
import math
import re
import sys
import time
from pathlib import Path

import keras

from seqzoo.data.digest import digest
from seqzoo.errors import boundary
from seqzoo.evaluation import tables
from seqzoo.recipe import model_card
from seqzoo.recipe.config import check
from seqzoo.recipe.cross_validation import cross_validate
from seqzoo.recipe.flags import from_file, model_name, parse_config
from seqzoo.recipe.training_data import TrainingData
from seqzoo.recipe.unfinished import check_no_unfinished, check_same_config, check_same_data, find_config
from seqzoo.training import distribution, fit, launcher, run_folder


@dataclasses.dataclass(frozen=True)
class TrainFlags:
    """Flags that do not change the trained model: resuming, checkpoints, profiling, devices."""

    resume: bool | None = None
    """`--resume` continues the interrupted training in --out; `--no-resume` starts anew."""
    checkpoint_seconds: float = 30.0
    """Seconds between checkpoints, more where the disk is slow; 0 for a checkpoint after each step."""
    profile: bool = False
    """Write a profile of some steps for TensorBoard, beside its logs."""
    processes: int = 1
    """Processes that share each batch, on JAX. All are started on this host, unless --process-id is given."""
    devices: int = 1
    """Devices of each process that share its rows."""
    coordinator: str | None = None
    """HOST:PORT of process 0, for several hosts that each run this command with their own --process-id."""
    process_id: int | None = None
    """Number of this host's process, from 0. Process 0 writes the run."""

    def __post_init__(self):
        getattr(super(), "__post_init__", lambda: None)()  # of the recipe's config, where both are one dataclass
        check("checkpoint_seconds", self.checkpoint_seconds, lambda x: 0 <= x < math.inf, "a number from 0")
        for flag in ("processes", "devices"):
            check(flag, getattr(self, flag), lambda n: n >= 1, "a positive integer")
        self._check_backend(keras.backend.backend())
        hosts = f"one from 0 to {self.processes - 1} with --coordinator, and else none"
        given = range(self.processes) if self.coordinator else [None]
        check("process_id", self.process_id, lambda k: k in given, hosts)
        check("coordinator", self.coordinator, lambda at: at is None or _is_address(at), "HOST:PORT")

    def _check_backend(self, name):
        instead = f"1 on {name}; KERAS_BACKEND=jax takes several"
        check("processes", self.processes, lambda n: n == 1 or name == "jax", instead)
        check("devices", self.devices, lambda n: n == 1 or name in ("jax", "tensorflow"), instead)

    def workers(self, batch_size):
        """Arguments of `training.launcher`: processes, devices, coordinator, number of the process."""
        parts = self.processes * self.devices
        check("batch_size", batch_size, lambda n: n % parts == 0, f"a multiple of {parts}, as many as share a batch")
        return self.processes, self.devices, self.coordinator, self.process_id

    def fit_options(self):
        """Arguments of `training.fit`."""
        return {"checkpoint_seconds": self.checkpoint_seconds, "profile": self.profile}


def _is_address(text):
    match = re.fullmatch(r"\S+:(\d{1,5})", text)
    return bool(match) and 0 < int(match[1]) < 65536


def train(recipe, arguments):
    """Trains in a folder of its own, alone, as one of several processes, or as the process that starts them."""
    config, flags = _parse(recipe, arguments)
    folder = Path(config.out or f"runs/{model_name(recipe.name, config)}")
    if distribution.worker_spec():
        return _train_as_worker(recipe, arguments, folder, flags)
    if flags.process_id:
        return launcher.train(recipe.name, arguments, *flags.workers(config.batch_size))
    run_folder.recover(folder)
    facts = {"recipe": recipe.name, "backend": keras.backend.backend()}
    started = find_config(folder, facts) if flags.resume else check_no_unfinished(folder, flags.resume)
    if started:
        trained = from_file(recipe.config, started)
        resumed, _ = _parse(recipe, arguments, trained)
        check_same_config(resumed, trained, folder)
    if started == folder / run_folder.CONFIG_FILE:
        return print(f"{folder}: the training is complete, nothing is left to resume")
    config = resumed if started else config
    alien = boundary(f"--resume: {folder}") if started else contextlib.nullcontext()  # whatever its checkpoint provokes
    with (
        run_folder.open_training(folder, facts, dataclasses.asdict(config), overwrite=not flags.resume),
        launcher.planned(recipe.name, arguments, *flags.workers(config.batch_size)),
        alien,
    ):
        train_and_save(recipe, config, folder, **flags.fit_options())


def _train_as_worker(recipe, arguments, folder, flags):
    """Trains with the config that the first process finds where its command has started the training."""
    config_file = folder / run_folder.UNFINISHED / run_folder.CONFIG_FILE
    fields = distribution.broadcast_from_first(
        lambda: dataclasses.asdict(_parse(recipe, arguments, from_file(recipe.config, config_file))[0])
    )
    train_and_save(recipe, recipe.config(**fields), folder, **flags.fit_options())


def _parse(recipe, arguments, default=None):
    """A config and `TrainFlags`, from the flags of both."""
    both = dataclasses.make_dataclass("Train", [], bases=(TrainFlags, recipe.config), frozen=True)
    if default is not None:
        default = both(**dataclasses.asdict(default))
    values = dataclasses.asdict(parse_config(both, arguments, f"recipes.{recipe.name} train", default))
    flags = {field.name: values.pop(field.name) for field in dataclasses.fields(TrainFlags)}
    return recipe.config(**values), TrainFlags(**flags)


def train_and_save(recipe, config, folder, **options):
    """Trains `config.repeats` models, evaluates them on the test split, prints, and writes the best one's folder.

    Args:
        config: the recipe's. Each training has the next seed; the model with the best validation metric is kept.
        options: of `training.fit`. A seed's checkpoints and logs stay in the folder until the run is complete.
    """
    if recipe.load_folds and config.folds:
        return cross_validate(recipe, config)
    dataset, task, started = recipe.dataset(config), recipe.task_of(config), time.time()
    data = TrainingData.of(dataset, task)
    if not distribution.worker_spec():
        check_same_data(folder, data.with_files(config), config.files())
        data.note_learnt(config.data, task, dataset.test)
    sizes = {split: len(getattr(dataset, split)) for split in ("train", "validation", "test")}
    print(f"{config.data}: " + ", ".join(f"{size:,} {split}" for split, size in sizes.items()))
    if recipe.describe_data:
        recipe.describe_data(recipe.quick_config(config), dataset)
    trained = _train_seeds(recipe, config, dataset, folder, options)
    metrics = {f"{config.cell}, seed {seed}": task.metrics(model, dataset.test) for seed, (model, _) in trained.items()}
    baselines = task.baselines(dataset)
    rows = metrics | tables.mean_and_spread(metrics) | baselines
    best = max(trained, key=lambda seed: max(map(fit.quality, trained[seed][1])))
    model, history = trained[best]
    print(f"\n{tables.table(rows)}\n\n{task.heading}")
    for example in task.examples(model, dataset.test, config.seed):
        print(f"  {_format_example(*example)}")
    details = task.details(config.cell, model, dataset)
    record = {
        "test": metrics[f"{config.cell}, seed {best}"],
        "baseline": baselines,
        "parameters": model.count_params(),
        "seconds": round(time.time() - started, 1),
        "seed": best,
        "command": " ".join([f"python -m recipes.{recipe.name}", *sys.argv[1:]]),
        "data": {"name": config.data, **sizes},
        "digest": data.digest,
        "config": digest(dataclasses.asdict(config)),
        "history": history,
    }
    model_card.save_run(recipe, config, folder, model, record, rows, data)
    print(f"\n{details}\n\nsaved in {folder}" if details else f"\nsaved in {folder}")


def _train_seeds(recipe, config, dataset, folder, options):
    """`{seed: (model, history)}`, trained by the workers that are planned, or here."""
    seeds = range(config.seed, config.seed + config.repeats)
    folders = {seed: folder / run_folder.UNFINISHED / f"seed-{seed}" for seed in seeds}
    launcher.launch_if_planned(folders.values())
    trained = {
        seed: recipe.train(dataclasses.replace(config, seed=seed), dataset, folder=folders[seed], **options) for seed in seeds
    }
    distribution.end_worker()
    return trained


def _format_example(text, prediction, reference):
    return f"{prediction} ({reference})  {text}" if reference else prediction
