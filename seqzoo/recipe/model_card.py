"""The folder of a complete run: model, config, metrics, curves, and its model card."""

import dataclasses
import shutil

import keras

import seqzoo
from seqzoo import presets
from seqzoo.evaluation import tables
from seqzoo.inspection import plots
from seqzoo.training import run_folder

NOT_LOGS = shutil.ignore_patterns("checkpoint.*", "lock", "*.json", "*.part")


def save_run(recipe, config, folder, model, record, rows, data):
    """Writes a run's folder, all of it or nothing.

    Args:
        config: the recipe's, a dataclass.
        record: `metrics.json`, with the `history` of `training.fit` in it.
        rows: `{model or baseline: {metric: number}}`.
        data: the `TrainingData`.
    """
    shipped, task = folder.resolve().parent == presets.SHIPPED, recipe.task_of(config)
    name = folder.name if shipped else str(folder)
    with run_folder.replace_folder(folder) as new:
        presets.save(model, new)
        run_folder.write_json(new / run_folder.CONFIG_FILE, dataclasses.asdict(config))
        run_folder.write_json(new / "metrics.json", record)
        data.save(new)
        (new / "README.md").write_text(format_card(recipe, config, name, record, rows), encoding="utf-8")
        plots.curves(record["history"], new / "curves.png", recipe.name)
        task.samples(model, new, config.seed)
        if not shipped:
            shutil.copytree(folder / run_folder.UNFINISHED, new / "logs", ignore=NOT_LOGS)


def format_card(recipe, config, name, record, rows):
    """The model card, as Markdown: use, metrics, training, data, limitations.

    Args:
        name: by which `seqzoo.load` finds the model.
        record, rows: of `save_run`.
    """
    task, data = recipe.task_of(config), record["data"]
    source, limitations = (_of_data(texts, config.data, recipe) for texts in (recipe.data_source, recipe.limitations))
    imports = "\n".join(filter(None, ["import seqzoo", task.imports]))
    smoke_run = " (a smoke run on part of the data, not comparable with others)" * config.quick
    sizes = f"{data['train']:,} training, {data['validation']:,} validation and {data['test']:,} test examples"
    training = f"`{record['command']}`: seed {record['seed']}, {record['seconds']:.0f} s, {record['parameters']:,} parameters"
    versions = f"seqzoo {seqzoo.__version__}, keras {keras.__version__} on {keras.backend.backend()}"
    parts = [
        f"# {name}",
        f'```python\n{imports}\n\nmodel = seqzoo.load("{name}")\n{task.usage}\n```',
        f"## Metrics\n\nOn the test split, beside baselines of the same run{smoke_run}:\n\n```\n{tables.table(rows)}\n```",
        f"## Training\n\n{training}, {versions}. `curves.png` shows the losses of all epochs.",
        " ".join([f"## Data\n\n`{data['name']}`: {sizes}.", *filter(None, (source, config.vectors_source))]),
    ]
    if limitations:
        parts.append(f"## Limitations\n\n{limitations}")
    return "\n\n".join(parts) + "\n"


def _of_data(texts, name, recipe):
    """The text on a data set: of `{name: text}`, or the text itself, which is on the default data."""
    return (texts if isinstance(texts, dict) else {recipe.config().data: texts}).get(name, "")
