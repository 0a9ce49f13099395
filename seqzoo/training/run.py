"""A run's folder: written beside, and swapped in when complete."""

import contextlib
import json
import shutil
import tempfile
from pathlib import Path

from seqzoo.data.errors import DataError, one_line

MARK = "config.json"
WRITTEN = (MARK, "model.keras", "tokenizer.json", "metrics.json", "curves.png", "README.md", "pictures")


@contextlib.contextmanager
def swapped_in(folder):
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
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise FileExistsError(f"--out: {folder} holds files but no {MARK}, so no run wrote it; expected a new or empty folder")


def _keep_the_rest(old, new):
    for entry in old.iterdir() if old.exists() else ():
        if entry.name not in WRITTEN:
            copy = shutil.copytree if entry.is_dir() else shutil.copy2
            copy(entry, new / entry.name)


def write_json(path, value):
    Path(path).write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


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
