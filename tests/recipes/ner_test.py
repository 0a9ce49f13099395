"""The recipe end to end on a tiny file: what it writes, prints and refuses."""

import dataclasses
import json
import random
from types import SimpleNamespace

import numpy as np
import pytest
from extent import full

from recipes import ner
from seqzoo import presets
from seqzoo.data import entity_tags, minilm
from seqzoo.data.word_vectors import WordVectors
from seqzoo.datasets import generated_entities
from seqzoo.errors import DataError
from seqzoo.layers.compact_embedding import to_int8
from seqzoo.recipe import main
from seqzoo.recipe.flags import parse
from seqzoo.tasks.tagging import conll
from seqzoo.tasks.tagging.formats import format_tags

TINY = ("--units", "4", "--embedding", "8", "--character-units", "2", "--epochs", "2", "--batch-size", "16", "--cell", "gru")
NAME = "ner"
FILES = {"model.keras", "tokenizer.json", "config.json", "metrics.json", "curves.png", "README.md", "logs", "rows.npy"}
NOTES = "Harry Potter and Hermione Granger invented a new spell."


def sentences(count=60, seed=0):
    chance = random.Random(seed)
    rows = []
    for i in range(count):
        name = chance.choice(["Ann", "Bo", "Cy"]), f"Lee{i}"
        rows += [f"{name[0]} B-PER", f"{name[1]} I-PER", f"{chance.choice(['sang', 'ran'])} O", "in O", "Rome B-LOC", ""]
    return "\n".join(rows)


def run(*arguments):
    main(ner.RECIPE, list(map(str, arguments)))


def put(folder):
    (folder / "d.conll").write_text(sentences())


def finish():
    run("--data", "d.conll", *TINY)


def test_a_run_leaves_its_files_and_figures_beside_the_baseline(trained):
    assert {path.name for path in trained.iterdir()} == FILES
    record = json.loads((trained / "metrics.json").read_text())
    assert set(record["test"]) == set(record["baseline"]["most frequent tag"]) == {"precision", "recall", "f1", "tag_accuracy"}
    assert "most frequent tag" in (trained / "README.md").read_text()


def test_predict_prints_a_line_for_each_input_in_every_form(trained, capsys):
    for form in ("text", "bio", "binary", "spans", "json"):
        capsys.readouterr()
        run("predict", "--as", form, NOTES, "", "Bo Lee2 sang in Rome")
        lines = capsys.readouterr().out.splitlines()
        assert [line.split("\t")[2] for line in lines] == [NOTES, "", "Bo Lee2 sang in Rome"]
        assert all(0 <= float(line.split("\t")[1]) <= 1 for line in lines)


def test_evaluate_prints_types_and_takes_another_file(trained, here, capsys):
    run("evaluate")
    said = capsys.readouterr().out
    assert all(word in said for word in ("most frequent tag", "PER", "LOC", "all"))
    (here / "new.conll").write_text(sentences(5, seed=3))
    run("evaluate", "--data", "new.conll")


def test_inspect_draws(trained, capsys):
    run("inspect")
    names = {path.name for path in (trained / "pictures").iterdir()}
    assert names == {"curves.png", "types.png", "confusion.png"}


def test_the_default_data_and_a_softmax_without_characters(here, monkeypatch):
    monkeypatch.setattr(generated_entities, "SIZES", {"train": 40, "validation": 10, "test": 10})
    run("--no-crf", "--no-characters", "--quick", "--out", "other", *TINY)
    assert json.loads((here / "other" / "config.json").read_text())["crf"] is False


def test_parts_of_speech_are_no_entities(here, capsys):
    (here / "pos.txt").write_text("\n".join(f"word{i} NOUN\nruns VERB\n" for i in range(30)))
    run("--data", "pos.txt", "--out", "pos", *TINY)
    run("predict", "--out", "pos", "word1 runs")
    assert "/" in capsys.readouterr().out.splitlines()[-1]
    with pytest.raises(SystemExit):
        run("predict", "--out", "pos", "--as", "spans", "word1 runs")
    assert "--as: expected text or bio of a model whose tags mark no entities" in capsys.readouterr().err


def test_the_two_forms_of_the_notes():
    tagged = ["B-PERSON", "I-PERSON", "O", "B-PERSON", "I-PERSON", "O", "O", "O", "O", "O"]
    assert format_tags("binary", NOTES, tagged) == "1 1 0 1 1 0 0 0 0"
    assert format_tags("spans", NOTES, tagged) == "0-2 PERSON, 3-5 PERSON"
    found = json.loads(format_tags("json", NOTES, tagged))
    assert found["spans"] == [{"start": 0, "end": 2, "type": "PERSON"}, {"start": 3, "end": 5, "type": "PERSON"}]
    assert format_tags("text", "(Ann) ran", ["O", "B-P", "O", "O"]) == "( [P Ann] ) ran"
    assert format_tags("spans", "(Ann) ran", ["O", "B-P", "O", "O"]) == "0-1 P"


