"""What the repository promises outside its code."""

import importlib
import re
from pathlib import Path

import pytest

from seqzoo import presets
from seqzoo.data.tokenizer import split_words
from seqzoo.tasks.dna import sequences
from seqzoo.tasks.music import composing
from seqzoo.tasks.names import task as names_task
from seqzoo.tasks.tagging.formats import format_tags
from seqzoo.training import run_folder

ROOT = Path(__file__).parents[1]


def readme_commands():
    """The README's first lines that make an environment."""
    return re.findall(r"^python3 -m venv .*$", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)


def test_ci_runs_the_second_command_of_the_readme():
    run, check = readme_commands()
    assert run.endswith("-m recipes.sentiment")
    assert (ROOT / ".ci/run").read_text(encoding="utf-8").splitlines()[-1] == check


def recipes_by_name():
    names = sorted({path.stem for path in (ROOT / "recipes").glob("*.py")} - {"__init__"})
    return {name: importlib.import_module(f"recipes.{name}").RECIPE for name in names}


def test_each_recipe_that_trains_a_model_ships_one():
    trained = {name for name, recipe in recipes_by_name().items() if "train" in recipe.verbs}
    assert {run_folder.recipe_of(presets.find(name)) for name in presets.names()} == trained
    assert len(trained) >= 6 and len(presets.names()) >= 7


def test_a_recipe_has_the_name_of_its_file():
    assert all(recipe.name == name for name, recipe in recipes_by_name().items())


@pytest.mark.parametrize("name", presets.names())
def test_the_python_of_a_model_card_runs(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"```python\n(.*?)```", (presets.find(name) / "README.md").read_text("utf-8"), re.DOTALL)
    exec(compile(code, f"{name}/README.md", "exec"), {})


def test_shipped_models_are_small_and_have_a_card():
    for name in presets.names():
        folder = presets.find(name)
        assert sum(path.stat().st_size for path in folder.iterdir()) <= 6e6
        assert {"README.md", "config.json", "metrics.json", "curves.png"} <= {path.name for path in folder.iterdir()}


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("a delightful, moving film", "positive"),
        ("the battery died after a week and support ignored me", "negative"),
    ],
)
def test_the_shipped_sentiment_model_answers(text, label):
    (answer,) = presets.load("sentiment").answers([text])
    assert answer.label == label


@pytest.mark.parametrize(
    ("sentence", "binary", "spans"),
    [
        ("Harry Potter and Hermione Granger invented a new spell.", "1 1 0 1 1 0 0 0 0", "0-2 PERSON, 3-5 PERSON"),
        ('He said, "Teddy Roosevelt was a good president."', "0 0 1 1 0 0 0 0", "2-4 PERSON"),
        ('He said, "Teddy bears are on sale."', "0 0 0 0 0 0 0", ""),
    ],
)
def test_the_shipped_tagger_finds_the_names_in_the_notes_sentences(sentence, binary, spans):
    (answer,) = presets.load("ner").answers([split_words(sentence)])
    assert format_tags("binary", sentence, answer.labels) == binary
    assert format_tags("spans", sentence, answer.labels) == spans


def test_the_shipped_model_of_dna_knows_a_splice_junction():
    junction = "GGCTTCTGCAAGGACTTCGCCAAGCTGGAG" + "GTAAGTGCCCGGTGGAGGGACAGGGTCTCG"  # an exon, then GTAAGT of an intron: made up
    (answer,) = presets.load("dna").answers([sequences.vectors(junction, middle=True)])
    assert answer.label == "EI"


def test_the_shipped_language_models_know_their_text():
    said, shuffled = presets.load("language_model").score(["the lord is my shepherd", "shepherd my is lord the"])
    assert said.log_p.sum() > shuffled.log_p.sum() + 5
    (word, _), *_ = presets.load("cloze").fill("in the beginning ___ created the heaven and the earth .")
    assert word in {"god", "he", "lord"}


def test_the_shipped_models_of_names_and_music_make_some():
    names = names_task.sample_names(presets.load("names"), 0, 20, seed=1)
    assert len(set(names)) > 10 and all(0 < len(name) <= 40 for name in names)
    (piece,) = composing.compose(presets.load("music"), 32, 1, 1.0, 0, None)
    assert 4 < len(piece) <= 32 and piece.keys.any()  # it may end before
