"""The recipe end to end on small recordings: what it writes, prints and refuses."""

import io
import json
import sys

import numpy as np
import pytest

from recipes import activity
from seqzoo.data.examples import Examples
from seqzoo.data.recordings import Recording
from seqzoo.datasets import japanese_vowels, watch_exercises
from seqzoo.recipe import main

TINY = ("--units", "4", "--epochs", "1", "--batch-size", "8", "--window", "10", "--no-bidirectional", "--filters")
NAME = "activity"
LABELS = ("run", "walk")


def run(*arguments):
    main(activity.RECIPE, list(map(str, arguments)))


def samples(label, seed, count=30):
    t = np.arange(count)
    wave = np.sin(t * (1.5 if label == "run" else 0.5))
    return np.stack([wave, wave**2], axis=1) + 0.1 * np.random.default_rng(seed).normal(size=(count, 2))


def put(folder):
    lines = ["time,person,ax,ay,activity,trial"]
    for person in range(6):
        for label in LABELS:
            for i, (ax, ay) in enumerate(samples(label, person)):
                lines.append(f"{i / 50},p{person},{ax:.3f},{ay:.3f},{label},{label}-{person}")
    (folder / "steps.csv").write_text("\n".join(lines) + "\n")


def finish():
    run("--data", "steps.csv", *TINY)


def test_a_run_splits_by_person_and_counts_recordings(trained):
    record = json.loads((trained / "metrics.json").read_text())
    assert record["data"] == {"name": "steps.csv", "train": 40, "validation": 10, "test": 10}
    assert set(record["test"]) == {"accuracy", "macro_f1", "accuracy_of_recordings"}
    assert set(record["baseline"]["majority"]) == set(record["test"])


def test_watch_prints_the_label_after_each_sample(trained, capsys, monkeypatch, here):
    text = "time,ax,ay\n" + "\n".join(f"{i},{ax:.4f},{ay:.4f}" for i, (ax, ay) in enumerate(samples("run", 9, 25))) + "\n"
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))
    run("watch", "--window", "10", "--hop", "5")
    lines = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert [int(line[0]) for line in lines] == list(range(1, 26)) and {line[1] for line in lines} <= set(LABELS)
    assert [int(line[3]) for line in lines[:16]] == [*range(1, 11), *range(6, 11), 6]


def test_channels_go_by_the_names_of_the_training(trained, capsys, monkeypatch, here):
    rows = [f"{ax:.4f},{ay:.4f}" for ax, ay in samples("run", 9, 12)]
    swapped = [",".join(reversed(row.split(","))) for row in rows]
    found = []
    for text in ("ax,ay\n" + "\n".join(rows), "ay,ax\n" + "\n".join(swapped)):
        monkeypatch.setattr(sys, "stdin", io.StringIO(text))
        run("watch", "--window", "10", "--hop", "5")
        found.append(capsys.readouterr().out)
    assert found[0] == found[1]
    (here / "other.csv").write_text("x,y,label\n1,2,run\n3,4,walk\n")
    for arguments in (("evaluate", "--data", "other.csv"), ("predict", "--file", "other.csv")):
        with pytest.raises(SystemExit):
            run(*arguments)
        assert "other.csv: no column 'ax' (--channels), the columns are x, y, label" in capsys.readouterr().err
    run("predict", "--file", "other.csv", "--channels", "x", "y")
    assert capsys.readouterr().out.endswith("\tother\n")


def test_predict_prints_a_line_for_each_recording(trained, capsys):
    run("predict", "--file", "steps.csv")
    lines = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    names = {f"p{person} {label}-{person}" for person in range(6) for label in LABELS}
    assert {name for _, _, name in lines} == names and {label for label, _, _ in lines} <= set(LABELS)


def test_convolutions_read_windows(here, capsys, monkeypatch):
    run("--data", "steps.csv", *TINY, "6", "5", "--out", "convolutions")
    monkeypatch.setattr(sys, "stdin", io.StringIO("ax,ay\n" + "1,2\n" * 7))
    run("watch", "--out", "convolutions", "--hop", "5")
    assert capsys.readouterr().out.splitlines()[-1].split("\t")[::3] == ["7", "5"]


