"""The benchmarks run, on sizes of no interest: models of every framework, turns, tables and pictures."""

import csv
import sys
from pathlib import Path

import numpy as np
import pytest
from keras import backend

from benchmarks import (
    batch_sizes,
    compare_encoder_decoder,
    compare_keras,
    first,
    gpu,
    gpu_cases,
    layers,
    matmul_floor,
    one_to_one,
    plots,
    precision,
    scaling,
    side_by_side,
)
from benchmarks.cases import UNITS, Case
from seqzoo.data.examples import Examples
from seqzoo.data.targets import Dataset, of_labels

TINY = (2, 4, 3, 5)


@pytest.mark.parametrize("unit", ["full GRU", "LSTM peephole", "bidirectional GRU", "stacked LSTM"])
def test_our_model_and_keras_layers_learn_from_the_same_batch(unit):
    for runs in compare_keras.contestants(Case(unit, TINY, masked=True), ["seqzoo", "keras.layers"]).values():
        assert runs["forward"]().shape == (2, 4, 1)
        assert np.isfinite(runs["training step"]())


@pytest.mark.parametrize("case", compare_encoder_decoder.CASES)
def test_encoder_decoders_have_the_same_weights_and_learn(case, monkeypatch):
    for name, size in {"BATCH": 2, "STEPS": 4, "VOCABULARY": 9, "EMBEDDING": 3, "UNITS": 5}.items():
        monkeypatch.setattr(compare_encoder_decoder, name, size)
    options = compare_encoder_decoder.CASES[case]
    counts = {
        maker(**options).count_params() for maker in (compare_encoder_decoder.of_seqzoo, compare_encoder_decoder.of_keras)
    }
    assert len(counts) == 1
    for runs in compare_encoder_decoder.contestants(case).values():
        assert np.isfinite(runs["training step"]())


@pytest.mark.parametrize("masked", [False, True])
def test_so_do_torch_modules(masked):
    pytest.importorskip("torch")
    from benchmarks import compare_torch

    for unit in compare_torch.LAYERS:
        runs = compare_torch.contestants(Case(unit, TINY, masked))["torch.nn"]
        assert runs["forward"]().shape == (2, 4, 1)
        assert np.isfinite(runs["training step"]())


@pytest.mark.parametrize("unit", UNITS)
def test_the_floor_has_a_time_for_every_unit(unit):
    for run in matmul_floor.contestants(Case(unit, TINY))["matmuls"].values():
        run()


def test_functions_in_processes_of_their_own_take_turns():
    frameworks = [side_by_side.Framework("benchmarks.matmul_floor", name) for name in ("one", "two")]
    times = side_by_side.in_turns(frameworks, Case("LSTM", TINY), "forward", least=3, most=3)
    for framework in frameworks:
        framework.close()
    assert {who: len(of_one) for who, of_one in times.items()} == {("one", "matmuls"): 3, ("two", "matmuls"): 3}


def test_an_error_of_the_other_process_is_told():
    framework = side_by_side.Framework("benchmarks.matmul_floor")
    with pytest.raises(RuntimeError, match="KeyError: 'no unit'"):
        framework.ask("build", Case("no unit", TINY), None)
    framework.close()


def test_rows_carry_the_ratio_to_ours_and_are_drawn(tmp_path, capsys):
    times = {("jax", "seqzoo"): [1.0, 2.0, 3.0], ("jax", "keras.layers"): [4.0, 5.0, 6.0], ("torch", "torch.nn"): [1.0]}
    rows = layers._rows(Case("LSTM", TINY), "training step", times)
    assert [row["ratio"] for row in rows] == [1.0, 2.5, 0.5]
    layers.summary(rows)
    assert "keras.layers (jax)" in capsys.readouterr().out
    layers._write(rows, tmp_path / "layers.csv")
    assert len(list(csv.DictReader((tmp_path / "layers.csv").open()))) == 3
    plots.ratios(rows, tmp_path / "layers.png", "a machine")
    grown = [dict(zip(layers.GROWTH, ("LSTM", a, v, "jax", "seqzoo", v, None), strict=True)) for a in "Tb" for v in (1, 2)]
    plots.growth(grown, tmp_path / "growth.png", "a machine")
    assert all((tmp_path / name).stat().st_size > 1000 for name in ("layers.png", "growth.png"))


def test_a_size_that_is_none_is_refused_in_a_line(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["layers", "--sizes", "1,2,3"])
    with pytest.raises(SystemExit):
        layers.arguments()
    assert "a size is BATCH,T,INPUTS,UNITS, got 1,2,3" in capsys.readouterr().err


def test_the_machine_is_named():
    assert f"keras {layers.version('keras')}" in layers.machine([backend.backend()])


def test_first_steps_of_both_contestants_have_a_ratio(monkeypatch, tmp_path):
    monkeypatch.setattr(
        sys, "argv", ["first", "--quick", "--only", "six", "thirty", "rows", "--units", "GRU", "--out", str(tmp_path)]
    )
    first.main()
    rows = list(csv.DictReader((tmp_path / "first.csv").open()))
    assert [row["part"] for row in rows] == ["six"] * 5 + ["thirty"] + ["rows"] * 5
    assert all(float(row["ratio"]) > 0 for row in rows)


def test_a_contestant_that_fails_is_told_and_has_no_number(monkeypatch, capsys):
    def run(name, who, unit):
        if who == "seqzoo":
            raise RuntimeError("no gate")
        return {"fit": 2.0}

    (row,) = first.measured("thirty", "GRU", 1, run)
    assert row["keras.layers"] == 2.0 and np.isnan(row["seqzoo"])
    assert "failed: no gate" in capsys.readouterr().out


