"""Sentiment: many to one. A sentence in, how its author feels out.

By default the sentences are English ones that people rated from -4 to 4; `--data` takes any texts, or sequences of numbers.
"""

import dataclasses
import random
from typing import Literal

import keras

from seqzoo import presets
from seqzoo.data import targets, user_files
from seqzoo.data.batches import Batches, class_weights
from seqzoo.data.tokenizer import Tokenizer
from seqzoo.datasets import labeled
from seqzoo.models import ManyToOne
from seqzoo.recipe import main as command_line
from seqzoo.recipe import report
from seqzoo.recipe import search as searching
from seqzoo.tasks.classification import ratings
from seqzoo.training import fit, losses, metrics, run_folder
from seqzoo.tuning.space import Range

LABELS = ("negative", "neutral", "positive")
NEUTRAL = 0.5  # the largest size of a neutral rating
SHARPNESS = {2: 2.0, 3: 8.0}  # of the soft targets, see `targets.of_ratings`, by the number of labels
AVERAGED = 0.99  # largest share of the old in the running mean of the weights, which is what is evaluated and kept


@dataclasses.dataclass(frozen=True)
class Config(command_line.Settings):
    data: str = "rated_sentences"
    task: Literal["classes", "binary", "rating"] = "classes"
    """All labels, two labels, or the number itself."""
    tokens: Literal["word", "subword", "char"] = "subword"
    """What a step reads; a subword is a frequent word or a frequent part of a rare one."""
    vocabulary: int = 10_000
    """How many tokens to know."""
    max_length: int = 400
    """Steps of a sequence to read."""
    embedding: int = 64
    """Size of a token's vector; 0 for one-hot vectors, as in the notes."""
    pooling: Literal["last", "mean", "max", "both"] = "both"
    """What is made of the states: the last one, their mean, their maximum, or mean and maximum."""
    dropout: float = 0.5
    learning_rate: float = 2e-3
    class_weights: bool = False
    """Whether rare labels weigh more."""
    repeats: int = 1
    """Trainings, each with the next seed: prints mean and spread, keeps the one that is best on the validation part."""

    def __post_init__(self):
        super().__post_init__()
        for flag, least in (("vocabulary", 5), ("max_length", 1), ("embedding", 0), ("repeats", 1)):
            command_line.check(flag, getattr(self, flag), lambda n, least=least: n >= least, f"an integer from {least}")


SPACE = {
    "cell": ("gru", "lstm", "gru-simplified"),
    "units": (32, 64, 96),
    "depth": (1, 2),
    "bidirectional": (True, False),
    "dropout": Range(0.2, 0.7),
    "recurrent_dropout": (0.0, 0.2),
    "learning_rate": Range(5e-4, 1e-2, log=True),
    "batch_size": (32, 64, 128),
}


# Data


def load(config):
    """A `targets.Dataset`."""
    splits = labeled.load(*config.source(), config.seed, numbers=config.task == "rating")
    labels, train = labels_of(config, splits.train), splits.train
    if config.quick:
        train = train.take(random.Random(config.seed).sample(range(len(train)), min(len(train), 3000)))
    validation, test = (part(config, examples, labels) for examples in (splits.validation, splits.test))
    return targets.Dataset(labels, part(config, train, labels, train=True), validation, test)


def labels_of(config, train):
    if config.task == "rating":
        return ()
    if isinstance(train.targets[0], float):
        return LABELS if config.task == "classes" else (LABELS[0], LABELS[2])
    labels = tuple(sorted(set(train.targets)))
    command_line.check("task", config.task, lambda task: task == "classes" or len(labels) == 2, "two labels in the data")
    return labels


def part(config, examples, labels, train=False):
    if config.task == "rating":
        return targets.of_numbers(examples, config.data)
    if isinstance(examples.targets[0], str):
        return targets.of_labels(examples, labels, config.data)
    if len(labels) == 2 and not train:  # what is nearly neutral teaches, and does not test
        examples = examples.take([i for i, rating in enumerate(examples.targets) if abs(rating) > NEUTRAL])
    return ratings.of_ratings(examples, labels, NEUTRAL, SHARPNESS[len(labels)])


