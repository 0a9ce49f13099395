"""A run's folder: written beside, and swapped in when complete."""

import contextlib
import json
import shutil
import tempfile
from pathlib import Path

from seqzoo.errors import DataError, one_line

CONFIG_FILE = "config.json"
UNFINISHED = "unfinished"  # in a run's folder, that of a training which has not ended: its configuration, checkpoints and logs
RUN_FILES = (
    CONFIG_FILE,
    "model.keras",
    "tokenizer.json",
    "metrics.json",
    "curves.png",
    "README.md",
    "pictures",
    "logs",
    UNFINISHED,
)
UNFINISHED_FILES = ("search", UNFINISHED)  # what a folder that no training has written may hold


@contextlib.contextmanager
def replace_folder(folder):
    """Yields an empty folder, which replaces `folder` when the block ends well. What is not `WRITTEN` by a run is kept.

    Raises:
        FileExistsError: `folder` holds something that no run has written. Checked before the block begins.
    """
    folder = Path(folder).resolve()
    check_replaceable(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as beside:
        new, old = Path(beside, "new"), Path(beside, "old")
        new.mkdir()
        yield new
        _keep_the_rest(folder, new)
        if folder.exists():
            folder.rename(old)
        try:
            new.rename(folder)
        finally:
            if old.exists() and not folder.exists():  # interrupted between the two
                old.rename(folder)


def recover(folder):
    """Ends what a kill in the middle of `swapped_in` left: the folder moved away, its successor complete beside it."""
    folder = Path(folder).resolve()
    for beside in folder.parent.glob(f".{folder.name}-*"):
        if not folder.exists() and (beside / "old").exists():
            (beside / "new" if (beside / "new").exists() else beside / "old").rename(folder)
            shutil.rmtree(beside, ignore_errors=True)


@contextlib.contextmanager
def open_training(folder, facts, config, anew=False):
    """A training's folder `UNFINISHED`, for the time of the block, in which no other process trains there.

    A new one, or `anew` any, gets `training.json` and `config.json`. It stays if the block leaves a checkpoint in it, else
    nothing does.

    Raises:
        FileExistsError: another process has it, or `check_replaceable`.
    """
    check_replaceable(folder)
    place = Path(folder, UNFINISHED)
    made = [path for path in (place, *place.parents) if not path.exists()]
    place.mkdir(parents=True, exist_ok=True)
    with locked(place / "lock", f"--out: another process is training in {folder}; expected a folder of its own"):
        try:
            if anew:
                _empty(place)
            if not (place / "training.json").exists():
                write_json(place / CONFIG_FILE, config)
                write_json(place / "training.json", facts)
            yield place
        finally:
            if not any(place.rglob("*.npz")):
                shutil.rmtree(place, ignore_errors=True)
                for path in made[1:]:
                    with contextlib.suppress(OSError):  # not empty
                        path.rmdir()


def _empty(place):
    for entry in place.iterdir():
        if entry.is_dir():
            shutil.rmtree(entry)
        elif entry.name != "lock":
            entry.unlink()


@contextlib.contextmanager
def locked(path, refusal):
    """For the time of the block this process alone has the file at `path`, which is made for that; even a kill sets it free.

    Raises:
        FileExistsError: another process has it; says `refusal`. Never on Windows, which has no such locks.
    """
    with Path(path).open("w") as file:
        _lock(file, refusal)
        try:
            yield
        finally:
            with contextlib.suppress(OSError):  # not where Windows holds it open
                Path(path).unlink(missing_ok=True)


def _lock(file, refusal):
    """Until the file is closed, if only by the end of the process."""
    try:
        import fcntl
    except ImportError:  # not on Windows
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise FileExistsError(refusal) from None


def check_replaceable(folder):
    """Raises a `FileExistsError` unless there is nothing, an empty folder or a run's."""
    folder = Path(folder)
    there = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    if not there.is_dir():
        raise FileExistsError(f"--out: {there} is a file, expected a folder")
    try:
        tempfile.TemporaryDirectory(dir=there).cleanup()
    except OSError as error:
        raise FileExistsError(f"--out: {there} cannot be written to ({error.strerror})") from error
    if folder.resolve() == Path.cwd():
        raise FileExistsError(f"--out: {folder} is the current folder, expected one that can be replaced")
    foreign = folder.is_dir() and {entry.name for entry in folder.iterdir()} - set(UNFINISHED_FILES)
    if foreign and not (folder / CONFIG_FILE).exists():
        raise FileExistsError(
            f"--out: {folder} holds files but no {CONFIG_FILE}, so no run wrote it; expected a new or empty folder"
        )


def _keep_the_rest(old, new):
    for entry in old.iterdir() if old.exists() else ():
        if entry.name not in RUN_FILES:
            copy = shutil.copytree if entry.is_dir() else shutil.copy2
            copy(entry, new / entry.name)


def recipe_of(folder):
    """The name of the recipe that made a run."""
    return read_json(Path(folder, "metrics.json")).get("command", "").removeprefix("python -m recipes.").split(" ")[0]


def write_json(path, value):
    """Replaces the file as a whole."""
    beside = Path(f"{path}.part")
    beside.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    beside.replace(path)


def read_json(path):
    """The object in a JSON file.

    Raises:
        DataError: there is none.
    """
    try:
        value = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: expected a readable JSON file ({one_line(error, 100)})") from error
    if not isinstance(value, dict):
        raise DataError(f"{path}: expected a JSON object, found {type(value).__name__}")
    return value
