"""Unfinished trainings of a run's folder: which one resumes, and with which config."""

import dataclasses

from seqzoo.data.files import place
from seqzoo.errors import DataError, UsageError, note
from seqzoo.recipe.config import check
from seqzoo.recipe.flags import flag_of
from seqzoo.training import run_folder

STATE = "training.json"  # in the folder of an unfinished training: its recipe and backend


def find_config(folder, facts):
    """The config file of the training to resume, of the complete one, or None.

    Raises:
        UsageError: the training is of another recipe, or another backend.
        DataError: its record is missing, or its config has changed.
    """
    unfinished, config = folder / run_folder.UNFINISHED, folder / run_folder.CONFIG_FILE
    if (unfinished / STATE).exists():
        config, recorded = unfinished / run_folder.CONFIG_FILE, run_folder.read_json(unfinished / STATE)
    elif run_folder.has_checkpoint(folder):
        raise DataError(f"{unfinished / STATE}: missing, expected it beside a checkpoint; --no-resume begins anew")
    elif config.exists():
        recorded = facts | {"recipe": run_folder.recipe_of(folder) or facts["recipe"]}
    else:
        return None
    for fact, expected in facts.items():
        message = f"{folder} to be of the {fact} {expected}"
        check("resume", recorded.get(fact), lambda value, expected=expected: value == expected, message)
    run_folder.check_config(config, recorded)
    return config


def check_no_unfinished(folder, resume):
    """Raises a `UsageError` if there is a training that can go on, and neither --resume nor --no-resume."""
    if resume is None and run_folder.has_checkpoint(folder):
        raise UsageError(f"--out: {folder} holds an unfinished training: --resume goes on with it, --no-resume begins anew")


def check_same_config(config, trained, folder):
    """Raises a `UsageError` that names a flag by which the two configs differ."""
    for field in dataclasses.fields(config):
        if field.name not in ("out", "data_dir"):
            old = getattr(trained, field.name)
            flag = flag_of(type(config), field.name).removeprefix("--")
            check(flag, getattr(config, field.name), lambda new, old=old: place(new) == place(old), f"{old} to resume {folder}")


def check_same_data(folder, digest, source):
    """Records the digest of the data in the folder of a training; in one that resumes compares it with the recorded one.

    Raises:
        DataError: the data have changed since the training began.
    """
    path = folder / run_folder.UNFINISHED / STATE
    record = run_folder.read_json(path)
    if run_folder.has_checkpoint(folder) and "data" not in record:
        note(f"{path}: has no digest of the data, by which a change would be seen")
    if record.setdefault("data", digest) != digest:
        expected = f"expected the rows, splits and labels with which the training in {folder} began"
        raise DataError(f"{source}: changed: {expected}; --no-resume begins anew")
    run_folder.write_json(path, record)
