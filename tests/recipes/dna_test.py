"""The DNA recipe end to end on tiny files: what it writes, prints and refuses."""

import io
import json
import os
import random
import sys

import pytest
from extent import full

from recipes import dna
from seqzoo import presets
from seqzoo.recipe import main
from seqzoo.tasks.dna import dense_network

TINY = ("--units", "3", "--epochs", "1", "--batch-size", "32", "--no-bidirectional", "--quick")
NAME = "dna"
FILES = {"model.keras", "config.json", "metrics.json", "curves.png", "README.md", "logs", "rows.npy"}
PAIR = ("--data", "p.fa", "--negative", "n.fa")
PROTEIN = "MKVLEFIPQ"
AMBIGUOUS = "MKVRSKDNYWMKVRSKDNYW"  # a protein whose letters are all codes of nucleotides


def fasta(count=20, seed=0, prefix="s", motif="", length=12):
    """Random records, a motif in the middle."""
    chance = random.Random(seed)
    half = length // 2
    made = ["".join(chance.choices("ACGT", k=half)) + motif + "".join(chance.choices("ACGT", k=half)) for _ in range(count)]
    return "".join(f">{prefix}{i}\n{sequence}\n" for i, sequence in enumerate(made))


def run(*arguments):
    main(dna.RECIPE, list(map(str, arguments)))


def figures(folder):
    return json.loads((folder / "metrics.json").read_text())


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def put(folder):
    (folder / "p.fa").write_text(fasta(seed=1, motif="GGGG"))
    (folder / "n.fa").write_text(fasta(seed=2, motif="TTTT"))


def finish():
    run(*PAIR, *TINY)


@pytest.fixture(autouse=True)
def _short_baseline(monkeypatch):
    monkeypatch.setattr(dense_network, "MOST_EPOCHS", 1)


@pytest.fixture
def refused(here, capsys):
    """Runs it with arguments that cannot be; returns the one line of error, without lines that say what is read."""

    def refuse(*arguments):
        before = contents(here)
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            run(*arguments)
        said = capsys.readouterr()
        *first, line = said.err.splitlines(keepends=True)
        assert end.value.code == 2 and line.startswith("error: ") and said.out == ""
        assert [text for text in first if not text.startswith(("model: ", "note: "))] == []
        assert contents(here) == before
        return line

    return refuse


# Training.


def test_a_run_writes_everything_and_prints_a_table_with_baselines(here, capsys):
    run("train", *PAIR, *TINY, "--out", "o")
    assert {path.name for path in (here / "o").iterdir()} == FILES
    found, printed = figures(here / "o"), capsys.readouterr().out
    assert set(found["baseline"]) == {"majority", "one-hot + logistic regression", "dense network"}
    assert found["data"] == {"name": "p.fa", "train": 32, "validation": 4, "test": 4}
    assert f"{found['test']['accuracy']:.3f}" in printed and "GGGG" in printed
    assert presets.load(here / "o").labels == ("negative", "positive")


def test_labels_in_a_table_and_lengths_that_differ(here):
    (here / "x.fa").write_text(fasta(10, 3, "a", "GGGG") + fasta(10, 4, "b", "TTTT", length=20))
    (here / "l.tsv").write_text("name\tlabel\n" + "".join(f"{prefix}{i}\t{prefix}\n" for prefix in "ab" for i in range(10)))
    run("--data", "x.fa", "--labels", "l.tsv", *TINY, "--out", "o")
    assert set(figures(here / "o")["baseline"]) == {"majority", "4-mers + logistic regression"}


def test_a_folder_of_classes_and_a_table(here):
    (here / "classes").mkdir()
    for seed, name in enumerate("xyz"):
        (here / "classes" / f"{name}.fasta").write_text(fasta(6, seed))
    run("--data", "classes", *TINY, "--out", "o")
    assert presets.load(here / "o").labels == ("x", "y", "z")
    lines = [f"{sequence},{label}" for label, file in (("x", "p.fa"), ("y", "n.fa")) for sequence in bare(here / file)]
    (here / "t.csv").write_text("\n".join(["sequence,label", *lines]))
    run("--data", "t.csv", *TINY, "--out", "t")
    assert presets.load(here / "t").labels == ("x", "y")


def bare(file):
    return [line for line in file.read_text().splitlines() if not line.startswith(">")]


@full
def test_it_learns_a_motif(here):
    (here / "p.fa").write_text(fasta(80, seed=1, motif="GGGG"))
    (here / "n.fa").write_text(fasta(80, seed=2, motif="TTTT"))
    run(*PAIR, "--units", 8, "--epochs", 8, "--batch-size", 16, "--learning-rate", 0.03, "--out", "o")
    assert figures(here / "o")["test"]["accuracy"] > 0.9


def test_the_same_seed_gives_the_same_figures(here):
    for name in "ab":
        run(*PAIR, *TINY, "--seed", 3, "--out", name)
    assert figures(here / "a")["history"] == figures(here / "b")["history"]


def test_folds_print_each_accuracy_with_mean_and_spread_and_write_nothing(here, capsys):
    before = contents(here)
    run(*PAIR, *TINY, "--folds", 3)
    printed = capsys.readouterr().out
    for word in ("fold 1", "fold 3", "mean of 3", "spread", "majority", "one-hot + logistic regression"):
        assert word in printed
    assert contents(here) == before


def test_quick_folds_have_few_training_examples(here, change):
    sizes = []

    def count(config, dataset, **options):
        sizes.append(len(dataset.train))
        raise KeyboardInterrupt

    change(dna, quick_examples=5, train_model=count)
    with pytest.raises(SystemExit):
        run(*PAIR, *TINY, "--folds", 3, "--quick")
    assert sizes == [5]


