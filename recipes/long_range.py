"""Long dependencies: how simple networks, GRUs and LSTMs learn from distant steps, and how their gradients vanish or explode.

"The cat which already ate x, y, z, was full": the notes' sentences, two classic memory tasks, and the gradients themselves. All
data are generated: the metrics measure the memory of a network, and say little about English.
"""

import dataclasses
import math
from typing import Literal

from seqzoo import recipe
from seqzoo.tasks.memory import networks, problems, report
from seqzoo.tasks.memory.task import MemoryTask
from seqzoo.tuning.space import Range


@dataclasses.dataclass(frozen=True)
class Config:
    task: Literal["all", "agreement", "adding", "copying", "gradients"] = "all"
    """Experiments to run."""
    cells: tuple[recipe.Cell, ...] = ("rnn", "gru", "lstm")
    """Recurrent units to compare."""
    words: int = 30
    """Agreement: most words between the subject and its verb."""
    steps: int = 200
    """Adding and gradients: steps of a sequence."""
    blanks: tuple[int, ...] = (10, 30, 100)
    """Copying: blanks between the letters and their copy."""
    units: int = 32
    """Size of the state; twice that for copying, with ten letters to keep."""
    long_memory: bool = True
    """Whether gate biases start with time scales up to the length of a sequence, or with 0 and 1."""
    batches: int = 800
    """Training batches, of 64 sequences each; agreement has a quarter of them."""
    learning_rate: float = 1e-2
    """Learning rate of Adam; agreement has a third of it."""
    clip_norm: float = 1.0
    """Clip the global gradient norm to this value."""
    precision: Literal["float32", "mixed_bfloat16", "mixed_float16"] = "float32"
    """Dtype policy of Keras: mixed policies compute matrix products in 16 bits, for GPUs."""
    repeats: int = 1
    """Trainings of each network, each with the next seed."""
    seed: int = 0
    """Random seed for weights, data and batch order."""
    quick: bool = False
    """Smoke run in about a minute: shorter sequences, fewer batches; its metrics are not comparable."""
    out: str | None = None
    """Folder of tables and plots; `runs/long_range` if not given."""

    def __post_init__(self):
        recipe.check_at_least(self, words=2, steps=2, units=1, batches=1, repeats=1)
        recipe.check_at_most(self, words=1_000, steps=100_000, units=16_384)
        recipe.check("blanks", self.blanks, lambda all: all and min(all) >= 1, "one or more positive integers")
        recipe.check("blanks", self.blanks, lambda all: max(all) <= 10_000, "at most 10,000 each")
        recipe.check("cells", self.cells, lambda cells: len(set(cells)) == len(cells) > 0, "one or more, all different")
        for flag in ("learning_rate", "clip_norm"):
            recipe.check(flag, getattr(self, flag), lambda x: 0 < x < math.inf, "a positive number")
        recipe.check("seed", self.seed, lambda n: 0 <= n <= 2**31 - self.repeats, "an integer from 0 to 2147483647")


@dataclasses.dataclass(frozen=True)
class NetworkConfig(Config):
    """The config of a search: one task, of copying the most blanks, and one cell."""

    task: Literal["agreement", "adding", "copying"] = "adding"
    """Task that the network learns."""
    cells: tuple[recipe.Cell, ...] = ("gru",)
    """Recurrent unit."""

    def __post_init__(self):
        super().__post_init__()
        recipe.check("cells", self.cells, lambda cells: len(cells) == 1, "one")


SEARCH_SPACE = {
    "cells": ("rnn", "gru", "lstm"),
    "units": (16, 32, 64),
    "learning_rate": Range(1e-3, 3e-2, log=True),
    "clip_norm": Range(0.1, 10.0, log=True),
    "long_memory": (True, False),
}


def apply_quick(config):
    """The config; with --quick of shorter sequences and fewer batches."""
    if not config.quick:
        return config
    less = {"steps": 50, "batches": 300, "words": 20}
    less = {name: min(value, getattr(config, name)) for name, value in less.items()}
    return dataclasses.replace(config, blanks=config.blanks[:1], **less)


def train_model(config, dataset, **_):
    """The trained network of a task, and the loss of each batch; at the end also the validation loss."""
    model, losses = networks.train_network(config, *config.cells, config.seed)
    history = [{"loss": loss} for loss in losses]
    history[-1]["val_loss"] = dataset.validation.loss(model)
    return model, history


def run_experiments(config, folder):
    report.run(apply_quick(config), folder)


RECIPE = recipe.Recipe(
    "long_range",
    NetworkConfig,
    problems.draw,
    train_model,
    MemoryTask(),
    search_space=SEARCH_SPACE,
    commands={"train": recipe.Command(Config, run_experiments, "run the experiments, save tables and plots", new_run=True)},
    verbs=("search",),
    apply_quick=apply_quick,
    duration="batches",
)

if __name__ == "__main__":
    recipe.main(RECIPE)
