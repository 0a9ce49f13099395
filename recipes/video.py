"""Video activity recognition: many to one. A clip in, what happens in it out.

The default data are generated clips, of which no single frame tells the label. `--data` takes a folder with a folder of your
clips for each label, or `libras`, curves of a hand in videos.
"""

import dataclasses
import inspect

import keras
import numpy as np

from seqzoo import recipe
from seqzoo.data.batches import Batches
from seqzoo.layers import FrameEncoder, Standardization
from seqzoo.models import ManyToOne
from seqzoo.tasks import video
from seqzoo.training import averaging, fit, losses, metrics, optimizers
from seqzoo.tuning.space import Range


@dataclasses.dataclass(frozen=True)
class Config(recipe.Config):
    DATA_FIELDS = ("data", "data_dir", "frames", "size")
    data: str = "moving_sprites"
    frames: int = 16
    """Frames of a clip that the model reads, at equal distances."""
    size: int = 64
    """Height and width of the frames of your clips, in pixels."""
    features: int = 128
    """Size of a frame's vector."""
    backbone: str | None = None
    """Network of keras.applications for the frames, such as MobileNetV2; a small convolutional one if not given."""
    backbone_weights: str | None = "imagenet"
    """Weights of the backbone, by their name in Keras or as a file."""
    units: int = 96
    dropout: float = 0.1
    epochs: int = 10
    patience: int = 4
    """Epochs without a lower validation loss after which training stops."""
    batch_size: int = 32
    learning_rate: float = 2e-3
    """Learning rate at the start; it falls to zero along a cosine."""
    folds: int = 0
    """Folds of a cross-validation, which prints accuracies and saves no model; 0 for none."""

    def __post_init__(self):
        super().__post_init__()
        recipe.check_at_least(self, frames=1, size=8, features=1, patience=1)
        recipe.check_at_most(self, frames=1000, size=1024)
        recipe.check("folds", self.folds, lambda n: n == 0 or n >= 2, "an integer from 2")
        network = getattr(keras.applications, self.backbone or "MobileNetV2", None)
        expected = "a name of keras.applications, such as MobileNetV2"
        recipe.check("backbone", self.backbone, lambda _: inspect.isfunction(network), expected)


SEARCH_SPACE = {
    "cell": ("gru", "lstm"),
    "units": (32, 64, 128),
    "depth": (1, 2),
    "features": (32, 64, 128),
    "dropout": Range(0.0, 0.5),
    "learning_rate": Range(5e-4, 1e-2, log=True),
    "batch_size": (16, 32, 64),
}


def build_model(config, dataset):
    shape = dataset.train.inputs[0].shape[1:]
    options = {"backbone": config.backbone, "weights": config.backbone_weights, "dtype": config.precision}
    return ManyToOne(
        encoder=FrameEncoder(shape, features=config.features, **options) if len(shape) == 3 else Standardization(*shape),
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
    model.encoder.adapt([np.asarray(clip) for clip in dataset.train.inputs[:200]])
    train, validation = (
        Batches(split.inputs, split.y, config.batch_size, config.seed, shuffle=split is dataset.train)
        for split in (dataset.train, dataset.validation)
    )
    adam = optimizers.averaged_adam(config, config.epochs * len(train))
    model.compile(adam, losses.CrossEntropy(), weighted_metrics=[metrics.accuracy])
    return model, fit.fit(model, train, validation, config.epochs, config.patience, [averaging.swap_weights()], **options)


RECIPE = recipe.Recipe(
    "video",
    Config,
    video.load,
    train_model,
    video.VideoTask,
    video.load_test,
    SEARCH_SPACE,
    quick_epochs=6,
    load_folds=video.folds,
    data_source="Generated clips of a moving figure; of a single frame all labels are equally probable.",
    limitations="Of use for the movements of generated figures, to show how a recipe works; of none for videos: train it on "
    "your clips.",
)

if __name__ == "__main__":
    recipe.main(RECIPE)
