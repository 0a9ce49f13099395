"""Music: one to many. Each step, the keys of a piano that are down, given all steps before it; then pieces of its own.

By default it learns Bach's chorales; `--data` takes a folder of your MIDI files, or a MATLAB file in the form of
`JSB_Chorales.mat`. Each key is drawn by itself; with `--voices` soprano, alto, tenor and bass sing in turn, each having heard
those above.
"""

import dataclasses
import random
from typing import Literal

import keras

from seqzoo import presets
from seqzoo.data import midi, voices
from seqzoo.data.targets import Dataset, Split
from seqzoo.models import OneToMany
from seqzoo.recipe import generate as sampling
from seqzoo.recipe import main as command_line
from seqzoo.recipe import report
from seqzoo.recipe import search as searching
from seqzoo.tasks.music import composing, task
from seqzoo.tasks.music import data as music_data
from seqzoo.training import fit, losses, run_folder
from seqzoo.tuning.space import Range

AVERAGED = 0.98  # largest share of the old in the running mean of the weights, which is what is evaluated and kept
LENGTHS = (1 / 4, 1 / 2, 1)  # of the longest: what pieces are padded to


@dataclasses.dataclass(frozen=True)
class Config(command_line.Settings):
    data: str = "chorales"
    steps: Literal["quarter", "eighth", "sixteenth"] = "quarter"
    """The note that is a step; a MATLAB file has steps of its own."""
    voices: bool = False
    """Whether four voices sing in turn, or each key is drawn by itself."""
    transpose: int = 5
    """Semitones by which pieces are moved, up or down, while training."""
    settle: float | None = None
    """For pieces that are all in one key: after which share of the epochs none is moved; until then ever fewer semitones."""
    max_length: int = 256
    """Steps to learn at a time."""
    units: int = 256
    bidirectional: bool = False
    dropout: float = 0.1
    """Fraction of the keys, and of the states, to drop, the same for a whole sequence."""
    recurrent_dropout: float = 0.4
    embedding: int = 64
    """Size of the vector of what a voice does."""
    batch_size: int = 16
    epochs: int = 150
    patience: int = 50
    """Epochs without a lower validation loss before it stops."""
    learning_rate: float = 6e-3
    """Of Adam at first; it falls to nothing, as half a cosine."""
    weight_decay: float = 0.0
    repeats: int = 1
    """Trainings, each with the next seed: prints mean and spread, keeps the one that is best on the validation part."""

    def __post_init__(self):
        super().__post_init__()
        for flag, least in {"max_length": 2, "embedding": 1, "patience": 1, "repeats": 1, "transpose": 0}.items():
            command_line.check(flag, getattr(self, flag), lambda n, least=least: n >= least, f"an integer from {least}")
        command_line.check("settle", self.settle, lambda share: share is None or 0 < share <= 1, "above 0 and at most 1")
        command_line.check("bidirectional", self.bidirectional, lambda both: not both, "none: the future is not yet composed")
        command_line.check("weight_decay", self.weight_decay, lambda x: 0 <= x < 1, "at least 0 and below 1")


SPACE = {
    "cell": ("gru", "lstm"),
    "units": (128, 192, 256),
    "depth": (1, 2),
    "transpose": (0, 3, 5),
    "dropout": Range(0.0, 0.3),
    "recurrent_dropout": Range(0.0, 0.6),
    "weight_decay": (0.0, 0.01),
    "learning_rate": Range(1e-3, 2e-2, log=True),
    "batch_size": (8, 16, 32),
}


# Data


def load(config):
    """A `Dataset` whose inputs are pieces of at most `max_length` steps."""
    train, validation, test = (
        part(config, of) for of in music_data.load(config.data, config.data_dir, config.steps, config.seed)
    )
    return Dataset((), train, validation, test)


def part(config, pieces):
    cut = [short for piece in pieces for short in piece.parts(config.max_length)]
    return Split(cut, cut, [])


def batches(config, pieces, **options):
    tokens = voices.VOICES if config.voices else 1  # of a step
    buckets = [int(tokens * share * config.max_length) + config.voices for share in LENGTHS]
    sequence = music_data.tokens if config.voices else music_data.frames
    return music_data.Transposed(pieces, sequence, batch_size=config.batch_size, buckets=buckets, seed=config.seed, **options)


# Model


