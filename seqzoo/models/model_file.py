"""The file of a saved model: what it declares must be what it holds, and it knows the tokenizer that it was saved with."""

import json
import zipfile
from pathlib import Path

from seqzoo.data.digest import digest

TOKENIZER = "tokenizer.sha256"  # member of the zip file, beside those of Keras
MAX_CONFIG_BYTES = 2**24
MAX_RATIO = 100  # of the bytes of a member to those of its file; Keras does not compress
LAYER_BYTES = 1000  # of HDF5, at least, for each recurrent layer
WEIGHT_BYTES = 2  # at least


def check(path: Path) -> None:
    """Raises a `ValueError` where to build the model would take far more memory, or time, than to read its file."""
    with zipfile.ZipFile(path) as file:
        sizes = {member.filename: member.file_size for member in file.infolist()}
        largest = max(sizes, key=sizes.get, default="")
        if sizes.get(largest, 0) > MAX_RATIO * path.stat().st_size:
            raise ValueError(f"{largest} of {sizes[largest]:,} bytes in a file of {path.stat().st_size:,}")
        if sizes["config.json"] > MAX_CONFIG_BYTES:
            raise ValueError(f"a config of {sizes['config.json']:,} bytes, expected at most {MAX_CONFIG_BYTES:,}")
        declared = json.loads(file.read("config.json"))
    if declared["registered_name"].startswith("seqzoo>"):
        least, held = _least_bytes(**declared["config"]), sizes["model.weights.h5"]
        if least > held:
            raise ValueError(f"its config declares weights of {least:,} bytes at least, it holds {held:,}")


def _least_bytes(
    units=1, depth=1, vocabulary=None, embedding=None, characters="", character_units=1, dense=(), compact=False, **_
):
    """The bytes that the weights of one of our models take at least."""
    layers = depth * max(LAYER_BYTES, WEIGHT_BYTES * units**2)
    embeddings = (vocabulary or 0) * (embedding or 1) * (1 if compact else WEIGHT_BYTES)
    return layers + embeddings + WEIGHT_BYTES * ((character_units**2 if characters else 0) + max(dense, default=0))


def tokenizer_digest(path: Path) -> str:
    """Returns the digest of a tokenizer's file, "" if there is none."""
    return digest(json.loads(path.read_text(encoding="utf-8-sig"))) if path.exists() else ""


def write_tokenizer_digest(path: Path, tokenizer: Path) -> None:
    """Adds the digest of a tokenizer's file to the file of its model."""
    with zipfile.ZipFile(path, "a") as file:
        file.writestr(TOKENIZER, tokenizer_digest(tokenizer))


def read_tokenizer_digest(path: Path) -> str | None:
    """Returns the digest of the tokenizer that a model was saved with; None if it was saved before there were digests."""
    with zipfile.ZipFile(path) as file:
        return file.read(TOKENIZER).decode() if TOKENIZER in file.namelist() else None
