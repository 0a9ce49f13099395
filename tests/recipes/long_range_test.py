"""The experiments end to end, tiny: what they write, print and refuse."""

import csv
import json
import math
import types

import keras
import numpy as np
import pytest
from extent import without

from recipes import long_range
from seqzoo.inspection import line_plots
from seqzoo.layers import GRU, LSTM, Recurrent, SimpleRNN
from seqzoo.recipe import main, search_report, search_space
from seqzoo.tasks.memory import experiments, networks, problems
from seqzoo.tuning import coordination

TINY = ("--units", "3", "--batches", "4", "--steps", "8", "--words", "5", "--blanks", "2", "--out", "run")
PICTURES = {"agreement", "adding", "copying", "gradients", "exploding"}


def run(*arguments):
    main(long_range.RECIPE, list(map(str, arguments)))


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(problems, "TESTED", 100)
    monkeypatch.setattr(networks, "BATCH", 8)
    monkeypatch.setattr(experiments, "UNSTABLE_STEPS", 10)
    for name in (coordination.ID, coordination.IP, coordination.PORT):
        monkeypatch.delenv(name, raising=False)


def figures(folder):
    def refuse(name):
        raise AssertionError(f"{name} is no JSON")

    return json.loads((folder / "metrics.json").read_text(), parse_constant=refuse)


def test_all_experiments_leave_figures_beside_baselines_and_pictures(tmp_path, capsys):
    run("--cells", "rnn", "lstm", *TINY)
    found, card = figures(tmp_path / "run"), (tmp_path / "run" / "README.md").read_text()
    assert set(found) == {"command", "seconds", "seed"} | PICTURES
    assert {path.stem for path in (tmp_path / "run" / "pictures").iterdir()} == PICTURES
    baselines = {"agreement": "number of the nearest noun", "adding": "always 1", "copying": "no memory"}
    said = capsys.readouterr().out
    for name in PICTURES:
        assert name in said and f"pictures/{name}.png" in card
    for name, baseline in baselines.items():
        assert set(found[name]) >= {"rnn", "lstm", baseline} and len({tuple(row) for row in found[name].values()}) == 1
        assert baseline in card


def test_one_experiment_its_repeats_and_its_config_again(tmp_path):
    run("--task", "adding", "--cells", "gru", "--repeats", "2", *TINY)
    first = figures(tmp_path / "run")
    assert set(first) == {"command", "seconds", "seed", "adding"}
    assert set(first["adding"]) == {"gru, seed 0", "gru, seed 1", "always 1"}
    run("--config", "run/config.json", "--out", "again")
    for name, row in figures(tmp_path / "again")["adding"].items():
        assert row == pytest.approx(first["adding"][name], rel=1e-3)


def test_the_config_of_a_quick_run_says_what_was_run(tmp_path):
    run(
        "--quick", "--task", "copying", "--cells", "gru", "--units", "3", "--batches", "4", "--blanks", "2", "3", "--out", "run"
    )
    run("--config", "run/config.json", "--no-quick", "--out", "again")
    first, again = (figures(tmp_path / name)["copying"] for name in ("run", "again"))
    assert set(first) == {"gru", "no memory"} and all(again[row] == pytest.approx(first[row], rel=1e-3) for row in first)


def losing(*losses, optimizer=None):
    """A model whose batches have these losses, and whose weights never change."""
    left = iter(losses)
    return types.SimpleNamespace(reset_metrics=lambda: None, train_on_batch=lambda x, y: next(left), optimizer=optimizer)


def test_training_ends_with_the_first_loss_that_is_not_a_number():
    assert networks.train_while_finite(losing(1.0, 2.0, math.inf, 3.0), [(0, 0)] * 4) == [1.0, 2.0, math.inf]
    with pytest.raises(FloatingPointError, match="the loss of batch 2 is nan: expected a lower --learning-rate"):
        networks.train(losing(1.0, math.nan, 3.0), [(0, 0)] * 3)


