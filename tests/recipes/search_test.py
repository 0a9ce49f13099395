"""The verb `search`: what it leaves, goes on with and refuses; the trainings are dictated, but where it is said."""

import csv
import importlib
import json
import random

import numpy as np
import pytest

from recipes import sentiment
from seqzoo.data import midi
from seqzoo.recipe import main, search_space
from seqzoo.recipe import search as searching
from seqzoo.tuning import coordination
from seqzoo.tuning import search as of_training

NAMES = ("dna", "language_model", "music", "names", "ner", "sentiment")
SPACE = {"units": [2, 3, 4], "cell": ["rnn", "gru"], "learning_rate": {"low": 0.001, "high": 0.1, "log": True}}
FILES = {"README.md", "best.json", "default.json", "search.json", "search.png", "trials", "trials.csv"}
TINY = ("--data", "d.csv", "--embedding", "2", "--epochs", "1", "--batch-size", "32", "--no-bidirectional")


def run(*arguments, name="sentiment"):
    recipe = importlib.import_module(f"recipes.{name}")
    main(recipe.RECIPE, list(map(str, arguments)))


def sentences(count=40):
    rows = [(f"film {i} is {'fine' if i % 2 else 'dull'}, yes", "good" if i % 2 else "bad") for i in range(count)]
    return "text,label\n" + "".join(f'"{text}",{label}\n' for text, label in rows)


def put(folder):
    (folder / "d.csv").write_text(sentences())
    (folder / "space.json").write_text(json.dumps(SPACE))


@pytest.fixture(autouse=True)
def _alone(monkeypatch):
    for name in (coordination.ID, coordination.IP, coordination.PORT):
        monkeypatch.delenv(name, raising=False)


class Dictated:
    """In place of a training. Remembers the configs, and is killed in training number `dies_in`."""

    def __init__(self):
        self.configs, self.dies_in = [], None

    def __call__(self, config, dataset, **options):
        if len(self.configs) == self.dies_in:
            raise KeyboardInterrupt
        self.configs.append(config)
        return None, [{"val_loss": random.Random(repr(config)).random()}, {"val_loss": 1.0}]


@pytest.fixture
def dictated(change):
    trainings = Dictated()
    change(sentiment, train_model=trainings)
    return trainings


def search(*arguments, space=("--space", "space.json")):
    run("search", "--data", "d.csv", *space, "--no-compare", *arguments)


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture
def refused(here, capsys):
    """The one line that is said to arguments that cannot be."""

    def refuse(*arguments, **named):
        before = contents(here)
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            search(*arguments, **named)
        said = capsys.readouterr()
        lines = [line for line in said.err.splitlines() if not line.startswith("note: d.csv: ")]  # what the data are taken for
        assert end.value.code == 2 and len(lines) == 1 and lines[0].startswith("error: ") and said.out == ""
        assert contents(here) == before
        return lines[0]

    return refuse


def trials(folder):
    with (folder / "trials.csv").open() as file:
        return list(csv.DictReader(file))


# What it leaves.


def test_a_search_ends_with_a_table_a_picture_and_a_config_that_train_takes(here, capsys):
    """With trainings."""
    run("search", *TINY, "--space", "space.json", "--max-trials", "2")
    folder, said = here / "runs" / "sentiment" / "search", capsys.readouterr().out
    assert {path.name for path in folder.iterdir()} == FILES
    assert (folder / "search.png").read_bytes().startswith(b"\x89PNG")
    rows = trials(folder)
    best = max(rows, key=lambda row: float(row["quality"]))
    chosen, default = (json.loads((folder / f"{name}.json").read_text()) for name in ("best", "default"))
    assert {name: str(chosen[name]) for name in SPACE} == {name: best[name] for name in SPACE}
    assert {name for name in chosen if chosen[name] != default[name]} <= set(SPACE) and default["embedding"] == 2
    for row in ("default, seed 0", "default, mean of 3", "best, seed 2", "best, spread", "majority"):
        assert row in said and row in (folder / "README.md").read_text()
    assert [line.split("  ")[0] for line in said.splitlines()[:2]] == ["1/2", "2/2"] and "validation" in said
    before = contents(folder)
    run("train", "--config", folder / "best.json")
    assert contents(folder) == before and (folder.parent / "model.keras").exists()
    written = json.loads((folder.parent / "config.json").read_text())
    assert written == chosen


