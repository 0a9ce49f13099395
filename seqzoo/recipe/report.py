"""What a recipe says of a model: figures beside baselines, the folder with its card; pictures of a many-to-one model."""

import dataclasses
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
from sklearn.metrics import confusion_matrix

import seqzoo
from seqzoo import presets
from seqzoo.evaluation import linear_baselines
from seqzoo.evaluation import metrics as evaluation_metrics
from seqzoo.evaluation.tables import mean_and_spread, table
from seqzoo.inspection import plots
from seqzoo.training import distribution, fit, launcher, run_folder


class Kind(NamedTuple):
    """What is said of a kind of model.

    Figures `(model, part)`; `{baseline: figures}` `(problem)`; some `(input, answer, actual)` `(model, part, seed)`, of which a
    text that was sampled has the second only, and what they are; and how a model is asked.
    """

    of_model: Callable
    of_baselines: Callable
    examples: Callable
    heading: str = "of the test part, the answer (and what is actual):"
    asked: str = "`.answers(inputs)` asks it"


def train(name, config, folder, problem, train_once, kind=None, **how):
    """Trains, evaluates on the test part, prints, and writes the run's folder.

    Args:
        name: of the recipe.
        config: the recipe's, with a `seed`, and `repeats`, the number of trainings, each with the next seed; the model that is
            best on the validation part is kept.
        problem: a `data.targets.Dataset`.
        train_once: `(config, problem, **how) -> model, history`.
        kind: what is said of the model; of one answer for each input unless given.
        how: of `fit`. A seed's checkpoints and logs are kept in the folder until all is written.
    """
    kind = kind or ONE_ANSWER
    started = time.time()
    sizes = {part: len(getattr(problem, part).inputs) for part in ("train", "validation", "test")}
    print(f"{config.data}: " + ", ".join(f"{size:,} {part}" for part, size in sizes.items()))
    seeds = range(config.seed, config.seed + config.repeats)
    kept = {seed: folder / run_folder.UNFINISHED / f"seed-{seed}" for seed in seeds}
    launcher.launch_if_planned(kept.values())
    trained = {seed: train_once(dataclasses.replace(config, seed=seed), problem, folder=kept[seed], **how) for seed in seeds}
    distribution.end_worker()
    of_seeds = {f"{config.cell}, seed {seed}": kind.of_model(model, problem.test) for seed, (model, _) in trained.items()}
    baseline = kind.of_baselines(problem)
    rows = of_seeds | mean_and_spread(of_seeds) | baseline
    best = max(seeds, key=lambda seed: max(map(fit.quality, trained[seed][1])))
    model, history = trained[best]
    record = {
        "test": of_seeds[f"{config.cell}, seed {best}"],
        "baseline": baseline,
        "parameters": model.count_params(),
        "seconds": round(time.time() - started, 1),
        "seed": best,
        "command": " ".join([f"python -m recipes.{name}", *sys.argv[1:]]),
        "data": {"name": config.data, **sizes},
        "history": history,
    }
    print(f"\n{table(rows)}\n\n{kind.heading}")
    for text, answer, actual in kind.examples(model, problem.test, config.seed):
        print(f"  {answer} ({actual})  {text}" if actual else f"  {answer}")
    _save(folder, name, config, model, record, rows, kind.asked)
    print(f"\nsaved in {folder}")


def evaluate(name, model, problem, kind=None):
    """The table of a trained model on the test part."""
    kind = kind or ONE_ANSWER
    return table({name: kind.of_model(model, problem.test)} | kind.of_baselines(problem))


def _of_model(model, part):
    answers = model.answers(part.inputs)
    return _figures(model.labels, part.targets, [answer.label if model.labels else answer.score for answer in answers])


def _of_baselines(problem):
    guess = linear_baselines.classification_baselines if problem.labels else linear_baselines.regression_baselines
    learnt = ((part.inputs, part.targets) for part in (problem.train, problem.validation))
    guesses = guess(*learnt, problem.test.inputs)
    return {name: _figures(problem.labels, problem.test.targets, guessed) for name, guessed in guesses.items()}


def _figures(labels, actual, predicted):
    return (
        evaluation_metrics.classification_metrics(actual, predicted)
        if labels
        else evaluation_metrics.regression_metrics(actual, predicted)
    )


