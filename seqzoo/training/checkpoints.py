"""What a training needs to go on after it was killed, in one file."""

import json
import os
import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

from seqzoo.errors import DataError, one_line


class Checkpoint(NamedTuple):
    """A training between two steps.

    Its next step is batch `step` of epoch `epoch`, both from 0, of epochs of `steps` batches. `values` are those of all
    variables of model, optimizer and metrics, random states among them; `history`, `best` (a quality), `best_epoch` and
    `weights` what `fit.KeepBest` remembers. `ended`: there is no next step, and there are no values.
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


ARRAYS = ("values", "weights")


def write(path, checkpoint):
    """Replaces the checkpoint in a file, which is whole at any moment: the old one or the new one.

    Raises:
        DataError: the disk does not take it.
    """
    path, facts = Path(path), checkpoint._asdict()
    arrays = {f"{name}/{i}": array for name in ARRAYS for i, array in enumerate(facts.pop(name))}
    beside = path.with_suffix(".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as file:
            np.savez(file, facts=json.dumps(facts), **arrays)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        kept = "the checkpoint before it is kept: go on with --resume" if path.exists() else "there was none before it"
        raise DataError(f"{path}: cannot be written ({error.strerror}); {kept}") from error


def read(path):
    """The `Checkpoint` in a file; None if there is no file.

    Raises:
        DataError: the file is damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            facts = json.loads(str(file["facts"]))
            counts = {name: sum(key.startswith(f"{name}/") for key in file.files) for name in ARRAYS}
            return Checkpoint(**facts, **{name: [file[f"{name}/{i}"] for i in range(n)] for name, n in counts.items()})
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(
            f"{path}: expected a checkpoint, found a damaged file ({one_line(error, 100)}); --no-resume begins anew"
        ) from error
