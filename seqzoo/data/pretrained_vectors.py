"""Pretrained vectors of words by the flag --embeddings: a file of yours, or MiniLM's."""

import os
from collections.abc import Iterable
from pathlib import Path

from seqzoo.data import minilm, word_vectors
from seqzoo.data.word_vectors import WordVectors
from seqzoo.errors import DataError


def read(embeddings: str, size: int | None, most: int, wanted: Iterable[str], data_dir: str | None = None) -> WordVectors:
    """Returns the `most` first vectors of a file, or of `minilm`, and reduces them to `size` numbers if it is given.

    Raises:
        DataError: the vectors cannot be read, are of fewer numbers, or of none of the `wanted` words.
    """
    wanted = sorted({word.lower() for word in wanted})
    if embeddings == minilm.NAME:
        vectors = minilm.read(Path(os.path.expanduser(data_dir or "~/tensorflow_datasets"), "downloads"), most, wanted)
    else:
        vectors = word_vectors.read(embeddings, most, wanted)
    if size is not None and size > vectors.size:
        raise DataError(f"--embedding: expected at most {vectors.size}, the size of the vectors of {embeddings}, got {size}")
    return vectors if size in (None, vectors.size) else vectors.reduced(size)
