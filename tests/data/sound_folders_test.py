"""Folders of sounds: each form is found, each fault is named."""

from pathlib import Path

import pytest

from seqzoo.data import sound_folders
from seqzoo.errors import DataError


def put(folder, *names, **texts):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")
    for name, text in texts.items():
        (folder / name.replace("__", ".")).write_text(text)
    return folder


def read(folder, kind="auto"):
    kind, splits = sound_folders.read(folder, kind)
    return kind, {split: {Path(p).name: t for p, t in zip(e.inputs, e.targets, strict=True)} for split, e in splits.items()}


def test_a_table_of_files_and_transcripts(tmp_path):
    put(tmp_path, "a.wav", "b.flac", words__tsv='a.wav\thello  there\nb.flac\t a "b\n')
    assert read(tmp_path) == ("transcripts", {"train": {"a.wav": "hello there", "b.flac": 'a "b'}})


def test_the_tables_of_common_voice(tmp_path):
    put(tmp_path, "clips/a.ogg", "clips/b.ogg", "clips/c.ogg")
    header = "client_id\tpath\tsentence\tup_votes\n"
    for split, row in {"train": "a.ogg\tOne.", "dev": "b.ogg\tTwo.", "test": "c.ogg\tThree."}.items():
        (tmp_path / f"{split}.tsv").write_text(f"{header}x\t{row}\t2\n")
    put(tmp_path, other__tsv="anything")
    expected = {"train": {"a.ogg": "One."}, "validation": {"b.ogg": "Two."}, "test": {"c.ogg": "Three."}}
    assert read(tmp_path) == ("transcripts", expected)


def test_the_files_of_librispeech(tmp_path):
    folder = put(tmp_path / "84" / "121", "84-121-0000.flac", "84-121-0001.flac")
    (folder / "84-121.trans.txt").write_text("84-121-0000 GO DO YOU HEAR\n84-121-0001 BUT\n")
    kind, splits = read(tmp_path)
    assert kind == "transcripts" and splits["train"]["84-121-0000.flac"] == "GO DO YOU HEAR"


def test_labels_by_folder_and_by_name(tmp_path):
    put(tmp_path / "x", "yes/1.wav", "yes/2.wav", "no/3.wav", ".git/1.wav")
    (kind, splits), folder = read(tmp_path / "x"), tmp_path / "y"
    assert kind == "folders" and splits == {"train": {"1.wav": "yes", "2.wav": "yes", "3.wav": "no"}}
    put(folder, "7_george_0.wav", "8-theo.wav")
    assert read(folder) == ("names", {"train": {"7_george_0.wav": "7", "8-theo.wav": "8"}})


def test_folders_of_splits(tmp_path):
    put(tmp_path, "train/yes/1.wav", "train/no/2.wav", "dev/yes/3.wav", "test/no/4.wav")
    kind, splits = read(tmp_path)
    assert kind == "folders" and {split: len(rows) for split, rows in splits.items()} == {
        "train": 2,
        "validation": 1,
        "test": 1,
    }


@pytest.mark.parametrize(
    "files, texts, kind, message",
    [
        ([], {"words__tsv": "a.wav\thello"}, "auto", "words.tsv:1: a.wav: no such file"),
        (["a.wav"], {"words__tsv": "a.wav hello"}, "auto", "words.tsv:1: expected a file, a tab and its transcript"),
        (["a.wav"], {"words__tsv": "\n"}, "auto", "words.tsv: expected lines with a file"),
        (["a.wav"], {"a__tsv": "a.wav\tx", "b__tsv": "a.wav\tx"}, "auto", "expected one table of transcripts or train.tsv"),
        (["a.wav"], {"x__trans__txt": "b hello"}, "auto", "x.trans.txt:1: no sound file b.wav"),
        (["yes/a.wav", "no/readme.txt"], {}, "auto", "no: no sound file .* of this label"),
        (["a.txt"], {}, "auto", "expected sound files .* found a.txt"),
        (["a.wav"], {}, "transcripts", "expected transcripts"),
        (["a.wav"], {}, "folders", "expected a folder of sound files for each label"),
    ],
)
def test_faults_get_one_line(tmp_path, files, texts, kind, message):
    put(tmp_path, *files, **texts)
    with pytest.raises(DataError, match=message) as error:
        sound_folders.read(tmp_path, kind)
    assert "\n" not in str(error.value)


def test_no_folder(tmp_path):
    with pytest.raises(DataError, match="none: No such file or directory: expected a folder of sound files"):
        sound_folders.read(tmp_path / "none")
