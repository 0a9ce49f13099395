"""Activity recognition: many to one. The channels of a sensor in, what is being done out, also as it goes.

The default data are exercises recorded by a watch; `--data` takes a CSV file or a folder of yours, `vowels` or `pen`.
"""

import dataclasses
import math

from seqzoo import recipe
from seqzoo.data.batches import Batches
from seqzoo.layers import SensorEncoder
from seqzoo.models import ManyToOne
from seqzoo.tasks import activity
from seqzoo.training import averaging, fit, losses, metrics, optimizers
from seqzoo.tuning.space import Range


@dataclasses.dataclass(frozen=True)
class Config(recipe.Config):
    DATA_FIELDS = ("data", "data_dir", "label_column", "recording_column", "subject_column", "time_column", "channels")
    data: str = "watch_exercises"
    recording_column: str | None = None
    """Column with the names of recordings; a file is a recording if there is none."""
    subject_column: str | None = None
    """Column that says whose a recording is; nobody is in two splits."""
    time_column: str | None = None
    """Column of times, which is no channel."""
    channels: tuple[str, ...] = ()
    """Columns of the channels, in order; all numbers without another role if not given."""
    window: int | None = None
    """Samples of a window; 100 if not given."""
    hop: int | None = None
    """Samples after which another window begins; half a window if not given."""
    filters: tuple[int, ...] = (64, 64)
    """Filters of convolutions before the recurrent layers; each halves the steps."""
    rotation: float | None = None
    """Degrees by which channels are turned in training, by threes or twos, as on another wearer; if not given 20 for the watch,
    10 for the pen, 0 for other data."""
    gain: float | None = None
    """Deviation of the logarithm of a factor of these channels in training; if not given 0.15 for the watch, 0 for other
    data."""
    units: int = 64
    bidirectional: bool = True
    """Whether a second layer reads each window from its end; without it `watch` runs a step at a time."""
    dropout: float = 0.3
    epochs: int = 12
    patience: int = 5
    """Epochs without a lower validation loss after which training stops."""
    batch_size: int = 32
    learning_rate: float = 4e-3
    """Learning rate at the start; it falls to zero along a cosine."""
    folds: int = 0
    """Folds of a cross-validation over persons, which prints accuracies and saves no model; 0 for none."""

    def __post_init__(self):
        super().__post_init__()
        recipe.check_at_least(self, patience=1)
        recipe.check("text_column", self.text_column, lambda column: column is None, "none: see --channels")
        for flag in ("window", "hop"):
            recipe.check(flag, getattr(self, flag), lambda n: n is None or n >= 1, "a positive integer")
        recipe.check("filters", self.filters, lambda sizes: all(1 <= n <= 16_384 for n in sizes), "integers from 1 to 16,384")
        for flag in ("rotation", "gain"):
            recipe.check(flag, getattr(self, flag), lambda x: x is None or 0 <= x < math.inf, "a number from 0")
        recipe.check("folds", self.folds, lambda n: n == 0 or n >= 2, "an integer from 2")


SEARCH_SPACE = {
    "cell": ("gru", "lstm"),
    "units": (32, 64, 128),
    "depth": (1, 2),
    "dropout": Range(0.0, 0.5),
    "learning_rate": Range(1e-3, 1e-2, log=True),
    "batch_size": (16, 32, 64),
}


def build_model(config, dataset):
    features = dataset.train.inputs[0].shape[1]
    axes = 3 if features % 3 == 0 else 2
    for flag in ("rotation", "gain"):
        recipe.check(flag, getattr(config, flag), lambda x: not x or features % axes == 0, "none: channels by twos or threes")
    rotation = activity.ROTATION.get(config.data, 0.0) if config.rotation is None else config.rotation
    gain = activity.GAIN.get(config.data, 0.0) if config.gain is None else config.gain
    return ManyToOne(
        encoder=SensorEncoder(features, config.filters, dataset.channels, rotation, gain, axes),
        labels=dataset.labels,
        cell=config.cell,
        units=config.units,
        depth=config.depth,
        bidirectional=config.bidirectional,
        pooling="both",
        dropout=config.dropout,
        recurrent_dropout=config.recurrent_dropout,
        dtype=config.precision,
    )


def train_model(config, dataset, **options):
    model = build_model(config, dataset)
    model.encoder.adapt(dataset.train.inputs)
    train, validation = (
        Batches(split.inputs, split.y, config.batch_size, config.seed, shuffle=split is dataset.train)
        for split in (dataset.train, dataset.validation)
    )
    adam = optimizers.averaged_adam(config, config.epochs * len(train))
    model.compile(adam, losses.CrossEntropy(), weighted_metrics=[metrics.accuracy])
    return model, fit.fit(model, train, validation, config.epochs, config.patience, [averaging.swap_weights()], **options)


RECIPE = recipe.Recipe(
    "activity",
    Config,
    activity.load,
    train_model,
    activity.ActivityTask,
    activity.load_test,
    SEARCH_SPACE,
    commands={"watch": recipe.Command(activity.WatchFlags, activity.watch, "the label after each sample")},
    predict_flags=activity.PredictFlags,
    quick_epochs=3,
    load_folds=activity.folds,
    data_source="Exercises of the shoulder recorded by a watch, from the package seglearn 1.2.5 (BSD licence).",
    limitations="Of use for seven exercises by a watch on the wrist, 50 samples a second. Of none for other movements or "
    "sensors: it takes everything for one of the seven.",
)

if __name__ == "__main__":
    recipe.main(RECIPE)
