"""A run's folder: there as a whole or as it was."""

import os
from pathlib import Path

import pytest

from seqzoo.training import run_folder


def contents(folder):
    return {str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture
def old(tmp_path):
    """A run's folder, alone in its parent."""
    folder = tmp_path / "runs" / "mine"
    (folder / "search").mkdir(parents=True)
    for name in ("config.json", "model.keras", "notes.txt", "search/trial.json"):
        (folder / name).write_text(f"old {name}")
    return folder


def write(folder, *names):
    for name in names:
        (folder / name).write_text(f"new {name}")


def test_a_new_folder_appears_at_the_end_with_its_parents(tmp_path):
    folder = tmp_path / "a" / "b" / "c"
    with run_folder.replace_folder(folder) as new:
        write(new, "config.json", "model.keras")
        assert not folder.exists()
    assert contents(folder) == {"config.json": "new config.json", "model.keras": "new model.keras"}
    assert os.listdir(folder.parent) == ["c"]


def test_it_begins_empty(old):
    with run_folder.replace_folder(old) as new:
        assert list(new.iterdir()) == []


def test_an_old_run_stays_until_the_end(old):
    before = contents(old)
    with run_folder.replace_folder(old) as new:
        write(new, "config.json", "model.keras")
        assert contents(old) == before
    assert contents(old)["model.keras"] == "new model.keras"


def test_what_only_the_old_one_has_is_kept(old):
    with run_folder.replace_folder(old) as new:
        write(new, "config.json", "model.keras")
    assert contents(old) == {
        "config.json": "new config.json",
        "model.keras": "new model.keras",
        "notes.txt": "old notes.txt",
        "search/trial.json": "old search/trial.json",
    }
    assert os.listdir(old.parent) == ["mine"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_error_leaves_everything_as_it_was(old, error):
    before = contents(old)
    with pytest.raises(error), run_folder.replace_folder(old) as new:
        write(new, "config.json", "model.keras")
        raise error
    assert contents(old) == before and os.listdir(old.parent) == ["mine"]


def test_an_error_leaves_nothing_where_there_was_nothing(tmp_path):
    with pytest.raises(ValueError), run_folder.replace_folder(tmp_path / "mine") as new:
        write(new, "config.json")
        raise ValueError
    assert os.listdir(tmp_path) == []


def test_it_refuses_a_foreign_folder_before_the_block(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(FileExistsError, match=rf"^--out: {tmp_path} .*config\.json"), run_folder.replace_folder(tmp_path):
        raise AssertionError("the block must not begin")
    assert contents(tmp_path) == {"thesis.txt": "years of work"}


def test_it_refuses_a_file(tmp_path):
    file = tmp_path / "thesis.txt"
    file.write_text("years of work")
    with pytest.raises(FileExistsError, match="--out: .* is a file"), run_folder.replace_folder(file):
        raise AssertionError("the block must not begin")
    assert file.read_text() == "years of work"


def test_it_takes_an_empty_folder(tmp_path):
    (tmp_path / "mine").mkdir()
    with run_folder.replace_folder(tmp_path / "mine") as new:
        write(new, "config.json")
    assert contents(tmp_path / "mine") == {"config.json": "new config.json"}


def test_it_refuses_a_place_below_a_file_before_the_block(tmp_path):
    (tmp_path / "file").write_text("")
    for below in ("file/mine", "file/deep/mine"):
        with pytest.raises(FileExistsError, match="--out"), run_folder.replace_folder(tmp_path / below):
            raise AssertionError("the block must not begin")


def test_the_folder_has_the_rights_of_any_new_folder(tmp_path):
    (tmp_path / "any").mkdir()
    with run_folder.replace_folder(tmp_path / "mine") as new:
        write(new, "config.json")
    assert (tmp_path / "mine").stat().st_mode == (tmp_path / "any").stat().st_mode


def test_json_comes_back(tmp_path):
    value = {"data": "größe.csv", "seed": 3, "history": [{"loss": 0.1}], "out": None}
    run_folder.write_json(tmp_path / "a.json", value)
    assert run_folder.read_json(tmp_path / "a.json") == value
    assert "größe" in (tmp_path / "a.json").read_text(encoding="utf-8")


def test_an_interrupt_between_the_two_renames_leaves_the_old_run(tmp_path, monkeypatch):
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "config.json").write_text("old")
    rename = Path.rename

    def interrupted(self, target):
        if self.name == "new":
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt), run_folder.replace_folder(folder) as new:
        (new / "config.json").write_text("new")
    assert (folder / "config.json").read_text() == "old"
