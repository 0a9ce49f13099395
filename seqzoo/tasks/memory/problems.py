"""What the networks of `recipes.long_range` are asked after training: new sequences of each task, figures and baselines."""

import math
from typing import NamedTuple

import numpy as np

from seqzoo.datasets import adding_and_copying
from seqzoo.datasets import agreement as grammar
from seqzoo.recipe.flags import check
from seqzoo.training import losses

TESTED, BATCH = 2000, 64
TEST, VALIDATION = 1, 3  # beside a configuration's seed, those of what is drawn


class Sums(NamedTuple):
    """The adding task: x `(N, T, 2)`, y `(N, 1)`."""

    x: np.ndarray
    y: np.ndarray

    @classmethod
    def draw(cls, config, part):
        return cls(*adding_and_copying.adding(TESTED, config.steps, np.random.default_rng((config.seed, part))))

    def metrics(self, model):
        return {"mean_squared_error": self.loss(model)}

    def baselines(self):
        return {"always 1": {"mean_squared_error": float(np.mean((self.y - 1) ** 2))}}

    def loss(self, model):
        return float(np.mean((model.predict(self.x, batch_size=BATCH, verbose=0) - self.y) ** 2))


class Letters(NamedTuple):
    """The copying task after so many blanks: x `(N, blanks + 20, symbols)`, y `(N, 10)`."""

    blanks: int
    x: np.ndarray
    y: np.ndarray

    @classmethod
    def draw(cls, config, part, blanks=None):
        """After as many as are asked for, or the longest wait of the configuration."""
        blanks = max(config.blanks) if blanks is None else blanks
        return cls(blanks, *adding_and_copying.copying(TESTED, blanks, np.random.default_rng((config.seed, part))))

    def metrics(self, model):
        p = model.predict(self.x, batch_size=BATCH, verbose=0)
        cost = -np.log(np.maximum(np.take_along_axis(p, self.y[:, :, None], axis=2), losses.SMALLEST))
        return self._named(float(np.mean(p.argmax(axis=-1) == self.y)), float(cost.sum(axis=1).mean() / self.x.shape[1]))

    def baselines(self):
        guess = adding_and_copying.LENGTH * math.log(adding_and_copying.LETTERS) / self.x.shape[1]
        return {"no memory": self._named(1 / adding_and_copying.LETTERS, guess)}

    def loss(self, model):
        return self.metrics(model)[f"loss, T = {self.blanks}"]

    def _named(self, right, loss):
        return {f"right, T = {self.blanks}": right, f"loss, T = {self.blanks}": loss}


class Sentences(NamedTuple):
    """Held out sentences, with at most so many words between the subject and its verb."""

    sentences: list[grammar.Sentence]
    words: int

    @classmethod
    def draw(cls, config, part):
        """No sentence of the validation part is one of the test part's.

        Raises:
            UsageError: of such short ones hardly any is left.
        """
        test = grammar.generate(TESTED, config.seed + 1, config.words, held_out=True)
        if part == TEST:
            return cls(test, config.words)
        check("words", config.words, lambda n: n >= 3, "an integer from 3, for sentences beside those to be tested")
        known, drawn = {each.before for each in test}, grammar.generate(TESTED, config.seed + 2, config.words, held_out=True)
        return cls([each for each in drawn if each.before not in known], config.words)

    def metrics(self, model):
        return self.of_each_distance([answer.label == "were" for answer in self._answers(model)])

    def baselines(self):
        nearest = [grammar.nearest_is_plural(each.before) for each in self.sentences]
        said = {"number of the nearest noun": nearest, "always was": [False] * len(nearest)}
        return {name: self.of_each_distance(plural) for name, plural in said.items()}

    def of_each_distance(self, plural):
        """Accuracy of what is said of the sentences, by ranges of the words between."""
        right = np.array([said == each.plural for said, each in zip(plural, self.sentences, strict=True)])
        distances = np.array([each.distance for each in self.sentences])
        ranges = [part for part in np.array_split(np.arange(1, self.words + 1), 5) if len(part)]
        return {f"{part[0]}-{part[-1]} words": float(np.mean(right[np.isin(distances, part)])) for part in ranges}

    def loss(self, model):
        """The mean cross-entropy."""
        pairs = zip(self._answers(model), self.sentences, strict=True)
        p = [score if (label == "were") == each.plural else 1 - score for (label, score), each in pairs]
        return float(-np.log(np.maximum(p, losses.SMALLEST)).mean())

    def _answers(self, model):
        return model.answers([each.before for each in self.sentences])


BY_TASK = {"agreement": Sentences, "adding": Sums, "copying": Letters}


class MemoryDataset(NamedTuple):
    """A task's validation and test split."""

    validation: NamedTuple
    test: NamedTuple


def draw(config):
    """The splits of the config's task. Training draws examples that are in neither."""
    return MemoryDataset(*(BY_TASK[config.task].draw(config, split) for split in (VALIDATION, TEST)))
