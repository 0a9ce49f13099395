"""The recipe end to end on a tiny file: what it writes, prints and refuses."""

import json
import random

import keras
import numpy as np
import pytest

from recipes import names
from seqzoo import presets
from seqzoo.data.tokenizer import EOS
from seqzoo.datasets import first_names as datasets_first_names
from seqzoo.recipe import main
from seqzoo.recipe.flags import parse
from seqzoo.tasks.names import data
from seqzoo.tasks.names import scores as names_scores

TINY = ("--units", "8", "--embedding", "4", "--epochs", "2", "--batch-size", "16")
NAME = "names"
FILES = {"model.keras", "tokenizer.json", "config.json", "metrics.json", "curves.png", "README.md", "logs", "rows.npy"}


def rows(count=60, seed=0):
    """Names of two classes, one of a and n, one of b and o."""
    chance = random.Random(seed)
    made = {
        ("".join(chance.choices(letters, k=chance.randint(3, 8))), sort) for letters, sort in 30 * [("an", "x"), ("bo", "y")]
    }
    return "name,class\n" + "\n".join(f"{name},{sort}" for name, sort in sorted(made))


def run(*arguments):
    main(names.RECIPE, list(map(str, arguments)))


def put(folder):
    (folder / "n.csv").write_text(rows())


def finish():
    run("--data", "n.csv", *TINY)


def test_a_run_leaves_its_files_and_figures_beside_the_baselines(trained):
    assert {path.name for path in trained.iterdir()} == FILES
    record = json.loads((trained / "metrics.json").read_text())
    assert len(record["baseline"]) == 2
    assert all(set(figures) == {"bits_per_character", "accuracy"} for figures in (record["test"], *record["baseline"].values()))


def test_evaluate_prints_each_class_and_takes_another_file(trained, here, capsys):
    run("evaluate")
    said = capsys.readouterr().out
    assert all(word in said for word in ("5-grams of the class", "novel: share of", "held out: share of", "\nx: ", "\ny: "))
    (here / "new.csv").write_text("name,class\nanna,x\nnana,x\n")
    run("evaluate", "--data", "new.csv")


def test_generate_prints_names_the_same_ones_for_the_same_seed(trained, capsys):
    said = {}
    for name, flags in {"a": ("--seed", 1), "b": ("--seed", 1), "c": ("--seed", 2), "cold": ("--top-k", 1)}.items():
        capsys.readouterr()
        run("generate", "--locale", "y", "--n", 5, *flags)
        said[name] = capsys.readouterr().out.splitlines()
    assert said["a"] == said["b"] != said["c"]
    assert len(said["a"]) == 5 and all(line.endswith("\ty") for line in said["a"])
    assert len(set(said["cold"])) == 1
    run("generate", "--n", 3)
    assert [line.split("\t")[1] for line in capsys.readouterr().out.splitlines()] == 3 * ["x"] + 3 * ["y"]


def test_inspect_draws(trained):
    run("inspect")
    assert {path.name for path in (trained / "pictures").iterdir()} == {"curves.png", "confusion.png"}


def test_scores_are_those_of_the_steps_one_by_one(trained):
    """log P(name | class) = Σ log P(y<t> | y<1..t-1>, class), by `step`, for each class."""
    model, given = presets.load(trained), ["anna", "bob", "n"]
    found = names_scores.model_scores(model, given)
    assert found.shape == (3, 2)
    for row, ids in enumerate(data.sequences(model.tokenizer, given)):
        for number in range(2):
            state, y, log_p = model.initial_state(1, np.array([number])), 0, 0.0
            for following in ids:
                z, state = model.step(np.array([y]), state)
                z = keras.ops.convert_to_numpy(z)[0].astype(float)
                log_p += z[following] - np.logaddexp.reduce(z)
                y = following
            assert ids[-1] == EOS and found[row, number] == pytest.approx(log_p, abs=1e-4)


def test_names_without_classes(here, capsys):
    (here / "n.txt").write_text("\n".join(line.split(",")[0] for line in rows().splitlines()[1:]))
    run("--data", "n.txt", "--out", "plain", "--quick", *TINY)
    assert set(json.loads((here / "plain" / "metrics.json").read_text())["test"]) == {"bits_per_character"}
    for verb in ("evaluate", "inspect"):
        run(verb, "--out", "plain")
    capsys.readouterr()
    run("generate", "--out", "plain", "--n", 3)
    assert len(capsys.readouterr().out.splitlines()) == 3
    with pytest.raises(SystemExit):
        run("generate", "--out", "plain", "--locale", "x")
    assert "--locale: expected none: the model knows no classes, got x" in capsys.readouterr().err


def test_the_default_data_is_of_twelve_classes():
    config = parse(names.Config, [], "")
    dataset = names.load_data(config)
    assert dataset.labels == datasets_first_names.LOCALES
    assert names.build_model(config, dataset).labels == dataset.labels


@pytest.mark.parametrize(
    "arguments, message",
    [
        (("--data", "empty.txt"), "empty.txt: empty, expected a name on each line"),
        (("--data", "none.csv"), "none.csv"),
        (("--data", "n.csv", "--bidirectional"), "--bidirectional: expected none"),
        (("--data", "n.csv", "--embedding", "0"), "--embedding: expected a positive integer"),
        (("generate", "--temperature", "0"), "--temperature: expected a positive number, got 0"),
        (("generate", "--top-p", "2"), "--top-p: expected above 0 and at most 1"),
        (("generate", "--n", "0"), "--n: expected a positive integer"),
    ],
)
def test_bad_input_is_one_line(here, capsys, arguments, message):
    (here / "empty.txt").write_text("")
    with pytest.raises(SystemExit) as end:
        run(*arguments)
    error = capsys.readouterr().err.strip()
    assert end.value.code == 2 and error.startswith("error: ") and "\n" not in error
    assert message in error
    assert not (here / "runs").exists()


def test_a_class_that_the_model_does_not_know_is_one_line(trained, here, capsys):
    with pytest.raises(SystemExit) as end:
        run("generate", "--out", trained, "--locale", "z")
    assert end.value.code == 2 and "error: --locale: expected one of x, y, got z" in capsys.readouterr().err
    (here / "new.csv").write_text("name,class\nanna,z\n")
    with pytest.raises(SystemExit):
        run("evaluate", "--data", "new.csv")
    assert "label 'z' is unknown to the model" in capsys.readouterr().err
