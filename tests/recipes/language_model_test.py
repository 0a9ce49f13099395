"""The language model's recipe on tiny data, through its command line."""

import json
import re

import numpy as np
import pytest

from recipes import language_model
from seqzoo import presets
from seqzoo.models import OneToMany
from seqzoo.recipe import main
from seqzoo.tasks.language_modeling import task
from seqzoo.training import fit

TINY = ("--units", "8", "--embedding", "6", "--epochs", "2", "--batch-size", "16")
NAME = ""  # of three runs: of lines, of a stream of characters, and of gaps
FILES = {"model.keras", "tokenizer.json", "config.json", "metrics.json", "curves.png", "README.md", "logs", "rows.npy"}
LINES = [
    f"the {a} {v} the {b} , said {n}"
    for a in ("cat", "dog")
    for b in ("fish", "bread")
    for v in ("ate", "saw")
    for n in "abcdef"
]


def run(*arguments):
    main(language_model.RECIPE, list(map(str, arguments)))


def fails(capsys, *arguments):
    """The one line that a command ends with."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as end:
        run(*arguments)
    error = [line for line in capsys.readouterr().err.strip().splitlines() if not line.startswith(("model: ", "note: "))]
    assert end.value.code == 2 and len(error) == 1 and error[0].startswith("error: ")
    return error[0]


def put(folder):
    (folder / "a.txt").write_text("\n".join(LINES))


def finish():
    run("--data", "a.txt", *TINY)
    char = ("--level", "char", "--stream", "--optimizer", "sgd", "--learning-rate", "0.5")
    run("--data", "a.txt", *char, *TINY, "--out", "runs/char")
    run("--data", "a.txt", "--bidirectional", *TINY)


def test_a_run_leaves_its_files_and_figures_beside_the_baselines(trained):
    for name in ("language_model", "char", "cloze"):
        assert {path.name for path in (trained / name).iterdir()} == FILES
        record = json.loads((trained / name / "metrics.json").read_text())
        assert set(record["test"]) == {"perplexity", "bits_per_token", "nats_per_token"}
        assert any("Kneser-Ney" in baseline for baseline in record["baseline"])


def test_scores_come_best_first_with_each_words_surprise(trained, here, capsys):
    run("score", "dog the the", "the cat ate the fish , said a", "a zebra", "--picture", "s.png")
    said = capsys.readouterr()
    rows = [line.split("\t") for line in said.out.splitlines()]
    assert sorted(float(row[0]) for row in rows)[::-1] == [float(row[0]) for row in rows]
    assert {row[2] for row in rows} == {"dog the the", "the cat ate the fish , said a", "a zebra"}
    assert all(len(row[3].split()) == len(row[2].split()) + 1 for row in rows)
    assert "unknown to the model, scored as <unk>: zebra" in said.err and (here / "s.png").exists()


def test_the_same_seed_generates_the_same(trained, capsys):
    outputs = []
    for seed in (1, 1, 2):
        run("generate", "--n", 3, "--prompt", "the cat", "--length", 9, "--temperature", 0.8, "--top-k", 20, "--seed", seed)
        outputs.append(capsys.readouterr().out)
    assert outputs[0] == outputs[1] != outputs[2]
    assert len(outputs[0].splitlines()) == 3 and all(line.startswith("the cat") for line in outputs[0].splitlines())


@pytest.mark.parametrize("how", [("--greedy",), ("--beam", 4), ("--top-p", 0.9)])
def test_other_ways_to_generate(trained, capsys, how):
    run("generate", "--n", 2, "--length", 8, *how)
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_a_stream_goes_on_after_the_end_of_a_line(trained, capsys):
    run("generate", "--out", "runs/char", "--n", 1, "--length", 300, "--prompt", "the")
    text = capsys.readouterr().out
    assert text.startswith("the") and len(text) > 250
    run("score", "--out", "runs/char", "the cat")
    run("evaluate", "--out", "runs/char")


def test_gaps_are_filled_and_next_words_predicted(trained, capsys):
    run("fill", "--n", 3, "the cat ___ the fish")
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert len(rows) == 3 and all(f"the cat {token} the fish" == text for token, _, text in rows)
    run("predict", "the cat")
    token, p, text = capsys.readouterr().out.strip().split("\t")
    assert 0 < float(p) <= 1 and text == "the cat"


def test_evaluate_and_inspect(trained, capsys):
    for arguments in ((), ("--bidirectional",)):
        run("evaluate", *arguments)
        assert "Kneser-Ney" in capsys.readouterr().out
    run("inspect")
    assert {path.name for path in (trained / "language_model" / "pictures").iterdir()} == {"curves.png", "surprise.png"}


def test_another_file_is_a_test_as_a_whole_and_the_models_own_words_count(trained, here, capsys):
    """The file of the training is known wherever it is, and refused where it has changed since."""
    run("evaluate")
    same = capsys.readouterr().out
    (here / "b.txt").write_text("the cat saw the fish , said a\nnone of these is known")
    run("evaluate", "--data", "b.txt")
    assert capsys.readouterr().out.splitlines()[2] != same.splitlines()[2]
    (here / "c.txt").write_text("\n".join(["gnu gnus emu emus"] * 30 + LINES))
    run("evaluate", "--data", "c.txt")
    err = capsys.readouterr().err
    note = re.search(r"c.txt: (\d+) of its (\d+) test rows are among those that the model was trained on", err)
    assert int(note[2]) == 30 + len(LINES) and int(note[1]) > len(LINES) / 2
    (here / "a.txt").rename(here / "moved.txt")
    run("evaluate", "--data", "moved.txt")
    assert capsys.readouterr().out.splitlines()[1:] == same.splitlines()[1:]
    (here / "c.txt").rename(here / "a.txt")
    assert "a.txt: changed since runs/language_model was trained" in fails(capsys, "evaluate")


def test_questions_that_a_model_cannot_answer_are_one_line(trained, capsys):
    expected = "expected a Cloze, which recipes.language_model trains with --bidirectional"
    assert f"runs/char holds a LanguageModel, {expected}" in fails(capsys, "fill", "--out", "runs/char", "the ___")
    assert "2 gaps, expected one ___" in fails(capsys, "fill", "the ___ of ___")
    assert "--prompt: 'zebra gnu' has no word that the model knows" in fails(capsys, "generate", "--prompt", "zebra gnu")
    assert "--greedy: expected none with --beam" in fails(capsys, "generate", "--greedy", "--beam", 2)
    assert "--temperature: expected a positive number, got 0.0" in fails(capsys, "generate", "--temperature", 0)
    assert "--top-p: expected above 0 and at most 1, got 2.0" in fails(capsys, "generate", "--top-p", 2)
    assert "score: expected at least one line of text, got none" in fails(capsys, "score", "")


@pytest.mark.parametrize("verb", ["score", "predict", "generate"])
def test_a_model_of_another_kind_is_told_what_fits(trained, here, capsys, verb):
    (here / "names").mkdir()
    presets.save(OneToMany(vocabulary=5, embedding=2, units=2), here / "names")
    for folder, found in (("names", "OneToMany"), ("runs/cloze", "Cloze")):
        said = fails(capsys, verb, "--out", folder, *(() if verb == "generate" else ("hello",)))
        expected = "a LanguageModel, which recipes.language_model trains without --bidirectional"
        assert said == f"error: {verb}: {folder} holds a {found}, expected {expected}"


@pytest.mark.parametrize("batches", [1, 16, 499])
def test_it_is_said_where_updates_are_few_and_with_how_many_epochs_they_are_not(capsys, batches):
    task.note_few_updates(1, batches, quick=False)
    said = capsys.readouterr().err
    assert said.startswith(f"note: only {batches} updates in all")
    task.note_few_updates(int(re.search(r"--epochs (\d+)", said)[1]), batches, quick=False)
    assert not capsys.readouterr().err


class Begun(BaseException):
    """A training, which need not end."""


@pytest.mark.parametrize("form", [(), ("--level", "char", "--stream")])
def test_a_training_counts_its_updates_before_it_begins(here, capsys, monkeypatch, form):
    updates = []

    def begin(model, train, validation, epochs, **how):
        updates.append(epochs * len(train))
        raise Begun

    monkeypatch.setattr(fit, "fit", begin)
    with pytest.raises(Begun):
        run("--data", "a.txt", "--out", "new", *form, *TINY)
    assert f"note: only {updates[0]} updates in all" in capsys.readouterr().err
    with pytest.raises(Begun):
        run("--data", "a.txt", "--out", "new", "--quick", *form, *TINY)
    assert "--quick reads the first lines only" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text, arguments, message",
    [
        ("", (), "a.txt: empty, expected a text"),
        ("one\ntwo", (), "a.txt: 2 lines, expected 10 or more"),
        ("a b\n" * 20, ("--stream", "--window", 500), "--window: expected at most"),
        (None, ("--level", "spaces", "--no-punctuation"), "--punctuation: expected it with --level spaces, got False"),
        (None, ("--window", 0), "--window: expected a positive integer, got 0"),
        (None, ("--stream", "--bidirectional"), "--stream: expected no --bidirectional with it"),
    ],
)
def test_bad_input_is_one_line(here, capsys, text, arguments, message):
    if text is not None:
        (here / "a.txt").write_text(text)
    assert message in fails(capsys, "--data", "a.txt", *TINY, *arguments)
    assert not (here / "runs").exists()


@pytest.mark.parametrize("kind", ["--no-bidirectional", "--bidirectional"])
def test_pretrained_vectors_frozen(here, kind, capsys):
    (here / "my.vec").write_text("2 6\ncat 1 2 3 4 5 6\nunheard 4 5 6 7 8 9\n")
    vectors = ["--data", "a.txt", kind, *TINY, "--embedding", "6", "--embeddings", "my.vec"]
    run(*vectors, "--frozen", "--out", "vectors")
    model = presets.load(here / "vectors")
    row = model.tokenizer.tokens.index("cat")
    np.testing.assert_allclose(model.embed.get_weights()[0][row], [1, 2, 3, 4, 5, 6], atol=0.03)
    (here / "my.vec").write_text("zebra 1 2 3 4 5 6\n")
    assert "no vector for any of the" in fails(capsys, *vectors)
