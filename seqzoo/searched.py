"""What is searched: a recipe, from a configuration of its settings on."""

import dataclasses
import math
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from seqzoo import report
from seqzoo.search_space import settings
from seqzoo.training import fit, search


@dataclasses.dataclass(frozen=True)
class Recipe:
    """What a search must know of one.

    Args:
        name: of the recipe.
        config_class: of its settings.
        space: `{setting: a tuple of values, or a search.Range}`, of settings that `load` does not ask for.
        load: `(config) -> problem`, with a part `test`.
        train_once: `(config, problem, **how of fit) -> model, history`.
        kind: what is said of a model.
    """

    name: str
    config_class: type
    space: dict
    load: Callable
    train_once: Callable
    kind: report.Kind = report.ONE_ANSWER
    loaded: dict = dataclasses.field(default_factory=dict)  # the last problem

    def problem(self, config):
        """The data; read again only where a setting differs that is not in the space."""
        asked = tuple(getattr(config, name) for name in settings(self.config_class) if name not in ("epochs", *self.space))
        if asked not in self.loaded:
            self.loaded.clear()
            self.loaded[asked] = self.load(config)
        return self.loaded[asked]

    def trial(self, config, hyperparameters):
        """Trains with those of a trial in place of the configuration's: quality, and number of epochs."""
        values = {name: value for name, value in hyperparameters.values.items() if not name.startswith("tuner/")}
        epochs = hyperparameters.values.get("tuner/epochs", config.epochs)
        config = dataclasses.replace(config, **{"epochs": epochs} | search.values_of(values))
        _, history = self.train_once(config, self.problem(config), verbose=False)
        return max(quality for quality in map(fit.quality, history) if math.isfinite(quality)), len(history)


class Search(NamedTuple):
    """One of them: from which configuration, over what, by which tuner, in which folder."""

    recipe: Recipe
    config: object
    space: dict
    tuner: str
    place: Path

    def with_values_of(self, trial):
        return dataclasses.replace(self.config, **trial.values)
