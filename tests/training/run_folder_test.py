"""A run's folder: there as a whole or as it was."""

import os
from pathlib import Path

import pytest

from seqzoo.errors import DataError
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


REMAINS = [("mine", ".mine-2-abcd1234"), ("mine", ".mine-abcd1234-abcd1234"), ("a**b", ".axb-abcd1234")]


@pytest.mark.parametrize("name, other", REMAINS)
def test_the_remains_of_another_folder_are_left_alone(tmp_path, name, other):
    (tmp_path / other / "old").mkdir(parents=True)
    (tmp_path / other / "new").mkdir()
    run_folder.recover(tmp_path / name)
    assert not (tmp_path / name).exists() and (tmp_path / other / "new").exists()


@pytest.mark.parametrize("name", ["mine", "mine-2", "a**b", "[ab]", "größe"])
def test_its_own_remains_are_recovered(tmp_path, name):
    with pytest.raises(SystemError), run_folder.replace_folder(tmp_path / name) as new:
        beside = new.parent.name
        raise SystemError
    (tmp_path / beside / "old").mkdir(parents=True)
    (tmp_path / beside / "new").mkdir()
    (tmp_path / beside / "new" / "config.json").write_text("{}")
    run_folder.recover(tmp_path / name)
    assert (tmp_path / name / "config.json").exists() and not (tmp_path / beside).exists()


def test_a_lock_that_its_holder_removes_meanwhile_is_not_taken(tmp_path, monkeypatch):
    """Opened, removed by the holder, and locked by another: then two would hold it."""
    path, lock, calls = tmp_path / "lock", run_folder._lock, []

    def removed_before(file, message):
        if not calls:
            path.unlink()
        calls.append(file)
        lock(file, message)

    monkeypatch.setattr(run_folder, "_lock", removed_before)
    with run_folder.locked(path, "held"):
        assert path.exists() and len(calls) == 2
        with pytest.raises(FileExistsError, match="held"), run_folder.locked(path, "held"):
            pass
    assert not path.exists()


@pytest.mark.parametrize("content", ["[" * 100_000, '{"a": ' * 100_000, '{"a": "\\ud800"}', "\x00", "[]", ""])
def test_json_that_cannot_be_is_one_line(tmp_path, content):
    (tmp_path / "a.json").write_text(content)
    try:
        assert isinstance(run_folder.read_json(tmp_path / "a.json"), dict)
    except DataError as error:
        assert "a.json" in str(error) and "\n" not in str(error)


def test_a_training_without_a_checkpoint_is_not_unfinished(tmp_path):
    with run_folder.open_training(tmp_path / "o", {}, {"units": 1}) as folder:
        (folder / "seed-0").mkdir()
        assert not run_folder.has_checkpoint(tmp_path / "o")
        (folder / "seed-0" / "checkpoint.npz").write_bytes(b"")
        assert run_folder.has_checkpoint(tmp_path / "o")
        (folder / "seed-0" / "checkpoint.npz").unlink()
    assert not (tmp_path / "o").exists()
