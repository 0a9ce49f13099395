"""Pretrained vectors of words, from a text file with a word and its numbers on each line: that of word2vec, fastText, GloVe."""

import gzip
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from seqzoo.errors import DataError


class WordVectors:
    """The words of a file, in its order, the most frequent first as a rule, and `array` `(words, size)`, float32."""

    def __init__(self, words: list[str], array: np.ndarray):
        self.words, self.array = words, array

    @property
    def size(self) -> int:
        """How many numbers a vector has."""
        return self.array.shape[1]

    def of(self, tokens: list[str], seed: int = 0) -> np.ndarray:
        """Returns `(tokens, size)`: the vector of each token in lower case, or else of the first spelling with capitals; of a
        token without, random numbers that spread as the vectors do.

        Raises:
            DataError: no token has a vector.
        """
        rows = {word.lower(): i for i, word in reversed(list(enumerate(self.words)))}
        rows |= {word: i for i, word in enumerate(self.words) if word == word.lower()}
        found = [rows.get(token, -1) for token in tokens]
        if max(found) < 0:
            raise DataError(f"--embeddings: no vector for any of the {len(tokens):,} words, such as {tokens[-1]!r}")
        made_up = np.random.default_rng(seed).normal(scale=self.array.std(), size=(len(tokens), self.size))
        known = (np.array(found) >= 0)[:, None]
        return np.where(known, self.array[found], made_up).astype(np.float32)


def read(path: str | Path, most: int | None = None, wanted: Iterable[str] | None = None) -> WordVectors:
    """Returns the first vectors of a file, `most` at most; a first line may hold two integers, their number and size.

    Raises:
        DataError: no such file, not gzip or UTF-8 where it should be, no vectors, a line with more or fewer numbers, or none of
            the `wanted` words.
    """
    words, vectors, size = [], [], None
    for number, line in _lines(Path(path).expanduser()):
        cells = line.rstrip().split(" ") if " " in line and "\t" not in line else line.split()
        if number == 1 and len(cells) == 2 and all(cell.isdigit() for cell in cells):
            size = int(cells[1])
            continue
        size = size or len(cells) - 1
        word, extra = " ".join(cells[:-size]) if size else "", cells[1:-size] if size else []  # some words have a space
        if not word or any(map(_is_number, extra)):
            _wrong(f"{path}:{number}", cells, size)
        vectors.append(_numbers(cells[-size:], f"{path}:{number}", size))
        words.append(word)
        if len(words) == most:
            break
    if not words:
        raise DataError(f"{path}: empty, expected a word and its vector on each line")
    found = WordVectors(words, np.stack(vectors))
    if wanted is not None:
        found.of(sorted({word.lower() for word in wanted}))
    return found


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8-sig") as lines:
            yield from ((number, line) for number, line in enumerate(lines, start=1) if line.strip())
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}: byte 0x{error.object[error.start]:02x} is not UTF-8: expected a text file of vectors"
        ) from error
    except (OSError, EOFError) as error:
        why = getattr(error, "strerror", None) or error
        raise DataError(f"{path}: {why}: expected a text file with a word and its vector on each line") from error


def _numbers(cells: list[str], where: str, size: int) -> np.ndarray:
    try:
        vector = np.array(cells, np.float32)
    except ValueError:
        return _wrong(where, cells, size)
    return vector if np.isfinite(vector).all() else _wrong(where, cells, size)


def _is_number(cell: str) -> bool:
    try:
        return bool(float(cell)) or True
    except ValueError:
        return False


def _wrong(where: str, cells: list[str], size: int):
    shown = " ".join(cells)[:40]
    raise DataError(f"{where}: expected a word and {size or 'its'} finite numbers, found {shown!r}")
