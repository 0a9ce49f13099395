"""DNA: many to one. A sequence of bases in, what it is out. With `--intervals` many to many: a label for each base.

By default the sequences are windows of 60 bases of primate genes, and the answer is which splice junction lies in the middle:
EI, IE or none. `--data` takes your own FASTA files, or a table of sequences and labels. `--intervals` says in BED, GFF3 or GTF
where in the sequences of a FASTA file what lies, which the model then learns to find.
"""

import dataclasses
import functools
import random
from typing import Annotated, Literal

import keras
import tyro

from seqzoo import presets
from seqzoo.data import targets
from seqzoo.data.batches import Batches
from seqzoo.models import ManyToMany, ManyToOne
from seqzoo.recipe import main as command_line
from seqzoo.recipe import report
from seqzoo.recipe import search as searching
from seqzoo.tasks.dna import base_task, cross_validation, fasta, sequence_task, sequences
from seqzoo.tasks.dna import intervals as dna_intervals
from seqzoo.training import fit, losses, metrics, run_folder
from seqzoo.tuning.space import Range

AVERAGED = 0.98  # largest share of the old in the running mean of the weights, which is what is evaluated and kept


@dataclasses.dataclass(frozen=True)
class Config(command_line.Settings):
    data: str = "splice_junctions"
    labels: str | None = None
    """Of your own FASTA file: a file with NAME TAB LABEL on each line."""
    negative: str | None = None
    """Or a second FASTA file: those of `--data` are then positive, these negative."""
    intervals: str | None = None
    """Or a BED, GFF3 or GTF file: each base then has the label of the interval that it lies in, or "none"."""
    features: str | None = None
    """Labels of the intervals to learn, between commas, and no others; where they overlap, the first one counts."""
    crf: bool = False
    """Whether the labels of all bases of a sequence are chosen together, or each for itself."""
    cell: Literal["rnn", "gru", "gru-simplified", "lstm", "lstm-peephole"] = "lstm"
    middle: bool = True
    """Whether the middle of a sequence is marked: of windows around a site, where the site is."""
    max_length: int = 1000
    """Bases of a sequence to read; with `--intervals` to read at a time."""
    pooling: Literal["last", "mean", "max", "both"] = "both"
    """What is made of the states: the last one, their mean, their maximum, or mean and maximum."""
    dropout: float = 0.2
    learning_rate: float = 1e-2
    epochs: int = 40
    patience: int = 8
    """Epochs without a lower validation loss before it stops."""
    repeats: int = 1
    """Trainings, each with the next seed: prints mean and spread, keeps the one that is best on the validation part."""
    folds: int = 0
    """If given, so many trainings, each tested on another part of all sequences: prints the accuracies, saves no model."""

    def __post_init__(self):
        super().__post_init__()
        for flag, least in (("max_length", 1), ("patience", 1), ("repeats", 1)):
            command_line.check(flag, getattr(self, flag), lambda n, least=least: n >= least, f"an integer from {least}")
        command_line.check("folds", self.folds, lambda n: n == 0 or n >= 2, "an integer from 2")
        for flag in ("labels", "negative", "folds") if self.intervals else ("features", "crf"):
            expected = f"nothing {'beside' if self.intervals else 'without'} --intervals"
            command_line.check(flag, getattr(self, flag), lambda value: not value, expected)

    def source(self):
        return self.data, self.labels, self.negative, self.data_dir, self.text_column, self.label_column, self.header

    def of_bases(self):
        return self.data, self.intervals, self.features


SPACE = {
    "cell": ("lstm", "gru", "gru-simplified"),
    "units": (32, 64, 128),
    "depth": (1, 2),
    "bidirectional": (True, False),
    "pooling": ("both", "mean", "max"),
    "dropout": Range(0.0, 0.5),
    "recurrent_dropout": (0.0, 0.2),
    "learning_rate": Range(2e-3, 3e-2, log=True),
    "batch_size": (32, 64, 128),
}


# Data


def load(config):
    """A `targets.Dataset` of arrays `(T_x, 4)`, `(T_x, 5)` with the mark."""
    if config.intervals:
        return dna_intervals.load(*config.of_bases(), config.max_length, config.seed, most=500 if config.quick else None)
    splits = sequences.load(*config.source(), config.seed)
    return as_problem(config, splits.train, splits.validation, splits.test)


def as_problem(config, train, validation, test):
    labels = tuple(sorted(set(train.targets)))
    if config.quick:
        train = train.take(random.Random(config.seed).sample(range(len(train)), min(len(train), 1000)))
    return targets.Dataset(labels, *(part(config, examples, labels) for examples in (train, validation, test)))


def part(config, examples, labels):
    vectors = [sequences.vectors(sequence, config.middle) for sequence in examples.inputs]
    return targets.of_labels(dataclasses.replace(examples, inputs=vectors), labels, config.data)


# Model


