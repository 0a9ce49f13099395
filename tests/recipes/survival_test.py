"""A training that was cut off: what is left of it, how it goes on, and what is refused."""

import fcntl
import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from extent import full

from recipes import names, sentiment
from seqzoo import presets
from seqzoo.recipe import main
from seqzoo.training import fit, run_folder

ROOT = Path(__file__).parents[2]
FLAGS = ["--data", "d.csv", "--units", "3", "--embedding", "4", "--epochs", "3", "--batch-size", "4", "--no-bidirectional"]


def rows(count=40):
    return "text,label\n" + "".join(f"film {i} is {'fine' if i % 2 else 'dull'},{i % 2}\n" for i in range(count))


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def put(folder):
    (folder / "d.csv").write_text(rows())
    (folder / "names.csv").write_text("name,class\n" + "".join(f"{name}{i},{name}\n" for i in range(20) for name in "ab"))


def train(*flags, recipe=sentiment):
    main(recipe.RECIPE, ["train", *flags])


class Killed(BaseException):
    pass


NAME = "o"


def killed_in_the_second_epoch(*flags):
    def killed(self, batch, logs=None):
        if (self.epoch, batch) == (1, 3):
            raise Killed

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(fit.StopAtNaN, "on_train_batch_end", killed)
        with pytest.raises(Killed):
            train(*FLAGS, "--checkpoint-seconds", "0", *flags)


def finish():
    killed_in_the_second_epoch("--out", "runs/o")


@pytest.fixture
def cut_off(trained, here):
    """Its folder."""
    return trained.rename(here / "o")


def refused(capsys, *flags, recipe=sentiment):
    """The one line of a command that is refused and changes nothing."""
    before = contents(Path.cwd())
    capsys.readouterr()
    with pytest.raises(SystemExit) as end:
        train(*flags, recipe=recipe)
    said = capsys.readouterr()
    assert end.value.code == 2 and said.err.startswith("error: ") and said.err.count("\n") == 1 and said.out == ""
    assert contents(Path.cwd()) == before
    return said.err


def test_what_is_left_is_a_checkpoint_and_its_configuration(cut_off):
    assert {path.name for path in cut_off.iterdir()} == {"unfinished"}
    assert (cut_off / "unfinished" / "seed-0" / "checkpoint.npz").exists()
    assert json.loads((cut_off / "unfinished" / "config.json").read_text())["units"] == 3


