"""Cross-validation: a training for each fold, tested on the fold's own test split."""

import time

from seqzoo.evaluation import tables


def cross_validate(recipe, config):
    """Trains on each fold and prints the task's `fold_metrics` beside the baselines', then mean and spread.

    Returns `{metric: rows of its table}`.
    """
    folds, started, task = {}, time.time(), recipe.task_of(config)
    for number, fold in enumerate(recipe.load_folds(config), start=1):
        dataset = recipe.quick_dataset(config, fold)
        model, _ = recipe.train(config, dataset)
        folds[f"fold {number}"] = metrics = {config.cell: task.metrics(model, dataset.test)} | task.baselines(dataset)
        accuracies = ", ".join(f"{name} {values['accuracy']:.3f}" for name, values in metrics.items())
        print(f"fold {number}, {accuracies}", flush=True)
    tables_of = {}
    for metric in task.fold_metrics:
        rows = {fold: {name: values[metric] for name, values in of_fold.items()} for fold, of_fold in folds.items()}
        tables_of[metric] = rows
        print(f"\n{metric.replace('_', ' ')}:\n{tables.table(rows | tables.mean_and_spread(rows))}")
    print(f"\n{time.time() - started:.0f} s")
    return tables_of
