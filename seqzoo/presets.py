"""A trained model as a folder: its weights, its tokenizer, its configuration, its figures and its card."""

from pathlib import Path

import keras

import seqzoo.models  # noqa: F401  (Keras finds a class by its name once its module is imported)
from seqzoo.data.tokenizer import Tokenizer
from seqzoo.errors import DataError, one_line

_INSTALLED = Path(__file__).parent / "saved_models"  # where a wheel has them
SHIPPED = _INSTALLED if _INSTALLED.is_dir() else Path(__file__).parents[1] / "saved_models"


def save(model, folder):
    """Writes `model.keras` and, where there is a tokenizer, `tokenizer.json` into an existing folder."""
    folder = Path(folder)
    bare = type(model).from_config(model.get_config())  # the weights without the optimizer, which is twice their size
    bare.set_weights(model.get_weights())
    bare.save(folder / "model.keras")
    if getattr(model, "tokenizer", None) is not None:
        model.tokenizer.save(folder / "tokenizer.json")


def load(name):
    """The model in a folder, or the one that ships under that name: ready to predict, or to compile and train on.

    Raises:
        DataError: no such folder, or no readable model in it.
    """
    folder = find(name)
    try:
        model = keras.saving.load_model(folder / "model.keras")
    except Exception as error:  # of a damaged file Keras, zipfile, h5py and json each have their own
        raise DataError(f"{folder / 'model.keras'}: expected a model saved by Keras ({one_line(error, 100)})") from error
    tokenizer = folder / "tokenizer.json"
    model.tokenizer = Tokenizer.load(tokenizer) if tokenizer.exists() else None
    return model


def find(name):
    """The folder of a model: a path, or a name of `names()`."""
    for folder in (Path(name), SHIPPED / name):
        if (folder / "model.keras").is_file():
            return folder
    raise DataError(f"{name}: no trained model there (no model.keras); shipped models: {', '.join(names()) or 'none'}")


def names():
    """The models that ship."""
    return sorted(path.parent.name for path in SHIPPED.glob("*/model.keras"))