def test_it_goes_on_with_no_more_than_resume(cut_off, capsys):
    train("--resume", "--out", "o")
    out = capsys.readouterr().out
    assert "Epoch 1/3" not in out and "Epoch 2/3" in out and "Epoch 3/3" in out
    assert not (cut_off / "unfinished").exists() and (cut_off / "model.keras").exists()
    log = (cut_off / "logs" / "seed-0" / "log.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in log] == ["epoch", "1", "2", "3"]
    config = json.loads((cut_off / "config.json").read_text())
    assert "resume" not in config and config["epochs"] == 3


def test_with_frozen_vectors_it_ends_as_if_it_had_not_been_cut_off(here):
    (here / "my.vec").write_text("film 1 2 3 4\nfine 4 5 6 7\n")
    vectors = ["--embeddings", "my.vec", "--frozen"]
    train(*FLAGS, *vectors, "--out", "whole")
    killed_in_the_second_epoch(*vectors, "--out", "parts")
    train("--resume", "--out", "parts")
    whole, parts = (presets.load(here / name).get_weights() for name in ("whole", "parts"))
    assert all((a == b).all() for a, b in zip(whole, parts, strict=True))


def test_what_is_complete_is_not_trained_again(cut_off, capsys):
    train("--resume", "--out", "o")
    before = contents(cut_off)
    train("--resume", *FLAGS, "--out", "o")
    assert "complete" in capsys.readouterr().out and contents(cut_off) == before
    assert "--units: expected 3" in refused(capsys, "--resume", "--out", "o", "--units", "4")
    assert "sentiment" in refused(capsys, "--resume", "--data", "names.csv", "--out", "o", recipe=names)


def test_with_nothing_there_it_begins(here):
    train("--resume", *FLAGS, "--epochs", "1", "--out", "new")
    assert (here / "new" / "model.keras").exists()


def test_an_unfinished_training_is_not_lost_by_accident(cut_off, capsys):
    line = refused(capsys, *FLAGS, "--out", "o")
    assert "--resume" in line and "--no-resume" in line
    train(*FLAGS, "--no-resume", "--epochs", "1", "--out", "o")
    assert "8/8 - " in capsys.readouterr().out and not (cut_off / "unfinished").exists()


def test_another_recipes_training_is_refused(cut_off, capsys):
    assert "sentiment" in refused(capsys, "--resume", "--data", "names.csv", "--out", "o", recipe=names)


def test_another_configuration_is_refused(cut_off, capsys):
    assert "--units: expected 3" in refused(capsys, "--resume", "--out", "o", "--units", "4")


def test_a_damaged_checkpoint_is_refused(cut_off, capsys):
    path = cut_off / "unfinished" / "seed-0" / "checkpoint.npz"
    path.write_bytes(path.read_bytes()[:1000])
    capsys.readouterr()
    with pytest.raises(SystemExit) as end:
        train("--resume", "--out", "o")
    assert end.value.code == 2 and "damaged" in capsys.readouterr().err


def test_other_data_are_refused(cut_off, capsys, here):
    (here / "d.csv").write_text(rows(60))
    capsys.readouterr()
    with pytest.raises(SystemExit) as end:
        train("--resume", "--out", "o")
    assert end.value.code == 2 and "d.csv: changed" in capsys.readouterr().err


@pytest.mark.parametrize("how", ["--resume", "--no-resume"])
def test_two_trainings_in_one_folder_are_refused(cut_off, capsys, how):
    with (cut_off / "unfinished" / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert "another process" in refused(capsys, how, "--out", "o")


def test_a_full_disk_is_one_line_and_the_checkpoint_before_it_stays(cut_off, capsys):
    path = cut_off / "unfinished" / "seed-0" / "checkpoint.npz"
    before, limit = path.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    capsys.readouterr()
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) // 2, limit[1]))
        with pytest.raises(SystemExit) as end:
            train("--resume", "--checkpoint-seconds", "0", "--out", "o")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, handler)
    note, error = capsys.readouterr().err.splitlines()
    assert end.value.code == 2 and note.startswith("note: d.csv") and "cannot be written" in error and "--resume" in error
    assert path.read_bytes() == before
    train("--resume", "--out", "o")


def test_a_training_that_fails_at_once_leaves_nothing(here, capsys):
    refused(capsys, "--data", "missing.csv", "--out", "a/b/o")


def test_a_kill_between_two_renames_is_made_good(here):
    """`run.swapped_in` moves the old run away, then the new one in its place."""
    for beside, name in ((".o-abc_4567/old", "old"), (".o-abc_4567/new", "new")):
        (here / beside).mkdir(parents=True)
        (here / beside / "config.json").write_text(name)
    run_folder.recover(here / "o")
    assert (here / "o" / "config.json").read_text() == "new" and not (here / ".o-abc_4567").exists()


def killed_or_not(out, kill):
    """The files of a training in a process of its own, which is killed once it has a checkpoint, and goes on."""
    env = os.environ | {"PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-m", "recipes.sentiment", *FLAGS, "--epochs", "12", "--checkpoint-seconds", "0", "--out", out]
    if kill:
        process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not list(Path(out).rglob("*.npz")) and process.poll() is None:
            time.sleep(0.01)
        time.sleep(0.1)
        process.kill()
        assert process.wait() == -signal.SIGKILL
        command.append("--resume")
    subprocess.run(command, env=env, check=True, capture_output=True)
    metrics = json.loads(Path(out, "metrics.json").read_text())
    return Path(out, "model.keras"), {name: metrics[name] for name in ("test", "baseline", "history")}


@full
def test_a_killed_process_ends_with_the_same_weights(here):
    whole, cut = killed_or_not("whole", False), killed_or_not("cut", True)
    assert whole[1] == cut[1]
    weights = [[w.tobytes() for w in presets.load(path.parent).get_weights()] for path, _ in (whole, cut)]
    assert weights[0] == weights[1]