def build(config, updates):
    """A model to be trained with so many updates."""
    model = OneToMany(
        vocabulary=voices.VOCABULARY if config.voices else None,
        features=None if config.voices else midi.KEYS,
        embedding=config.embedding,
        cell=config.cell,
        units=config.units,
        depth=config.depth,
        dropout=config.dropout,
        recurrent_dropout=config.recurrent_dropout,
        dtype=config.precision,
    )
    rate = keras.optimizers.schedules.CosineDecay(config.learning_rate, updates, alpha=0.01)
    share = max(0.0, min(AVERAGED, 1 - 20 / updates))  # a mean over a twentieth of the training at most
    averaged = {"use_ema": True, "ema_momentum": share, "global_clipnorm": config.clip_norm}
    adam = keras.optimizers.AdamW(rate, weight_decay=config.weight_decay, **averaged)
    name, sigmoid = ("nats_per_token", False) if config.voices else ("nats_per_step", True)
    nats = keras.metrics.MeanMetricWrapper(losses.of_logits, name=name, sigmoid=sigmoid)
    model.compile(adam, losses.CrossEntropy(sigmoid=sigmoid, logits=True), weighted_metrics=[nats])
    return model


def train_once(config, problem, **how):
    """A trained model and its history; `how` of `fit`."""
    random.seed(config.seed)  # Keras's own `set_random_seed` imports TensorFlow on every backend
    epochs = min(config.epochs, 15) if config.quick else config.epochs
    settled = config.settle and config.settle * epochs
    train = batches(config, problem.train.inputs, semitones=config.transpose, settled=settled)
    validation = batches(config, problem.validation.inputs, semitones=0, shuffle=False)
    model, averaged = build(config, epochs * len(train)), keras.callbacks.SwapEMAWeights(swap_on_epoch=True)
    return model, fit.fit(model, train, validation, epochs, config.patience, [averaged], **how)


# Verbs


def train(config, folder, **how):
    report.train("music", config, folder, load(config), train_once, task.kind(config.voices), **how)
    (piece,) = composing.compose(presets.load(folder), Generate.length, seed=config.seed)
    composing.write(piece, folder / "sample.mid", "sample", music_data.STEPS[config.steps], config.voices)


def tested(config, folder):
    """The problem that a model was trained on; a folder other than the one it learnt from is a test as a whole."""
    learnt = command_line.from_file(Config, folder / "config.json")
    problem = load(dataclasses.replace(learnt, data_dir=config.data_dir))
    if (config.data, config.steps) == (learnt.data, learnt.steps):
        return problem
    return dataclasses.replace(problem, test=part(learnt, music_data.load_test(config.data, config.data_dir, config.steps)))


def evaluate(config, folder):
    kind = task.kind(command_line.from_file(Config, folder / "config.json").voices)
    print(report.evaluate(config.cell, presets.load(folder), tested(config, folder), kind))


@dataclasses.dataclass(frozen=True)
class Generate(sampling.Asked):
    """Pieces of its own, each a MIDI file and a picture of it."""

    n: int = 1
    """How many."""
    length: int = 64
    """Steps, those of the prime included; voices may end before."""
    prime: str | None = None
    """A MIDI file that the pieces begin with."""
    to: str | None = None
    """Where to write them; unless given a folder `pieces` in the run's, for a model that ships `runs/generate-music`."""

    def __post_init__(self):
        super().__post_init__()
        command_line.check("length", self.length, lambda n: n >= 1, "a positive integer")


def prime_of(config, asked):
    """The piece that those begin with that are asked for, or None."""
    if asked.prime is None:
        return None
    prime = music_data.of_keys(midi.read(asked.prime, music_data.STEPS[config.steps]))
    command_line.check("length", asked.length, lambda n: n > len(prime), f"more than the prime's {len(prime)} steps")
    return prime


def generate(asked, folder):
    config, model = command_line.from_file(Config, folder / "config.json"), presets.load(folder)
    prime, steps = prime_of(config, asked), music_data.STEPS[config.steps]
    pieces = composing.compose(model, asked.length, asked.n, asked.temperature, asked.seed, prime)
    to = composing.folder_of_pieces(asked.to, folder)
    for number, piece in enumerate(pieces, start=1):
        name = f"{folder.name}-seed{asked.seed}-{number}"
        for path in composing.write(piece, to / f"{name}.mid", name, steps, config.voices, len(prime or [])):
            print(path)


def inspect(config, folder):
    history, steps = run_folder.read_json(folder / "metrics.json")["history"], music_data.STEPS[config.steps]
    for path in task.pictures(folder, presets.load(folder), tested(config, folder).test, history, steps):
        print(path)


def search(asked, folder):
    recipe = searching.Recipe("music", Config, SPACE, load, train_once, task.kind(asked.voices))
    searching.find_better(recipe, asked, folder)


if __name__ == "__main__":
    verbs = {"train": train, "evaluate": evaluate, "generate": generate, "inspect": inspect, "search": search}
    command_line.main("music", Config, verbs, asks={"generate": Generate, "search": searching.asked(Config)})
