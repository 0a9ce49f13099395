"""Long dependencies: what simple networks, GRUs and LSTMs learn from far away, and what becomes of their gradients on the way.

"The cat which already ate x, y, z, was full": the notes' sentences, two classic tasks of memory, and the gradients themselves.
All data is generated: the figures say what a network can keep in mind, and little about English.
"""

import dataclasses
import math
import sys
import time
from typing import Literal

import keras

import seqzoo
from seqzoo.evaluation import tables
from seqzoo.recipe import main as command_line
from seqzoo.recipe import report
from seqzoo.recipe import search as searching
from seqzoo.tasks.memory import experiments, networks, problems
from seqzoo.training import run_folder
from seqzoo.tuning.space import Range

TASKS = {
    "agreement": {"agreement": experiments.agreement},
    "adding": {"adding": experiments.adding},
    "copying": {"copying": experiments.copying},
    "gradients": {"gradients": experiments.gradients, "exploding": experiments.exploding},
}
SAID = {
    "agreement": "Was or were? Accuracy on held out sentences by how many words stand between the subject and its verb. The\n"
    "rows `far` learnt only from sentences with {far} to {words} of them. (There a simple network often learns a swing of\n"
    "its state, which is right at the distances that it saw, and wrong at others.)",
    "adding": "The sum of two marked numbers of {steps} steps: mean squared error on new sequences.",
    "copying": "Ten letters of eight kinds, to be said after T blanks: share of letters that are right, and cross-entropy as\n"
    "a mean of all T + 20 steps, those with nothing to say counted as 0.",
    "gradients": "log10 of the norm of dL<T>/da<t> by T - t, L<T> being the loss of the adding task, T = {steps}.",
    "exploding": "A relu network whose recurrent matrix makes a state 1.05 times as long at each step, on the adding task, by\n"
    "plain descent. Training ends with the first loss that is not a number.",
}


@dataclasses.dataclass(frozen=True)
class Config:
    task: Literal["all", "agreement", "adding", "copying", "gradients"] = "all"
    """Which of the experiments."""
    cells: tuple[Literal["rnn", "gru", "gru-simplified", "lstm", "lstm-peephole"], ...] = ("rnn", "gru", "lstm")
    """The recurrent units to compare."""
    words: int = 30
    """Agreement: most words between the subject and its verb."""
    steps: int = 200
    """Adding, and gradients through it: steps of a sequence."""
    blanks: tuple[int, ...] = (10, 30, 100)
    """Copying: how long to keep the letters."""
    units: int = 32
    """Size of the state; twice that for copying, with ten letters to keep."""
    long_memory: bool = True
    """Whether gates start with memories of all lengths up to a sequence's, or with biases of 0 and 1."""
    batches: int = 800
    """To train on, of 64 sequences each; for agreement a quarter of that."""
    learning_rate: float = 1e-2
    """Of Adam; for agreement a third of it."""
    clip_norm: float = 1.0
    """Longest gradient; longer ones are shortened."""
    precision: Literal["float32", "mixed_bfloat16", "mixed_float16"] = "float32"
    """Of the matrix products."""
    repeats: int = 1
    """Trainings of each, each with the next seed."""
    seed: int = 0
    quick: bool = False
    """A look in under a minute: shorter sequences, fewer batches."""
    out: str | None = None
    """Folder of figures and pictures; `runs/long_range` if not given."""

    def __post_init__(self):
        for flag, least in {"words": 2, "steps": 2, "units": 1, "batches": 1, "repeats": 1}.items():
            command_line.check(flag, getattr(self, flag), lambda n, least=least: n >= least, f"an integer from {least}")
        command_line.check("blanks", self.blanks, lambda all: all and min(all) >= 1, "one or more positive integers")
        command_line.check("cells", self.cells, lambda cells: len(set(cells)) == len(cells) > 0, "one or more, all different")
        for flag in ("learning_rate", "clip_norm"):
            command_line.check(flag, getattr(self, flag), lambda x: 0 < x < math.inf, "a positive number")
        command_line.check("seed", self.seed, lambda n: 0 <= n <= 2**31 - self.repeats, "an integer from 0 to 2147483647")