def test_updates_that_a_loss_scale_skips_are_noted(capsys):
    scaled = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD())
    assert networks.train_while_finite(losing(1.0, 2.0, optimizer=scaled), [(0, 0)] * 2) == [1.0, 2.0]
    assert capsys.readouterr().err == "note: 2 of 2 updates skipped, gradients beyond float16\n"
    networks.train_while_finite(losing(1.0, optimizer=keras.optimizers.SGD()), [(0, 0)])
    assert capsys.readouterr().err == ""


def test_the_precision_is_that_of_every_network(tmp_path, monkeypatch):
    compile_, made = networks.compile_, []
    monkeypatch.setattr(networks, "compile_", lambda model, *options: made.append(model) or compile_(model, *options))
    monkeypatch.setattr(line_plots, "lines", lambda *_, **options: None)
    run("--precision", "mixed_float16", "--cells", "gru", *TINY, "--batches", "1")
    assert len(made) == 6 and set(figures(tmp_path / "run")) >= PICTURES  # agreement and exploding have two
    for model in made:
        (layer,) = (layer for layer in model.layers if isinstance(layer, Recurrent))
        assert layer.compute_dtype == "float16" and model.outputs[0].dtype == "float32"
        assert isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
        assert {variable.dtype for variable in model.trainable_variables} == {"float32"}
    assert "mixed_float16" in (tmp_path / "run" / "README.md").read_text()


@pytest.mark.parametrize(("layer", "opened"), [(GRU(50), {"u": -1}), (LSTM(50), {"u": -1, "f": 1}), (SimpleRNN(50), {})])
def test_gates_remember_for_all_lengths(layer, opened, steps=400):
    layer.build((None, None, 2))
    networks.init_gate_timescales(layer, steps, seed=0)
    notes = layer.as_notes()
    for gate in layer.cell.unit.gates:
        memory = np.exp(opened.get(gate, 0) * notes[f"b_{gate}"].astype(float))
        if gate in opened:
            assert 1 <= memory.min() < steps / 8 and steps * 7 / 8 < memory.max() < steps
        else:
            np.testing.assert_array_equal(notes[f"b_{gate}"], 0)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--steps", "0"], "--steps: expected an integer from 2, got 0"),
        (["--words", "1"], "--words: expected an integer from 2, got 1"),
        (["--blanks", "5", "0"], "--blanks: expected one or more positive integers, got (5, 0)"),
        (["--cells", "gru", "gru"], "--cells: expected one or more, all different, got ('gru', 'gru')"),
        (["--cells", "foo"], "foo"),
        (["--task", "foo"], "foo"),
        (["--learning-rate", "0"], "--learning-rate: expected a positive number, got 0.0"),
        (["--seed", "-1"], "--seed: expected an integer from 0 to"),
        (["--data", "x.csv"], "--data"),
        (["--precision", "float8"], "float8"),
        (["evaluate"], "evaluate: expected a verb (train, search) or a flag"),
        (["search", "--task", "all"], "--task"),
        (["search", "--task", "gradients"], "--task"),
        (["search", "--cells", "gru", "lstm"], "--cells: expected one, got ('gru', 'lstm')"),
        (["search", "--task", "agreement", "--words", "2"], "--words: expected an integer from 3"),
    ],
)
def test_what_cannot_be_is_one_line_and_nothing_is_written(tmp_path, capsys, flags, message):
    with pytest.raises(SystemExit) as end:
        run(*flags)
    said = capsys.readouterr().err
    assert end.value.code == 2 and said.startswith("error: ") and message in said and said.count("\n") == 1
    assert not list(tmp_path.iterdir())


# The search


def trials(folder):
    with (folder / "search" / "trials.csv").open() as file:
        return list(csv.DictReader(file))


def read(path):
    return json.loads(path.read_text())