def _examples(model, part, seed, count=5):
    """(input, answer, actual) of some of a part's inputs."""
    chosen = np.random.default_rng(seed).permutation(len(part.inputs))[:count]
    answers = model.answers([part.inputs[i] for i in chosen])
    return [(_shown(part.inputs[i]), answer.label, _shown(part.targets[i])) for i, answer in zip(chosen, answers, strict=True)]


ONE_ANSWER = Kind(_of_model, _of_baselines, _examples)


def _shown(value):
    if isinstance(value, np.ndarray):
        return f"{', '.join(f'{x:.3g}' for x in value.flat[:6])}, ... ({len(value)} steps)"
    return f"{value:.3f}" if isinstance(value, float) else " ".join(str(value).split())


def _save(folder, title, config, model, record, rows, asked):
    """Writes a run's folder, all of it or nothing.

    Args:
        config: the recipe's, a dataclass.
        record: `metrics.json`, with the `history` of `training.fit` in it.
        rows: of `table`.
        asked: of a `Kind`.
    """
    with run_folder.replace_folder(folder) as new:
        presets.save(model, new)
        run_folder.write_json(new / "config.json", dataclasses.asdict(config))
        run_folder.write_json(new / "metrics.json", record)
        name = folder.name if folder.resolve().parent == presets.SHIPPED else folder
        (new / "README.md").write_text(_card(title, name, record, rows, asked), encoding="utf-8")
        plots.curves(record["history"], new / "curves.png", title)
        if folder.resolve().parent != presets.SHIPPED:
            kept = folder / run_folder.UNFINISHED
            shutil.copytree(kept, new / "logs", ignore=shutil.ignore_patterns("checkpoint.*", "lock", "*.json", "*.part"))


def _card(title, name, record, rows, asked):
    """A model's README.md; `presets.load(name)` finds it."""
    data = record["data"]
    parts = [
        f"# {title}",
        f"Made by `{record['command']}` in {record['seconds']:.0f} s, seed {record['seed']}, with seqzoo {seqzoo.__version__} "
        f"and keras {keras.__version__} on {keras.backend.backend()}. {record['parameters']:,} parameters.",
        f"Data: `{data['name']}`, {data['train']:,} examples to train on, {data['validation']:,} to validate, "
        f"{data['test']:,} to test. The figures are those of the test part, the baselines' from the same run:",
        f"```\n{table(rows)}\n```",
        f'`seqzoo.presets.load("{name}")` returns the model; {asked}. The losses of all epochs are in `curves.png`.',
    ]
    return "\n\n".join(parts) + "\n"


def folder_of_pictures(folder):
    """An empty folder for a run's pictures: in it, or for a model that ships under `runs`."""
    pictures = Path("runs", f"inspect-{folder.name}") if folder.parent == presets.SHIPPED else folder / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)
    for old in pictures.glob("*.png"):
        old.unlink()
    return pictures


def pictures(folder, model, part, history):
    """Curves; then a confusion matrix and the accuracy in each domain, or for numbers a scatter plot. Returns the paths.

    They lie in the run's folder, under `pictures`; those of a model that ships in `runs/inspect-NAME`.
    """
    title, folder = folder.name, folder_of_pictures(folder)
    answers = model.answers(part.inputs)
    plots.curves(history, folder / "curves.png", title)
    title = f"{title}: {len(answers):,} of the test part"
    if model.labels:
        _pictures_of_labels(model.labels, part, np.array([answer.label for answer in answers]), folder, title)
    else:
        scores = [answer.score for answer in answers]
        plots.scatter(part.targets, scores, folder / "scatter.png", "actual", "predicted", title)
    return sorted(folder.glob("*.png"))


def _pictures_of_labels(labels, part, predicted, folder, title):
    actual = np.array(part.targets)
    plots.confusion(confusion_matrix(actual, predicted, labels=list(labels)), labels, folder / "confusion.png", title)
    if part.domains:
        names = sorted(set(part.domains))
        inside = [np.array(part.domains) == name for name in names]
        right = [float((actual == predicted)[rows].mean()) for rows in inside]
        most = [max(float((actual[rows] == label).mean()) for label in labels) for rows in inside]
        plots.bars(names, {"model": right, "most frequent label": most}, folder / "domains.png", "accuracy", title)
