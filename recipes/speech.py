"""Speech recognition: many to many, Tx ≠ Ty, by CTC (connectionist temporal classification). A sound in, its text out.

The default data are strings of digits and letters, mixed from recordings of one synthetic voice. `--data` takes a folder of
your sound files with transcripts, or with labels by sub-folder or by name: the model is then many to one.
"""

import dataclasses
from typing import Literal

import numpy as np

from seqzoo import recipe
from seqzoo.data.batches import Batches
from seqzoo.layers import SoundEncoder
from seqzoo.models import ManyToOne, SpeechRecognizer
from seqzoo.tasks import speech
from seqzoo.training import averaging, fit, losses, metrics, optimizers
from seqzoo.tuning.space import Range


@dataclasses.dataclass(frozen=True)
class Config(recipe.Config):
    DATA_FIELDS = ("data", "data_dir", "kind", "test")
    data: str = "spoken_strings"
    kind: Literal["auto", "transcripts", "folders", "names"] = "auto"
    """Targets of a folder: transcripts of a table or of *.trans.txt files; the label of each sub-folder; or the file's name up
    to the first _ or -. The first of these that the folder has if auto."""
    test: str | None = None
    """Names of a folder's test files, a pattern such as "*_jackson_*"; a tenth of the files without it and without a split."""
    sample_rate: int | None = None
    """Sampling rate of the model, in Hz; that of the first file, 16,000 at most, if not given."""
    tokens: Literal["char", "subword", "word"] = "char"
    """Tokens of a transcript."""
    vocabulary: int = 1000
    """Size of the vocabulary, in tokens."""
    lowercase: bool = False
    """Whether to lowercase the transcripts."""
    bands: int = 40
    """Mel bands of the spectrogram."""
    stack: int = 3
    """Frames, 10 ms each, of a step."""
    augment: bool = False
    """Whether SpecAugment hides spans of time and of frequency in training."""
    cell: recipe.Cell = "gru"
    units: int = 128
    lookahead: int | None = None
    """Steps of the future that the backward direction sees: the model can then stream. All if not given."""
    pooling: Literal["last", "mean", "max", "both"] = "both"
    """How states become one vector, of a model of labels."""
    dropout: float = 0.1
    epochs: int = 12
    batch_size: int = 32
    learning_rate: float = 4e-3
    """Learning rate at the start; it falls to zero along a cosine."""

    def __post_init__(self):
        super().__post_init__()
        recipe.check_at_least(self, bands=2, stack=1, vocabulary=1)
        recipe.check("sample_rate", self.sample_rate, lambda rate: rate is None or 1000 <= rate <= 192_000, "1,000 to 192,000")
        recipe.check("lookahead", self.lookahead, lambda n: n is None or n >= 0, "an integer from 0")
        recipe.check("lookahead", self.lookahead, lambda n: n is None or self.bidirectional, "none with --no-bidirectional")
        recipe.check("test", self.test, lambda pattern: pattern != "", "a pattern of names")


SEARCH_SPACE = {
    "cell": ("gru", "lstm"),
    "units": (64, 128, 256),
    "depth": (1, 2),
    "augment": (False, True),
    "dropout": Range(0.0, 0.4),
    "learning_rate": Range(1e-3, 1e-2, log=True),
    "batch_size": (16, 32, 64),
}


def build_recognizer(config, dataset):
    return SpeechRecognizer(
        sample_rate=dataset.rate,
        bands=config.bands,
        stack=config.stack,
        augment=config.augment,
        cell=config.cell,
        units=config.units,
        depth=config.depth,
        bidirectional=config.bidirectional,
        lookahead=config.lookahead,
        dropout=config.dropout,
        recurrent_dropout=config.recurrent_dropout,
        tokenizer=speech.tokenizer_of(config, dataset.train.targets),
        dtype=config.precision,
    )


def build_classifier(config, dataset):
    return ManyToOne(
        encoder=SoundEncoder(dataset.rate, config.bands, stack=config.stack, augment=config.augment, dtype=config.precision),
        labels=dataset.labels,
        cell=config.cell,
        units=config.units,
        depth=config.depth,
        bidirectional=config.bidirectional,
        pooling=config.pooling,
        dropout=config.dropout,
        recurrent_dropout=config.recurrent_dropout,
        dtype=config.precision,
    )


def train_model(config, dataset, **options):
    speech.check_bands(config.bands, dataset.rate)
    model = (build_classifier if dataset.labels else build_recognizer)(config, dataset)
    model.encoder.adapt([np.asarray(sound) for sound in dataset.train.inputs[:500]])
    held_out = dataset.validation if dataset.labels else speech.encodable(model, dataset.validation, "validation")
    train, validation = (
        Batches(split.inputs, targets_of(model, split), config.batch_size, config.seed, shuffle=split is dataset.train)
        for split in (dataset.train, held_out)
    )
    adam = optimizers.averaged_adam(config, config.epochs * len(train))
    if dataset.labels:
        model.compile(adam, losses.CrossEntropy(), weighted_metrics=[metrics.accuracy])
    else:
        model.compile(adam)  # the loss is the model's own
    return model, fit.fit(model, train, validation, config.epochs, callbacks=[averaging.swap_weights()], **options)


def targets_of(model, split):
    """One-hot labels, or the ids of transcripts."""
    return split.y if len(split.y) else model.targets(split.targets, split.inputs)


RECIPE = recipe.Recipe(
    "speech",
    Config,
    speech.load,
    train_model,
    speech.SpeechTask,
    speech.load_test,
    SEARCH_SPACE,
    predict_flags=speech.PredictFlags,
    apply_quick=lambda config: (
        dataclasses.replace(config, epochs=min(config.epochs, 5), batch_size=16) if config.quick else config
    ),
    data_source="Strings mixed from the recordings of one synthetic voice in the package captcha 0.7.1 (BSD licence).",
    limitations="Of use for spelled digits and letters in one synthetic voice, whose recordings are generated. Of none for "
    "people's voices: train it on your own recordings.",
)

if __name__ == "__main__":
    recipe.main(RECIPE)