def test_predict_evaluate_and_inspect(trained, capsys):
    run("predict", json.dumps(samples("walk", 1, 10).tolist()))
    label, p, _ = capsys.readouterr().out.strip().split("\t")
    assert label in LABELS and 0 < float(p) < 1
    run("evaluate")
    assert "accuracy of recordings" in capsys.readouterr().out
    run("inspect")
    assert {path.name for path in (trained / "pictures").iterdir()} == {"confusion.png", "curves.png", "recordings.png"}


def test_folders_of_labels_vowels_and_folds_of_persons(here, monkeypatch, capsys):
    for label in LABELS:
        for i in range(4):
            file = here / "files" / label / f"{i}.csv"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("x,y\n" + "\n".join(f"{x:.3f},{y:.3f}" for x, y in samples(label, i)))
    run("--data", "files", *TINY, "--out", "files-run")
    assert json.loads((here / "files-run/metrics.json").read_text())["data"]["name"] == "files"
    rng = np.random.default_rng(0)
    vowels = {split: Examples([rng.normal(size=(9, 12)) for _ in range(20)], ["1", "2"] * 10) for split in ("train", "test")}
    monkeypatch.setattr(japanese_vowels, "read", lambda folder: vowels)
    run("--data", "vowels", *TINY, "--out", "vowels-run")
    of_three = {label: np.repeat(samples(label, 0), [1, 2], axis=1).astype("float32") for label in LABELS}
    found = [Recording(x, [label] * 30, f"person {p}", f"{label} {p}") for p in range(4) for label, x in of_three.items()]
    monkeypatch.setattr(watch_exercises, "read", lambda folder: found)
    capsys.readouterr()
    run("--folds", "4", *TINY)
    printed = capsys.readouterr().out
    assert "fold 4, gru" in printed and "accuracy of recordings:" in printed and "mean of 4" in printed


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--data", "none/"], "none: No such file or directory"),
        (["--data", "nothing"], "--data: expected a file or a folder of recordings, or one of watch_exercises, vowels, pen"),
        (["--data", "steps.csv", "--channels", "ax", "az"], "no column 'az' (--channels)"),
        (["--data", "steps.csv", "--label-column", "what"], "no column 'what' (--label-column)"),
        (
            ["--data", "steps.csv", "--folds", "9", *TINY],
            "--folds: expected at most 6, as many as persons or recordings, got 9",
        ),
        (
            ["--data", "steps.csv", "--channels", "ax", "--rotation", "9", *TINY],
            "--rotation: expected none: channels by twos or threes, got 9",
        ),
        (["--data", "steps.csv", "--window", "0"], "--window: expected a positive integer, got 0"),
        (["--data", "steps.csv", "--filters", "8", "0"], "--filters: expected integers from 1 to 16,384, got (8, 0)"),
        (["--data", "steps.csv", "--filters", "16385"], "--filters: expected integers from 1 to 16,384, got (16385,)"),
        (["watch", "--hop", "0"], "--hop: expected a positive integer, got 0"),
    ],
)
def test_bad_input_gets_one_line(trained, capsys, arguments, message):
    with pytest.raises(SystemExit) as stop:
        run(*arguments)
    error = capsys.readouterr().err.splitlines()[-1]
    assert stop.value.code == 2 and error.startswith("error: ") and message in error


@pytest.mark.parametrize(
    "text, message",
    [
        ("ax,ay\n", "expected a line with the names of columns, and a row or more"),
        ("ax\n1\n", "standard input: no column 'ay' (--channels), the columns are ax"),
        ("ax,ay\n1,2\n1,x\n", "standard input:3: column ay: expected a number, found 'x'"),
        ("ax,ay\n1,2\n1\n", "standard input:3: 1 cells, expected 2 as in the first line"),
    ],
)
def test_bad_samples_to_watch(trained, capsys, monkeypatch, text, message):
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))
    with pytest.raises(SystemExit):
        run("watch")
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("error: ") and message in error


def test_a_recording_with_a_cell_that_is_no_number(here, capsys):
    text = (here / "steps.csv").read_text().splitlines()
    text[5] = text[5].replace(text[5].split(",")[2], "loud", 1)
    (here / "bad.csv").write_text("\n".join(text))
    with pytest.raises(SystemExit):
        run("--data", "bad.csv", *TINY)
    assert "bad.csv:6: column ax: expected a number, found 'loud'" in capsys.readouterr().err
