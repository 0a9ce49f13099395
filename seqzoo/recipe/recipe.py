"""A recipe: the functions of one file of `recipes/`, from which the shared verbs of the command line are made."""

import dataclasses
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from seqzoo import presets
from seqzoo.errors import UsageError, boundary
from seqzoo.recipe.config import check
from seqzoo.recipe.flags import from_file, model_name
from seqzoo.recipe.predict import PredictFlags
from seqzoo.recipe.task import Task
from seqzoo.training import run_folder

VERBS = ("train", "evaluate", "predict", "inspect", "search")


class Command(NamedTuple):
    """A further verb of one recipe, such as generate.

    Args:
        flags: a dataclass of its flags, with an `out`.
        run: `(flags, folder)`: prints, or returns lines to print.
        help: one line for `-h`.
        new_run: whether `folder` is the run's to write, not that of a trained model.
    """

    flags: type
    run: Callable
    help: str
    new_run: bool = False


@dataclasses.dataclass(frozen=True)
class Recipe:
    """One task with its data and its model.

    Args:
        name: of the module in `recipes/`.
        config: a dataclass, most often a subclass of `recipe.Config`.
        load_data: `config -> Dataset`.
        load_test_split: `(config, trained, dataset) -> Split` of data other than the training's, for a model with the config
            `trained`, trained on `dataset`.
        train_model: `(config, dataset, **options of training.fit) -> model, history`.
        task: a `Task`, or `config -> Task`.
        search_space: `{field of config: a tuple of values or a tuning.space.Range}`, of fields that `load_data` does not read.
        commands: `{verb: Command}` beside the shared verbs.
        verbs: the shared verbs that the recipe has.
        predict_flags: of predict, a subclass of `PredictFlags`.
        quick_epochs: most epochs with --quick.
        quick_examples: most training examples with --quick.
        apply_quick: `config -> config`, in place of both, where --quick changes other fields.
        describe_data: `(config, dataset)`: prints what is of note before a training.
        load_folds: `config -> Datasets`, one a fold, for a config with `folds`.
        load_model_data: `(config, model) -> Dataset`, in place of `load_data`, where a trained model decides how they are read.
        duration: the field of config that says how long to train. Hyperband gives a trial part of it.
        preset: the name of the model that ships, where it is not the recipe's.
        data_source: source and licence of the default data, for the model card; or `{data: text}`.
        limitations: of a model trained on the default data, for the model card; or `{data: text}`.
    """

    name: str
    config: type
    load_data: Callable
    train_model: Callable
    task: Task | Callable
    load_test_split: Callable | None = None
    search_space: dict = dataclasses.field(default_factory=dict)
    commands: dict = dataclasses.field(default_factory=dict)
    verbs: tuple = VERBS
    predict_flags: type = PredictFlags
    quick_epochs: int | None = None
    quick_examples: int | None = None
    apply_quick: Callable | None = None
    describe_data: Callable | None = None
    load_folds: Callable | None = None
    load_model_data: Callable | None = None
    duration: str = "epochs"
    preset: str = ""
    data_source: str | dict = ""
    limitations: str | dict = ""

    def task_of(self, config):
        """The `Task` of a config."""
        return self.task if isinstance(self.task, Task) else self.task(config)

    def dataset(self, config, model=None):
        """The data of a config, as the training of a config reads them; or as the trained model does."""
        if getattr(config, "data", None) == "":
            raise UsageError("--data: expected a file, a folder or the name of a data set, got none")
        as_model = model is not None and self.load_model_data
        with boundary(getattr(config, "data", self.name)):
            return self.quick_dataset(config, self.load_model_data(config, model) if as_model else self.load_data(config))

    def quick_dataset(self, config, dataset):
        """The dataset, with --quick of at most `quick_examples` training examples, chosen by the seed."""
        if not (config.quick and self.quick_examples):
            return dataset
        count = min(len(dataset.train), self.quick_examples)
        rows = random.Random(config.seed).sample(range(len(dataset.train)), count)
        return dataclasses.replace(dataset, train=dataset.train.take(rows))

    def train(self, config, dataset, **options):
        """A trained model and its history; `options` of `training.fit`."""
        random.seed(config.seed)  # Keras's own `set_random_seed` imports TensorFlow on every backend
        return self.train_model(self.quick_config(config), dataset, **options)

    def quick_config(self, config):
        """The config, with --quick of at most `quick_epochs`."""
        if self.apply_quick:
            return self.apply_quick(config)
        limited = config.quick and self.quick_epochs
        return dataclasses.replace(config, epochs=min(config.epochs, self.quick_epochs)) if limited else config

    def trained_config(self, folder):
        """The config of a run."""
        file = folder / run_folder.CONFIG_FILE
        with boundary(file):
            config = from_file(self.config, file)
        if (folder / "metrics.json").exists():
            run_folder.check_config(file, run_folder.read_json(folder / "metrics.json"))
        return config

    def trained_folder(self, flags):
        """The folder of the trained model to read: --out, else runs/NAME if there is one, else the one that ships.

        Raises:
            UsageError: the model is of another recipe.
        """
        folder = self._find_folder(flags)
        trained_by = run_folder.recipe_of(folder) if (folder / "metrics.json").exists() else None
        if trained_by not in (self.name, None):
            raise UsageError(f"--out: {folder} holds a model of recipes.{trained_by}, expected one of recipes.{self.name}")
        return folder

    def _find_folder(self, flags):
        check("out", flags.out, lambda out: out != "", "a folder")
        if flags.out is not None:
            return presets.find(flags.out)
        name = model_name(self.name, flags)
        own = Path("runs", name)
        folder = presets.find(own if (own / "model.keras").exists() else self.preset or name)
        print(f"model: {folder}", file=sys.stderr)
        return folder
