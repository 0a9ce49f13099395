"""Named entities: many to many, a tag for every word.

By default the sentences are generated, from frames and names that never meet those of the test part; `--data` takes your own
file with a word and its tag on each line, a folder of such files, or a tagging set of TensorFlow Datasets.
"""

import dataclasses
import random
from collections import Counter
from typing import Annotated, Literal

import keras
import tyro

from seqzoo import presets
from seqzoo.data import entity_tags, targets, word_vectors
from seqzoo.data.batches import Batches
from seqzoo.data.tokenizer import Tokenizer, split_words
from seqzoo.models import ManyToMany
from seqzoo.recipe import main as command_line
from seqzoo.recipe import report
from seqzoo.recipe import search as searching
from seqzoo.tasks.tagging import data as tagging_data
from seqzoo.tasks.tagging import task
from seqzoo.training import fit, losses, metrics, run_folder
from seqzoo.tuning.space import Range

AVERAGED = 0.99  # largest share of the old in the running mean of the weights, which is what is evaluated and kept
CHARACTERS = 300  # the most frequent ones are known


@dataclasses.dataclass(frozen=True)
class Config(command_line.Settings):
    data: str = "generated_entities"
    text_column: int = 0
    """Of your own file: which column holds the words, from 0, or from -1 at the end."""
    label_column: int = -1
    """Likewise the tags."""
    strict: bool = False
    """Whether a tag that continues nothing is an error of the file."""
    cell: Literal["rnn", "gru", "gru-simplified", "lstm", "lstm-peephole"] = "lstm"
    units: int = 100
    vocabulary: int = 20_000
    """How many words to know."""
    min_count: int = 2
    """How often a word must stand in the training part to be known; the others teach what an unknown word is."""
    embedding: int = 64
    """Size of a word's vector."""
    embeddings: str | None = None
    """A text file of pretrained vectors, to begin with; it decides their size. Its first words are known too."""
    characters: bool = True
    """Whether a second network reads the characters of each word."""
    character_units: int = 50
    """Size of its state, in each direction."""
    lookahead: int | None = None
    """How many words of future a layer sees; all if not given."""
    crf: bool = True
    """Whether the tags of a sentence are chosen together, or each for itself."""
    word_dropout: float = 0.5
    """Fraction of the words taken for unknown ones while training."""
    max_length: int = 200
    """Words to read at a time."""
    dropout: float = 0.6
    epochs: int = 10
    learning_rate: float = 3e-3
    batch_size: int = 32
    repeats: int = 1
    """Trainings, each with the next seed: prints mean and spread, keeps the one that is best on the validation part."""

    def __post_init__(self):
        super().__post_init__()
        least = {"vocabulary": 5, "min_count": 1, "embedding": 1, "character_units": 1, "max_length": 1, "repeats": 1}
        for flag, value in least.items():
            command_line.check(flag, getattr(self, flag), lambda n, value=value: n >= value, f"an integer from {value}")
        command_line.check("lookahead", self.lookahead, lambda n: n is None or n >= 0, "an integer from 0")
        command_line.check("lookahead", self.lookahead, lambda n: n is None or self.bidirectional, "--bidirectional with it")
        command_line.check("word_dropout", self.word_dropout, lambda rate: 0 <= rate < 1, "at least 0 and below 1")

    def source(self):
        return self.data, self.data_dir, self.text_column, self.label_column, self.seed, self.strict