@dataclasses.dataclass(frozen=True)
class OneNetwork(Config):
    """Of a search: one task, of copying the longest wait, and one cell."""

    task: Literal["agreement", "adding", "copying"] = "adding"
    """What the network learns."""
    cells: tuple[Literal["rnn", "gru", "gru-simplified", "lstm", "lstm-peephole"], ...] = ("gru",)
    """The recurrent unit."""

    def __post_init__(self):
        super().__post_init__()
        command_line.check("cells", self.cells, lambda cells: len(cells) == 1, "one")


SPACE = {
    "cells": ("rnn", "gru", "lstm"),
    "units": (16, 32, 64),
    "learning_rate": Range(1e-3, 3e-2, log=True),
    "clip_norm": Range(0.1, 10.0, log=True),
    "long_memory": (True, False),
}


def quickened(config):
    """What is looked at where it is to be quick."""
    if not config.quick:
        return config
    less = {"steps": 50, "batches": 300, "words": 20}
    less = {name: min(value, getattr(config, name)) for name, value in less.items()}
    return dataclasses.replace(config, blanks=config.blanks[:1], **less)


# Verbs


def train(config, folder):
    started, config = time.time(), quickened(config)
    with run_folder.replace_folder(folder) as new:
        (new / "pictures").mkdir()
        figures = {}
        for task in TASKS if config.task == "all" else [config.task]:
            for name, experiment in TASKS[task].items():
                figures[name] = experiment(config, new / "pictures" / f"{name}.png")
                print(f"{_shown(name, config, figures[name])}\n", flush=True)
        command = " ".join(["python -m recipes.long_range", *sys.argv[1:]])
        record = {"command": command, "seconds": round(time.time() - started, 1), "seed": config.seed, **figures}
        run_folder.write_json(new / "config.json", dataclasses.asdict(config))
        run_folder.write_json(new / "metrics.json", record)
        (new / "README.md").write_text(_card(config, record, figures), encoding="utf-8")
    print(f"saved in {folder}")


def _shown(name, config, rows):
    said = SAID[name].format(steps=config.steps, words=config.words, far=experiments.far_distance(config))
    return f"## {name}\n\n{said}\n\n```\n{tables.table(rows)}\n```"


def _card(config, record, figures):
    precision = f", {config.precision}" * (config.precision != "float32")
    parts = [
        "# long_range",
        f"Made by `{record['command']}` in {record['seconds']:.0f} s, seed {record['seed']}, with seqzoo {seqzoo.__version__} "
        f"and keras {keras.__version__} on {keras.backend.backend()}. Adam, learning rate {config.learning_rate:g}, "
        f"{config.batches} batches of 64, {config.units} units{precision}, the same for all cells; agreement has a "
        "quarter of the batches and a third of the rate, copying twice the units, exploding plain SGD and 300 batches at most.",
    ]
    parts += [f"{_shown(name, config, rows)}\n\n![{name}](pictures/{name}.png)" for name, rows in figures.items()]
    return "\n\n".join(parts) + "\n"


def train_once(config, problem, **_):
    """The network that learnt the task, and the loss of each batch; in the end that on validation sequences too."""
    model, losses = networks.train_network(config, *config.cells, config.seed)
    history = [{"loss": loss} for loss in losses]
    history[-1]["val_loss"] = problem.validation.loss(model)
    return model, history


def search(asked, folder):
    kind = report.Kind(lambda model, test: test.figures(model), lambda problem: problem.test.baselines(), examples=None)
    how = SPACE, problems.problem, train_once, kind
    searching.find_better(searching.Recipe("long_range", OneNetwork, *how, duration="batches"), quickened(asked), folder)


if __name__ == "__main__":
    verbs, asks = {"train": train, "search": search}, {"search": searching.asked(OneNetwork)}
    command_line.main("long_range", Config, verbs, asks=asks)
