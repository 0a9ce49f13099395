"""Folders of sound files with transcripts or labels."""

import os
import re
from collections.abc import Callable
from pathlib import Path

from seqzoo.data import files
from seqzoo.data.examples import Examples
from seqzoo.data.sounds import SUFFIXES
from seqzoo.data.user_files import SPLIT_NAMES
from seqzoo.errors import DataError, note_of_data

KINDS = ("transcripts", "folders", "names")
PATH_COLUMNS, TEXT_COLUMNS = ("path", "file", "filename", "audio"), ("sentence", "text", "transcript", "transcription")


def read(folder: str | Path, kind: str = "auto") -> tuple[str, dict[str, Examples]]:
    """Returns the kind of targets of a folder, one of `KINDS`, and `{split: examples}`, whose inputs are paths.

    The folder is read as the first of these that it is:

    - "transcripts": tables `train.tsv`, `dev.tsv`, `test.tsv`, or one table of another name, with the columns path and
      sentence, as Common Voice has them, or with lines `file TAB text`; the files lie in the folder or in its folder `clips`;
    - "transcripts": files `*.trans.txt` with lines `name text`, as LibriSpeech has them, beside the sound files;
    - "folders": a folder for each label, with sound files;
    - "names": sound files, whose label is their name up to the first `_` or `-`.

    Folders train, validation (or valid, val, dev) and test are the splits, each read in this way; without them all is train.

    Args:
        kind: one of `KINDS`, or "auto".

    Raises:
        DataError: the folder holds nothing of the kind, or a transcript has no file.
    """
    folder = Path(os.path.expanduser(folder))
    try:
        present = {path.name for path in folder.iterdir()}
    except OSError as error:
        raise DataError(f"{folder}: {error.strerror}: expected a folder of sound files") from error
    folders, tables = (_by_split(folder, present, suffix) for suffix in ("", ".tsv"))
    if "train" in folders and folders["train"].is_dir():
        read = {split: _whole(path, kind) for split, path in folders.items()}
        return read["train"][0], {split: examples for split, (_, examples) in read.items()}
    if "train" in tables and kind in ("auto", "transcripts"):
        return "transcripts", {split: Examples(*_columns(path)) for split, path in tables.items()}
    chosen, examples = _whole(folder, kind)
    return chosen, {"train": examples}


def _by_split(folder: Path, present: set[str], suffix: str) -> dict[str, Path]:
    """The path of each split that is there, by its usual names."""
    found = {split: [name + suffix for name in names if name + suffix in present] for split, names in SPLIT_NAMES.items()}
    return {split: folder / names[0] for split, names in found.items() if names}


def _whole(folder: Path, kind: str) -> tuple[str, Examples]:
    readers: dict[str, list[Callable]] = {"transcripts": [_tables, _trans_files], "folders": [_folders], "names": [_names]}
    for name in KINDS if kind == "auto" else (kind,):
        for reader in readers[name]:
            rows = reader(folder)
            if rows:
                examples = Examples([str(path) for path, _ in rows], [target for _, target in rows])
                note_of_data(f"{folder}: {len(rows):,} sounds with {_described(name, examples)}")
                return name, examples
    expected = {"transcripts": "transcripts", "folders": "a folder of sound files for each label"}.get(kind, "sound files")
    some = ", ".join(sorted(path.name for path in folder.iterdir())[:5]) or "nothing"
    raise DataError(f"{folder}: expected {expected} ({', '.join(SUFFIXES)}), found {some}")


def _described(kind, examples):
    labels = sorted(set(examples.targets))
    if kind == "transcripts":
        return f"transcripts, the first {examples.targets[0][:40]!r}"
    return f"labels by {'folder' if kind == 'folders' else 'name'}: {', '.join(labels[:8])}{', ...' * (len(labels) > 8)}"


def _tables(folder):
    found = sorted(folder.glob("*.tsv"))
    if len(found) > 1:
        raise DataError(
            f"{folder}: expected one table of transcripts or train.tsv, found {', '.join(p.name for p in found[:5])}"
        )
    return list(zip(*_columns(found[0]), strict=True)) if found else []


def _columns(path):
    """The files and the transcripts of a table: of the columns with the usual names, else of the first and the second one."""
    lines = [line.split("\t") for line in files.read_lines(path, "a table of transcripts")]
    names = [name.strip().lower() for name in lines[0]]
    found = [[names.index(name) for name in usual if name in names] for usual in (PATH_COLUMNS, TEXT_COLUMNS)]
    header = all(found)
    of_path, of_text = (columns[0] for columns in found) if header else (0, 1)
    sounds, texts = [], []
    for number, cells in enumerate(lines, start=1):
        if (number == 1 and header) or not "".join(cells).strip():
            continue
        if len(cells) <= max(of_path, of_text) or not cells[of_path].strip():
            raise DataError(f"{path}:{number}: expected a file, a tab and its transcript, found {' '.join(cells)[:40]!r}")
        sounds.append(str(_file(path, number, cells[of_path].strip())))
        texts.append(" ".join(cells[of_text].split()))
    if not sounds:
        raise DataError(f"{path}: expected lines with a file, a tab and its transcript, found none")
    return sounds, texts


def _file(table, line, name):
    for path in (table.parent / name, table.parent / "clips" / name):
        if path.exists():
            return path
    raise DataError(f"{table}:{line}: {name}: no such file in {table.parent} or its folder clips")


def _trans_files(folder):
    rows = []
    for path in sorted(folder.rglob("*.trans.txt")):
        for number, line in enumerate(files.read_lines(path, "lines with a name and a transcript"), start=1):
            name, _, text = line.partition(" ")
            sound = next(
                (path.parent / f"{name}{suffix}" for suffix in SUFFIXES if (path.parent / f"{name}{suffix}").exists()), None
            )
            if line.strip() and sound is None:
                raise DataError(f"{path}:{number}: no sound file {name}{SUFFIXES[0]} or {SUFFIXES[1]} beside it")
            if line.strip():
                rows.append((sound, " ".join(text.split())))
    return rows


def _folders(folder):
    classes = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    rows = [(sound, path.name) for path in classes for sound in _sounds(path)]
    for path in classes if rows else ():
        if not any(target == path.name for _, target in rows):
            raise DataError(f"{path}: no sound file ({', '.join(SUFFIXES)}) of this label")
    return rows


def _names(folder):
    return [(path, re.split("[_-]", path.stem)[0]) for path in _sounds(folder)]


def _sounds(folder):
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