SPACE = {
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


# Data


def load(config):
    """A `targets.Dataset`: each input a list of words, what is actual of it a list of tags."""
    splits = tagging_data.load(*config.source())
    labels, train = entity_tags.names(splits.train.targets), splits.train
    if config.quick:
        train = train.take(random.Random(config.seed).sample(range(len(train)), min(len(train), 2000)))
    parts = (targets.of_steps(examples, labels, config.data) for examples in (train, splits.validation, splits.test))
    return targets.Dataset(labels, *parts)


# Model


def build(config, problem):
    words = [word for sentence in problem.train.inputs for word in sentence]
    vectors = word_vectors.read(config.embeddings, config.vocabulary, words) if config.embeddings else None
    known_words = words + config.min_count * vectors.words if vectors else words
    tokenizer = Tokenizer.train(known_words, level="whole", size=config.vocabulary, min_count=config.min_count)
    known = Counter(character for word in words for character in word).most_common(CHARACTERS)
    model = ManyToMany(
        problem.labels,
        vocabulary=tokenizer.size,
        embedding=vectors.size if vectors else config.embedding,
        characters="".join(sorted(character for character, _ in known)) if config.characters else "",
        character_units=config.character_units,
        cell=config.cell,
        units=config.units,
        depth=config.depth,
        bidirectional=config.bidirectional,
        lookahead=config.lookahead,
        crf=config.crf,
        scheme="BIO" if config.crf and entity_tags.are_entities(set(problem.labels)) else None,
        word_dropout=config.word_dropout,
        dropout=config.dropout,
        recurrent_dropout=config.recurrent_dropout,
        max_length=config.max_length,
        tokenizer=tokenizer,
        dtype=config.precision,
    )
    if vectors:
        model.of_words.set_weights([vectors.of(tokenizer.tokens, config.seed)])
    share = max(0.0, min(AVERAGED, 1 - 2 * config.batch_size / len(problem.train.inputs)))  # a mean over half an epoch at most
    adam = keras.optimizers.Adam(config.learning_rate, global_clipnorm=config.clip_norm, use_ema=True, ema_momentum=share)
    # What a CRF's potentials would choose step by step is not what it chooses.
    model.compile(adam, losses.CrossEntropy(), weighted_metrics=None if config.crf else [metrics.accuracy])
    return model


def train_once(config, problem, **how):
    """A trained model and its history; `how` of `fit`."""
    random.seed(config.seed)  # Keras's own `set_random_seed` imports TensorFlow on every backend
    model = build(config, problem)
    options = {"batch_size": config.batch_size, "max_length": config.max_length, "per_step": True}
    train, validation = (
        Batches(model.sequences(of.inputs), of.y, seed=config.seed, shuffle=of is problem.train, **options)
        for of in (problem.train, problem.validation)
    )
    epochs = min(config.epochs, 3) if config.quick else config.epochs
    averaged, score = keras.callbacks.SwapEMAWeights(swap_on_epoch=True), task.score(problem.validation)
    return model, fit.fit(model, train, validation, epochs, callbacks=[averaged], score=score, **how)


# Verbs


def train(config, folder, **how):
    report.train("ner", config, folder, load(config), train_once, task.KIND, **how)


def tested(config, folder):
    """The problem that a model was trained on; a file other than the one it learnt from is a test as a whole."""
    learnt = command_line.from_file(Config, folder / "config.json")
    problem = load(dataclasses.replace(learnt, data_dir=config.data_dir))
    if config.data == learnt.data:
        return problem
    return dataclasses.replace(
        problem, test=targets.of_steps(tagging_data.load_test(*config.source()), problem.labels, config.data)
    )


def evaluate(config, folder):
    print(task.evaluate(config.cell, presets.load(folder), tested(config, folder)))


@dataclasses.dataclass(frozen=True)
class Predict(command_line.Predict):
    form: Annotated[Literal["text", "bio", "binary", "spans", "json"], tyro.conf.arg(name="as")] = "text"
    """Entities in brackets; a tag at each word; 0 or 1 for each word between spaces; or where each entity begins and ends."""


def predict(lines, folder, form="text"):
    sentences = [split_words(line) for line in lines]
    model = presets.load(folder)
    forms = ("text", "bio", "binary", "spans", "json") if entity_tags.are_entities(set(model.labels)) else ("text", "bio")
    command_line.check("as", form, lambda form: form in forms, f"{' or '.join(forms)} of a model whose tags mark no entities")
    found = iter(model.answers([words for words in sentences if words]))
    for line, words in zip(lines, sentences, strict=True):
        tagged, score = next(found) if words else ([], 1.0)
        yield f"{task.shown(form, line, tagged)}\t{score:.3f}\t{' '.join(line.split())}"


def inspect(config, folder):
    history = run_folder.read_json(folder / "metrics.json")["history"]
    for path in task.pictures(folder, presets.load(folder), tested(config, folder).test, history):
        print(path)


def search(asked, folder):
    searching.find_better(searching.Recipe("ner", Config, SPACE, load, train_once, task.KIND), asked, folder)


if __name__ == "__main__":
    verbs = {"train": train, "evaluate": evaluate, "predict": predict, "inspect": inspect, "search": search}
    command_line.main("ner", Config, verbs, predict_class=Predict, asks={"search": searching.asked(Config)})
