"""Translation: many to many, Tx ≠ Ty. A text in, a text of another length out, by an encoder, attention and a decoder.

The default data are dates as people write them, in many languages, to be written as ISO 8601. `--data` takes your file of
`input TAB output`, `pronunciation` (words to phonemes), `bible` (King James to Basic English), or a set of TensorFlow Datasets.
"""

import dataclasses
from typing import Literal

import keras

from seqzoo import recipe
from seqzoo.data.pair_batches import PairBatches
from seqzoo.models import EncoderDecoder
from seqzoo.tasks import translation
from seqzoo.training import fit, losses, metrics
from seqzoo.tuning.space import Range


@dataclasses.dataclass(frozen=True)
class Config(recipe.EmbeddingsConfig):
    DATA_FIELDS = ("data", "data_dir", "reverse", "locales")
    data: str = "dates"
    locales: tuple[str, ...] = ()
    """Locales of the dates, such as `de pt`; all if none are given."""
    reverse: bool = False
    """Whether to swap the sides of the pairs."""
    source_level: Literal["auto", "word", "subword", "char", "phonemes"] = "auto"
    """Tokens of the inputs; phonemes are what stands between spaces."""
    target_level: Literal["auto", "word", "subword", "char", "phonemes"] = "auto"
    """Tokens of the outputs."""
    vocabulary: int = 8000
    """Size of each side's vocabulary, in tokens."""
    lowercase: bool = False
    """Whether to lowercase both sides."""
    units: int = 128
    decoder_cell: recipe.Cell | None = None
    """Recurrent unit of the decoder; that of the encoder if not given."""
    attention: Literal["none", "additive", "general", "dot"] = "general"
    """Score of the attention; dot needs --no-bidirectional."""
    input_feeding: bool = False
    """Whether the attention of the step before is an input of the decoder, which then runs step by step."""
    shared: bool = False
    """Whether both sides have one vocabulary and one embedding."""
    tied: bool = False
    """Whether the output layer is the transposed embedding."""
    scheduled_sampling: float = 0.0
    """Share of the tokens that the decoder reads in training that are its own samples."""
    label_smoothing: float = 0.0
    """Share of the target that all tokens divide."""
    max_length: int = 100
    """Longest input and longest output, in tokens; longer pairs are left out of the training."""
    dropout: float = 0.1
    epochs: int = 5
    learning_rate: float = 4e-3
    """Learning rate at the start; it falls to zero along a cosine."""
    batch_size: int = 64

    def __post_init__(self):
        super().__post_init__()
        translation.check_locales(self.locales, self.data)
        recipe.check_at_least(self, vocabulary=1, max_length=2)
        for flag in ("scheduled_sampling", "label_smoothing"):
            recipe.check(flag, getattr(self, flag), lambda rate: 0 <= rate < 1, "at least 0 and below 1")
        recipe.check("attention", self.attention, lambda a: a != "dot" or not self.bidirectional, "--no-bidirectional with it")
        recipe.check("input_feeding", self.input_feeding, lambda f: not f or self.attention != "none", "--attention with it")
        recipe.check("shared", self.shared, lambda s: not s or len(set(self.levels)) == 1, "one level of both sides with it")

    @property
    def levels(self):
        return translation.levels(self.data, self.reverse, self.source_level, self.target_level)


SEARCH_SPACE = {
    "cell": ("gru", "lstm"),
    "units": (64, 128, 256),
    "depth": (1, 2),
    "embedding": (32, 64, 128),
    "attention": ("general", "additive"),
    "dropout": Range(0.0, 0.5),
    "label_smoothing": (0.0, 0.1),
    "learning_rate": Range(1e-3, 1e-2, log=True),
    "batch_size": (32, 64, 128),
}


def load_data(config):
    """Each input is a text, its target a list of texts, any of which is right."""
    dataset = translation.load(config.data, config.data_dir, config.seed, config.reverse, config.locales)
    return translation.with_quick(dataset, 500) if config.quick else dataset


def load_test_split(config, trained, dataset):
    return translation.load_test(config.data, config.data_dir, config.seed, config.reverse, config.locales)


def build_model(config, tokenizers):
    vectors = config.vectors(tokenizers.tokens)
    model = EncoderDecoder(
        tokenizers.source.size,
        tokenizers.target.size,
        embedding=config.vector_size(vectors),
        compact=vectors is not None,
        cell=config.cell,
        units=config.units,
        depth=config.depth,
        bidirectional=config.bidirectional,
        decoder_cell=config.decoder_cell,
        attention=None if config.attention == "none" else config.attention,
        input_feeding=config.input_feeding,
        shared=config.shared,
        tied=config.tied,
        dropout=config.dropout,
        recurrent_dropout=config.recurrent_dropout,
        scheduled_sampling=config.scheduled_sampling,
        max_length=config.max_length,
        max_output=config.max_length,
        tokenizer=tokenizers,
        dtype=config.precision,
    )
    if vectors:
        model.start(vectors.array, config.frozen)
    return model


def train_model(config, dataset, **options):
    pairs = translation.unrolled(dataset.train)
    tokenizers = translation.train_tokenizers(pairs, config.levels, config.vocabulary, config.lowercase, config.shared)
    model = build_model(config, tokenizers)
    train, validation = (
        PairBatches(*translation.encoded(model, getattr(dataset, name), name), config.batch_size, config.seed, name == "train")
        for name in ("train", "validation")
    )
    model.decoder.adapt_bias(train.outputs)
    rate = keras.optimizers.schedules.CosineDecay(config.learning_rate, config.epochs * len(train))
    loss = losses.CrossEntropy(logits=True, label_smoothing=config.label_smoothing)
    model.compile(keras.optimizers.Adam(rate, global_clipnorm=config.clip_norm), loss, weighted_metrics=[metrics.nats])
    return model, fit.fit(model, train, validation, config.epochs, **options)


RECIPE = recipe.Recipe(
    "translation",
    Config,
    load_data,
    train_model,
    translation.TranslationTask,
    load_test_split,
    SEARCH_SPACE,
    commands=translation.commands_of(lambda: RECIPE),
    predict_flags=translation.PredictFlags,
    quick_epochs=2,
    quick_examples=8000,
    preset="dates",
    data_source=translation.SOURCES,
    limitations=translation.LIMITATIONS,
)

if __name__ == "__main__":
    recipe.main(RECIPE)