# Model


def build(config, problem):
    inputs = problem.train.inputs
    if isinstance(inputs[0], str):
        tokenizer = Tokenizer.train(inputs, level=config.tokens, size=config.vocabulary)
        shape = {"vocabulary": tokenizer.size, "embedding": config.embedding or None, "tokenizer": tokenizer}
    else:
        shape = {"features": inputs[0].shape[-1]}
    model = ManyToOne(
        **shape,
        labels=problem.labels,
        answer="one" if problem.labels else "number",
        max_length=config.max_length,
        cell=config.cell,
        units=config.units,
        depth=config.depth,
        bidirectional=config.bidirectional,
        pooling=config.pooling,
        dropout=config.dropout,
        recurrent_dropout=config.recurrent_dropout,
        dtype=config.precision,
    )
    share = max(0.0, min(AVERAGED, 1 - 2 * config.batch_size / len(inputs)))  # a mean over half an epoch at most
    adam = keras.optimizers.Adam(config.learning_rate, global_clipnorm=config.clip_norm, use_ema=True, ema_momentum=share)
    if problem.labels:
        model.compile(adam, losses.CrossEntropy(), weighted_metrics=[metrics.accuracy])
    else:
        model.compile(adam, "mse", weighted_metrics=["mae"])
    return model


def train_once(config, problem, **how):
    """A trained model and its history; `how` of `fit`."""
    random.seed(config.seed)  # Keras's own `set_random_seed` imports TensorFlow on every backend
    model, train, validation = build(config, problem), problem.train, problem.validation
    weight_of = class_weights(train.targets) if config.class_weights and problem.labels else {}
    weights = [weight_of.get(actual, 1.0) for actual in train.targets]
    batches = Batches(model.sequences(train.inputs), train.y, config.batch_size, config.seed, sample_weights=weights)
    held_out = Batches(model.sequences(validation.inputs), validation.y, config.batch_size, shuffle=False)
    epochs = min(config.epochs, 4) if config.quick else config.epochs
    averaged = keras.callbacks.SwapEMAWeights(swap_on_epoch=True)
    return model, fit.fit(model, batches, held_out, epochs, callbacks=[averaged], **how)


# Verbs


def train(config, folder, **how):
    report.train("sentiment", config, folder, load(config), train_once, **how)


def tested(config, folder):
    """The problem that a model was trained on; a file other than the one it learnt from is a test as a whole."""
    learnt = command_line.from_file(Config, folder / "config.json")
    problem = load(dataclasses.replace(learnt, data_dir=config.data_dir))
    if config.data == learnt.data:
        return problem
    examples = labeled.load_test(*config.source(), like=problem.train.inputs[0])
    return dataclasses.replace(problem, test=part(config, examples, problem.labels))


def evaluate(config, folder):
    print(report.evaluate(config.cell, presets.load(folder), tested(config, folder)))


def predict(lines, folder):
    model = presets.load(folder)
    inputs = lines if model.tokenizer else [user_files.sequence(line) for line in lines]
    for line, answer in zip(lines, model.answers(inputs), strict=True):
        yield f"{answer.label}\t{answer.score:.3f}\t{' '.join(line.split())}"


def inspect(config, folder):
    history = run_folder.read_json(folder / "metrics.json")["history"]
    test = tested(config, folder).test
    for path in report.pictures(folder, presets.load(folder), test, history):
        print(path)


def search(asked, folder):
    searching.find_better(searching.Recipe("sentiment", Config, SPACE, load, train_once), asked, folder)


if __name__ == "__main__":
    verbs = {"train": train, "evaluate": evaluate, "predict": predict, "inspect": inspect, "search": search}
    command_line.main("sentiment", Config, verbs, asks={"search": searching.asked(Config)})
