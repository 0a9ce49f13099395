"""Data that changed: a training does not resume on them, a model is not tested on rows that it was trained on unnoticed."""

import contextlib
import json
import os
import re
import shutil

import extent
import numpy as np
import pytest

from recipes import sentiment
from seqzoo.errors import DataError, UsageError
from seqzoo.recipe import main
from seqzoo.training import checkpoints, fit

NAME = "sentiment"
FLAGS = ["--data", "d.csv", "--units", "3", "--embedding", "4", "--epochs", "2", "--batch-size", "8", "--no-bidirectional"]


def lines(swapped=False):
    return [f"film {i} is {'fine' if i % 2 else 'dull'},{'good' if (i % 2) != swapped else 'bad'}" for i in range(60)]


def write(path, rows):
    path.write_text("\n".join(["text,label", *rows]) + "\n")


def put(folder):
    write(folder / "d.csv", lines())


def run(*arguments):
    main(sentiment.RECIPE, [str(argument) for argument in arguments])


def finish():
    run(*FLAGS)


def refused(capsys, *arguments):
    capsys.readouterr()
    with pytest.raises(SystemExit) as end:
        run(*arguments)
    err = [line for line in capsys.readouterr().err.splitlines() if not line.startswith(("note: ", "model: "))]
    assert end.value.code == 2 and len(err) == 1 and err[0].startswith("error: ")
    return err[0]


# Resuming.


class Killed(BaseException):
    pass


@pytest.fixture(scope="module")
def killed_master(tmp_path_factory):
    """The folder of a training that was killed in its second epoch: made once."""

    def killed(self, batch, logs=None):
        if (self.epoch, batch) == (1, 2):
            raise Killed

    folder = tmp_path_factory.mktemp("killed")
    put(folder)
    with contextlib.chdir(folder), pytest.MonkeyPatch.context() as patched, extent.plain(not extent.FULL):
        patched.setattr(fit.StopAtNaN, "on_train_batch_end", killed)
        with pytest.raises(Killed):
            run(*FLAGS, "--checkpoint-seconds", "0", "--out", "o")
    return folder / "o"


@pytest.fixture
def cut_off(killed_master, here):
    """A training that was killed in its second epoch, in the working folder."""
    return shutil.copytree(killed_master, here / "o")


OTHER_WORDS = [line.replace("film", "book") for line in lines()]


@pytest.mark.parametrize("rows", [lines(swapped=True), lines()[::-1], OTHER_WORDS], ids=["labels", "order", "vocabulary"])
def test_a_training_does_not_resume_on_other_data(cut_off, here, capsys, rows):
    write(here / "d.csv", rows)
    assert "d.csv: changed" in refused(capsys, "--resume", "--out", "o")
    assert (cut_off / "unfinished" / "seed-0" / "checkpoint.npz").exists()  # nothing is lost
    write(here / "d.csv", lines())
    run("--resume", "--out", "o")
    assert (cut_off / "model.keras").exists()


def test_a_training_resumes_on_the_same_rows_in_another_format(cut_off, here):
    fields = (line.split(",") for line in lines())
    (here / "d.csv").write_text("\n".join(["text\tlabel", *(f"{text}\t{label}" for text, label in fields)]))
    run("--resume", "--out", "o")
    assert (cut_off / "model.keras").exists()


def test_an_old_unfinished_training_without_a_digest_resumes_with_a_note(cut_off, capsys):
    state = cut_off / "unfinished" / "training.json"
    state.write_text(json.dumps({name: value for name, value in json.loads(state.read_text()).items() if name != "data"}))
    capsys.readouterr()
    run("--resume", "--out", "o")
    assert "training.json: has no digest of the data" in capsys.readouterr().err


def test_a_search_does_not_resume_on_other_data(here, capsys):
    flags = ["search", "--max-trials", "1", "--no-compare", *FLAGS[:2], "--quick", "--out", "s"]
    run(*flags)
    write(here / "d.csv", lines(swapped=True))
    assert "d.csv: changed" in refused(capsys, *flags, "--resume")


