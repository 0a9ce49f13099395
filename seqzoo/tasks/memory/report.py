"""Runs of the memory experiments: their tables, plots, and the card of a run's folder."""

import dataclasses
import sys
import time

import keras

import seqzoo
from seqzoo.evaluation import tables
from seqzoo.tasks.memory import experiments
from seqzoo.training import run_folder

EXPERIMENTS = {  # task: {name: experiment}
    "agreement": {"agreement": experiments.agreement},
    "adding": {"adding": experiments.adding},
    "copying": {"copying": experiments.copying},
    "gradients": {"gradients": experiments.gradients, "exploding": experiments.exploding},
}
DESCRIPTIONS = {
    "agreement": "Was or were? Accuracy on held out sentences by the number of words between the subject and its verb. The\n"
    "rows `far` are of networks trained on sentences with {far} to {words} of them only. (There a simple network often learns\n"
    "a swing of its state, which is right at the distances of its training, and wrong at others.)",
    "adding": "The sum of two marked numbers of {steps} steps: mean squared error on new sequences.",
    "copying": "Ten letters of eight kinds, to repeat after T blanks: share of right letters, and cross-entropy as a mean of\n"
    "all T + 20 steps, in which steps without a letter count as 0.",
    "gradients": "log10 of the norm of dL<T>/da<t> by T - t, L<T> being the loss of the adding task, T = {steps}.",
    "exploding": "A relu network whose recurrent matrix makes a state 1.05 times as long at each step, on the adding task, by\n"
    "plain gradient descent. Training ends with the first loss that is not a number.",
}


def run(config, folder):
    """Runs the experiments of `config.task`, prints their tables and writes the run's folder."""
    started = time.time()
    with run_folder.replace_folder(folder) as new:
        (new / "pictures").mkdir()
        rows = {}
        for task in EXPERIMENTS if config.task == "all" else [config.task]:
            for name, experiment in EXPERIMENTS[task].items():
                rows[name] = experiment(config, new / "pictures" / f"{name}.png")
                print(f"{_section(name, config, rows[name])}\n", flush=True)
        command = " ".join(["python -m recipes.long_range", *sys.argv[1:]])
        record = {"command": command, "seconds": round(time.time() - started, 1), "seed": config.seed, **rows}
        run_folder.write_json(new / run_folder.CONFIG_FILE, dataclasses.asdict(config))
        run_folder.write_json(new / "metrics.json", record)
        (new / "README.md").write_text(_card(config, record, rows), encoding="utf-8")
    print(f"saved in {folder}")


def _section(name, config, rows):
    far = experiments.far_distance(config)
    description = DESCRIPTIONS[name].format(steps=config.steps, words=config.words, far=far)
    return f"## {name}\n\n{description}\n\n```\n{tables.table(rows)}\n```"


def _card(config, record, rows):
    precision = f", {config.precision}" * (config.precision != "float32")
    parts = [
        "# long_range",
        f"`{record['command']}`: {record['seconds']:.0f} s, seed {record['seed']}, seqzoo {seqzoo.__version__}, "
        f"keras {keras.__version__} on {keras.backend.backend()}. Adam, learning rate {config.learning_rate:g}, "
        f"{config.batches} batches of 64, {config.units} units{precision}, the same for all cells; agreement has a "
        "quarter of the batches and a third of the rate, copying twice the units, exploding plain SGD and 300 batches at most.",
    ]
    parts += [f"{_section(name, config, table)}\n\n![{name}](pictures/{name}.png)" for name, table in rows.items()]
    return "\n\n".join(parts) + "\n"
