"""Pretrained vectors by the flag --embeddings: of words from a file of yours, of words or word pieces from MiniLM."""

import os
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from seqzoo.data import minilm, word_vectors
from seqzoo.data.tokenizer import CONTINUES, EMOTICON, SPACE, SPECIAL, Tokenizer
from seqzoo.data.word_vectors import WordVectors
from seqzoo.errors import DataError

MOST = 500_000  # words to read of a file for given tokens


def read(embeddings: str, size: int | None, most: int, wanted: Iterable[str], data_dir: str | None = None) -> WordVectors:
    """Returns the `most` first vectors of words from a file, or from MiniLM, reduced to `size` numbers if it is given.

    Raises:
        DataError: the vectors cannot be read, are of fewer numbers, or of none of the `wanted` words.
    """
    wanted = sorted({word.lower() for word in wanted})
    if embeddings in minilm.NAMES:
        return _of_size(_minilm(data_dir).of_words(most, wanted, embeddings == minilm.NAME), size, embeddings)
    return _of_size(word_vectors.read(embeddings, most, [word for word in wanted if word not in SPECIAL]), size, embeddings)


def joined(tokenizer: Tokenizer, words: list[str], size: int) -> list[str]:
    """Returns the words of a vocabulary of `size` tokens: those of a tokenizer, then the first others that have vectors.

    A word that the tokenizer would cut, or that holds a space, is left out.
    """
    lower = [word.lower() for word in words]
    whole = [word for word, cut in zip(lower, tokenizer.cut_all(lower), strict=True) if len(cut) == 1 and " " not in word]
    known = [word for word in dict.fromkeys([*tokenizer.tokens, *whole]) if word not in SPECIAL]
    return known[: size - len(SPECIAL)]


def of_pieces(
    embeddings: str, size: int | None, most: int, texts: Iterable[str], data_dir: str | None = None
) -> tuple[Tokenizer, WordVectors]:
    """Returns a tokenizer of MiniLM's word pieces, and their vectors, reduced to `size` numbers if it is given.

    The tokens are `most` at most: see `frequent_pieces`.

    Raises:
        DataError: the vectors cannot be read, or are of fewer numbers.
    """
    model = _minilm(data_dir)
    tokenizer = Tokenizer.of_pieces(frequent_pieces(model.pieces, list(texts), most))
    vectors = model.of_pieces(sorted(set(model.pieces) & set(tokenizer.tokens)), embeddings == minilm.NAME)
    return tokenizer, _of_size(vectors, size, embeddings)


def of_tokens(embeddings: str, size: int | None, tokens: list[str], data_dir: str | None = None, seed: int = 0) -> WordVectors:
    """Returns a vector of each token of any tokenizer, in their order, reduced to `size` numbers if it is given.

    It is the vector of the word, or part of one, that the token spells in lower case and without its space; where a file has
    none, random numbers.

    Raises:
        DataError: the vectors cannot be read, are of fewer numbers, or of none of the tokens.
    """
    spelled = [token.lower().removeprefix(SPACE) for token in tokens]
    most = 0 if embeddings in minilm.NAMES else MOST
    vectors = read(embeddings, size, most, set(spelled) - {"", *SPECIAL}, data_dir)
    return WordVectors(tokens, vectors.of(spelled, seed))


def frequent_pieces(pieces: list[str], texts: list[str], most: int) -> list[str]:
    """Returns `most` word pieces: letters and marks, those of the texts by frequency, then the first others.

    Emoticons that the texts have twice are pieces too.
    """
    emoticons = Counter(emoticon for text in texts for emoticon in re.findall(EMOTICON, text.lower()))
    pieces = list(dict.fromkeys([*pieces, *(emoticon for emoticon, count in emoticons.items() if count > 1)]))
    tokenizer = Tokenizer.of_pieces(pieces)
    used = Counter(number for ids in tokenizer.encode_all(texts) for number in ids)
    counts = {token: used[number] for number, token in enumerate(tokenizer.tokens)}
    return sorted(pieces, key=lambda piece: (len(piece.removeprefix(CONTINUES)) > 1, -counts[piece]))[:most]


def _minilm(data_dir):
    return minilm.read(Path(os.path.expanduser(data_dir or "~/tensorflow_datasets"), "downloads"))


def _of_size(vectors, size, embeddings):
    if size is not None and size > vectors.size:
        raise DataError(f"--embedding: expected at most {vectors.size}, the size of the vectors of {embeddings}, got {size}")
    return vectors if size in (None, vectors.size) else vectors.reduced(size)
