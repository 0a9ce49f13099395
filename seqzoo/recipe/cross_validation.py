"""Cross-validation: a training for each fold, tested on the fold's own test split."""

import time

from seqzoo.evaluation import tables


def cross_validate(recipe, config):
    """Trains on each fold and prints its accuracy beside the baselines', then mean and spread. Returns the table's rows."""
    rows, started, task = {}, time.time(), recipe.task_of(config)
    for number, fold in enumerate(recipe.load_folds(config), start=1):
        dataset = recipe.quick_dataset(config, fold)
        model, _ = recipe.train(config, dataset)
        metrics = {config.cell: task.metrics(model, dataset.test)} | task.baselines(dataset)
        rows[f"fold {number}"] = {name: values["accuracy"] for name, values in metrics.items()}
        accuracies = ", ".join(f"{name} {accuracy:.3f}" for name, accuracy in rows[f"fold {number}"].items())
        print(f"fold {number}, {accuracies}", flush=True)
    print(f"\naccuracy:\n{tables.table(rows | tables.mean_and_spread(rows))}\n\n{time.time() - started:.0f} s")
    return rows
