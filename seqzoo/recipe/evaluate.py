"""The verb evaluate: metrics of a trained model on the test split, beside the baselines."""

import dataclasses
import functools
import typing

import tyro

from seqzoo import presets
from seqzoo.errors import UsageError, boundary
from seqzoo.evaluation import tables
from seqzoo.recipe.flags import parse
from seqzoo.recipe.test_data import load_test_data


def evaluate(recipe, arguments):
    """Prints the table of a trained model, and the task's details."""
    config, folder = trained_run(recipe, "evaluate", arguments)
    trained, model = recipe.trained_config(folder), presets.load(folder)
    task, dataset = recipe.task_of(trained), load_test_data(recipe, config, folder, model)
    print(f"{config.data}: {len(dataset.test):,} test")
    with boundary(f"evaluate, {folder}"):
        print(tables.table({trained.cell: task.metrics(model, dataset.test)} | task.baselines(dataset)))
        details = task.details(trained.cell, model, dataset)
    if details:
        print(f"\n{details}")


def trained_run(recipe, verb, arguments):
    """The config of a trained model, with flags of other data, and its folder."""
    if any(argument.partition("=")[0] == "--config" for argument in arguments):
        raise UsageError(f"--config: expected none with {verb}: the trained model has its own")
    read = functools.partial(parse, data_flags(recipe.config), arguments, f"recipes.{recipe.name} {verb}")
    folder = recipe.trained_folder(read())
    given = read(default=_as_flags(recipe.config, recipe.trained_config(folder)))
    return recipe.config(**dataclasses.asdict(given)), folder


def _as_flags(config_class, config):
    return data_flags(config_class)(**dataclasses.asdict(config))


@functools.cache
def data_flags(config_class):
    """A config class of which only the flags that a trained model takes are there to give."""
    kept = (*config_class.DATA_FIELDS, *config_class.MODEL_FIELDS, "out")
    types, fields = typing.get_type_hints(config_class, include_extras=True), dataclasses.fields(config_class)
    hidden = [
        (field.name, typing.Annotated[types[field.name], tyro.conf.Suppress, tyro.conf.Fixed], field.default)
        for field in fields
        if field.name not in kept
    ]
    return dataclasses.make_dataclass("DataFlags", hidden, bases=(config_class,), frozen=True)
