"""The verb `train`: a folder in which a training begins, or goes on after it was cut off."""

import dataclasses
import math
import re
from pathlib import Path

import keras

from seqzoo.errors import UsageError
from seqzoo.recipe.flags import Settings, check, configured, from_file, model_name
from seqzoo.training import distribution, launcher, run_folder


@dataclasses.dataclass(frozen=True)
class How:
    """How a model is trained, whatever it is: flags of `train` that leave no mark on what comes out."""

    resume: bool | None = None
    """`--resume`: goes on with the training in --out that was cut off; `--no-resume`: begins anew where there is one."""
    seconds: float = 30.0
    """From one checkpoint to the next, or more where the disk is slow; 0 for one after each step."""
    profile: bool = False
    """Writes a profile of some steps for TensorBoard, beside its logs."""
    processes: int = 1
    """Processes that share each batch, on JAX. All are started here, unless --process-id says that each has its own host."""
    devices: int = 1
    """Devices of each process that share its rows."""
    coordinator: str | None = None
    """With several hosts, HOST:PORT of process 0, and the same command on each but for its --process-id."""
    process_id: int | None = None
    """The process of this host, from 0. Process 0 writes."""

    def __post_init__(self):
        check("seconds", self.seconds, lambda x: 0 <= x < math.inf, "a number from 0")
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

    def of_workers(self, batch_size):
        """What `training.workers.train` wants of it, beside the recipe and its flags."""
        parts = self.processes * self.devices
        check("batch_size", batch_size, lambda n: n % parts == 0, f"a multiple of {parts}, as many as share a batch")
        return self.processes, self.devices, self.coordinator, self.process_id

    def of_fit(self):
        """What `training.fit` wants of it."""
        return {"seconds": self.seconds, "profile": self.profile}


def _is_address(text):
    found = re.fullmatch(r"\S+:(\d{1,5})", text)
    return bool(found) and 0 < int(found[1]) < 65536


def train(name, config_class, train, flags):
    if not issubclass(config_class, Settings):  # what it trains is small, and not kept between two steps
        config = configured(config_class, flags, f"recipes.{name} train")
        folder = Path(config.out or f"runs/{name}")
        run_folder.check_replaceable(folder)
        return train(config, folder)
    config, how = _how(name, config_class, flags)
    folder = Path(config.out or f"runs/{model_name(name, config)}")
    if distribution.place():
        return _work(name, config_class, train, flags, folder, how)
    if how.process_id:
        return launcher.train(name, flags, *how.of_workers(config.batch_size))
    run_folder.recover(folder)
    facts = {"recipe": name, "backend": keras.backend.backend()}
    started = _started(folder, facts) if how.resume else _check_nothing_started(folder, how)
    if started:
        continues, _ = _how(name, config_class, flags, from_file(config_class, started))
        _check_same(config_class, continues, from_file(config_class, started), folder)
    if started == folder / run_folder.CONFIG_FILE:
        return print(f"{folder}: the training is complete, nothing is left to resume")
    with run_folder.open_training(folder, facts, dataclasses.asdict(config), anew=not how.resume):
        config = continues if started else config
        with launcher.planned(name, flags, *how.of_workers(config.batch_size)):
            train(config, folder, **how.of_fit())


def _work(name, config_class, train, flags, folder, how):
    """Trains as a worker: with the settings that the first one finds where its command has begun the training."""
    begun = folder / run_folder.UNFINISHED / run_folder.CONFIG_FILE
    settings = distribution.broadcast_from_first(
        lambda: dataclasses.asdict(_how(name, config_class, flags, from_file(config_class, begun))[0])
    )
    train(config_class(**settings), folder, **how.of_fit())


def _how(name, config_class, flags, default=None):
    """A configuration, and a `How`, from the flags of both."""
    both = dataclasses.make_dataclass("Train", [], bases=(config_class, How), frozen=True)
    if default is not None:
        default = both(**dataclasses.asdict(default))
    asked = dataclasses.asdict(configured(both, flags, f"recipes.{name} train", default))
    how = {field.name: asked.pop(field.name) for field in dataclasses.fields(How)}
    return config_class(**asked), How(**how)


def _started(folder, facts):
    """The configuration of what is to go on, of what has ended, or None.

    Raises:
        UsageError: it is of another recipe, or another backend.
    """
    unfinished, ended = folder / run_folder.UNFINISHED, folder / run_folder.CONFIG_FILE
    if (unfinished / "training.json").exists():
        ended, found = unfinished / run_folder.CONFIG_FILE, run_folder.read_json(unfinished / "training.json")
    elif ended.exists():
        found = facts | {"recipe": run_folder.recipe_of(folder)}
    else:
        return None
    for what, expected in facts.items():
        check(
            "resume", found.get(what), lambda it, expected=expected: it == expected, f"{folder} to be of the {what} {expected}"
        )
    return ended


def _check_nothing_started(folder, how):
    """Raises a `UsageError` if there is an unfinished training of which nobody has said what shall become of it."""
    if how.resume is None and (folder / run_folder.UNFINISHED / "training.json").exists():
        raise UsageError(f"--out: {folder} holds an unfinished training: --resume goes on with it, --no-resume begins anew")


def _check_same(config_class, asked, started, folder):
    """Raises a `UsageError` that names a flag by which the two configurations differ."""
    for field in dataclasses.fields(config_class):
        if field.name not in ("out", "data_dir"):
            old = getattr(started, field.name)
            check(field.name, getattr(asked, field.name), lambda new, old=old: new == old, f"{old} to resume {folder}")
