"""Forecasts beside NeuralForecast's LSTM: `python -m benchmarks.forecast_peer --peer PYTHON`.

PYTHON is the interpreter of an environment with `neuralforecast==3.3.0`. Both models have the same rows to learn from, the same
window, calendar, horizon, quantiles and forecasts of the test split; the peer's data go to its process in a file. Seconds are
those of training and forecasts, without imports.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer", help="interpreter of an environment with neuralforecast")
    parser.add_argument("--data", default="bike_sharing")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=1000, help="updates of the peer; its default is 1,000")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        return forecast_as_peer(Path(arguments.worker))
    compare(arguments)


def compare(arguments):
    """Prints the table of both models and of the baselines."""
    from recipes import forecast
    from seqzoo.evaluation import tables
    from seqzoo.tasks.forecasting import baselines
    from seqzoo.tasks.forecasting.metrics import forecast_metrics
    from seqzoo.tasks.forecasting.task import scales_of

    config = forecast.Config(data=arguments.data, seed=arguments.seed, quick=arguments.quick)
    dataset, task = forecast.RECIPE.dataset(config), forecast.RECIPE.task_of(config)
    started = time.time()
    model, history = forecast.RECIPE.train(config, dataset, verbose=False)
    rows = {"seqzoo": task.metrics(model, dataset.test) | {"seconds": time.time() - started}}
    print(f"seqzoo: {model.count_params():,} parameters, {len(history)} epochs", flush=True)
    if arguments.peer:
        started = time.time()
        values, scales = baselines.values_of(dataset.test), scales_of(dataset.test)
        quantiles, seconds, parameters = run_peer(arguments, dataset, model, len(values))
        rows["neuralforecast"] = forecast_metrics(values, quantiles, model.levels, scales) | {"seconds": seconds}
        print(f"neuralforecast: {parameters:,} parameters, {arguments.steps:,} updates", flush=True)
    rows |= {name: metrics | {"seconds": 0.0} for name, metrics in task.baselines(dataset).items()}
    print(tables.table(rows))


def run_peer(arguments, dataset, model, origins):
    """The peer's quantiles of the test split, `(origins, horizon, levels)`, its seconds, and its number of parameters."""
    (series,), horizon = dataset.test.series, model.horizon
    end = dataset.test.begins[0] + origins * horizon
    known = model.known_of(series)[:end]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "data.npz")
        facts = {"horizon": horizon, "window": model.window, "levels": model.levels, "test": origins * horizon}
        facts |= {"validation": dataset.test.begins[0] - dataset.validation.begins[0], "seed": arguments.seed}
        facts |= {"steps": arguments.steps, "units": model.get_config()["units"]}
        times = series.times(0, end).astype("M8[s]").astype(int)
        np.savez(file, target=series.target[:end], known=known, times=times, facts=json.dumps(facts))
        subprocess.run([arguments.peer, __file__, "--worker", str(file)], check=True, stdout=sys.stderr)
        with np.load(file.with_suffix(".found.npz")) as found:
            return found["quantiles"], float(found["seconds"]), int(found["parameters"])


def forecast_as_peer(file):
    """Trains NeuralForecast's LSTM and forecasts the test rows; in the peer's environment."""
    import pandas
    from neuralforecast import NeuralForecast
    from neuralforecast.losses.pytorch import MQLoss
    from neuralforecast.models import LSTM

    with np.load(file) as data:
        target, known, times, facts = data["target"], data["known"], data["times"], json.loads(str(data["facts"]))
    names = [f"known {i}" for i in range(known.shape[1])]
    frame = pandas.DataFrame(known, columns=names)
    frame["ds"], frame["unique_id"] = pandas.to_datetime(times, unit="s"), "series"
    frame["y"], frame["available_mask"] = np.nan_to_num(target), (~np.isnan(target)).astype(float)
    model = LSTM(
        h=facts["horizon"],
        input_size=facts["window"],
        futr_exog_list=names,
        encoder_hidden_size=facts["units"],
        encoder_n_layers=1,
        decoder_hidden_size=facts["units"],
        loss=MQLoss(quantiles=list(facts["levels"])),
        scaler_type="standard",
        max_steps=facts["steps"],
        early_stop_patience_steps=5,
        val_check_steps=100,
        windows_batch_size=128,
        random_seed=facts["seed"] + 1,
        accelerator="cpu",
        enable_progress_bar=False,
        logger=False,
    )
    forecasts = NeuralForecast(models=[model], freq="h")
    started = time.time()
    options = {"val_size": facts["validation"], "test_size": facts["test"], "step_size": facts["horizon"], "n_windows": None}
    found = forecasts.cross_validation(df=frame, **options)
    seconds = time.time() - started
    columns = [name for name in found.columns if name.startswith("LSTM")]
    quantiles = np.sort(found[columns].to_numpy().reshape(-1, facts["horizon"], len(columns)), axis=-1)
    parameters = sum(p.numel() for p in model.parameters())
    np.savez(file.with_suffix(".found.npz"), quantiles=quantiles, seconds=seconds, parameters=parameters)


if __name__ == "__main__":
    main()
