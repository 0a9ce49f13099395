"""Unfinished trainings of a run's folder: which one resumes, and with which config."""

import dataclasses

from seqzoo.errors import UsageError
from seqzoo.recipe.config import check
from seqzoo.recipe.flags import flag_of
from seqzoo.training import run_folder

STATE = "training.json"  # in the folder of an unfinished training: its recipe and backend


def find_config(folder, facts):
    """The config file of the training to resume, of the complete one, or None.

    Raises:
        UsageError: the training is of another recipe, or another backend.
    """
    unfinished, config = folder / run_folder.UNFINISHED, folder / run_folder.CONFIG_FILE
    if (unfinished / STATE).exists():
        config, recorded = unfinished / run_folder.CONFIG_FILE, run_folder.read_json(unfinished / STATE)
    elif config.exists():
        recorded = facts | {"recipe": run_folder.recipe_of(folder)}
    else:
        return None
    for fact, expected in facts.items():
        message = f"{folder} to be of the {fact} {expected}"
        check("resume", recorded.get(fact), lambda value, expected=expected: value == expected, message)
    return config


def check_no_unfinished(folder, resume):
    """Raises a `UsageError` if there is an unfinished training, and neither --resume nor --no-resume."""
    if resume is None and (folder / run_folder.UNFINISHED / STATE).exists():
        raise UsageError(f"--out: {folder} holds an unfinished training: --resume goes on with it, --no-resume begins anew")


def check_same_config(config, trained, folder):
    """Raises a `UsageError` that names a flag by which the two configs differ."""
    for field in dataclasses.fields(config):
        if field.name not in ("out", "data_dir"):
            old = getattr(trained, field.name)
            flag = flag_of(type(config), field.name).removeprefix("--")
            check(flag, getattr(config, field.name), lambda new, old=old: new == old, f"{old} to resume {folder}")
