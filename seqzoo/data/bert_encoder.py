"""The encoder of BERT in NumPy, which makes a vector of a short text. It is read, never trained.

Source: J. Devlin et al., BERT, arXiv 1810.04805; the layers are those of A. Vaswani et al., arXiv 1706.03762.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import groupby

import numpy as np
from rich.progress import track
from scipy.special import erf

EPSILON = 1e-12
TABLE = "embeddings.word_embeddings.weight"
BATCH = 512
SHOWN = 10  # batches from which a bar shows the progress


class BertEncoder:
    """Encoder of texts that are ids of word pieces.

    Args:
        weights: float32 arrays by BERT's names of them.
        heads: attention heads of a layer.
    """

    def __init__(self, weights: Mapping[str, np.ndarray], heads: int):
        self._weights, self._heads = weights, heads
        self._layers = sum(name.endswith("attention.self.query.weight") for name in weights)

    @property
    def size(self) -> int:
        """The size of a vector."""
        return self._weights[TABLE].shape[1]

    def means(self, texts: Sequence[Sequence[int]]) -> np.ndarray:
        """Returns the mean output of each text, `(texts, size)`. Texts of one length are read together."""
        found = np.zeros((len(texts), self.size), np.float32)
        parts = list(_of_one_length([len(text) for text in texts]))
        for part in track(parts, f"vectors of {len(texts):,} words", transient=True, disable=len(parts) < SHOWN):
            found[part] = self.outputs(np.array([texts[i] for i in part])).mean(axis=1)
        return found

    def outputs(self, ids: np.ndarray) -> np.ndarray:
        """Returns the outputs for texts of one length, `(batch, length)` -> `(batch, length, size)`."""
        table, positions, kinds = (
            self._weights[f"embeddings.{name}_embeddings.weight"] for name in ("word", "position", "token_type")
        )
        x = self._norm(table[ids] + positions[: ids.shape[1]] + kinds[0], "embeddings")
        for layer in range(self._layers):
            name = f"encoder.layer.{layer}"
            attended = self._dense(self._attention(x, f"{name}.attention.self"), f"{name}.attention.output.dense")
            x = self._norm(x + attended, f"{name}.attention.output")
            inner = _gelu(self._dense(x, f"{name}.intermediate.dense"))
            x = self._norm(x + self._dense(inner, f"{name}.output.dense"), f"{name}.output")
        return x

    def _attention(self, x, name):
        q, k, v = (self._split(self._dense(x, f"{name}.{part}")) for part in ("query", "key", "value"))
        scores = q @ k.swapaxes(-1, -2) / math.sqrt(q.shape[-1])
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        seen = scores / scores.sum(axis=-1, keepdims=True) @ v
        return seen.swapaxes(1, 2).reshape(x.shape)

    def _split(self, x):
        """`(batch, length, size)` -> `(batch, heads, length, size / heads)`."""
        return x.reshape(*x.shape[:2], self._heads, -1).swapaxes(1, 2)

    def _dense(self, x, name):
        return x @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]

    def _norm(self, x, name):
        centred = x - x.mean(axis=-1, keepdims=True)
        z = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + EPSILON)
        return z * self._weights[f"{name}.LayerNorm.weight"] + self._weights[f"{name}.LayerNorm.bias"]


def _of_one_length(lengths):
    """Yields rows of one length, `BATCH` at most."""
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    for _, rows in groupby(order, key=lengths.__getitem__):
        rows = list(rows)
        yield from (rows[i : i + BATCH] for i in range(0, len(rows), BATCH))


def _gelu(x):
    return x * (1 + erf(x / math.sqrt(2))) / 2
