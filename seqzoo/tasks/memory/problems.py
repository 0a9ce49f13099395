"""Datasets of `recipes.long_range`: new sequences of each memory task, with their metrics and baselines."""

import math
from typing import NamedTuple

import numpy as np

from seqzoo.datasets import adding_and_copying
from seqzoo.datasets import agreement as grammar
from seqzoo.recipe.flags import check
from seqzoo.training import losses

TESTED, BATCH = 2000, 64  # examples of a split, and of a batch
TEST, VALIDATION = 1, 3  # with a config's seed, the random seed of a split


class Sums(NamedTuple):
    """A split of the adding task: x `(N, T, 2)`, y `(N, 1)`."""

    x: np.ndarray
    y: np.ndarray

    @classmethod
    def draw(cls, config, split):
        """Returns new sequences of `config.steps` steps."""
        return cls(*adding_and_copying.adding(TESTED, config.steps, np.random.default_rng((config.seed, split))))

    def metrics(self, model):
        return {"mean_squared_error": self.loss(model)}

    def baselines(self):
        return {"always 1": {"mean_squared_error": float(np.mean((self.y - 1) ** 2))}}

    def loss(self, model):
        return float(np.mean((model.predict(self.x, batch_size=BATCH, verbose=0) - self.y) ** 2))


class Letters(NamedTuple):
    """A split of the copying task, with one number of blanks: x `(N, blanks + 20, symbols)`, y `(N, 10)`."""

    blanks: int
    x: np.ndarray
    y: np.ndarray

    @classmethod
    def draw(cls, config, split, blanks=None):
        """Returns new sequences with `blanks`, or the config's most blanks if not given."""
        blanks = max(config.blanks) if blanks is None else blanks
        return cls(blanks, *adding_and_copying.copying(TESTED, blanks, np.random.default_rng((config.seed, split))))

    def metrics(self, model):
        p = model.predict(self.x, batch_size=BATCH, verbose=0)
        cost = -np.log(np.maximum(np.take_along_axis(p, self.y[:, :, None], axis=2), losses.SMALLEST))
        return self._metrics(float(np.mean(p.argmax(axis=-1) == self.y)), float(cost.sum(axis=1).mean() / self.x.shape[1]))

    def baselines(self):
        guess = adding_and_copying.LENGTH * math.log(adding_and_copying.LETTERS) / self.x.shape[1]
        return {"no memory": self._metrics(1 / adding_and_copying.LETTERS, guess)}

    def loss(self, model):
        return self.metrics(model)[f"loss, T = {self.blanks}"]

    def _metrics(self, right, loss):
        return {f"right, T = {self.blanks}": right, f"loss, T = {self.blanks}": loss}


class Sentences(NamedTuple):
    """A split of the agreement task: held out sentences, with at most `words` words between the subject and its verb."""

    sentences: list[grammar.Sentence]
    words: int

    @classmethod
    def draw(cls, config, split):
        """Returns new sentences; no sentence of the validation split is in the test split.

        Raises:
            UsageError: for the validation split fewer than 3 words, with which hardly any other sentence exists.
        """
        test = grammar.generate(TESTED, config.seed + 1, config.words, held_out=True)
        if split == TEST:
            return cls(test, config.words)
        check("words", config.words, lambda n: n >= 3, "an integer from 3, for sentences beside those to be tested")
        known = {sentence.before for sentence in test}
        sentences = grammar.generate(TESTED, config.seed + 2, config.words, held_out=True)
        return cls([sentence for sentence in sentences if sentence.before not in known], config.words)

    def metrics(self, model):
        return self.accuracy_by_distance([answer.label == "were" for answer in self._answers(model)])

    def baselines(self):
        nearest = [grammar.nearest_is_plural(sentence.before) for sentence in self.sentences]
        predictions = {"number of the nearest noun": nearest, "always was": [False] * len(nearest)}
        return {name: self.accuracy_by_distance(plural) for name, plural in predictions.items()}

    def accuracy_by_distance(self, plural):
        """`{metric: accuracy}` of predictions, by ranges of the number of words between the subject and its verb."""
        right = np.array([predicted == sentence.plural for predicted, sentence in zip(plural, self.sentences, strict=True)])
        distances = np.array([sentence.distance for sentence in self.sentences])
        ranges = [words for words in np.array_split(np.arange(1, self.words + 1), 5) if len(words)]
        return {f"{words[0]}-{words[-1]} words": float(np.mean(right[np.isin(distances, words)])) for words in ranges}

    def loss(self, model):
        """The mean cross-entropy of a model."""
        pairs = zip(self._answers(model), self.sentences, strict=True)
        p = [score if (label == "were") == sentence.plural else 1 - score for (label, score), sentence in pairs]
        return float(-np.log(np.maximum(p, losses.SMALLEST)).mean())

    def _answers(self, model):
        return model.answers([sentence.before for sentence in self.sentences])


BY_TASK = {"agreement": Sentences, "adding": Sums, "copying": Letters}


class MemoryDataset(NamedTuple):
    """Dataset of a memory task: its validation and its test split."""

    validation: NamedTuple
    test: NamedTuple


def draw(config):
    """Returns the dataset of the config's task. Training generates further examples, which are in neither split."""
    return MemoryDataset(*(BY_TASK[config.task].draw(config, split) for split in (VALIDATION, TEST)))
