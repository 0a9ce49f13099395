"""The recipe end to end on a tiny file: what it writes, prints and refuses."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from backends import only_tensorflow
from extent import full

from recipes import translation
from seqzoo import presets
from seqzoo.datasets import human_dates
from seqzoo.recipe import main

TINY = ("--units", "8", "--embedding", "8", "--epochs", "2", "--batch-size", "16", "--max-length", "12")
NAME = "translation"
ROOT = Path(translation.__file__).parents[1]
FILES = {"model.keras", "tokenizer.json", "config.json", "metrics.json", "curves.png", "README.md", "logs", "rows.npy"}
LINES = [f"number {i} of {i % 7}\tnummer {i} von {i % 7}\tCC0" for i in range(80)]


def run(*arguments):
    main(translation.RECIPE, list(map(str, arguments)))


def put(folder):
    (folder / "p.tsv").write_text("\n".join(LINES))


def finish():
    run("--data", "p.tsv", *TINY)


def test_a_run_leaves_its_files_and_metrics_beside_baselines(trained):
    assert {path.name for path in trained.iterdir()} == FILES
    record = json.loads((trained / "metrics.json").read_text())
    assert set(record["test"]) == {"BLEU", "chrF", "exact_match"}
    assert set(record["baseline"]) == {"copy", "most frequent", "dictionary"}
    assert set(json.loads((trained / "tokenizer.json").read_text())) == {"source", "target"}


def test_predict_prints_output_score_and_input(trained, capsys):
    run("predict", "--beam", "3", "--n-best", "2", "number 3  of 4", "", "Ω ß")
    lines = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert [line[2] for line in lines] == ["number 3 of 4"] * 2 + [""] * 2 + ["Ω ß"] * 2
    assert all(0 <= float(score) <= 1 for _, score, _ in lines)


def test_a_long_input_is_cut_and_noted(trained, capsys):
    run("predict", "--beam", "1", "number 1", "number " * 2000)
    printed = capsys.readouterr()
    assert len(printed.out.splitlines()) == 2 and "input 2: 2,000 tokens, of which the first 12 are read" in printed.err


def test_cut_outputs_are_noted(trained, capsys):
    task, model = translation.RECIPE.task_of(translation.RECIPE.trained_config(trained)), presets.load(trained)
    model.max_output = 1
    assert len(list(task.predict(model, ["number 3 of 4", "number 5 of 5"], beam=1))) == 2
    assert "note: 2 outputs reached 1 tokens, and were cut there" in capsys.readouterr().err


def test_evaluate_takes_another_file_and_inspect_draws(trained, here, capsys):
    (here / "new.tsv").write_text("number 90 of 1\tnummer 90 von 1\n")
    run("evaluate", "--data", "new.tsv")
    assert "1 test" in capsys.readouterr().out
    run("inspect")
    names = {path.name for path in (trained / "pictures").iterdir()}
    assert names == {"curves.png", "by_length.png", *(f"attention-{i}.png" for i in (1, 2, 3))}


def test_models_are_compared(trained, here, capsys):
    run("compare", trained, trained, "--picture", "two.png")
    printed = capsys.readouterr().out
    assert "greedy" in printed and "beam 5" in printed and (here / "two.png").exists()


def test_dates_have_a_table_of_held_out_formats(here, monkeypatch, capsys):
    monkeypatch.setattr(human_dates.load, "__defaults__", (0, 60, human_dates.LOCALES))
    monkeypatch.setattr(human_dates.held_out_formats, "__defaults__", (0, 40, human_dates.LOCALES))
    run(
        "--attention",
        "additive",
        "--input-feeding",
        "--scheduled-sampling",
        "0.2",
        "--label-smoothing",
        "0.1",
        *TINY,
        "--quick",
    )
    printed = capsys.readouterr().out
    assert "held-out formats" in printed and "dd/MMM/y" in printed
    assert not np.isnan(json.loads((here / "runs/translation/metrics.json").read_text())["test"]["exact_match"])


@full
@only_tensorflow
@pytest.mark.parametrize("beam", [1, 5])
def test_another_backend_translates_the_same(trained, capsys, beam):
    pytest.importorskip("jax")
    arguments = "predict", "--out", str(trained), "--beam", str(beam), "--n-best", str(beam), "number 3 of 4", "number 79 of 2"
    run(*arguments)
    environment = os.environ | {"KERAS_BACKEND": "jax", "PYTHONPATH": str(ROOT), "JAX_PLATFORMS": "cpu"}
    command = [sys.executable, "-m", "recipes.translation", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    pairs = zip(capsys.readouterr().out.splitlines(), done.stdout.splitlines(), strict=True)
    for (here, score, _), (there, other, _) in ([line.split("\t") for line in pair] for pair in pairs):
        assert here == there and float(score) == pytest.approx(float(other), abs=0.0011)


@full
@pytest.mark.parametrize(
    "flags",
    [
        ("--attention", "none", "--depth", "2", "--cell", "lstm"),
        ("--attention", "dot", "--no-bidirectional", "--input-feeding", "--tied"),
        (
            "--shared",
            "--tied",
            "--decoder-cell",
            "lstm-peephole",
            "--source-level",
            "char",
            "--target-level",
            "char",
            "--max-length",
            "40",
        ),
        ("--reverse", "--source-level", "word", "--lowercase", "--precision", "mixed_bfloat16"),
    ],
)
def test_other_models(here, flags):
    run("--data", "p.tsv", *TINY, *flags)
    assert presets.load("runs/translation").answers(["nummer 1"])


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--data", "bad.tsv"], "bad.tsv:2: no tab in 'x y', expected an input, a tab and its output on each line"),
        (["--data", "side.tsv"], "side.tsv:1: the output is empty"),
        (["--data", "no_such_set"], "no such file or data set"),
        (["--attention", "dot"], "--attention: expected --no-bidirectional with it, got dot"),
        (["--attention", "none", "--input-feeding"], "--input-feeding: expected --attention with it, got True"),
        (["--locales", "de", "xx"], "--locales: expected some of en de fr"),
        (["--locales", "de", "--data", "p.tsv"], "--locales: expected none: they are for --data dates"),
        (["--label-smoothing", "1"], "--label-smoothing: expected at least 0 and below 1, got 1.0"),
        (["predict", "--beam", "0", "x"], "--beam: expected an integer from 1, got 0"),
        (["predict", "--n-best", "9", "x"], "--n-best: expected at most 5, the --beam, got 9"),
        (
            ["predict", "--out", "of_another", "x"],
            "of_another holds a model of recipes.ner, expected one of recipes.translation",
        ),
        (["compare"], "compare: expected one or more folders of trained models, got none"),
        (["compare", "runs/translation", "--picture", "no/c.png"], "--picture: expected a PNG file, got no/c.png"),
        (
            ["compare", "runs/translation", "dates"],
            "--folders: expected models of the data and levels of runs/translation, got dates",
        ),
        (
            ["compare", "runs/translation", "sentiment"],
            "holds a model of recipes.sentiment, expected one of recipes.translation",
        ),
        (
            ["--shared", "--source-level", "char", "--target-level", "word"],
            "--shared: expected one level of both sides with it",
        ),
    ],
)
def test_what_cannot_be_is_one_line(here, trained, capsys, arguments, message):
    (here / "bad.tsv").write_text("a\tb\nx y\n")
    (here / "side.tsv").write_text("a\t \nx\ty\n")
    (here / "of_another").mkdir()
    (here / "of_another/model.keras").touch()
    (here / "of_another/metrics.json").write_text('{"command": "python -m recipes.ner"}')
    with pytest.raises(SystemExit) as end:
        run(*arguments)
    error = capsys.readouterr().err.splitlines()[-1]
    assert end.value.code == 2 and error.startswith("error: ") and message in error


@pytest.mark.parametrize("flags", [("--frozen",), ("--shared", "--tied")])
def test_pretrained_vectors_of_both_sides(here, flags):
    (here / "my.vec").write_text("2 4\nnumber 1 2 3 4\nnummer 4 5 6 7\n")
    vectors = ["--data", "p.tsv", "--embeddings", "my.vec", "--source-level", "word", "--target-level", "word"]
    run(*vectors, *TINY, "--embedding", "4", "--learning-rate", "1e-6", "--out", "vectors", *flags)
    model = presets.load(here / "vectors")
    for embed, tokens, word, row in (
        (model.embed, model.tokenizer.source.tokens, "▁number", [1, 2, 3, 4]),
        (model.decoder.embed, model.tokenizer.target.tokens, "▁nummer", [4, 5, 6, 7]),
    ):
        np.testing.assert_allclose(embed.get_weights()[0][tokens.index(word)], row, atol=0.03)
    assert (model.embed is model.decoder.embed) == ("--shared" in flags)
    assert model.answers(["number 3"])
