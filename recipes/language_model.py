"""Language model: how probable is a line, what comes next, and new lines.

By default the lines are the verses of the King James Bible; `--data` takes any text file, or a folder of a file for each part.
"""

import dataclasses
import random
from typing import Literal

import keras

from seqzoo import presets
from seqzoo.data.batches import Batches
from seqzoo.data.tokenizer import PAD, SPECIAL, Tokenizer
from seqzoo.data.windows import StreamWindows
from seqzoo.models import Cloze, LanguageModel
from seqzoo.recipe import main as command_line
from seqzoo.recipe import report
from seqzoo.recipe import search as searching
from seqzoo.tasks.language_modeling import corpus, task, texts
from seqzoo.tasks.language_modeling.commands import Fill, Generate, Score, fill, generate, predict, score
from seqzoo.training import fit, losses, metrics, run_folder
from seqzoo.training.truncated_bptt import TruncatedBPTT
from seqzoo.tuning.space import Range


@dataclasses.dataclass(frozen=True)
class Config(command_line.Settings):
    data: str = "kjv"
    level: Literal["word", "char", "spaces"] = "word"
    """What a token is; "spaces": what stands between spaces, of a text that is cut already."""
    vocabulary: int = 10_000
    """How many tokens to know."""
    punctuation: bool = True
    """Whether marks are tokens, or left out."""
    lowercase: bool = True
    """Whether capitals are read as small letters."""
    stream: bool = False
    """Whether lines follow from each other: the state goes on from one to the next."""
    window: int = 35
    """Tokens of a stream to learn from at a time; the state is carried on, the gradient is not."""
    max_length: int = 80
    """Tokens of a line to learn from, where lines begin anew."""
    bidirectional: bool = False
    """A model that fills gaps, and can neither write nor score."""
    embedding: int = 80
    """Size of a token's vector."""
    cell: Literal["rnn", "gru", "gru-simplified", "lstm", "lstm-peephole"] = "lstm"
    units: int = 224
    tied: bool = True
    """Whether the output layer is the transposed embedding."""
    dropout: float = 0.1
    optimizer: Literal["adam", "sgd"] = "adam"
    """SGD wants a rate of about 1."""
    learning_rate: float = 1.5e-2
    """At the start; it ends at zero, along a cosine."""
    clip_norm: float = 5.0
    batch_size: int = 32
    epochs: int = 2
    repeats: int = 1
    """Trainings, each with the next seed: prints mean and spread, keeps the one that is best on the validation part."""

    def __post_init__(self):
        super().__post_init__()
        for flag in ("vocabulary", "window", "max_length", "embedding", "repeats"):
            command_line.check(flag, getattr(self, flag), lambda n: n >= 1, "a positive integer")
        command_line.check("punctuation", self.punctuation, lambda p: p or self.level != "spaces", "it with --level spaces")
        command_line.check(
            "stream", self.stream, lambda stream: not (stream and self.bidirectional), "no --bidirectional with it"
        )

    @property
    def model_name(self):
        return "cloze" if self.bidirectional else "language_model"


SPACE = {
    "cell": ("lstm", "gru", "lstm-peephole"),
    "units": (160, 224, 288),
    "depth": (1, 2),
    "embedding": (64, 80, 128),
    "dropout": Range(0.0, 0.4),
    "recurrent_dropout": (0.0, 0.2),
    "learning_rate": Range(3e-3, 3e-2, log=True),
    "batch_size": (16, 32, 64),
}


# Data


def load(config, tokenizer=None, test=None):
    """A `corpus.Corpus`, with the tokenizer and the lines of the test part that are given, or else its own."""
    lines = texts.load(config.data, config.data_dir, config.seed)
    if config.quick:
        lines = lines._replace(train=lines.train[:4000], validation=lines.validation[:500], test=lines.test[:500])
    lines = lines._replace(test=test or lines.test)
    how = config.level, config.vocabulary + len(SPECIAL), config.lowercase, config.punctuation
    tokenizer = tokenizer or Tokenizer.train(lines.train, *how)
    return corpus.of(lines, tokenizer, config.level, config.stream, not config.bidirectional, config.data)