def test_a_flag_that_is_given_is_kept_to(here, dictated):
    search("--units", "7", "--max-trials", "4", "--out", "o")
    assert {config.units for config in dictated.configs} == {7}
    assert {config.cell for config in dictated.configs} <= {"rnn", "gru"} and len(set(dictated.configs)) == 4
    assert set(json.loads((here / "o" / "search" / "search.json").read_text())["space"]) == {"cell", "learning_rate"}


def test_without_a_number_of_trials_there_are_some_and_a_grid_is_searched_as_a_whole(here, dictated):
    (here / "space.json").write_text(json.dumps(SPACE | {"learning_rate": [0.1, 0.01]}))
    search("--tuner", "grid", "--out", "grid")
    assert len(dictated.configs) == len(trials(here / "grid" / "search")) == 12
    (here / "space.json").write_text(json.dumps(SPACE))
    search("--out", "random")
    assert len(trials(here / "random" / "search")) == searching.MAX_TRIALS


def test_hyperband_sets_the_epochs_and_the_best_has_all_of_them(here, dictated):
    search("--tuner", "hyperband", "--epochs", "4", "--out", "o")
    assert {config.epochs for config in dictated.configs} == {2, 4}
    assert json.loads((here / "o" / "search" / "best.json").read_text())["epochs"] == 4


def test_a_trial_that_fails_is_reported_and_the_others_are_tried(here, dictated, change, capsys):
    def fails(config, dataset, **options):
        if config.cell == "rnn":
            raise FloatingPointError("the loss is not a number")
        return dictated(config, dataset)

    change(sentiment, train_model=fails)
    search("--max-trials", "8", "--out", "o")
    rows, said = trials(here / "o" / "search"), capsys.readouterr()
    assert len(rows) == 8 and {row["cell"] for row in rows if row["quality"] == "failed"} == {"rnn"}
    assert said.out.count(": failed,") == said.err.count("not a number") == sum(row["cell"] == "rnn" for row in rows) > 0


def test_the_data_is_read_again_only_for_settings_that_change_it(here, dictated, change):
    load, loaded = sentiment.load_data, []
    change(sentiment, load_data=lambda config: loaded.append(config) or load(config))
    search("--max-trials", "3", "--out", "a", space=())
    assert len(loaded) == 1
    (here / "space.json").write_text('{"max_length": [3, 4, 5]}')
    search("--tuner", "grid", "--out", "b")
    assert {config.max_length for config in loaded[2:]} == {3, 4, 5}


# Going on.


def test_resume_repeats_no_trial_and_needs_no_flags(here, dictated, capsys):
    dictated.dies_in = 3
    with pytest.raises(SystemExit) as end:
        search("--units", "5", "--max-trials", "6", "--out", "o")
    assert end.value.code == 130 and "--resume" in capsys.readouterr().err
    assert len(trials(here / "o" / "search")) == 3
    dictated.dies_in = None
    run("search", "--resume", "--space", "space.json", "--out", "o", "--max-trials", "6", "--no-compare")
    assert len(dictated.configs) == len(set(dictated.configs)) == 6 and {config.units for config in dictated.configs} == {5}
    assert capsys.readouterr().out.startswith("4/6  ")


def test_with_nothing_to_resume_it_begins(here, dictated):
    search("--max-trials", "2", "--out", "o", "--resume")
    assert len(trials(here / "o" / "search")) == 2
    search("--max-trials", "2", "--out", "o", "--resume")
    assert len(dictated.configs) == 2


def test_no_resume_begins_anew(here, dictated):
    search("--max-trials", "3", "--out", "o")
    search("--max-trials", "2", "--out", "o", "--no-resume", "--units", "9")
    assert len(trials(here / "o" / "search")) == 2 and {config.units for config in dictated.configs[3:]} == {9}


def test_a_torn_file_costs_one_trial(here, dictated, capsys):
    search("--max-trials", "4", "--out", "o")
    path = here / "o" / "search" / "trials" / "trial_1" / "trial.json"
    path.write_bytes(path.read_bytes()[:100])
    search("--max-trials", "4", "--out", "o", "--resume")
    assert len(dictated.configs) == 5 and dictated.configs[4] == dictated.configs[1]
    assert "trial 1 was torn" in capsys.readouterr().out


