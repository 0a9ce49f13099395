"""What is searched: a recipe, from a configuration of its settings on."""

import dataclasses
import math
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from seqzoo.recipe import report
from seqzoo.recipe.search_space import settings, with_values
from seqzoo.training import fit
from seqzoo.tuning import space as tuning_space


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
        duration: the setting that says how long a training is. Hyperband gives a trial fewer epochs, or tenths of another.
    """

    name: str
    config_class: type
    space: dict
    load: Callable
    train_once: Callable
    kind: report.Kind = report.ONE_ANSWER
    duration: str = "epochs"
    loaded: dict = dataclasses.field(default_factory=dict)  # the last problem

    def problem(self, config):
        """The data; read again only where a setting differs that is not in the space."""
        asked = tuple(getattr(config, name) for name in settings(self.config_class) if name not in (self.duration, *self.space))
        if asked not in self.loaded:
            self.loaded.clear()
            self.loaded[asked] = self.load(config)
        return self.loaded[asked]

    def parts(self, config):
        """In how many a training is divided, for Hyperband to give some of them."""
        whole = getattr(config, self.duration)
        return whole if self.duration == "epochs" else min(whole, 10)

    def trial(self, config, hyperparameters):
        """Trains with those of a trial in place of the configuration's: quality, and how long it took, in `duration`."""
        values = {name: value for name, value in hyperparameters.values.items() if not name.startswith("tuner/")}
        parts = self.parts(config)
        given = getattr(config, self.duration) * hyperparameters.values.get("tuner/epochs", parts) // parts
        config = with_values(config, {self.duration: given} | tuning_space.values_of(values))
        _, history = self.train_once(config, self.problem(config), verbose=False)
        judged = (fit.quality(figures) for figures in history if "val_loss" in figures)
        return max(quality for quality in judged if math.isfinite(quality)), len(history)


class Search(NamedTuple):
    """One of them: from which configuration, over what, by which tuner, in which folder."""

    recipe: Recipe
    config: object
    space: dict
    tuner: str
    place: Path

    def with_values_of(self, trial):
        return with_values(self.config, trial.values)