# Model


def build(config, problem):
    arguments = {"embedding": config.embedding, "cell": config.cell, "units": config.units, "depth": config.depth}
    arguments |= {"dropout": config.dropout, "recurrent_dropout": config.recurrent_dropout, "dtype": config.precision}
    if config.bidirectional:
        return Cloze(problem.tokenizer.size, tokenizer=problem.tokenizer, **arguments)
    return LanguageModel(
        problem.tokenizer.size, carried=config.stream, tied=config.tied, tokenizer=problem.tokenizer, **arguments
    )


def train_once(config, problem, **how):
    """A trained model and its history; `how` of `fit`."""
    random.seed(config.seed)  # Keras's own `set_random_seed` imports TensorFlow on every backend
    model = build(config, problem)
    train, validation = batches(config, problem, problem.train), batches(config, problem, problem.validation)
    if config.stream:
        most = f"at most {train.row}, a row of the text"
        command_line.check("window", config.window, lambda window: window <= train.row, most)
    trained = TruncatedBPTT(model, len(train.y)) if config.stream else model
    epochs = epochs_of(config)
    rate = keras.optimizers.schedules.CosineDecay(config.learning_rate, epochs * len(train))
    optimizer = {"sgd": keras.optimizers.SGD, "adam": keras.optimizers.Adam}[config.optimizer]
    trained.compile(
        optimizer(rate, global_clipnorm=config.clip_norm), losses.CrossEntropy(logits=True), weighted_metrics=[metrics.nats]
    )
    return model, fit.fit(trained, train, validation, epochs, shuffle=not config.stream, **how)


def batches(config, problem, part):
    """x<1> = 0, x<t+1> = y<t>; of a model that fills gaps x<t> = y<t>."""
    if config.stream:
        return StreamWindows(corpus.stream(part), config.batch_size, config.window)
    x = part.y if config.bidirectional else [[PAD, *ids[:-1]] for ids in part.y]
    options = {"max_length": config.max_length, "per_step": True}
    return Batches(x, part.y, config.batch_size, config.seed, part is problem.train, **options)


def epochs_of(config):
    return min(config.epochs, 2) if config.quick else config.epochs


# Verbs


def train(config, folder, **how):
    kind = task.GAPS if config.bidirectional else task.LINES
    problem = load(config)
    print(f"{problem.known:.1%} of the test part's tokens are known")
    task.note_what_is_little(epochs_of(config), len(batches(config, problem, problem.train)), config.quick)
    report.train("language_model", config, folder, problem, train_once, kind, **how)


def tested(config, folder, model):
    """The corpus that a model was trained on; a file other than the one it learnt from is a test as a whole."""
    learnt = command_line.from_file(Config, folder / "config.json")
    other = None if config.data == learnt.data else texts.load_test(config.data, config.data_dir, config.seed)
    return load(dataclasses.replace(learnt, data_dir=config.data_dir), model.tokenizer, other)


def evaluate(config, folder):
    model = presets.load(folder)
    print(report.evaluate(config.cell, model, tested(config, folder, model), task.kind_of(model)))


def inspect(config, folder):
    history = run_folder.read_json(folder / "metrics.json")["history"]
    model = presets.load(folder)
    for path in task.pictures(folder, model, tested(config, folder, model).test, history):
        print(path)


def search(asked, folder):
    kind = task.GAPS if asked.bidirectional else task.LINES
    searching.find_better(searching.Recipe("language_model", Config, SPACE, load, train_once, kind), asked, folder)


if __name__ == "__main__":
    verbs = {verb.__name__: verb for verb in (train, evaluate, predict, score, fill, generate, inspect, search)}
    asks = {"score": Score, "fill": Fill, "generate": Generate, "search": searching.asked(Config)}
    command_line.main("language_model", Config, verbs, asks=asks)
