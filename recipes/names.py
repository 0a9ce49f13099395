"""Names: one to many. A class, such as a country, in; the characters of a name out, each given those before it.

By default it learns first names of twelve countries; `--data` takes your own file of names and classes, or a `.txt` file with a
name on each line, which needs no class.
"""

import dataclasses
import random
from typing import Literal

import keras

from seqzoo import presets
from seqzoo.data import targets
from seqzoo.datasets import first_names as datasets_first_names
from seqzoo.models import OneToMany
from seqzoo.recipe import generate as sampling
from seqzoo.recipe import main as command_line
from seqzoo.recipe import report
from seqzoo.recipe import search as searching
from seqzoo.tasks.names import data as names_data
from seqzoo.tasks.names import task as names_task
from seqzoo.training import fit, losses, metrics, run_folder
from seqzoo.tuning.space import Range

AVERAGED = 0.99  # largest share of the old in the running mean of the weights, which is what is evaluated and kept


@dataclasses.dataclass(frozen=True)
class Config(command_line.Settings):
    data: str = datasets_first_names.NAME
    cell: Literal["rnn", "gru", "gru-simplified", "lstm", "lstm-peephole"] = "lstm"
    units: int = 256
    bidirectional: bool = False
    embedding: int = 64
    """Size of a character's vector, and of a class's."""
    dropout: float = 0.4
    epochs: int = 16
    learning_rate: float = 6e-3
    repeats: int = 1
    """Trainings, each with the next seed: prints mean and spread, keeps the one that is best on the validation part."""

    def __post_init__(self):
        super().__post_init__()
        for flag in ("embedding", "repeats"):
            command_line.check(flag, getattr(self, flag), lambda n: n >= 1, "a positive integer")
        command_line.check("bidirectional", self.bidirectional, lambda both: not both, "none: what follows is not yet written")

    def columns(self):
        return {name: getattr(self, name) for name in ("data_dir", "text_column", "label_column", "header")}


SPACE = {
    "cell": ("lstm", "gru", "lstm-peephole"),
    "units": (128, 192, 256),
    "depth": (1, 2),
    "embedding": (32, 64),
    "dropout": Range(0.1, 0.6),
    "recurrent_dropout": (0.0, 0.2),
    "learning_rate": Range(1e-3, 2e-2, log=True),
    "batch_size": (32, 64, 128),
}


# Data


def load(config):
    """A `targets.Dataset`: each input a name, what is actual of it its class."""
    splits = names_data.load(config.data, config.seed, **config.columns())
    train, labels = splits.train, tuple(sorted(set(splits.train.targets) - {""}))
    if config.quick:
        train = train.take(random.Random(config.seed).sample(range(len(train)), min(len(train), 5000)))
    parts = (part_of(examples, labels, config.data) for examples in (train, splits.validation, splits.test))
    return targets.Dataset(labels, *parts)


def part_of(examples, labels, source):
    return targets.of_labels(examples, labels, source) if labels else targets.Split(examples.inputs, examples.targets, [])


# Model


def build(config, problem):
    tokenizer = names_data.tokenizer(problem.train.inputs)
    model = OneToMany(
        vocabulary=tokenizer.size,
        labels=problem.labels,
        embedding=config.embedding,
        cell=config.cell,
        units=config.units,
        depth=config.depth,
        dropout=config.dropout,
        recurrent_dropout=config.recurrent_dropout,
        tokenizer=tokenizer,
        dtype=config.precision,
    )
    share = max(0.0, min(AVERAGED, 1 - 2 * config.batch_size / len(problem.train.inputs)))  # a mean over half an epoch at most
    adam = keras.optimizers.Adam(config.learning_rate, global_clipnorm=config.clip_norm, use_ema=True, ema_momentum=share)
    model.compile(adam, losses.CrossEntropy(logits=True), weighted_metrics=[metrics.nats])
    return model


def train_once(config, problem, **how):
    """A trained model and its history; `how` of `fit`."""
    random.seed(config.seed)  # Keras's own `set_random_seed` imports TensorFlow on every backend
    model = build(config, problem)
    train, validation = (
        names_data.NextCharacters(
            names_data.sequences(model.tokenizer, of.inputs),
            of.y.argmax(axis=1) if problem.labels else None,
            config.batch_size,
            seed=config.seed,
            shuffle=of is problem.train,
        )
        for of in (problem.train, problem.validation)
    )
    epochs = min(config.epochs, 8) if config.quick else config.epochs
    averaged = keras.callbacks.SwapEMAWeights(swap_on_epoch=True)
    return model, fit.fit(model, train, validation, epochs, callbacks=[averaged], **how)


# Verbs


def train(config, folder, **how):
    problem = load(config)
    report.train("names", config, folder, problem, train_once, names_task.KIND, **how)
    print(f"\n{names_task.of_each_class(config.cell, presets.load(folder), problem)}")


def tested(config, folder):
    """The problem that a model was trained on; a file other than the one it learnt from is a test as a whole."""
    learnt = command_line.from_file(Config, folder / "config.json")
    problem = load(dataclasses.replace(learnt, data_dir=config.data_dir))
    if config.data == learnt.data:
        return problem
    examples = names_data.load_test(config.data, **config.columns())
    return dataclasses.replace(problem, test=part_of(examples, problem.labels, config.data))


def evaluate(config, folder):
    model, problem = presets.load(folder), tested(config, folder)
    print(report.evaluate(config.cell, model, problem, names_task.KIND), end="\n\n")
    print(names_task.of_each_class(config.cell, model, problem))


@dataclasses.dataclass(frozen=True)
class Generate(sampling.Tokens):
    """Names of its own, each on a line, with its class where there are classes."""

    locale: str | None = None
    """Their class; all in turn unless given, n of each."""


def generate(asked, folder):
    model = presets.load(folder)
    if type(model) is not OneToMany or model.tokenizer is None:
        raise command_line.UsageError(f"generate: {folder} holds a {type(model).__name__}, expected a model of names")
    known = f"one of {', '.join(model.labels)}" if model.labels else "none: the model knows no classes"
    command_line.check("locale", asked.locale, lambda locale: locale is None or locale in model.labels, known)
    for number, label in enumerate(model.labels or [""]):
        if asked.locale in (None, label):
            for name in names_task.sample_names(model, number, asked.n, asked.sampler(), asked.seed):
                print(f"{name}\t{label}".rstrip())


def inspect(config, folder):
    history = run_folder.read_json(folder / "metrics.json")["history"]
    for path in names_task.pictures(folder, presets.load(folder), tested(config, folder).test, history):
        print(path)


def search(asked, folder):
    searching.find_better(searching.Recipe("names", Config, SPACE, load, train_once, names_task.KIND), asked, folder)


if __name__ == "__main__":
    verbs = {"train": train, "evaluate": evaluate, "generate": generate, "inspect": inspect, "search": search}
    command_line.main("names", Config, verbs, asks={"generate": Generate, "search": searching.asked(Config)})
