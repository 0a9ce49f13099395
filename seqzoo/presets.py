"""A trained model as a folder: its weights, its tokenizer, its configuration, its figures and its card."""

from pathlib import Path

import keras
import numpy as np

import seqzoo.models  # noqa: F401  (Keras finds a class by its name once its module is imported)
from seqzoo.data import tokenizer_pair
from seqzoo.errors import DataError, cause, note
from seqzoo.models import model_file

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
    model_file.write_tokenizer_digest(folder / "model.keras", folder / "tokenizer.json")


def load(name):
    """The model in a folder, or the one that ships under that name: ready to predict, or to compile and train on.

    Raises:
        DataError: no such folder, no readable model in it, or one with another tokenizer.
    """
    folder = find(name)
    path = folder / "model.keras"
    before = _version(path)
    model = _load_model(path)
    model.tokenizer = _load_tokenizer(folder, model)
    return model if _version(path) == before else load(name)  # a training has replaced the folder meanwhile


def _version(path):
    """What differs between two files that stood at a path."""
    stat = path.stat() if path.exists() else None
    return stat and (stat.st_dev, stat.st_ino, stat.st_mtime_ns, stat.st_size)


def _load_model(path):
    try:
        model_file.check(path)
        model = keras.saving.load_model(path)
    except Exception as error:  # of a damaged file Keras, zipfile, h5py and json each have their own
        raise DataError(f"{path}: expected a model saved by Keras ({cause(error, 100)})") from error
    if any(np.isnan(weights).any() for weights in model.get_weights()):
        raise DataError(f"{path}: expected numbers as weights, got NaN: its training diverged")
    return model


def _load_tokenizer(folder, model):
    """The tokenizer of a model, if it has one; it is the one that was saved with the model."""
    path, expected = folder / "tokenizer.json", model_file.read_tokenizer_digest(folder / "model.keras")
    tokenizer = tokenizer_pair.load(path) if path.exists() else None
    if expected is None and tokenizer:
        size = model.get_config().get("vocabulary", tokenizer.size)
        if size != tokenizer.size:
            raise DataError(f"{path}: expected {size} tokens, as many as the model has, got {tokenizer.size}")
        note(f"{folder}: saved without a digest of its tokenizer; they agree in size")
    elif expected is not None and model_file.tokenizer_digest(path) != expected:
        raise DataError(f"{path}: expected {'the tokenizer' if expected else 'none, as'} with which the model was saved")
    return tokenizer


def find(name):
    """The folder of a model: a path, or a name of `names()`."""
    for folder in (Path(name), SHIPPED / name):
        if (folder / "model.keras").is_file():
            return folder
    raise DataError(f"{name}: no trained model there (no model.keras); shipped models: {', '.join(names()) or 'none'}")


def names():
    """The models that ship."""
    return sorted(path.parent.name for path in SHIPPED.glob("*/model.keras"))
