"""Pretrained word vectors from the text format of word2vec, fastText and GloVe: a word and its numbers on each line."""

import gzip
import re
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from seqzoo.data import files
from seqzoo.errors import DataError

INTEGER = re.compile("[0-9]+")
LARGEST = 100_000  # numbers of a vector
LONGEST_LINE = 4_000_000  # characters


class WordVectors:
    """Word vectors: `words` in the file's order, usually the most frequent first, and `array` `(words, size)` float32."""

    def __init__(self, words: list[str], array: np.ndarray):
        self.words, self.array = words, array

    @property
    def size(self) -> int:
        """The size of a vector."""
        return self.array.shape[1]

    def reduced(self, size: int) -> "WordVectors":
        """Returns the `size` first principal components of the vectors, with the standard deviation that all had."""
        centred = self.array - self.array.mean(axis=0)
        _, axes = np.linalg.eigh(centred.T @ centred)  # from the least variance to the largest
        parts = centred @ axes[:, ::-1][:, :size]
        return WordVectors(self.words, (parts * (self.array.std() / parts.std())).astype(np.float32))

    def of(self, tokens: list[str], seed: int = 0) -> np.ndarray:
        """Returns the vectors of tokens, `(tokens, size)`.

        The vector is that of the lower-case word, else of the first spelling with capitals. A token without a vector gets
        normal random numbers with the standard deviation of the file's vectors.

        Raises:
            DataError: no token has a vector.
        """
        rows = {word.lower(): i for i, word in reversed(list(enumerate(self.words)))}
        rows |= {word: i for i, word in enumerate(self.words) if word == word.lower()}
        indices = [rows.get(token, -1) for token in tokens]
        if max(indices, default=-1) < 0:
            raise DataError(f"--embeddings: no vector for any of the {len(tokens):,} words, such as {''.join(tokens[-1:])!r}")
        random_vectors = np.random.default_rng(seed).normal(scale=self.array.std(), size=(len(tokens), self.size))
        known = (np.array(indices) >= 0)[:, None]
        return np.where(known, self.array[indices], random_vectors).astype(np.float32)


def read(path: str | Path, most: int | None = None, wanted: Iterable[str] | None = None) -> WordVectors:
    """Returns the first vectors of a file, `most` at most; a first line may hold two integers, number and size of the vectors.

    Raises:
        DataError: the file is missing, empty, or no gzip or UTF-8 file; a line has more or fewer numbers; or the file has none
            of the `wanted` words.
    """
    words, vectors, size = [], [], None
    for number, line in _lines(Path(path).expanduser()):
        cells = re.split("[ \t]+" if "\t" in line else " ", line.rstrip(" \t\n"))
        if number == 1 and len(cells) == 2 and all(map(INTEGER.fullmatch, cells)):
            size = _declared_size(cells[1], f"{path}:1")
            continue
        size = size or len(cells) - 1
        word, extra = " ".join(cells[:-size]) if size else "", cells[1:-size] if size else []  # some words have a space
        if not word or any(map(_is_number, extra)):
            _raise_line_error(f"{path}:{number}", cells, size)
        vectors.append(_numbers(cells[-size:], f"{path}:{number}", size))
        words.append(word)
        if len(words) == most:
            break
    if not words:
        raise DataError(f"{path}: empty, expected a word and its vector on each line")
    word_vectors = WordVectors(words, np.stack(vectors))
    if wanted is not None:
        word_vectors.of(sorted({word.lower() for word in wanted}))
    return word_vectors


def _declared_size(cell: str, where: str) -> int:
    if len(cell) > len(str(LARGEST)) or not 1 <= int(cell) <= LARGEST:
        raise DataError(f"{where}: vectors of {cell[:20]} numbers, expected 1 to {LARGEST:,}")
    return int(cell)


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    files.check_regular(path, "a text file with a word and its vector on each line")
    try:
        with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8-sig") as file:
            for number, line in enumerate(iter(lambda: file.readline(LONGEST_LINE), ""), start=1):
                if len(line) == LONGEST_LINE:
                    raise DataError(f"{path}:{number}: a line of {LONGEST_LINE:,} characters or more, expected a shorter one")
                if line.strip():
                    yield number, line
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}: byte 0x{error.object[error.start]:02x} is not UTF-8: expected a text file of vectors"
        ) from error
    except (OSError, EOFError, zlib.error) as error:  # a damaged gzip file raises any of the three
        cause = getattr(error, "strerror", None) or error
        raise DataError(f"{path}: {cause}: expected a text file with a word and its vector on each line") from error


def _numbers(cells: list[str], where: str, size: int) -> np.ndarray:
    if any("_" in cell for cell in cells):  # 1_0 is 10 to Python alone
        _raise_line_error(where, cells, size)
    try:
        vector = np.array(cells, np.float32)
    except ValueError:
        return _raise_line_error(where, cells, size)
    return vector if np.isfinite(vector).all() else _raise_line_error(where, cells, size)


def _is_number(cell: str) -> bool:
    try:
        return bool(float(cell)) or True
    except ValueError:
        return False


def _raise_line_error(where: str, cells: list[str], size: int):
    text = " ".join(cells)[:40]
    raise DataError(f"{where}: expected a word and {size or 'its'} finite numbers, found {text!r}")