def test_a_search_and_a_training_leave_each_other_alone(here):
    """With trainings."""
    run("train", *TINY, "--units", "2", "--out", "o")
    before = contents(here / "o")
    run("search", *TINY, "--units", "2", "--max-trials", "1", "--no-compare", "--out", "o", "--space", "space.json")
    after = contents(here / "o")
    assert {name: after[name] for name in before} == before and set(after) - set(before)


@pytest.mark.parametrize(
    "flags, named",
    [
        ((), "expected --resume"),
        (("--resume", "--dropout", "0.25"), "--dropout: expected 0.5"),
        (("--resume", "--quick"), "--quick: expected False"),
        (("--resume", "--tuner", "grid"), "--tuner: expected random"),
        (("--resume", "--space", "other.json"), "units"),
        (("--resume", "--config", "c.json"), "--units: expected 64"),
        (("--no-resume", "--data", "none.csv"), "none.csv"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_is_not_the_search_that_began_is_refused(here, dictated, refused, flags, named):
    search("--max-trials", "1", "--out", "o")
    (here / "other.json").write_text('{"units": [5, 6], "cell": ["rnn", "gru"]}')
    (here / "c.json").write_text('{"units": 9}')
    assert named in refused("--out", "o", *flags)


def test_a_search_of_another_recipe_is_refused(here, refused, dictated):
    search("--max-trials", "1", "--out", "o")
    path = here / "o" / "search" / "search.json"
    path.write_text(path.read_text().replace('"sentiment"', '"dna"'))
    assert "expected a search of sentiment in o/search, got dna" in refused("--out", "o", "--resume")
    path.write_text("{}")
    assert "expected a search of sentiment" in refused("--out", "o", "--resume")


@pytest.mark.parametrize("name", ["search.json", "default.json"])
def test_a_damaged_search_is_one_line(here, refused, dictated, name):
    search("--max-trials", "1", "--out", "o")
    (here / "o" / "search" / name).write_text("{")
    assert name in refused("--out", "o", "--resume")


# What cannot be.


@pytest.mark.parametrize(
    "space, named",
    [
        ({"units": [8, 0]}, "space.json: --units: expected a positive integer, got 0"),
        ({"units": [8, 2.5]}, "space.json: "),
        ({"units": [None]}, "space.json: "),
        ({"units": {"low": 0, "high": 9}}, "--units: expected a positive integer, got 0"),
        ({"units": {"low": 9, "high": 8}}, "units: expected low < high"),
        ({"units": {"low": "a", "high": "b"}}, "units: expected low < high"),
        ({"dropout": {"low": 0, "high": 0.5, "log": True}}, "0 < low with log"),
        ({"dropout": {"low": 0.1, "high": 1.5}}, "--dropout"),
        ({"dropout": {"low": 0.1}}, "dropout: expected a list of values, or low, high"),
        ({"dropout": []}, "dropout: expected a list"),
        ({"dropout": 0.1}, "dropout: expected a list"),
        ({"dropout": [[0.1]]}, "dropout: expected a list"),
        ({"cell": ["gru", "transformer"]}, "--cell"),
        ({"unitz": [8]}, "unitz: expected another setting"),
        ({}, "none to search"),
        ([], "expected a JSON object"),
        (None, "space.json"),
    ],
    ids=str,
)
def test_a_space_that_cannot_be_is_one_line(here, refused, space, named):
    (here / "space.json").write_text(json.dumps(space)) if space is not None else (here / "space.json").unlink()
    assert named in refused("--out", "o")


def test_values_are_taken_as_their_settings_are():
    space = search_space.from_json({"units": ["8", 9], "clip_norm": {"low": 1, "high": 5}, "data_dir": [None, "x"]}, "")
    found = search_space.checked(space, sentiment.Config(), "", "random")
    assert found == {"units": (8, 9), "clip_norm": (1.0, 5.0, False), "data_dir": (None, "x")}
    assert type(found["units"][0]) is int and type(found["clip_norm"].low) is float


def test_a_recipes_own_space_that_cannot_be_is_one_line(refused, monkeypatch):
    monkeypatch.setitem(sentiment.SEARCH_SPACE, "units", (32, 0))
    assert "SEARCH_SPACE: --units: expected a positive integer, got 0" in refused(space=())


@pytest.mark.parametrize(
    "flags, named",
    [
        (("--max-trials", "0"), "--max-trials"),
        (("--minutes", "-1"), "--minutes"),
        (("--workers", "-1"), "--workers"),
        (("--worker-timeout", "0"), "--worker-timeout"),
        (("--tuner", "grad"), "--tuner"),
        (("--units", "0"), "--units"),
        (("--data", "none.csv"), "none.csv"),
        (("--out", "d.csv"), "--out"),
        (("--units", "3", "--cell", "rnn", "--learning-rate", "0.1"), "none to search"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_flags_that_cannot_be_are_one_line(refused, flags, named):
    assert named in refused(*flags)


def test_epochs_are_not_to_be_searched_by_hyperband(here, refused):
    (here / "space.json").write_text('{"epochs": [1, 2]}')
    assert "epochs" in refused("--tuner", "hyperband")


def test_a_folder_that_cannot_be_written_is_one_line(refused):
    assert "--out: /proc cannot be written to" in refused("--out", "/proc/o")


def test_a_worker_without_a_chief_is_one_line(here, refused, monkeypatch):
    for name, value in {coordination.ID: "worker", coordination.IP: "127.0.0.1", coordination.PORT: "1"}.items():
        monkeypatch.setenv(name, value)
    assert "expected the chief of a search at 127.0.0.1:1" in refused("--worker-timeout", "0.5")


# Every recipe.


@pytest.mark.parametrize("name", NAMES)
def test_each_recipe_has_a_space_of_settings_that_can_be(name):
    recipe = importlib.import_module(f"recipes.{name}")
    assert search_space.checked(recipe.SEARCH_SPACE, recipe.Config(), "SPACE", "hyperband") == recipe.SEARCH_SPACE
    assert {"cell", "units", "depth", "dropout", "recurrent_dropout", "learning_rate", "batch_size"} <= set(recipe.SEARCH_SPACE)


def write_dna(folder):
    chance = random.Random(0)
    rows = [("".join(chance.choices("ACGT", k=5)) + ("GGG" if i % 2 else "TTT"), "ab"[i % 2]) for i in range(40)]
    (folder / "own.csv").write_text("sequence,label\n" + "".join(f"{sequence},{label}\n" for sequence, label in rows))


def write_lines(folder):
    (folder / "own.txt").write_text("".join(f"line {i} of a text\n" for i in range(60)))


def write_names(folder):
    (folder / "own.csv").write_text(
        "name,country\n" + "".join(f"An{'abcdefghij'[i % 10] * (i // 10 + 1)},x{i % 2}\n" for i in range(60))
    )


def write_tags(folder):
    (folder / "own.conll").write_text("".join(f"Ann B-PER\nLee{i} I-PER\nsang O\n\n" for i in range(60)))


def write_pieces(folder):
    (folder / "own").mkdir()
    for seed in range(6):
        keys = np.random.default_rng(seed).random((8, midi.KEYS)) < 0.05
        midi.write(folder / "own" / f"{seed}.mid", [midi.notes_of_keys(keys)], 1)


EACH = {
    "dna": (write_dna, "own.csv"),
    "language_model": (write_lines, "own.txt"),
    "music": (write_pieces, "own"),
    "names": (write_names, "own.csv"),
    "ner": (write_tags, "own.conll"),
}


@pytest.mark.parametrize("name", EACH)
def test_each_recipe_searches(here, name, capsys):
    """With trainings."""
    write, data = EACH[name]
    write(here)
    (here / "space.json").write_text('{"units": [2, 3]}')
    how = ("--space", "space.json", "--depth", "1", "--epochs", "1", "--batch-size", "32", "--no-compare", "--cell", "gru")
    run("search", "--data", data, *how, "--max-trials", "1", "--out", "o", name=name)
    assert {path.name for path in (here / "o" / "search").iterdir()} == FILES
    assert trials(here / "o" / "search")[0]["units"] in ("2", "3")
    assert capsys.readouterr().out.startswith("1/1  trial 0: units=")


@pytest.mark.parametrize("flags", [["--resume"], ["--no-resume"]], ids=" ".join)
def test_beside_a_search_that_runs_another_is_refused_and_takes_nothing_away(here, dictated, refused, flags):
    search("--max-trials", "2", "--out", "o")
    with of_training.alone(here / "o" / "search"):
        assert "another process is searching in o/search" in refused(*flags, "--max-trials", "3", "--out", "o")
