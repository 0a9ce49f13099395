"""Checkpoint files: all that a training needs to resume after a kill, in one file."""

import json
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np

from seqzoo.data.digest import digest
from seqzoo.data.files import check_regular
from seqzoo.errors import DataError, cause


class Checkpoint(NamedTuple):
    """The state of a training between two steps.

    The next step is batch `step` of epoch `epoch`, both from 0; an epoch has `steps` batches. `values` are the values of all
    variables of model, optimizer and metrics, with their random states. `history`, `best` (a quality), `best_epoch` and
    `weights` are the attributes of `fit.KeepBest`. With `ended` there is no next step, and `values` is empty. `vocabulary` is
    the digest of the model's tokenizer, "" where it has none.
    """

    epoch: int
    step: int
    steps: int
    ended: bool
    history: list[dict]
    best: float
    best_epoch: int
    values: list[np.ndarray]
    weights: list[np.ndarray]
    vocabulary: str = ""


ARRAYS = ("values", "weights")


def write(path, checkpoint):
    """Replaces the checkpoint in a file. At any moment the file is whole: the old one or the new one.

    Raises:
        DataError: the disk does not take it.
    """
    path, fields = Path(path), checkpoint._asdict()
    record = json.dumps({"digest": digest(fields)} | {name: fields[name] for name in fields if name not in ARRAYS})
    arrays = {f"{name}/{i}": array for name in ARRAYS for i, array in enumerate(fields.pop(name))}
    partial = path.with_suffix(".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            np.savez(file, facts=record, **arrays)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        previous = "the checkpoint before it is kept: go on with --resume" if path.exists() else "there was none before it"
        raise DataError(f"{path}: cannot be written ({error.strerror}); {previous}") from error


def read(path):
    """The `Checkpoint` in a file, or None if there is no file.

    Raises:
        DataError: the file is damaged.
    """
    if not Path(path).exists():
        return None
    check_regular(path, "a checkpoint")
    try:
        with np.load(path, allow_pickle=False) as file:
            fields = json.loads(str(file["facts"]))
            recorded = fields.pop("digest")
            counts = {name: sum(key.startswith(f"{name}/") for key in file.files) for name in ARRAYS}
            checkpoint = Checkpoint(**fields, **{name: [file[f"{name}/{i}"] for i in range(n)] for name, n in counts.items()})
        if digest(checkpoint._asdict()) != recorded:  # the checksums of a zip file do not cover the names of its members
            raise ValueError("its arrays are not those that were written")
        return checkpoint
    except Exception as error:  # zipfile, zlib, struct and json each have their own
        raise DataError(
            f"{path}: expected a checkpoint, got a damaged file ({cause(error, 100)}); --no-resume begins anew"
        ) from error