@pytest.mark.parametrize("task", without(["adding", "copying"], ["agreement", "adding", "copying"]))
def test_a_search_ends_with_a_config_that_train_takes_and_the_figures_of_train(tmp_path, capsys, monkeypatch, task):
    """With trainings."""
    monkeypatch.setattr(search_report, "COMPARED_SEEDS", 1)
    (tmp_path / "space.json").write_text('{"cells": ["rnn", "lstm"], "long_memory": [false]}')
    run("search", "--task", task, *TINY, "--space", "space.json", "--max-trials", "1", "--precision", "mixed_bfloat16")
    compared, folder = capsys.readouterr().out, tmp_path / "run" / "search"
    chosen = read(folder / "best.json")
    assert chosen["cells"] in (["rnn"], ["lstm"]) and chosen["long_memory"] is False and chosen["task"] == task
    (row,) = trials(tmp_path / "run")
    assert [row["cells"]] == chosen["cells"] and row["batches"] == ("1" if task == "agreement" else "4")
    run("--config", folder / "best.json")
    rows = figures(tmp_path / "run")[task]
    of_best = ", ".join(f"{name} {x:.3f}" for name, x in rows[chosen["cells"][0]].items())
    assert f"best, seed 0: {of_best}\n" in compared
    for baseline in set(rows) - {*chosen["cells"], f"{chosen['cells'][0]}, far"}:
        assert baseline in compared
    assert read(tmp_path / "run" / "config.json") == chosen and folder.exists()


@pytest.fixture
def dictated(change):
    """The configs of all trainings, of which none is run."""
    configs = []

    def train_model(config, dataset, **options):
        configs.append(config)
        return None, [{"loss": 1.0}, {"loss": 1.0, "val_loss": config.learning_rate}]

    change(long_range, train_model=train_model)
    return configs


def test_a_search_goes_on_and_repeats_no_trial(tmp_path, dictated):
    run("search", *TINY, "--max-trials", "2", "--no-compare")
    run("search", "--resume", "--out", "run", "--max-trials", "5", "--no-compare")
    assert len(trials(tmp_path / "run")) == len(dictated) == len(set(dictated)) == 5
    assert {config.units for config in dictated} == {3} and all(len(config.cells) == 1 for config in dictated)
    assert read(tmp_path / "run" / "search" / "best.json")["learning_rate"] == min(config.learning_rate for config in dictated)


def test_hyperband_gives_tenths_of_the_batches_and_the_best_has_all(tmp_path, dictated, capsys):
    run("search", "--batches", "200", "--tuner", "hyperband", "--no-compare", "--out", "run")
    assert {config.batches for config in dictated} == {40, 80, 200}
    assert read(tmp_path / "run" / "search" / "best.json")["batches"] == 200
    assert "after 2 batches" in capsys.readouterr().out


def test_a_quick_search_is_of_what_is_quick(tmp_path, dictated):
    run("search", "--quick", "--max-trials", "1", "--no-compare", "--out", "run")
    assert (dictated[0].steps, dictated[0].batches) == (50, 300)
    assert read(tmp_path / "run" / "search" / "best.json")["steps"] == 50


def test_the_space_is_of_settings_that_can_be():
    space, config = long_range.SEARCH_SPACE, long_range.NetworkConfig()
    assert search_space.checked(space, config, "SPACE", "hyperband", "batches") == space


@pytest.mark.parametrize("task", ["agreement", "adding", "copying"])
def test_what_a_search_chooses_by_is_not_what_it_is_tested_on(task):
    dataset = problems.draw(long_range.NetworkConfig(task=task, words=5, steps=8, blanks=(2, 3)))
    if task == "agreement":
        examples = [{sentence.before for sentence in split.sentences} for split in dataset]
    else:
        examples = [{x.tobytes() for x in split.x} for split in dataset]
    assert all(examples) and examples[0].isdisjoint(examples[1])
    if task == "copying":
        assert dataset.test.blanks == dataset.validation.blanks == 3
