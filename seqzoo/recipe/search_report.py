"""Reports of a search: a line for each trial, a table and a plot of all trials, the best config on the test split."""

import dataclasses
import math

from seqzoo.evaluation import tables
from seqzoo.inspection import parallel_coordinates
from seqzoo.recipe.search_space import with_values
from seqzoo.training import run_folder
from seqzoo.tuning import search as tuning_search
from seqzoo.tuning.space import Range

BEST = "best.json"
FILES = (BEST, tuning_search.TRIALS_TABLE, "search.png", "README.md")
TABLE_TRIALS = 10
COMPARED_SEEDS = 3


def report_progress(search, max_trials, trials):
    """Prints a line for the last trial that ended, and writes the best config.

    Args:
        search: a `recipe.search.Search`.
        max_trials: the most trials, or None.
    """
    best, (number, values, quality, epochs, seconds) = max(trials, key=lambda trial: trial.quality), trials[-1]
    best_text = ""
    if best.quality > -math.inf:
        run_folder.write_json(search.folder / BEST, dataclasses.asdict(_config_of(search, best)))
        best_text = f"; best {best.quality:.4f}, trial {best.number}"
    count = f"{len(trials)}/{max_trials}" if max_trials else f"{len(trials)}"
    settings = " ".join(f"{name}={value}" for name, value in values.items())
    duration = search.recipe.duration
    result = "failed" if quality == -math.inf else f"quality {quality:.4f} after {epochs} {duration}"
    print(f"{count}  trial {number}: {settings}: {result}, {seconds:.0f} s{best_text}", flush=True)


def _config_of(search, trial):
    return with_values(search.config, trial.values)


def write_report(search, trials, compare):
    """Prints, and writes as a README.md, the best trials; with `compare` also metrics of the best config on the test split.

    Args:
        search: a `recipe.search.Search`.
        trials: all that ended, the best first.
    """
    best, name = _config_of(search, trials[0]), search.recipe.name
    run_folder.write_json(search.folder / BEST, dataclasses.asdict(best))
    logarithmic = {field: values.log for field, values in search.space.items() if isinstance(values, Range)}
    drawn = [(trial.values, trial.quality) for trial in trials if trial.quality > -math.inf]
    title = f"{name}: {len(trials)} trials, {search.tuner}"
    parallel_coordinates.draw(drawn, search.folder / "search.png", title, logarithmic)
    parts = [
        f"The best of {len(trials)} trials, by the validation split, on which the search chose:",
        f"```\n{trial_table(trials[:TABLE_TRIALS], search.recipe.duration)}\n```",
        f"All are in `trials.csv`, a plot of them in `search.png`, the best in `{BEST}`: "
        f"`python -m recipes.{name} --config {search.folder / BEST}` trains it.",
    ]
    print("\n" + "\n\n".join(parts).replace("```\n", "").replace("\n```", "").replace("`", ""), flush=True)
    if compare:
        parts += [f"The test split, which no trial has seen, each config trained with {COMPARED_SEEDS} seeds:"]
        print(f"\n{parts[-1]}\n", flush=True)
        table = tables.table(_test_metrics(search, best))
        print(f"\n{table}", flush=True)
        parts += [f"```\n{table}\n```"]
    text = "\n\n".join([f"# Hyperparameter search: {name}, {search.tuner}", *parts, "![search](search.png)"])
    (search.folder / "README.md").write_text(f"{text}\n", encoding="utf-8")


def trial_table(trials, duration="epochs"):
    """Trials as aligned lines."""
    header = ["trial", "quality", duration, "seconds", *trials[0].values]
    rows = []
    for number, values, quality, epochs, seconds in trials:
        quality = "failed" if quality == -math.inf else f"{quality:.4f}"
        rows.append([str(number), quality, str(epochs), f"{seconds:.0f}", *map(str, values.values())])
    return tables.aligned(header, rows)


def _test_metrics(search, best):
    """Metrics of the best config, of the config without a search, and of the baselines."""
    rows, recipe = {}, search.recipe
    for name, config in {"default": search.config, "best": best}.items():
        metrics_by_seed, dataset, task = {}, search.dataset(config), recipe.task_of(config)
        for seed in range(config.seed, config.seed + COMPARED_SEEDS):
            model, _ = recipe.train(dataclasses.replace(config, seed=seed), dataset, verbose=False)
            metrics = metrics_by_seed[f"{name}, seed {seed}"] = task.metrics(model, dataset.test)
            print(f"{name}, seed {seed}: " + ", ".join(f"{metric} {x:.3f}" for metric, x in metrics.items()), flush=True)
        spread = tables.mean_and_spread(metrics_by_seed)
        rows |= metrics_by_seed | {f"{name}, {row}": metrics for row, metrics in spread.items()}
    return rows | recipe.task_of(search.config).baselines(search.dataset(search.config))