# The other verbs.


def test_evaluate_finds_the_figures_of_the_run_and_takes_other_files(here, trained, capsys):
    run("evaluate")
    assert f"{figures(trained)['test']['accuracy']:.3f}" in capsys.readouterr().out
    (here / "other.fa").write_text(fasta(5, 9, motif="GGGG"))
    (here / "l.tsv").write_text("".join(f"s{i}\tpositive\n" for i in range(5)))
    run("evaluate", "--data", "other.fa", "--labels", "l.tsv")
    run("evaluate", "--data", "other.fa", "--negative", "n.fa")
    (here / "t.csv").write_text("sequence,label\n" + "".join(f"{s},positive\n" for s in bare(here / "other.fa")))
    run("evaluate", "--data", "t.csv")


def test_predict_takes_sequences_lines_and_fasta(here, trained, capsys, monkeypatch):
    run("predict", "ACGTGGGGACGT", "acgu nn")
    lines = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert [text for _, _, text in lines] == ["ACGTGGGGACGT", "acgu nn"]
    assert all(label in ("positive", "negative") and 0.5 <= float(score) <= 1 for label, score, _ in lines)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"ACGTGGGGACGT\nACGTNN\n")))
    run("predict")
    assert [line.split("\t")[:2] for line in capsys.readouterr().out.splitlines()] == [line[:2] for line in lines]
    (here / "q.fa").write_text(">first of all\nACGTGG\nGGACGT\n\n>second\nACGTNN\n")
    run("predict", "--file", "q.fa")
    named = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert [line[:2] for line in named] == [line[:2] for line in lines] and [line[2] for line in named] == ["first", "second"]


def test_predict_says_that_the_end_of_a_long_sequence_is_not_read(here, trained, capsys):
    run("predict", "ACGT" * 300, "N" * 1001, "N" * 1000, "--out", trained)
    said = capsys.readouterr()
    assert said.err.splitlines() == ["of 2 long sequences only the first 1,000 bases are read"]
    assert len(said.out.splitlines()) == 3


def test_inspect_draws_what_matters(trained, capsys):
    run("inspect")
    drawn = capsys.readouterr().out.split()
    assert [os.path.basename(path) for path in drawn] == ["confusion.png", "curves.png", "logo.png"]
    assert all(os.path.getsize(path) > 1000 for path in drawn)


# What cannot be.


@pytest.mark.parametrize(
    "flags, named",
    [
        (("--data", "none.fa", "--negative", "n.fa"), "none.fa"),
        (("--data", "p.fa", "--negative", "none.fa"), "none.fa"),
        (("--data", "p.fa", "--labels", "none.tsv"), "none.tsv"),
        (("--data", "p.fa"), "--labels FILE"),
        (("--data", "p.fa", "--negative", "empty.fa"), "empty.fa"),
        (("--data", "p.fa", "--negative", "protein.fa"), "protein.fa:2"),
        (("--data", "protein.fa", "--labels", "odd.tsv"), "protein.fa:2"),
        (("--data", "p.fa", "--negative", "ambiguous.fa"), "ambiguous.fa:1: 2 of 20 letters"),
        (("--data", "ambiguous.csv"), "ambiguous.csv: sequence 1: "),
        (("--data", "p.fa", "--labels", "odd.tsv"), "odd.tsv:2"),
        (("--data", "texts.csv"), "texts.csv"),
        (("--data", "none"), "none"),
        ((*PAIR, "--folds", "1"), "--folds"),
        ((*PAIR, "--folds", "21"), "--folds"),
        ((*PAIR, "--max-length", "0"), "--max-length"),
        ((*PAIR, "--pooling", "sum"), "--pooling"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_cannot_be_is_one_line_and_nothing_is_written(here, refused, flags, named):
    (here / "empty.fa").write_text("")
    (here / "protein.fa").write_text(f">p\n{PROTEIN}\n")
    (here / "ambiguous.fa").write_text(f">p\n{AMBIGUOUS[:10]}\n{AMBIGUOUS[10:]}\n")
    (here / "ambiguous.csv").write_text(
        "sequence,label\n" + "".join(f"{AMBIGUOUS}{'Y' * i},{'xy'[i % 2]}\n" for i in range(20))
    )
    (here / "odd.tsv").write_text("s0\tx\nodd\ty\ns1\ty\n")
    (here / "texts.csv").write_text("text,label\n" + "".join(f"hello {i},{'xy'[i % 2]}\n" for i in range(20)))
    assert named in refused(*TINY, *flags)


@pytest.mark.parametrize("given", [PROTEIN, "", "ACG TQ", "ACGT-", AMBIGUOUS])
def test_to_predict_what_is_no_dna_is_one_line(here, trained, refused, given):
    assert "input 2" in refused("predict", "ACGT", given)
    (here / "q.fa").write_text(f">p\nACGT\n>q\n{given}\n")
    assert "input:" in refused("predict", "--file", "q.fa")


def test_a_model_of_whole_sequences_has_no_intervals(here, trained, refused):
    (here / "x.bed").write_text("s0\t0\t3\n")
    assert "--as" in refused("predict", "ACGT", "--as", "bed")
    assert "--intervals" in refused("evaluate", "--intervals", "x.bed")
    assert "--intervals" in refused("inspect", "--intervals", "x.bed", "--negative", "None")


def test_a_label_that_the_model_does_not_know_is_one_line(here, trained, refused):
    (here / "l.tsv").write_text("".join(f"s{i}\todd\n" for i in range(20)))
    assert "'odd'" in refused("evaluate", "--data", "p.fa", "--labels", "l.tsv")
