"""The verb inspect: plots of a trained model on the test split."""

from pathlib import Path

from seqzoo import presets
from seqzoo.errors import boundary
from seqzoo.inspection import plots
from seqzoo.recipe.evaluate import trained_run
from seqzoo.recipe.test_data import load_test_data
from seqzoo.training import run_folder


def inspect(recipe, arguments):
    """Writes the training curves and the task's plots; prints their paths."""
    config, folder = trained_run(recipe, "inspect", arguments)
    model, task = presets.load(folder), recipe.task_of(recipe.trained_config(folder))
    split = load_test_data(recipe, config, folder, model).test
    pictures = pictures_folder(folder)
    with boundary(folder / "metrics.json"):
        plots.curves(run_folder.read_json(folder / "metrics.json")["history"], pictures / "curves.png", folder.name)
    with boundary(f"inspect, {folder}"):
        task.plots(model, split, pictures, folder.name)
    for path in sorted(pictures.glob("*.png")):
        print(path)


def pictures_folder(folder):
    """An empty folder for plots: `pictures` in the run's folder; for a shipped model `runs/inspect-NAME`."""
    pictures = Path("runs", f"inspect-{folder.name}") if folder.parent == presets.SHIPPED else folder / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)
    for old in pictures.glob("*.png"):
        old.unlink()
    return pictures
