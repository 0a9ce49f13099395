"""Named entity recognition: many to many (Tx = Ty), a tag for every word.

The default sentences are generated; no frame or name of the test split is in the training split. `--data` takes your file
with a word and its tag on each line, a folder of such files, or a tagging data set of TensorFlow Datasets.
"""

import dataclasses

import keras

from seqzoo import recipe
from seqzoo.data import entity_tags, targets
from seqzoo.data.batches import Batches
from seqzoo.data.targets import Dataset
from seqzoo.models import ManyToMany
from seqzoo.tasks import tagging
from seqzoo.training import averaging, fit, losses, metrics
from seqzoo.tuning.space import Range


@dataclasses.dataclass(frozen=True)
class Config(recipe.EmbeddingsConfig):
    DATA_FIELDS = "data", "data_dir", "text_column", "label_column", "strict"
    data: str = "generated_entities"
    text_column: int = 0
    """Column of your file with the words: a number from 0, or from -1 at the end."""
    label_column: int = -1
    """Column of your file with the tags: a number from 0, or from -1 at the end."""
    strict: bool = False
    """Whether a tag that continues no entity is an error of your file."""
    cell: recipe.Cell = "lstm"
    units: int = 100
    vocabulary: int = 20_000
    """Size of the vocabulary, in words."""
    min_count: int = 2
    """Occurrences that put a word of the training split into the vocabulary; rarer words train the unknown word."""
    characters: bool = True
    """Whether a second recurrent layer reads the characters of each word."""
    character_units: int = 50
    """Size of the state of that layer, in each direction."""
    lookahead: int | None = None
    """Following words that the backward layer reads; all if not given."""
    crf: bool = True
    """Whether a CRF chooses the tags of a sentence together, or a softmax each tag alone."""
    word_dropout: float = 0.5
    """Fraction of the words to replace by the unknown word while training."""
    lowercase: float = 0.0
    """Fraction of the sentences whose characters to read in lower case while training."""
    generated: int = 0
    """Generated sentences to learn from beside your own; their entities of types that yours have not become O."""
    max_length: int = 200
    """Longest window of a sentence to read at once, in words."""
    dropout: float = 0.6
    epochs: int = 10
    learning_rate: float = 3e-3
    batch_size: int = 32

    def __post_init__(self):
        super().__post_init__()
        recipe.check_at_least(self, vocabulary=5, min_count=1, character_units=1, max_length=1, generated=0)
        recipe.check_at_most(self, generated=tagging.MOST_GENERATED)
        recipe.check("lookahead", self.lookahead, lambda n: n is None or n >= 0, "an integer from 0")
        recipe.check("lookahead", self.lookahead, lambda n: n is None or self.bidirectional, "--bidirectional with it")
        for name in ("word_dropout", "lowercase"):
            recipe.check(name, getattr(self, name), lambda rate: 0 <= rate < 1, "at least 0 and below 1")

    def source(self):
        return self.data, self.data_dir, self.text_column, self.label_column, self.seed, self.strict


SEARCH_SPACE = {
    "cell": ("lstm", "gru", "lstm-peephole"),
    "units": (50, 100, 150),
    "depth": (1, 2),
    "crf": (True, False),
    "dropout": Range(0.3, 0.7),
    "recurrent_dropout": (0.0, 0.2),
    "word_dropout": (0.2, 0.5),
    "learning_rate": Range(1e-3, 1e-2, log=True),
    "batch_size": (16, 32, 64),
}


def load_data(config):
    """Each input is a list of words, its target a list of tags."""
    splits = tagging.with_generated(tagging.load(*config.source()), config.generated, config.seed)
    labels = entity_tags.names(splits.train.targets)
    examples = (splits.train, splits.validation, splits.test)
    return Dataset(labels, *(targets.of_steps(split, labels, config.data) for split in examples))


def load_test_split(config, trained, dataset):
    return targets.of_steps(tagging.load_test(*config.source()), dataset.labels, config.data)


def build_model(config, dataset):
    words = [word for sentence in dataset.train.inputs for word in sentence]
    tokenizer, vectors = tagging.vocabulary(config, words)
    model = ManyToMany(
        dataset.labels,
        vocabulary=tokenizer.size,
        embedding=config.vector_size(vectors),
        compact=vectors is not None,
        characters=tagging.alphabet(words) if config.characters else "",
        character_units=config.character_units,
        cell=config.cell,
        units=config.units,
        depth=config.depth,
        bidirectional=config.bidirectional,
        lookahead=config.lookahead,
        crf=config.crf,
        scheme="BIO" if config.crf and entity_tags.are_entities(set(dataset.labels)) else None,
        word_dropout=config.word_dropout,
        lowercase=config.lowercase,
        dropout=config.dropout,
        recurrent_dropout=config.recurrent_dropout,
        max_length=config.max_length,
        tokenizer=tokenizer,
        dtype=config.precision,
    )
    if vectors:
        model.of_words.start(vectors.of(tokenizer.tokens, config.seed), config.frozen)
    ema = averaging.ema_options(len(dataset.train) / config.batch_size / 2)  # over half an epoch
    adam = keras.optimizers.Adam(config.learning_rate, global_clipnorm=config.clip_norm, **ema)
    # The argmax of a CRF's potentials at each step is not its best sequence, so its accuracy would mislead.
    model.compile(adam, losses.CrossEntropy(), weighted_metrics=None if config.crf else [metrics.accuracy])
    return model


def train_model(config, dataset, **options):
    model, averaged = build_model(config, dataset), averaging.swap_weights()
    window = {"batch_size": config.batch_size, "max_length": config.max_length, "per_step": True}
    train, held_out = dataset.train, dataset.validation
    batches = Batches(model.sequences(train.inputs), train.y, seed=config.seed, **window)
    validation = Batches(model.sequences(held_out.inputs), held_out.y, seed=config.seed, shuffle=False, **window)
    score = tagging.validation_f1(held_out)
    return model, fit.fit(model, batches, validation, config.epochs, callbacks=[averaged], score=score, **options)


RECIPE = recipe.Recipe(
    "ner",
    Config,
    load_data,
    train_model,
    tagging.TaggingTask(),
    load_test_split,
    SEARCH_SPACE,
    predict_flags=tagging.PredictFlags,
    quick_epochs=3,
    quick_examples=2000,
    data_source=tagging.SOURCES,
    limitations=tagging.LIMITATIONS,
)

if __name__ == "__main__":
    recipe.main(RECIPE)
