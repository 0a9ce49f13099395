"""Run folder: written beside its place and moved there when complete, with the state of an unfinished training."""

import contextlib
import json
import os
import re
import shutil
import tempfile
from pathlib import Path

from seqzoo.data.digest import digest
from seqzoo.data.files import check_regular
from seqzoo.errors import DataError, cause

CONFIG_FILE = "config.json"
UNFINISHED = "unfinished"  # in a run folder, the folder of a training that has not ended: its config, checkpoints and logs
RUN_FILES = (
    CONFIG_FILE,
    "model.keras",
    "tokenizer.json",
    "metrics.json",
    "rows.npy",
    "curves.png",
    "README.md",
    "pictures",
    "logs",
    UNFINISHED,
)
UNFINISHED_FILES = ("search", UNFINISHED)  # what a folder may hold before a training has written a run


@contextlib.contextmanager
def replace_folder(folder):
    """Yields an empty folder, which replaces `folder` when the block ends well. Files other than `RUN_FILES` are kept.

    Raises:
        FileExistsError: `folder` holds files that no run has written. Checked before the block begins.
    """
    folder = Path(folder).resolve()
    check_replaceable(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as beside:
        new, old = Path(beside, "new"), Path(beside, "old")
        new.mkdir()
        yield new
        _copy_other_files(folder, new)
        if folder.exists():
            folder.rename(old)
        try:
            new.rename(folder)
        finally:
            if old.exists() and not folder.exists():  # interrupted between the two
                old.rename(folder)


def recover(folder):
    """Repairs a kill in the middle of `replace_folder`: the folder is moved away, its successor is complete beside it."""
    folder = Path(folder).resolve()
    beside_of = re.compile(re.escape(f".{folder.name}-") + "[a-z0-9_]{8}")  # as `TemporaryDirectory` names it; not .mine-2-...
    for beside in sorted(folder.parent.iterdir()) if not folder.exists() and folder.parent.is_dir() else ():
        if beside_of.fullmatch(beside.name) and not folder.exists() and (beside / "old").exists():
            (beside / "new" if (beside / "new").exists() else beside / "old").rename(folder)
            shutil.rmtree(beside, ignore_errors=True)


@contextlib.contextmanager
def open_training(folder, metadata, config, overwrite=False):
    """Yields the folder `UNFINISHED` of a run folder, locked: no other process trains there during the block.

    A new folder gets the files `training.json`, of `metadata`, and `config.json`. The folder stays if the block leaves a
    checkpoint in it; else everything that was created is removed.

    Args:
        overwrite: whether to empty a folder that exists, which makes it a new one. One without a checkpoint is always emptied.

    Raises:
        FileExistsError: another process trains there, or as `check_replaceable`.
    """
    check_replaceable(folder)
    unfinished = Path(folder, UNFINISHED)
    created = [path for path in (unfinished, *unfinished.parents) if not path.exists()]
    unfinished.mkdir(parents=True, exist_ok=True)
    with locked(unfinished / "lock", f"--out: another process is training in {folder}; expected a folder of its own"):
        try:
            if overwrite or not has_checkpoint(folder):
                _empty(unfinished)
            if not (unfinished / "training.json").exists():
                write_json(unfinished / CONFIG_FILE, config)
                write_json(unfinished / "training.json", metadata | {"config": digest(config)})
            yield unfinished
        finally:
            if not has_checkpoint(folder):
                shutil.rmtree(unfinished, ignore_errors=True)
                for path in created[1:]:
                    with contextlib.suppress(OSError):  # not empty
                        path.rmdir()


def has_checkpoint(folder):
    """Whether a run folder holds an unfinished training that can go on."""
    return any(Path(folder, UNFINISHED).rglob("checkpoint.npz"))


def _empty(folder):
    for entry in folder.iterdir():
        if entry.is_dir():
            shutil.rmtree(entry)
        elif entry.name != "lock":
            entry.unlink()


@contextlib.contextmanager
def locked(path, message):
    """Locks a file during the block, which creates and removes it. The end of the process, even a kill, releases the lock.

    Raises:
        FileExistsError: another process holds the lock; with the message. Never on Windows, which has no such locks.
    """
    with _locked_file(Path(path), message):
        try:
            yield
        finally:
            with contextlib.suppress(OSError):  # Windows may hold it open
                Path(path).unlink(missing_ok=True)


def _locked_file(path, message):
    """Opens and locks a file. Its holder before may remove it between the two: then the lock is worth nothing, and a new
    file is opened."""
    while True:
        file = path.open("w")
        try:
            _lock(file, message)
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                    return file
        except BaseException:
            file.close()
            raise
        file.close()


def _lock(file, message):
    """Locks a file until it is closed, at the latest by the end of the process."""
    try:
        import fcntl
    except ImportError:  # not on Windows
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise FileExistsError(message) from None


def check_replaceable(folder):
    """Raises a `FileExistsError` unless the folder can be written and is missing, empty or a run folder."""
    folder = Path(folder)
    existing = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    if not existing.is_dir():
        raise FileExistsError(f"--out: {existing} is a file, expected a folder")
    try:
        tempfile.TemporaryDirectory(dir=existing).cleanup()
    except OSError as error:
        raise FileExistsError(f"--out: {existing} cannot be written to ({error.strerror})") from error
    if folder.resolve() == Path.cwd():
        raise FileExistsError(f"--out: {folder} is the current folder, expected one that can be replaced")
    foreign = folder.is_dir() and {entry.name for entry in folder.iterdir()} - set(UNFINISHED_FILES)
    if foreign and not (folder / CONFIG_FILE).exists():
        raise FileExistsError(
            f"--out: {folder} holds files but no {CONFIG_FILE}, so no run wrote it; expected a new or empty folder"
        )


def _copy_other_files(old, new):
    for entry in old.iterdir() if old.exists() else ():
        if entry.name not in RUN_FILES and not (new / entry.name).exists():
            copy = shutil.copytree if entry.is_dir() else shutil.copy2
            copy(entry, new / entry.name)


def recipe_of(folder):
    """The name of the recipe that wrote a run folder; None if its record does not say so."""
    command = re.match(r"python -m recipes\.(\w+)", str(read_json(Path(folder, "metrics.json")).get("command")))
    return command[1] if command else None


def check_config(path, record):
    """Raises a `DataError` if a config is not the one whose digest stands in a record, `{"config": digest}`, if one does."""
    if record.get("config") not in (None, digest(read_json(path))):
        raise DataError(f"{path}: changed since it was written; give a config of your own as --config")


def write_json(path, value):
    """Writes a JSON file, which replaces the old one as a whole."""
    partial = Path(f"{path}.part")
    partial.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    partial.replace(path)


def read_json(path):
    """The object in a JSON file.

    Raises:
        DataError: the file cannot be read, or holds no object.
    """
    check_regular(path, "a readable JSON file")
    try:
        value = json.loads(Path(path).read_text(encoding="utf-8"))
    except Exception as error:  # RecursionError and MemoryError too
        raise DataError(f"{path}: expected a readable JSON file ({cause(error, 100)})") from error
    if not isinstance(value, dict):
        raise DataError(f"{path}: expected a JSON object, got {type(value).__name__}")
    return value