# Evaluation.


def table(capsys):
    """What evaluate printed, but for the name of the data, and its notes."""
    said = capsys.readouterr()
    return said.out.splitlines()[1:], [line for line in said.err.splitlines() if "trained on" in line]


@pytest.mark.parametrize("path", ["./d.csv", "x/../d.csv", "x/link.csv", "x/copy.csv", "x/rows.jsonl"])
def test_the_data_of_the_training_are_known_on_any_path(trained, here, capsys, path):
    run("evaluate")
    expected = table(capsys)
    (here / "x").mkdir()
    (here / "x" / "link.csv").symlink_to(here / "d.csv")
    shutil.copy(here / "d.csv", here / "x" / "copy.csv")
    rows = (line.split(",") for line in lines())
    (here / "x" / "rows.jsonl").write_text("\n".join(json.dumps({"text": text, "label": label}) for text, label in rows))
    capsys.readouterr()
    run("evaluate", "--data", path)
    assert table(capsys) == expected and expected[1] == []


def test_data_that_moved_are_tested_where_they_are(trained, here, capsys):
    run("evaluate")
    expected = table(capsys)
    (here / "d.csv").rename(here / "moved.csv")
    run("evaluate", "--data", "moved.csv")
    assert table(capsys) == expected
    assert re.search(r"d\.csv: No such file.*--data can say where they are now", refused(capsys, "evaluate"))


@pytest.mark.parametrize(
    "rows, learnt, count",
    [
        (lines()[::-1], 54, 60),
        ([*lines(), "a new one,good", "another,bad"], 54, 62),
        (lines(swapped=True), 54, 60),
        ([line.upper().replace("GOOD", "good").replace("BAD", "bad") for line in lines()], 54, 60),
    ],
    ids=["shuffled", "appended", "relabelled", "capitals"],
)
def test_rows_that_were_trained_on_are_counted(trained, here, capsys, rows, learnt, count):
    write(here / "other.csv", rows)
    run("evaluate", "--data", "other.csv")
    _, notes = table(capsys)
    assert notes == [f"note: other.csv: {learnt} of its {count} test rows are among those that the model was trained on"]
    write(here / "d.csv", rows)
    assert f"d.csv: changed since runs/sentiment was trained: {learnt} of its {count} rows" in refused(capsys, "evaluate")


def test_new_rows_are_tested_without_a_note(trained, here, capsys):
    write(here / "other.csv", ["a new one,good", "another,bad"])
    run("evaluate", "--data", "other.csv")
    assert table(capsys)[1] == []


def test_flags_of_columns_are_honoured(trained, here, capsys):
    rows = "".join(f"text {i},good,{'good' if i % 2 else 'bad'}\n" for i in range(8))
    (here / "two.csv").write_text(f"text,first,second\n{rows}")
    tables = []
    for column in ("first", "second"):
        run("evaluate", "--data", "two.csv", "--text-column", "text", "--label-column", column)
        tables.append(table(capsys)[0])
    assert tables[0] != tables[1]
    run("evaluate", "--label-column", "label", "--text-column", "text")  # the same columns, named: the same data
    named = table(capsys)
    run("evaluate")
    assert table(capsys) == named


def test_a_run_without_a_digest_is_evaluated_with_a_note(trained, capsys):
    metrics = json.loads((trained / "metrics.json").read_text())
    del metrics["digest"]
    (trained / "metrics.json").write_text(json.dumps(metrics))
    (trained / "rows.npy").unlink()
    run("evaluate", "--data", "./d.csv")
    assert "has no digest of its data" in capsys.readouterr().err


@pytest.mark.parametrize("content", [b"", b"no", b"\x93NUMPY"])
def test_a_damaged_file_of_rows_is_one_line(trained, capsys, content):
    (trained / "rows.npy").write_bytes(content)
    assert "rows.npy" in refused(capsys, "evaluate")
    np.save(trained / "rows.npy", np.ones((2, 2)))
    assert "rows.npy" in refused(capsys, "evaluate")


