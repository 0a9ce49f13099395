"""Music generation: one to many. Each step, the keys of a piano that are down, given all steps before it; then new pieces.

The default data are Bach's chorales; `--data` takes a folder of MIDI files, or a MATLAB file in the form of `JSB_Chorales.mat`.
Soprano, alto, tenor and bass follow in turn, each given those above it; with `--no-voices` the keys of a step are independent.
"""

import dataclasses
import functools
from typing import Annotated, Literal

import keras
import tyro

from seqzoo import recipe
from seqzoo.data import midi, voices
from seqzoo.data.targets import Dataset
from seqzoo.models import OneToMany
from seqzoo.tasks import music
from seqzoo.training import averaging, fit, losses
from seqzoo.tuning.space import Range

LENGTHS = (1 / 4, 1 / 2, 1)  # to which pieces are padded, as shares of the longest


@dataclasses.dataclass(frozen=True)
class Config(recipe.Config):
    DATA_FIELDS = ("data", "data_dir")
    data: str = "chorales"
    steps: Literal["quarter", "eighth", "sixteenth"] = "quarter"
    """Note value of a step; a MATLAB file has its own steps."""
    voices: bool = True
    """Whether four voices follow in turn; with `--no-voices` the keys of a step are independent."""
    transpose: int = 5
    """Largest transposition of a training piece, in semitones up or down, random in each epoch; 0 for none."""
    settle: Annotated[float | None, tyro.conf.arg(name="transpose-until")] = None
    """Share of the epochs over which the transposition shrinks to none, for pieces in one key; constant if not given."""
    max_length: int = 256
    """Longest part of a piece to learn from at once, in steps."""
    units: int = 256
    bidirectional: bool = False
    dropout: float = 0.1
    """Fraction of the keys, and of the states, to drop while training, with one mask a sequence."""
    recurrent_dropout: float = 0.4
    embedding: int = 64
    """Size of a token's vector; there are no tokens with --no-voices."""
    batch_size: int = 16
    epochs: int = 150
    patience: int = 50
    """Epochs without a lower validation loss after which training stops."""
    learning_rate: float = 6e-3
    """Learning rate of AdamW at the start; it falls to almost zero along a cosine."""
    weight_decay: float = 0.0
    """Weight decay of AdamW."""

    def __post_init__(self):
        super().__post_init__()
        recipe.check_at_least(self, max_length=2, embedding=1, patience=1, transpose=0)
        recipe.check("transpose_until", self.settle, lambda share: share is None or 0 < share <= 1, "above 0 and at most 1")
        recipe.check("bidirectional", self.bidirectional, lambda both: not both, "none: the future is not yet composed")
        recipe.check("weight_decay", self.weight_decay, lambda x: 0 <= x < 1, "at least 0 and below 1")


SEARCH_SPACE = {
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


def load_data(config):
    """Inputs are pieces of at most `max_length` steps."""
    splits = music.load(config.data, config.data_dir, config.steps, config.seed)
    return Dataset((), *(music.as_split(pieces, config.max_length) for pieces in splits))


def load_test_split(config, trained, dataset):
    return music.as_split(music.load_test(config.data, config.data_dir, config.steps), trained.max_length)


def build_model(config, updates):
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
    ema = averaging.ema_options(updates / 20, largest=0.98)  # over a twentieth of the training
    adam = keras.optimizers.AdamW(rate, weight_decay=config.weight_decay, global_clipnorm=config.clip_norm, **ema)
    name, sigmoid = ("nats_per_token", False) if config.voices else ("nats_per_step", True)
    nats = keras.metrics.MeanMetricWrapper(losses.of_logits, name=name, sigmoid=sigmoid)
    model.compile(adam, losses.CrossEntropy(sigmoid=sigmoid, logits=True), weighted_metrics=[nats])
    return model


def batches(config, split, **options):
    tokens = voices.VOICES if config.voices else 1  # of a step
    buckets = [int(tokens * share * config.max_length) + config.voices for share in LENGTHS]
    encode = music.tokens if config.voices else music.frames
    options |= {"batch_size": config.batch_size, "buckets": buckets, "seed": config.seed}
    return music.Transposed(split.inputs, encode, **options)


def train_model(config, dataset, **options):
    settled = config.settle and config.settle * config.epochs
    train = batches(config, dataset.train, semitones=config.transpose, settled=settled)
    validation = batches(config, dataset.validation, semitones=0, shuffle=False)
    model, averaged = build_model(config, config.epochs * len(train)), averaging.swap_weights()
    return model, fit.fit(model, train, validation, config.epochs, config.patience, [averaged], **options)


GENERATE = functools.partial(music.generate, Config)
RECIPE = recipe.Recipe(
    "music",
    Config,
    load_data,
    train_model,
    lambda config: music.MusicTask(config.voices, music.STEPS[config.steps]),
    load_test_split,
    SEARCH_SPACE,
    commands={"generate": recipe.Command(music.GenerateFlags, GENERATE, "sampled pieces as MIDI files and piano rolls")},
    verbs=("train", "evaluate", "inspect", "search"),
    quick_epochs=15,
    data_source="Bach's four-part chorales as encoded in the package music21 (licence: seqzoo/datasets/chorales.py).",
    limitations="Of use for short chorales in the manner of Bach, in quarter notes. A piece has no plan: phrases end, and keys "
    "change, where chance has it. It was trained on nothing else, and continues other music as a chorale.",
)

if __name__ == "__main__":
    recipe.main(RECIPE)