@pytest.mark.parametrize(
    "text, arguments, message",
    [
        ("a O\nb\n", (), "d.conll:2: 1 columns, expected 2"),
        ("a B-X\n\nb O\nc I-X\n", ("--strict",), "d.conll:4: I-X continues nothing"),
        ("", (), "d.conll: empty"),
        ("a O\n\nb O\n\nc O\n", (), "every tag is 'O'"),
        (None, ("--label-column", "5"), "--label-column 5: expected a column from 0 to 1"),
        (None, ("--word-dropout", "1"), "--word-dropout: expected at least 0 and below 1"),
        (None, ("--lowercase", "1.5"), "--lowercase: expected at least 0 and below 1"),
        (None, ("--generated", "12001"), "--generated: expected at most 12,000, got 12001"),
        (None, ("--embeddings", "minilm-tabel"), "expected a file for --embeddings or minilm or minilm-table"),
        (None, ("--lookahead", "1", "--no-bidirectional"), "--lookahead: expected --bidirectional with it"),
        (None, ("--min-count", "0"), "--min-count: expected an integer from 1"),
    ],
)
def test_bad_input_is_one_line(here, capsys, text, arguments, message):
    if text is not None:
        (here / "d.conll").write_text(text)
    with pytest.raises(SystemExit) as end:
        run("--data", "d.conll", *arguments)
    error = "\n".join(line for line in capsys.readouterr().err.splitlines() if not line.startswith("note: "))
    assert end.value.code == 2 and error.startswith("error: ") and "\n" not in error
    assert message in error
    assert not (here / "runs").exists()


def test_a_tag_that_the_model_does_not_know_is_one_line(trained, here, capsys):
    (here / "new.conll").write_text("a B-NEW\n")
    with pytest.raises(SystemExit):
        run("evaluate", "--data", "new.conll")
    assert "label 'B-NEW' is unknown to the model" in capsys.readouterr().err


@full
def test_a_very_long_sentence_is_read_in_parts(trained, here, capsys):
    (here / "long.txt").write_text("word " * 20_000)
    run("predict", "--file", "long.txt", "--as", "binary")
    assert len(capsys.readouterr().out.split("\t")[0].split()) == 20_000


def test_the_files_own_tags_are_those_that_were_read(here):
    examples = conll.read(here / "d.conll")
    assert all(entity_tags.continues_nothing(tagged) is None for tagged in examples.targets)


def test_pretrained_vectors_are_begun_with_and_their_words_known(here):
    (here / "my.vec").write_text("2 3\nann 1 2 3\nunheard 4 5 6\n")
    config = parse(ner.Config, ["--data", "d.conll", "--embeddings", "my.vec", *TINY, "--embedding", "3"], "")
    model = ner.build_model(config, ner.load_data(config))
    vectors, tokens = model.of_words.get_weights()[0], model.tokenizer.tokens
    np.testing.assert_allclose(vectors[[tokens.index("ann"), tokens.index("unheard")]], [[1, 2, 3], [4, 5, 6]], atol=0.03)
    assert model.get_config()["embedding"] == 3


def test_a_word_that_occurs_once_may_have_the_only_vector(here):
    (here / "my.vec").write_text("paris 1 2 3\n<unk> 4 5 6\n")
    config = parse(ner.Config, ["--embeddings", "my.vec", "--embedding", "3"], "")
    tokenizer, vectors = ner.tagging.vocabulary(config, ["Paris", "is"])
    assert tokenizer.tokens[4:] == ["paris"] and vectors.size == 3
    (here / "my.vec").write_text("<unk> 4 5 6\n")
    with pytest.raises(DataError, match="no vector for any of the 2 words"):
        ner.tagging.vocabulary(config, ["Paris", "is"])


def test_minilm_is_reduced_rounded_and_saved_in_eight_bits(here, monkeypatch, capsys):
    rng = np.random.default_rng(0)
    words = WordVectors([*"abcdefgh", "ann"], rng.normal(size=(9, 7)).astype("float32"))
    monkeypatch.setattr(minilm, "read", lambda folder: SimpleNamespace(of_words=lambda most, wanted, contextual: words))
    arguments = ["--data", "d.conll", "--embeddings", "minilm", *TINY]
    run(*arguments, "--embedding", "5", "--vocabulary", "50", "--out", "small")
    model = presets.load(here / "small")
    assert model.get_config()["compact"] and model.of_words.get_weights()[0].shape == (model.tokenizer.size, 5)
    numbers, scales = to_int8(model.of_words.get_weights()[0])
    np.testing.assert_array_equal(numbers * scales, model.of_words.get_weights()[0])
    with pytest.raises(SystemExit):
        run(*arguments, "--embedding", "8")
    assert "--embedding: expected at most 7, the size of the vectors of minilm, got 8" in capsys.readouterr().err


def test_generated_sentences_and_no_capitals(here):
    config = parse(ner.Config, ["--data", "d.conll", "--generated", "30", "--lowercase", "0.5", *TINY], "")
    dataset = ner.load_data(config)
    alone = ner.load_data(dataclasses.replace(config, generated=0))
    assert len(dataset.train) == len(alone.train) + 30 and len(dataset.test) == len(alone.test)
    assert ner.build_model(config, dataset).get_config()["lowercase"] == 0.5


def test_vectors_that_are_none_are_one_line(here, capsys):
    (here / "my.vec").write_text("a 1 2\nb 1\n")
    with pytest.raises(SystemExit):
        run("--data", "d.conll", "--embeddings", "my.vec", *TINY)
    assert "my.vec:2: expected a word and 2 finite numbers" in capsys.readouterr().err


def test_a_model_that_sees_a_word_ahead(here, capsys):
    run("--data", "d.conll", "--lookahead", "1", "--no-crf", "--out", "ahead", *TINY)
    capsys.readouterr()
    run("predict", "--out", "ahead", "--as", "bio", "Ann Lee1 sang", "Ann Lee1 sang in Rome")
    first, second = (line.split("\t")[0].split() for line in capsys.readouterr().out.splitlines())
    assert first[:2] == second[:2]


def test_an_empty_sentence_is_one_line(trained, capsys):
    with pytest.raises(SystemExit):
        run("predict", "", " ")
    assert "error: predict: expected at least one line of text, got none" in capsys.readouterr().err