def test_test_rows_that_were_trained_on_are_counted_in_a_folder_of_splits(here, capsys):
    (here / "leak").mkdir()
    write(here / "leak" / "train.csv", lines())
    write(here / "leak" / "test.csv", [*lines()[:5], "a new one,good"])
    note = "note: leak: {} of its 6 test rows are among those that the model was trained on"
    run("--data", "leak", *FLAGS[2:], "--out", "o")
    assert note.format(5) in capsys.readouterr().err
    run("evaluate", "--out", "o")
    assert note.format(5) in capsys.readouterr().err


def test_rows_are_the_same_however_unicode_composes_them(here, capsys):
    rows = [f"e\u0301te\u0301 {i} was {'fine,good' if i % 2 else 'dull,bad'}" for i in range(40)]
    write(here / "d.csv", [form for row in rows for form in (row, row.replace("e\u0301", "\u00e9"), f"\u200b{row}")])
    run(*FLAGS, "--out", "o")
    assert "trained on" not in capsys.readouterr().err  # all forms of a text are in one split


# The record of a run.


def test_a_config_that_was_changed_by_hand_is_refused(trained, cut_off, here, capsys):
    for folder, arguments in ((trained, ["evaluate"]), (cut_off / "unfinished", ["--resume", "--out", "o"])):
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps(config | {"learning_rate": 1.0}))
        assert "config.json: changed since it was written" in refused(capsys, *arguments)
        (folder / "config.json").write_text(json.dumps(config, indent=4))  # the same values
        run(*arguments)


@pytest.mark.parametrize("command", [None, 5, "", "python train.py"])
def test_a_record_without_the_name_of_its_recipe_is_read(trained, command):
    metrics = json.loads((trained / "metrics.json").read_text())
    (trained / "metrics.json").write_text(json.dumps(metrics | {"command": command}))
    run("evaluate")


def test_an_unfinished_training_without_its_record_is_not_overwritten(cut_off, capsys):
    (cut_off / "unfinished" / "training.json").unlink()
    before = (cut_off / "unfinished" / "config.json").read_text()
    assert "training.json: missing, expected it beside a checkpoint" in refused(capsys, "--resume", "--out", "o")
    assert (cut_off / "unfinished" / "config.json").read_text() == before


@pytest.mark.parametrize("values", [{"epoch": 10**6}, {"epoch": -1}, {"step": 99}, {"history": None}])
def test_a_checkpoint_that_cannot_be_is_one_line(cut_off, capsys, values):
    path = cut_off / "unfinished" / "seed-0" / "checkpoint.npz"
    checkpoints.write(path, checkpoints.read(path)._replace(**values))
    assert "--resume: o: " in refused(capsys, "--resume", "--out", "o")


@pytest.mark.parametrize("name", ["config.json", "metrics.json", "rows.npy"])
def test_a_pipe_in_a_run_folder_is_not_waited_for(trained, capsys, name):
    (trained / name).unlink()
    os.mkfifo(trained / name)
    assert f"{name}: a pipe or a device" in refused(capsys, "evaluate")


def test_a_pipe_for_a_checkpoint_is_not_waited_for(cut_off, capsys):
    path = cut_off / "unfinished" / "seed-0" / "checkpoint.npz"
    path.unlink()
    os.mkfifo(path)
    assert "checkpoint.npz: a pipe or a device" in refused(capsys, "--resume", "--out", "o")


def test_the_same_file_resumes_under_another_name(cut_off):
    run("--resume", "--out", "o", "--data", "./d.csv")
    assert (cut_off / "model.keras").exists()


def test_of_every_bit_of_a_config_that_flips_it_is_refused_or_means_the_same(trained):
    path, rng = trained / "config.json", np.random.default_rng(0)
    before, whole = sentiment.RECIPE.trained_config(trained), path.read_bytes()
    for bit in rng.choice(8 * len(whole), 300, replace=False):
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        try:
            assert sentiment.RECIPE.trained_config(trained) == before
        except (DataError, UsageError) as error:
            assert "config.json" in str(error) and "\n" not in str(error)
