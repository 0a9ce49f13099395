"""A run's folder: written beside, and swapped in when complete."""

import contextlib
import json
import shutil
import tempfile
from pathlib import Path

MARK = "config.json"  # every run's folder has it


@contextlib.contextmanager
def swapped_in(folder):
    """Yields an empty folder, which replaces `folder` when the block ends well. What only the old one has, is kept.

    Raises:
        FileExistsError: `folder` holds something that no run has written. Checked before the block begins.
    """
    folder = Path(folder)
    check_replaceable(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as beside:
        new, old = Path(beside, "new"), Path(beside, "old")
        new.mkdir()
        yield new
        _keep_the_rest(folder, new)
        if folder.exists():
            folder.rename(old)
        new.rename(folder)


def check_replaceable(folder):
    """Raises a `FileExistsError` unless there is nothing, an empty folder or a run's."""
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise FileExistsError(f"--out: {folder} is a file, expected a folder")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise FileExistsError(f"--out: {folder} holds files but no {MARK}, so no run wrote it; expected a new or empty folder")


def _keep_the_rest(old, new):
    for entry in old.iterdir() if old.exists() else ():
        if not (new / entry.name).exists():
            copy = shutil.copytree if entry.is_dir() else shutil.copy2
            copy(entry, new / entry.name)


def write_json(path, value):
    Path(path).write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def read_json(path):
    return json.loads(Path(path).read_text(encoding="utf-8"))
