"""The DNA recipe with a label for each base, end to end on tiny files: what it writes, prints and refuses."""

import json
import os
import random

import numpy as np
import pytest

from recipes import dna
from seqzoo import presets
from seqzoo.models import ManyToMany
from seqzoo.recipe import main
from seqzoo.tasks.dna import base_task, windows
from seqzoo.tasks.dna.intervals import runs

TINY = ("--units", "3", "--epochs", "1", "--batch-size", "16", "--no-bidirectional", "--max-length", "20", "--quick")
NAME = "dna"
TRACED = True
FILES = {"model.keras", "config.json", "metrics.json", "curves.png", "README.md", "logs", "rows.npy"}
SOURCE = ("--data", "x.fa", "--intervals", "x.bed")


def run(*arguments):
    main(dna.RECIPE, list(map(str, arguments)))


def put(folder, count=20, length=12, seed=0):
    """Records of A, C and T with a stretch of G in each, which is the interval."""
    rng, records, lines = random.Random(seed), [], []
    for i in range(count):
        start, size = rng.randint(0, length), rng.randint(4, 8)
        before, after = ("".join(rng.choices("ACT", k=k)) for k in (start, length - start))
        records.append(f">s{i}\n{before}{'G' * size}{after}\n")
        lines.append(f"s{i}\t{start}\t{start + size}\tisland\n")
    (folder / "x.fa").write_text("".join(records))
    (folder / "x.bed").write_text("".join(lines))


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def finish():
    """Trains until the model recognises G."""
    run(*SOURCE, "--units", 8, "--epochs", 12, "--max-length", 20, "--learning-rate", 0.03)


@pytest.fixture
def refused(here, capsys):
    """Runs it with arguments that cannot be; returns the one line, without the one that says which model is read."""

    def refuse(*arguments):
        before = contents(here)
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            run(*arguments)
        said = capsys.readouterr()
        *first, line = said.err.splitlines(keepends=True)
        assert end.value.code == 2 and line.startswith("error: ") and said.out == ""
        assert [text for text in first if not text.startswith("model: ")] == []
        assert contents(here) == before
        return line

    return refuse


# Training.


@pytest.mark.parametrize("flags", [(), ("--crf",)])
def test_a_run_writes_everything_and_prints_a_table_with_baselines(here, capsys, flags):
    run("train", *SOURCE, *TINY, *flags, "--out", "o")
    assert {path.name for path in (here / "o").iterdir()} == FILES
    found, printed = json.loads((here / "o" / "metrics.json").read_text()), capsys.readouterr().out
    assert set(found["baseline"]) == {"most frequent label", "21 bases + logistic regression"}
    assert set(found["test"]) == {"accuracy", "macro_f1", "interval_f1"}
    assert f"{found['test']['accuracy']:.3f}" in printed and "island" in printed
    model = presets.load(here / "o")
    assert isinstance(model, ManyToMany) and model.labels == ("none", "island") and (model.crf is None) == (not flags)
    assert ("accuracy" in found["history"][0]) == (not flags)


def test_features_of_gff(here):
    types = [("gene", 1, 9), ("exon", 3, 5)]
    lines = [f"s{i}\tme\t{kind}\t{start}\t{end}\t.\t+\t.\tID=1\n" for i in range(20) for kind, start, end in types]
    (here / "x.gff3").write_text("".join(lines))
    run("--data", "x.fa", "--intervals", "x.gff3", "--features", "exon,gene", *TINY, "--out", "o")
    assert presets.load(here / "o").labels == ("none", "exon", "gene")
    run("evaluate", "--out", "o")


def test_it_learns_what_an_interval_is_made_of(trained):
    assert json.loads((trained / "metrics.json").read_text())["test"]["accuracy"] > 0.9


# The other verbs.


def test_evaluate_finds_the_figures_of_the_run_and_takes_other_files(here, trained, capsys):
    run("evaluate")
    assert f"{json.loads((trained / 'metrics.json').read_text())['test']['accuracy']:.3f}" in capsys.readouterr().out
    (here / "other").mkdir()
    put(here / "other", 3, seed=1)
    run("evaluate", "--data", "other/x.fa", "--intervals", "other/x.bed")
    assert "interval f1" in capsys.readouterr().out


