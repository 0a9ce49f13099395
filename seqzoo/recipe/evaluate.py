"""The verb evaluate: metrics of a trained model on the test split, beside the baselines."""

from seqzoo import presets
from seqzoo.evaluation import tables
from seqzoo.recipe.flags import parse_config


def evaluate(recipe, arguments):
    """Prints the table of a trained model, and the task's details."""
    config, folder = trained_run(recipe, "evaluate", arguments)
    trained, model = recipe.trained_config(folder), presets.load(folder)
    task, dataset = recipe.task_of(trained), recipe.test_data(config, folder, model)
    print(tables.table({trained.cell: task.metrics(model, dataset.test)} | task.baselines(dataset)))
    details = task.details(trained.cell, model, dataset)
    if details:
        print(f"\n{details}")


def trained_run(recipe, verb, arguments):
    """The config, flags over that of the trained model, and the folder of the trained model."""
    program = f"recipes.{recipe.name} {verb}"
    folder = recipe.trained_folder(parse_config(recipe.config, arguments, program))
    return parse_config(recipe.config, arguments, program, recipe.trained_config(folder)), folder
