"""Flags of predict, and the verb compare, of sequence-to-sequence models."""

import dataclasses
from pathlib import Path

import tyro

from seqzoo import presets, recipe
from seqzoo.datasets.human_dates import LOCALES
from seqzoo.errors import UsageError, boundary
from seqzoo.evaluation import tables
from seqzoo.tasks.translation.task import BEAM, by_length, draw_by_length, texts_of

MOST = 100  # hypotheses of a beam


@dataclasses.dataclass(frozen=True)
class PredictFlags(recipe.PredictFlags):
    """Prints one line for each input, or --n-best lines: output TAB score TAB input.

    The score is the geometric mean of the probabilities of the output's tokens, 0 to 1.
    """

    beam: int = BEAM
    """Beam width: the number of hypotheses kept at each step; 1 is greedy decoding."""
    n_best: int = 1
    """Outputs for each input, the best first."""

    def __post_init__(self):
        recipe.check_at_least(self, beam=1, n_best=1)
        recipe.check_at_most(self, beam=MOST)
        recipe.check("n_best", self.n_best, lambda n: n <= self.beam, f"at most {self.beam}, the --beam")


@dataclasses.dataclass(frozen=True)
class CompareFlags:
    """Prints the metrics of several trained models on one test split, and draws their quality by input length."""

    folders: tyro.conf.Positional[tuple[str, ...]] = ()
    """Folders of trained models, such as one with attention and one without; the first one's test split is read."""
    picture: str = "by_length.png"
    """PNG file to write."""

    def __post_init__(self):
        if not self.folders:
            raise UsageError("compare: expected one or more folders of trained models, got none")
        recipe.check("picture", self.picture, lambda path: path.endswith(".png") and Path(path).parent.is_dir(), "a PNG file")

    @property
    def out(self):
        return self.folders[0]


def commands_of(get_recipe):
    """Returns the further verbs of a recipe, which `get_recipe()` returns once there is one."""

    def run(flags, folder):
        return compare(get_recipe(), flags, folder)

    return {"compare": recipe.Command(CompareFlags, run, "several trained models, and quality by input length")}


def check_locales(names, source):
    """Raises a `UsageError` unless the names are locales of the data set `dates`, or there are none."""
    recipe.check("locales", names, lambda names: not names or source == "dates", "none: they are for --data dates")
    for name in names:
        recipe.check("locales", name, lambda name: name in LOCALES, f"some of {' '.join(LOCALES)}")


def compare(recipe_of, flags, folder):
    """Yields a table of the models' metrics, and the path of the picture."""
    config, rows, series = recipe_of.trained_config(folder), {}, {}
    task, test = recipe_of.task_of(config), recipe_of.dataset(config).test
    for name in flags.folders:
        other = recipe_of.trained_config(recipe_of.trained_folder(dataclasses.replace(flags, folders=(name,))))
        same = all(getattr(other, field) == getattr(config, field) for field in ("data", "reverse", "locales", "levels"))
        recipe.check("folders", name, lambda _, same=same: same, f"models of the data and levels of {folder}")
        with boundary(name):
            model = presets.load(name)
            greedy, searched = (texts_of(model, test.inputs, width) for width in (1, BEAM))
            rows |= {f"{name}, greedy": task.metrics_of(test, greedy), f"{name}, beam {BEAM}": task.metrics_of(test, searched)}
            series[name] = by_length(task, model, test, greedy)
    draw_by_length(series, flags.picture, config.data)
    yield tables.table(rows)
    yield flags.picture