def build(config, problem):
    kind, of_kind = (ManyToMany, {"crf": config.crf}) if config.intervals else (ManyToOne, {"pooling": config.pooling})
    model = kind(
        features=problem.train.inputs[0].shape[-1],
        labels=problem.labels,
        max_length=config.max_length,
        cell=config.cell,
        units=config.units,
        depth=config.depth,
        bidirectional=config.bidirectional,
        dropout=config.dropout,
        recurrent_dropout=config.recurrent_dropout,
        dtype=config.precision,
        **of_kind,
    )
    steps = config.epochs * len(problem.train.inputs) / config.batch_size
    share = max(0.0, min(AVERAGED, 1 - 20 / steps))  # a mean over a twentieth of the training at most
    adam = keras.optimizers.Adam(config.learning_rate, global_clipnorm=config.clip_norm, use_ema=True, ema_momentum=share)
    model.compile(adam, losses.CrossEntropy(), weighted_metrics=None if config.crf else [metrics.accuracy])
    return model


def train_once(config, problem, **how):
    """A trained model and its history; `how` of `fit`."""
    random.seed(config.seed)  # Keras's own `set_random_seed` imports TensorFlow on every backend
    config = dataclasses.replace(config, epochs=min(config.epochs, 10 if config.quick else config.epochs))
    if config.intervals:  # few windows, each with many answers: at least 30 batches, or batches of 8
        config = dataclasses.replace(config, batch_size=min(config.batch_size, max(8, len(problem.train.inputs) // 30)))
    model, train, validation = build(config, problem), problem.train, problem.validation
    options = {"batch_size": config.batch_size, "per_step": bool(config.intervals)}
    batches = Batches(model.sequences(train.inputs), train.y, seed=config.seed, **options)
    held_out = Batches(model.sequences(validation.inputs), validation.y, shuffle=False, **options)
    averaged = [keras.callbacks.SwapEMAWeights(swap_on_epoch=True)]
    return model, fit.fit(model, batches, held_out, config.epochs, config.patience, averaged, **how)


# Verbs


def told(config):
    """The module that tells of the model."""
    return base_task if config.intervals else sequence_task


def train(config, folder, **how):
    if not config.folds:
        return report.train("dna", config, folder, load(config), train_once, told(config).KIND, **how)
    splits = sequences.load(*config.source(), config.seed)
    problems = (as_problem(config, *parts) for parts in cross_validation.folds(splits, config.folds, config.seed))
    cross_validation.cross_validate(config.cell, problems, functools.partial(train_once, config))


def tested(config, folder):
    """The problem that a model was trained on; a file other than the one it learnt from is a test as a whole."""
    learnt = command_line.from_file(Config, folder / "config.json")
    expected = "as the model was trained, which answers for " + ("each base" if learnt.intervals else "whole sequences")
    command_line.check("intervals", config.intervals, lambda file: bool(file) == bool(learnt.intervals), expected)
    found = load(dataclasses.replace(learnt, data_dir=config.data_dir))
    if config.source()[:3] + config.of_bases() == learnt.source()[:3] + learnt.of_bases():
        return found
    if config.intervals:
        return dataclasses.replace(found, test=dna_intervals.load_test(*config.of_bases(), found.labels))
    test = sequences.load_test(*without_old_labels(config, learnt).source())
    return dataclasses.replace(found, test=part(dataclasses.replace(config, middle=learnt.middle), test, found.labels))


def without_old_labels(config, learnt):
    """The labels that a model learnt from are inherited as a flag, but belong to no table and to no file with others."""
    given = {flag: getattr(config, flag) for flag in ("labels", "negative")}
    old = {flag: None for flag, file in given.items() if file == getattr(learnt, flag)}
    replaced = len(old) < len(given) or not config.data.lower().endswith(fasta.SUFFIXES)
    return dataclasses.replace(config, **old) if replaced else config


def evaluate(config, folder):
    print(report.evaluate(config.cell, presets.load(folder), tested(config, folder), told(config).KIND))


@dataclasses.dataclass(frozen=True)
class Predict(command_line.Predict):
    """Label, or intervals, TAB probability TAB name of each input. FASTA is read too."""

    form: Annotated[Literal["text", "bed"], tyro.conf.arg(name="as")] = "text"
    """Of a model that labels each base: a line for each sequence, or BED, a line for each interval."""


def predict(lines, folder, form="text"):
    inputs, learnt = sequences.typed(lines), command_line.from_file(Config, folder / "config.json")
    if learnt.intervals:
        return base_task.lines(presets.load(folder), inputs, form)
    command_line.check("as", form, lambda form: form == "text", "text of a model that answers for whole sequences")
    return sequence_task.lines(presets.load(folder), inputs, learnt.middle)


def inspect(config, folder):
    history = run_folder.read_json(folder / "metrics.json")["history"]
    for path in told(config).pictures(folder, presets.load(folder), tested(config, folder).test, history):
        print(path)


def search(asked, folder):
    command_line.check("folds", asked.folds, lambda folds: folds == 0, "none in a search")
    recipe = searching.Recipe("dna", Config, SPACE, load, train_once, told(asked).KIND)
    searching.find_better(recipe, asked, folder)


if __name__ == "__main__":
    verbs = {"train": train, "evaluate": evaluate, "predict": predict, "inspect": inspect, "search": search}
    command_line.main("dna", Config, verbs, predict_class=Predict, asks={"search": searching.asked(Config)})
