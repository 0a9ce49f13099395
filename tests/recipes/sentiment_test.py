"""The recipe end to end on tiny files: what it writes, prints and refuses."""

import json
import os
import random

import keras
import numpy as np
import pytest
import tokenizers
from extent import full
from tokenizers import models

from recipes import sentiment
from seqzoo import presets
from seqzoo.data import minilm
from seqzoo.models.recurrent_stack import CELLS
from seqzoo.recipe import main
from seqzoo.recipe.test_data import load_test_data
from seqzoo.training import fit
from tests.data.bert_encoder_test import HEADS, random_weights

TINY = ("--units", "3", "--embedding", "4", "--epochs", "1", "--batch-size", "32", "--no-bidirectional")
NAME = "sentiment"
TRACED = True
FILES = {"model.keras", "tokenizer.json", "config.json", "metrics.json", "curves.png", "README.md", "logs", "rows.npy"}
WORDS = {"good": ["fine", "great", "lovely"], "bad": ["awful", "dull", "boring"]}


def rows(count=40, labels=("good", "bad"), seed=0):
    """(text, label), each text once; a word in it gives the label away."""
    chance = random.Random(seed)
    chosen = [labels[i % len(labels)] for i in range(count)]
    return [(f"film {seed}-{i} is {chance.choice(WORDS.get(label, [label]))}, yes", label) for i, label in enumerate(chosen)]


def csv(found, header="text,label"):
    return "\n".join([header, *(f'"{text}",{label}' for text, label in found)]) + "\n"


def numbers(count=40, seed=0):
    """Sequences of 6 numbers that rise or fall."""
    chance = np.random.default_rng(seed)
    signs = [(1, "up") if i % 2 else (-1, "down") for i in range(count)]
    lines = [",".join([*(f"{x:.3f}" for x in sign * np.arange(6) + chance.normal(0, 0.3, 6)), label]) for sign, label in signs]
    return "\n".join(["a,b,c,d,e,f,label", *lines]) + "\n"


def run(*arguments):
    main(sentiment.RECIPE, list(map(str, arguments)))


def figures(folder):
    return json.loads((folder / "metrics.json").read_text())


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def put(folder):
    (folder / "d.csv").write_text(csv(rows()))


def finish():
    run("--data", "d.csv", *TINY)


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