def test_predict_says_where_intervals_are(here, trained, capsys):
    (here / "q.fa").write_text(">first of all\nACTACTACTAC\nGGGGGGTCATCA\n\n>second\nACTACTAT\n>third\nGGGGGGG\n")
    run("predict", "--file", "q.fa")
    lines = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert [(found, name) for found, _, name in lines] == [
        ("11-17 island", "first"),
        ("none", "second"),
        ("0-7 island", "third"),
    ]
    assert all(0.5 <= float(score) <= 1 for _, score, _ in lines)
    run("predict", "--file", "q.fa", "--as", "bed")
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert [row[:4] for row in rows] == [["first", "11", "17", "island"], ["third", "0", "7", "island"]]
    assert all(len(row) == 6 and 500 <= int(row[4]) <= 1000 and row[5] == "." for row in rows)


def test_a_sequence_of_any_length_is_read_to_its_end(trained, capsys):
    run("predict", "ACT" * 50 + "GGGGGG" + "ACT" * 3)
    assert capsys.readouterr().out.startswith("150-156 island\t")


def test_inspect_draws_tracks(trained, capsys):
    run("inspect")
    drawn = capsys.readouterr().out.split()
    assert [os.path.basename(path) for path in drawn] == ["confusion.png", "curves.png", "tracks.png"]
    assert all(os.path.getsize(path) > 1000 for path in drawn)


# Windows and figures.


class Echo:
    """A model that returns what it reads."""

    crf, labels = None, ("A", "C", "G", "T")

    def __init__(self, max_length):
        self.max_length = max_length

    def predict_on_batch(self, batch):
        assert batch["inputs"].shape[1] <= max(self.max_length, 8)  # lengths are rounded up to 8
        return batch["inputs"]


@pytest.mark.parametrize("size", [1, 2, 5, 10, 16])
def test_each_base_is_predicted_once_and_in_its_place(size):
    rng = np.random.default_rng(0)
    inputs = [rng.normal(size=(length, 4)).astype("float32") for length in (1, 2, 3, 9, 10, 11, 18, 19, 50, 100)]
    for sequence, found in zip(inputs, windows.probabilities(Echo(size), inputs), strict=True):
        np.testing.assert_array_equal(found, sequence)


def test_an_interval_is_right_with_its_label_and_both_ends():
    targets, predicted = [np.array([0, 1, 1, 0, 2]), np.array([1])], [np.array([0, 1, 1, 0, 1]), np.array([1])]
    found = base_task.base_metrics(targets, predicted)
    assert found["accuracy"] == pytest.approx(5 / 6) and found["interval_f1"] == pytest.approx(2 * 2 / 6)
    assert runs(targets[0]) == [(1, 3, 1), (4, 5, 2)]
    assert base_task.base_metrics([np.zeros(3, int)], [np.zeros(3, int)])["interval_f1"] == 0


# What cannot be.


@pytest.mark.parametrize(
    "flags, named",
    [
        (("--data", "none.fa", "--intervals", "x.bed"), "none.fa"),
        (("--data", "x.fa", "--intervals", "none.bed"), "none.bed"),
        (("--data", "x.fa", "--intervals", "odd.bed"), "odd.bed:2"),
        (("--data", "x.fa", "--features", "island"), "--features"),
        (("--data", "x.fa", "--negative", "x.fa", "--crf"), "--crf"),
        ((*SOURCE, "--features", "gene"), "--features: 'gene'"),
        ((*SOURCE, "--labels", "l.tsv"), "--labels"),
        ((*SOURCE, "--negative", "x.fa"), "--negative"),
        ((*SOURCE, "--folds", "3"), "--folds"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_cannot_be_is_one_line_and_nothing_is_written(here, refused, flags, named):
    (here / "odd.bed").write_text("s0\t0\t3\ns9\t5\t500\n")
    assert named in refused(*TINY, *flags)


def test_files_that_do_not_belong_together_are_one_line(here, trained, refused):
    (here / "q.fa").write_text(">q\nACGT\n")
    assert "x.bed:1: no sequence of q.fa" in refused("evaluate", "--data", "q.fa")
    (here / "q.bed").write_text("q\t0\t2\tgene\n")
    assert "q.bed:1: label 'gene'" in refused("evaluate", "--data", "q.fa", "--intervals", "q.bed")
    assert "input 1" in refused("predict", "ACE")
