"""Sentiment classification: many to one. A sentence in, the sentiment of its author out.

The default data are English sentences with ratings from -4 to 4; `--data` takes any labelled texts, or sequences of numbers.
"""

import dataclasses
from typing import Literal

import keras

from seqzoo import recipe
from seqzoo.data.batches import Batches, class_weights
from seqzoo.data.targets import Dataset
from seqzoo.datasets import labeled
from seqzoo.models import ManyToOne
from seqzoo.tasks import classification
from seqzoo.training import averaging, fit, losses, metrics
from seqzoo.tuning.space import Range


@dataclasses.dataclass(frozen=True)
class Config(recipe.EmbeddingsConfig):
    ONE_HOT = True
    data: str = "rated_sentences"
    task: Literal["classes", "binary", "rating"] = "classes"
    """Targets: all labels; two labels, for which ratings lose the neutral ones; or ratings, any numbers."""
    tokens: Literal["word", "subword", "char"] = "subword"
    """Tokens of a text; a subword is a frequent word or a part of a rare one. With --embeddings words, or pieces of MiniLM."""
    vocabulary: int = 10_000
    """Size of the vocabulary, in tokens."""
    max_length: int = 400
    """Longest sequence to read, in tokens or steps; the rest is cut off."""
    embedding: int | None = None
    """Size of a token's vector: that of --embeddings, or 64, if not given; 0 for one-hot vectors, as in the notes."""
    pooling: Literal["last", "mean", "max", "both"] = "both"
    """How states become one vector: the last one, their mean, their maximum, or mean and maximum."""
    dropout: float = 0.5
    learning_rate: float = 2e-3
    class_weights: bool = False
    """Whether rare labels weigh more in the loss."""

    def __post_init__(self):
        super().__post_init__()
        recipe.check_at_least(self, vocabulary=5, max_length=1)
        recipe.check("class_weights", self.class_weights, lambda on: not (on and self.task == "rating"), "none for ratings")


SEARCH_SPACE = {
    "cell": ("gru", "lstm", "gru-simplified"),
    "units": (32, 64, 96),
    "depth": (1, 2),
    "bidirectional": (True, False),
    "dropout": Range(0.2, 0.7),
    "recurrent_dropout": (0.0, 0.2),
    "learning_rate": Range(5e-4, 1e-2, log=True),
    "batch_size": (32, 64, 128),
}


def load_data(config):
    splits = labeled.load(*config.source(), config.seed, numbers=config.task == "rating")
    labels = classification.labels_of(splits.train, config.task)
    train = classification.as_split(splits.train, labels, config.data, train=True)
    held_out = (classification.as_split(split, labels, config.data) for split in (splits.validation, splits.test))
    return Dataset(labels, train, *held_out)


def load_test_split(config, trained, dataset):
    examples = labeled.load_test(*config.source(), like=dataset.train.inputs[0], numbers=config.task == "rating")
    return classification.as_split(examples, dataset.labels, config.data)


def build_model(config, dataset):
    inputs = dataset.train.inputs
    if isinstance(inputs[0], str):
        tokenizer, vectors = classification.vocabulary(config, inputs)
        shape = {"vocabulary": tokenizer.size, "embedding": config.vector_size(vectors), "tokenizer": tokenizer}
    else:
        recipe.check("embeddings", config.embeddings, lambda vectors: not vectors, "none for sequences of numbers")
        shape, vectors = {"features": inputs[0].shape[-1]}, None
    model = ManyToOne(
        **shape,
        compact=vectors is not None,
        labels=dataset.labels,
        answer="one" if dataset.labels else "number",
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
    if vectors:
        model.of_tokens.start(vectors.of(tokenizer.tokens, config.seed), config.frozen)
    ema = averaging.ema_options(len(inputs) / config.batch_size / 2)  # over half an epoch
    adam = keras.optimizers.Adam(config.learning_rate, global_clipnorm=config.clip_norm, **ema)
    loss, metric = (losses.CrossEntropy(), metrics.accuracy) if dataset.labels else ("mse", "mae")
    model.compile(adam, loss, weighted_metrics=[metric])
    return model


def train_model(config, dataset, **options):
    model, train, validation = build_model(config, dataset), dataset.train, dataset.validation
    weight_of = class_weights(train.targets) if config.class_weights and dataset.labels else {}
    weights = [weight_of.get(target, 1.0) for target in train.targets]
    batches = Batches(model.sequences(train.inputs), train.y, config.batch_size, config.seed, sample_weights=weights)
    held_out = Batches(model.sequences(validation.inputs), validation.y, config.batch_size, shuffle=False)
    return model, fit.fit(model, batches, held_out, config.epochs, callbacks=[averaging.swap_weights()], **options)


RECIPE = recipe.Recipe(
    "sentiment",
    Config,
    load_data,
    train_model,
    classification.ClassificationTask(),
    load_test_split,
    SEARCH_SPACE,
    quick_epochs=4,
    quick_examples=3000,
    data_source="English sentences of tweets, film and product reviews and news, rated from -4 to 4 by people; released with "
    "VADER (C.J. Hutto and E. Gilbert, ICWSM 2014) under the MIT licence.",
    limitations='Of use for short English reviews and messages only; irony and rare negations ("not bad at all") mislead it.',
)

if __name__ == "__main__":
    recipe.main(RECIPE)
