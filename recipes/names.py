"""Name generation: one to many. A class, such as a country, in; a name out, each character given those before it.

The default data are first names of twelve countries; `--data` takes your file of names and classes, or a `.txt` file with a
name on each line, without classes.
"""

import dataclasses

import keras

from seqzoo import recipe
from seqzoo.data.targets import Dataset
from seqzoo.datasets import first_names
from seqzoo.models import OneToMany
from seqzoo.tasks import names
from seqzoo.training import averaging, fit, losses, metrics
from seqzoo.tuning.space import Range


@dataclasses.dataclass(frozen=True)
class Config(recipe.Config):
    data: str = first_names.NAME
    cell: recipe.Cell = "lstm"
    units: int = 256
    bidirectional: bool = False
    embedding: int = 64
    """Size of a character's vector, and of a class's."""
    dropout: float = 0.4
    epochs: int = 16
    learning_rate: float = 6e-3

    def __post_init__(self):
        super().__post_init__()
        recipe.check("embedding", self.embedding, lambda n: n >= 1, "a positive integer")
        recipe.check("bidirectional", self.bidirectional, lambda both: not both, "none: what follows is not yet written")

    def columns(self):
        return {name: getattr(self, name) for name in ("data_dir", "text_column", "label_column", "header")}


SEARCH_SPACE = {
    "cell": ("lstm", "gru", "lstm-peephole"),
    "units": (128, 192, 256),
    "depth": (1, 2),
    "embedding": (32, 64),
    "dropout": Range(0.1, 0.6),
    "recurrent_dropout": (0.0, 0.2),
    "learning_rate": Range(1e-3, 2e-2, log=True),
    "batch_size": (32, 64, 128),
}


def load_data(config):
    """Each input is a name, its target a class."""
    splits = names.load(config.data, config.seed, **config.columns())
    labels, examples = tuple(sorted(set(splits.train.targets) - {""})), (splits.train, splits.validation, splits.test)
    return Dataset(labels, *(names.as_split(split, labels, config.data) for split in examples))


def load_test_split(config, trained, dataset):
    return names.as_split(names.load_test(config.data, **config.columns()), dataset.labels, config.data)


def build_model(config, dataset):
    tokenizer = names.tokenizer(dataset.train.inputs)
    model = OneToMany(
        vocabulary=tokenizer.size,
        labels=dataset.labels,
        embedding=config.embedding,
        cell=config.cell,
        units=config.units,
        depth=config.depth,
        dropout=config.dropout,
        recurrent_dropout=config.recurrent_dropout,
        tokenizer=tokenizer,
        dtype=config.precision,
    )
    ema = averaging.ema_options(len(dataset.train) / config.batch_size / 2)  # over half an epoch
    adam = keras.optimizers.Adam(config.learning_rate, global_clipnorm=config.clip_norm, **ema)
    model.compile(adam, losses.CrossEntropy(logits=True), weighted_metrics=[metrics.nats])
    return model


def train_model(config, dataset, **options):
    model, averaged = build_model(config, dataset), averaging.swap_weights()
    train, validation = (
        names.NextCharacters(
            names.sequences(model.tokenizer, split.inputs),
            split.y.argmax(axis=1) if dataset.labels else None,
            config.batch_size,
            seed=config.seed,
            shuffle=split is dataset.train,
        )
        for split in (dataset.train, dataset.validation)
    )
    return model, fit.fit(model, train, validation, config.epochs, callbacks=[averaged], **options)


RECIPE = recipe.Recipe(
    "names",
    Config,
    load_data,
    train_model,
    names.NamesTask(),
    load_test_split,
    SEARCH_SPACE,
    commands={"generate": recipe.Command(names.GenerateFlags, names.generate, "sampled names of a class")},
    verbs=("train", "evaluate", "inspect", "search"),
    quick_epochs=8,
    quick_examples=5000,
    data_source="First names of twelve countries from the lists of the package Faker (MIT licence).",
    limitations="Of use for new names in the manner of a language, of none to tell whether a name exists: the lists of Faker "
    "are incomplete and differ between its versions, and a sampled name may be a real one.",
)

if __name__ == "__main__":
    recipe.main(RECIPE)