@pytest.mark.parametrize(
    "name, content",
    [
        ("t.tsv", "text\tlabel\n" + "".join(f"{text}\t{label}\n" for text, label in rows())),
        ("t.jsonl", "".join(json.dumps({"label": label, "text": text}) + "\n" for text, label in rows())),
        ("t.csv", csv(rows(), header="review,sentiment")),
    ],
)
def test_a_run_writes_everything_and_prints_a_table_with_baselines(here, capsys, name, content):
    (here / name).write_text(content)
    run("train", "--data", name, *TINY, "--out", "o")
    assert {path.name for path in (here / "o").iterdir()} == FILES
    found = figures(here / "o")
    assert set(found["test"]) == {"accuracy", "macro_f1"} and found["data"] == {
        "name": name,
        "train": 32,
        "validation": 4,
        "test": 4,
    }
    assert set(found["baseline"]) == {"majority", "TF-IDF + logistic regression"}
    assert found["seed"] == 0 and found["seconds"] > 0 and len(found["history"]) == 1
    assert found["parameters"] == presets.load(here / "o").count_params()
    printed = capsys.readouterr().out
    for row in ("gru", "majority", "TF-IDF + logistic regression"):
        assert row in printed and row in (here / "o" / "README.md").read_text()
    assert f"{found['test']['accuracy']:.3f}" in printed
    assert (here / "o" / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_the_parts_of_a_folder_are_taken_as_they_are(here):
    (here / "parts").mkdir()
    for part, count, seed in (("train", 20, 1), ("validation", 6, 2), ("test", 8, 3)):
        (here / "parts" / f"{part}.csv").write_text(csv(rows(count, seed=seed)))
    run("--data", "parts", *TINY)
    assert figures(here / "runs" / "sentiment")["data"] == {"name": "parts", "train": 20, "validation": 6, "test": 8}


@pytest.mark.parametrize("cell", CELLS)
def test_every_cell_trains(here, cell):
    run("--data", "d.csv", *TINY, "--cell", cell, "--out", "o")
    model = presets.load(here / "o")
    assert model.get_config()["cell"] == cell and model.labels == ("bad", "good")


@pytest.mark.parametrize(
    "flags",
    [
        ("--bidirectional", "--depth", "2", "--pooling", "last", "--dropout", "0.2", "--recurrent-dropout", "0.2"),
        ("--tokens", "char", "--embedding", "0", "--pooling", "max"),
        ("--class-weights", "--pooling", "mean", "--max-length", "3"),
        ("--precision", "mixed_bfloat16"),
        ("--quick",),
    ],
    ids=lambda flags: flags[0],
)
def test_the_other_flags_train_too(here, flags):
    run("--data", "d.csv", *TINY, *flags, "--out", "o")
    assert 0 <= figures(here / "o")["test"]["accuracy"] <= 1


def test_the_same_seed_gives_the_same_figures_and_another_one_others(here):
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        run("--data", "d.csv", *TINY, "--seed", seed, "--out", name)
    a, b, c = (figures(here / name) for name in "abc")
    assert (a["test"], a["history"]) == (b["test"], b["history"])
    assert a["history"] != c["history"]


def test_its_own_configuration_trains_the_same_again(here, trained):
    run("--config", trained / "config.json", "--out", "again")
    again, before = figures(here / "again"), figures(trained)
    assert again["test"] == before["test"]
    assert [pytest.approx(epoch, rel=1e-4) for epoch in again["history"]] == before["history"]


@full
def test_it_learns_what_a_word_gives_away(here):
    (here / "d.csv").write_text(csv(rows(80)))
    run("--data", "d.csv", *TINY, "--units", 8, "--embedding", 8, "--epochs", 7, "--learning-rate", 0.1, "--out", "o")
    assert figures(here / "o")["test"]["accuracy"] > 0.9


def test_a_new_run_replaces_the_old_one_and_keeps_what_else_is_there(here, trained):
    (trained / "notes.txt").write_text("mine")
    old = figures(trained)
    run("--data", "d.csv", *TINY, "--seed", "1")
    assert figures(trained)["seed"] == 1 != old["seed"]
    assert (trained / "notes.txt").read_text() == "mine" and os.listdir(trained.parent) == ["sentiment"]


def test_repeats_print_mean_and_spread_and_keep_one(here, capsys):
    run("--data", "d.csv", *TINY, "--repeats", "2", "--out", "o")
    printed = capsys.readouterr().out
    for row in ("seed 0", "seed 1", "mean of 2", "spread"):
        assert row in printed
    assert figures(here / "o")["seed"] in (0, 1)


def test_the_kept_repeat_is_tested_on_what_it_did_not_learn_from(here, change, best=1):
    train_model = sentiment.train_model

    def decided(config, dataset, **options):
        model, history = train_model(config, dataset, **options)
        return model, [epoch | {"val_loss": float(config.seed != best)} for epoch in history]

    change(sentiment, train_model=decided)
    (here / "d.csv").write_text(csv(rows(60)))
    run("--data", "d.csv", *TINY, "--repeats", "2", "--out", "o")
    assert figures(here / "o")["seed"] == best
    config = sentiment.Config(**json.loads((here / "o" / "config.json").read_text()))
    dataset = load_test_data(sentiment.RECIPE, config, here / "o", None)
    kept = sentiment.load_data(sentiment.Config(data="d.csv", seed=0))
    assert dataset.test.inputs == kept.test.inputs  # and no training input
    assert not set(dataset.test.inputs) & set(kept.train.inputs)


# Tasks.


@pytest.mark.parametrize("task", ["classes", "binary"])
def test_two_labels_are_classes_and_binary(here, task):
    run("--data", "d.csv", *TINY, "--task", task, "--out", "o")
    assert presets.load(here / "o").labels == ("bad", "good")


def rated(count=40):
    chance = np.random.default_rng(0)
    return csv([(text, f"{chance.normal(2 if label == 'good' else -2):.2f}") for text, label in rows(count)])


def test_a_rating_is_a_number(here, capsys):
    (here / "d.csv").write_text(rated())
    run("--data", "d.csv", *TINY, "--task", "rating", "--out", "o")
    found = figures(here / "o")
    assert set(found["test"]) == {"mean_absolute_error", "pearson_r"} and set(found["baseline"]) == {
        "mean",
        "TF-IDF + ridge regression",
    }
    run("evaluate", "--out", "o")
    assert f"{found['test']['mean_absolute_error']:.3f}" in capsys.readouterr().out
    run("predict", "--out", "o", "a fine film")
    label, score, text = capsys.readouterr().out.rstrip("\n").split("\t")
    assert label == score and float(label) < 100 and text == "a fine film"
    run("inspect", "--out", "o")
    assert "scatter.png" in capsys.readouterr().out


def test_sequences_of_numbers_are_inputs(here, capsys, refused):
    (here / "n.csv").write_text(numbers())
    run("--data", "n.csv", *TINY, "--out", "o")
    assert {path.name for path in (here / "o").iterdir()} == FILES - {"tokenizer.json"}
    assert "summary + logistic regression" in figures(here / "o")["baseline"]
    capsys.readouterr()
    run("predict", "--out", "o", "0, 1, 2, 3", "[5, 4]")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 and all(line.split("\t")[0] in ("up", "down") for line in lines)
    assert lines[0].endswith("\t0, 1, 2, 3")
    for text in ("one, two", "[[1, 2], [3, 4]]", "[]", "NaN"):  # no numbers; two numbers a step, not one; none; no number
        refused("predict", "--out", "o", text)


def test_numbers_after_texts_leave_no_tokenizer_behind(here, trained, capsys):
    (here / "n.csv").write_text(numbers())
    run("--data", "n.csv", *TINY)
    assert not (trained / "tokenizer.json").exists()
    run("predict", "0, 1, 2, 3")
    run("evaluate")


# The other verbs.


def test_evaluate_finds_the_figures_of_the_run(trained, capsys):
    run("evaluate")
    said = capsys.readouterr()
    found = figures(trained)
    assert f"{found['test']['accuracy']:.3f}" in said.out and "majority" in said.out and "model: runs/sentiment" in said.err


def test_evaluate_takes_another_file_as_a_whole(here, trained, capsys):
    (here / "other.csv").write_text(csv(rows(7, labels=("good",), seed=9)))
    run("evaluate", "--data", "other.csv")
    assert "majority" in capsys.readouterr().out


def test_predict_writes_label_probability_and_text_in_order(trained, here, capsys):
    texts = ["a fine film", "dull", "😀 unknown words", "film is great, yes"]
    (here / "texts.txt").write_text("\n".join(texts) + "\n", encoding="utf-8")
    run("predict", *texts)
    printed = capsys.readouterr().out
    for line, text in zip(printed.splitlines(), texts, strict=True):
        label, probability, echo = line.split("\t")
        assert label in ("good", "bad") and 0.5 <= float(probability) <= 1 and echo == text
    run("predict", "--file", "texts.txt")
    assert capsys.readouterr().out == printed


def test_predict_writes_one_line_for_each_input(trained, capsys):
    run("predict", "two\nlines", "a\ttab", "")
    lines = capsys.readouterr().out.splitlines()
    assert [line.count("\t") for line in lines] == [2, 2, 2]


def test_the_card_quotes_no_data(here):
    (here / "d.csv").write_text(csv(rows()))
    run("--data", "d.csv", *TINY, "--out", "o")
    card = (here / "o" / "README.md").read_text()
    assert "majority" in card and not any(text in card for text, _ in rows())


def test_inspect_writes_the_pictures_that_it_names(here, trained, capsys):
    run("inspect")
    named = capsys.readouterr().out.splitlines()
    assert any(name.endswith("curves.png") for name in named) and any(name.endswith("confusion.png") for name in named)
    assert all((here / name).read_bytes().startswith(b"\x89PNG") for name in named)


def test_mixed_precision_answers_as_it_was_evaluated(here, capsys):
    run("--data", "d.csv", *TINY, "--precision", "mixed_bfloat16", "--out", "o")
    model = presets.load(here / "o")
    expected = model.answers([text for text, _ in rows(9)])
    keras.config.set_dtype_policy("float32")  # as in a new process
    assert presets.load(here / "o").answers([text for text, _ in rows(9)]) == expected


# Interrupts and divergence.


def test_an_interrupt_ends_the_training_and_the_run_is_evaluated_and_saved(here, monkeypatch, capsys):
    on_epoch_end = fit.KeepBest.on_epoch_end

    def interrupted(self, epoch, logs=None):
        on_epoch_end(self, epoch, logs)
        if epoch == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(fit.KeepBest, "on_epoch_end", interrupted)
    run("--data", "d.csv", *TINY, "--epochs", "9", "--out", "o")
    said = capsys.readouterr()
    assert "nterrupted" in said.err and "majority" in said.out
    assert len(figures(here / "o")["history"]) == 2
    assert {path.name for path in (here / "o").iterdir()} == FILES


def test_an_interrupt_of_the_first_epoch_is_no_traceback(here, monkeypatch):
    def interrupted(self, *arguments, **named):
        raise KeyboardInterrupt

    monkeypatch.setattr(keras.Model, "fit", interrupted)
    try:
        run("--data", "d.csv", *TINY, "--out", "o")
    except SystemExit as end:
        assert end.code in (2, 130)
    assert not (here / "o").exists() or {path.name for path in (here / "o").iterdir()} == FILES


@pytest.mark.parametrize("task", ["classes", "rating"])
def test_a_training_that_diverges_is_no_traceback(here, task):
    (here / "d.csv").write_text(rated() if task == "rating" else csv(rows()))
    try:
        run("--data", "d.csv", *TINY, "--task", task, "--learning-rate", "1e38", "--out", "o")
    except SystemExit as end:
        assert end.code == 2


# What cannot be.


@pytest.mark.parametrize(
    "flags, named",
    [
        (("--data", "none.csv"), "none.csv"),
        (("--data", "."), "train.csv"),
        (("--data", "empty.csv"), "empty.csv"),
        (("--data", "one-class.csv"), "one-class.csv"),
        (("--data", "latin.csv"), "latin.csv:"),
        (("--data", "d.csv", "--text-column", "txt"), "--text-column"),
        (("--data", "d.csv", "--label-column", "7"), "--label-column"),
        (("--data", "d.csv", "--cell", "transformer"), "--cell"),
        (("--data", "d.csv", "--units", "-3"), "--units"),
        (("--data", "d.csv", "--epochs", "-1"), "--epochs"),
        (("--data", "d.csv", "--learning-rate", "nan"), "--learning-rate"),
        (("--data", "d.csv", "--vocabulary", "4"), "--vocabulary"),
        (("--data", "d.csv", "--max-length", "0"), "--max-length"),
        (("--data", "d.csv", "--embedding", "-1"), "--embedding"),
        (("--data", "d.csv", "--repeats", "0"), "--repeats"),
        (("--data", "d.csv", "--task", "rating"), "d.csv"),
        (("--data", "three.csv", "--task", "binary"), "--task"),
        (("--data", "unseen"), "unseen"),
        (("--data", "d.csv", "--out", "unseen"), "--out"),
        (("--data", "d.csv", "--out", "d.csv"), "--out"),
        (("--data", "d.csv", "--out", "d.csv/below"), "--out"),
        (("--data", "d.csv", "--out", "d.csv/far/below"), "--out"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_cannot_be_is_one_line_and_nothing_is_written(here, refused, flags, named):
    (here / "empty.csv").write_text("")
    (here / "one-class.csv").write_text(csv(rows(labels=("good",))))
    (here / "three.csv").write_text(csv(rows(labels=("good", "bad", "so-so"))))
    (here / "latin.csv").write_bytes(csv([("größe", "good"), *rows()]).encode("latin-1"))
    (here / "unseen").mkdir()
    (here / "unseen" / "train.csv").write_text(csv(rows()))
    (here / "unseen" / "test.csv").write_text(csv(rows(labels=("good", "odd"), seed=1)))
    assert named in refused(*TINY, *flags)


def test_the_working_folder_can_be_the_runs(here, tmp_path_factory, monkeypatch):
    monkeypatch.chdir(tmp_path_factory.mktemp("empty"))
    try:
        run("--data", here / "d.csv", *TINY, "--out", ".")
    except SystemExit as end:
        assert end.code == 2


def test_a_label_that_the_model_does_not_know_is_one_line(here, trained, refused):
    (here / "other.csv").write_text(csv(rows(6, labels=("good", "odd"), seed=1)))
    line = refused("evaluate", "--data", "other.csv")
    assert "'odd'" in line and "other.csv" in line and "bad, good" in line


def test_inputs_of_another_kind_are_one_line(here, trained, refused):
    (here / "n.csv").write_text(numbers().replace("up", "good").replace("down", "bad"))
    assert "n.csv" in refused("evaluate", "--data", "n.csv")


@pytest.mark.parametrize("name, verb", [("model.keras", "evaluate"), ("config.json", "evaluate"), ("metrics.json", "inspect")])
@pytest.mark.parametrize("content", [None, b"", b"\xff{"], ids=["missing", "empty", "broken"])
def test_a_damaged_run_is_one_line(trained, refused, name, verb, content):
    (trained / name).unlink() if content is None else (trained / name).write_bytes(content)
    assert name in refused(verb, "--out", "runs/sentiment")


def test_a_run_whose_data_went_away_is_one_line(here, trained, refused):
    (here / "d.csv").unlink()
    assert "d.csv" in refused("evaluate")


def test_marks_alone_are_texts(here):
    marks = [(f"{':)' if i % 2 else ':('} {'!' * i}", "good" if i % 2 else "bad") for i in range(40)]
    (here / "d.csv").write_text(csv(marks))
    run("--data", "d.csv", *TINY, "--out", "o")
    assert "majority" in figures(here / "o")["baseline"]


@full
def test_a_quick_look_at_a_file_sorted_by_label_sees_every_label(here):
    lines = [f"film {i} is {word},{label}" for word, label in (("fine", "good"), ("dull", "bad")) for i in range(1800)]
    (here / "d.csv").write_text("\n".join(["text,label", *lines]))
    run("--data", "d.csv", "--quick", "--units", 2, "--epochs", 1, "--out", "a")
    assert figures(here / "a")["test"]["accuracy"] > 0.9


@pytest.fixture
def small_minilm(monkeypatch):
    pieces = [
        "[UNK]",
        "[CLS]",
        "[SEP]",
        *"-.,0123456789",
        "film",
        "is",
        "yes",
        "fine",
        "great",
        "love",
        "##ly",
        "awful",
        "dull",
    ]
    rules = tokenizers.Tokenizer(models.WordPiece({piece: i for i, piece in enumerate(pieces)}, unk_token="[UNK]"))
    model = minilm.MiniLM(random_weights(len(pieces)), rules.to_str(), HEADS)
    monkeypatch.setattr(minilm, "read", lambda folder: model)
    return model


@pytest.mark.parametrize("name", minilm.NAMES)
def test_pieces_of_minilm_with_their_vectors_frozen(here, small_minilm, name, capsys):
    run("--data", "d.csv", "--embeddings", name, "--frozen", "--out", "pieces", *TINY)
    model = presets.load(here / "pieces")
    tokens, vectors = model.tokenizer.tokens, model.of_tokens.get_weights()[0]
    assert {"love", "##ly", "dull", "7"} < set(tokens) and vectors.shape == (len(tokens), 4)
    kept = sorted(set(tokens) & set(small_minilm.pieces))
    given = small_minilm.of_pieces(kept, name == minilm.NAME).reduced(4).of(kept)
    found = vectors[[tokens.index(token) for token in kept]]
    assert np.abs(found - given).max() <= np.abs(given).max() / 254 * 1.01  # frozen, and rounded
    with pytest.raises(SystemExit):
        run("--data", "d.csv", "--embeddings", name, "--out", "more", *TINY, "--embedding", "9")
    assert f"--embedding: expected at most 8, the size of the vectors of {name}, got 9" in capsys.readouterr().err


def test_a_file_of_vectors_is_of_whole_words(here):
    (here / "my.vec").write_text("2 4\nfilm 1 2 3 4\nunheard 4 5 6 7\n")
    run("--data", "d.csv", "--embeddings", "my.vec", "--frozen", "--out", "words", *TINY)
    model = presets.load(here / "words")
    vectors = model.of_tokens.get_weights()[0]
    np.testing.assert_allclose(vectors[model.tokenizer.encode("unheard film")], [[4, 5, 6, 7], [1, 2, 3, 4]], atol=0.03)


def test_frozen_vectors_must_be_given(here, capsys):
    with pytest.raises(SystemExit):
        run("--data", "d.csv", "--frozen", *TINY)
    assert "--frozen: expected --embeddings with it" in capsys.readouterr().err


def test_sequences_of_numbers_take_no_vectors(here, capsys):
    (here / "n.csv").write_text(numbers())
    with pytest.raises(SystemExit):
        run("--data", "n.csv", "--embeddings", "minilm-table", *TINY)
    assert "--embeddings: expected none for sequences of numbers, got minilm-table" in capsys.readouterr().err
