"""The experiments end to end, tiny: what they write, print and refuse."""

import json
import math
import types

import numpy as np
import pytest

from recipes import long_range
from seqzoo import command_line, memory_experiments
from seqzoo.layers import GRU, LSTM, SimpleRNN

TINY = ("--units", "3", "--batches", "4", "--steps", "8", "--words", "5", "--blanks", "2", "--out", "run")
PICTURES = {"agreement", "adding", "copying", "gradients", "exploding"}


def run(*arguments):
    command_line.main("long_range", long_range.Config, {"train": long_range.train}, list(map(str, arguments)))


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(memory_experiments, "TESTED", 100)
    monkeypatch.setattr(memory_experiments, "BATCH", 8)
    monkeypatch.setattr(memory_experiments, "ILL_STEPS", 10)


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


def losing(*losses):
    """A model whose batches have these losses."""
    left = iter(losses)
    return types.SimpleNamespace(reset_metrics=lambda: None, train_on_batch=lambda x, y: next(left))


def test_training_ends_with_the_first_loss_that_is_not_a_number():
    assert memory_experiments.losses_of(losing(1.0, 2.0, math.inf, 3.0), [(0, 0)] * 4) == [1.0, 2.0, math.inf]
    with pytest.raises(FloatingPointError, match="the loss of batch 2 is nan: expected a lower --learning-rate"):
        memory_experiments.learn(losing(1.0, math.nan, 3.0), [(0, 0)] * 3)


@pytest.mark.parametrize(("layer", "opened"), [(GRU(50), {"u": -1}), (LSTM(50), {"u": -1, "f": 1}), (SimpleRNN(50), {})])
def test_gates_remember_for_all_lengths(layer, opened, steps=400):
    layer.build((None, None, 2))
    memory_experiments.remember(layer, steps, seed=0)
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
        (["evaluate"], "evaluate: expected a verb (train) or a flag"),
    ],
)
def test_what_cannot_be_is_one_line_and_nothing_is_written(tmp_path, capsys, flags, message):
    with pytest.raises(SystemExit) as end:
        run(*flags)
    said = capsys.readouterr().err
    assert end.value.code == 2 and said.startswith("error: ") and message in said and said.count("\n") == 1
    assert not list(tmp_path.iterdir())