def test_precisions_are_compared_with_the_first_of_their_recipe():
    values = {("a", "float32"): (1.0, 2.0, 3.0), ("a", "mixed_bfloat16"): (4.0, 4.0, 1.0), ("b", "float32"): (5.0,)}
    rows = [
        {"recipe": recipe, "precision": name, "figure": "f1", "value": value, "seconds": 2.0 * value}
        for (recipe, name), found in values.items()
        for value in found
    ]
    _, *lines = map(str.split, precision.summary(rows))
    assert lines == [
        ["a", "float32", "f1", "2.0000", "1.0000", "+0.00", "sd", "4.0"],
        ["a", "mixed_bfloat16", "f1", "3.0000", "1.7321", "+1.00", "sd", "6.0"],
        ["b", "float32", "f1", "5.0000", "nan", "+nan", "sd", "10.0"],
    ]


def test_accelerators_gain_less_and_less_and_one_exchanges_nothing():
    training = scaling.Training()
    assert training.exchange(1) == 0 and training.steps_of(1) == training.steps
    gained = [training.hours(n) * n for n in (1, 8, 64, 1024)]
    assert gained == sorted(gained)
    assert training.lost(64) == pytest.approx(
        min(2 / every + (every / 2 + 300) / (3600 * 50_000 / 64) for every in np.linspace(100, 10_000, 9901)), rel=1e-6
    )


def test_the_critical_batch_is_found():
    sizes = [16, 64, 256, 1024]
    assert batch_sizes.critical(sizes, [50 * (1 + 300 / size) for size in sizes]) == pytest.approx(300)
    assert batch_sizes.epochs_until([3.0, 2.0, 1.0], 1.5) == 2.5 and batch_sizes.epochs_until([3.0], 1.5) == np.inf


def test_the_dry_run_for_a_gpu_writes_all_of_its_results(monkeypatch, tmp_path):
    pytest.importorskip("jax")
    monkeypatch.setattr(sys, "argv", ["gpu", "--dry-run", "--out", str(tmp_path)])
    gpu.main()
    rows = list(csv.DictReader((tmp_path / "gpu-layers.csv").open()))
    assert {row["name"] for row in rows} >= {"seqzoo", "seqzoo, loop", "keras.layers"}
    assert all(float(row["ms"]) > 0 for row in rows)
    assert [row["precision"] for row in csv.DictReader((tmp_path / "gpu-precision.csv").open())] == [
        "float32",
        "mixed_bfloat16",
    ]
    assert "keras" in (tmp_path / "gpu-machine.txt").read_text() and "passed" in (tmp_path / "gpu-laws.txt").read_text()
    assert (tmp_path / "gpu-layers.png").stat().st_size > 1000


def test_a_dry_run_leaves_the_results_of_a_gpu_alone(monkeypatch):
    for flags, folder in ([], "benchmarks/results"), (["--dry-run"], "runs/gpu-dry-run"), (["--dry-run", "--out", "a"], "a"):
        monkeypatch.setattr(sys, "argv", ["gpu", *flags])
        assert gpu.arguments().out == Path(folder)


def test_without_a_gpu_nothing_is_measured_nor_written(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "argv", ["gpu", "--out", str(tmp_path / "results")])
    monkeypatch.setattr(gpu, "card", lambda: None)
    with pytest.raises(SystemExit, match="no NVIDIA GPU; --dry-run"):
        gpu.main()
    assert not (tmp_path / "results").exists()


def test_a_gpu_case_takes_at_least_its_products_or_its_traffic():
    case = gpu_cases.Case("LSTM", batch=2, steps=3, units=4)
    products = 2 * 2 * 3 * 16 * (4 + 4)
    assert gpu_cases.floor(case, gpu_cases.FORWARD, 1e3, 1e12) == pytest.approx(products)
    assert gpu_cases.floor(case, gpu_cases.TRAINING, 1e3, 1e12) == pytest.approx(3 * products)
    assert gpu_cases.floor(case, gpu_cases.TRAINING, 1e12, 1e3) > gpu_cases.floor(case, gpu_cases.FORWARD, 1e12, 1e3)
    assert len({case for case, _ in gpu_cases.cases()}) == len(gpu_cases.cases())


@pytest.mark.parametrize("given", ["sentiment", "sentiment=", "none=a.csv"])
def test_data_of_no_recipe_are_refused_in_a_line(given, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["gpu", "--data", given])
    with pytest.raises(SystemExit):
        gpu.arguments()
    assert f"got {given}" in capsys.readouterr().err


def test_recurrence_and_a_dense_network_have_one_table(monkeypatch, capsys):
    x = np.random.default_rng(0).normal(size=(40, 4, 2)).astype("float32")
    split = of_labels(Examples(list(x), ["no", "yes"] * 20), ("no", "yes"), "made")
    monkeypatch.setattr(one_to_one, "DATASETS", {"made": lambda: Dataset(("no", "yes"), split, split, split)})
    one_to_one.main(one_to_one.Config(epochs=1, batch_size=20))
    said = capsys.readouterr().out
    assert all(name in said for name in (*one_to_one.MODELS, "majority", "logistic regression", "test split"))
    gru, dense = (make(Dataset(("no", "yes"), split, split, split), 0.0) for make in one_to_one.MODELS.values())
    assert abs(gru.count_params() / dense.count_params() - 1) < 0.02
