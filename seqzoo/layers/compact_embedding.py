"""Embedding that takes a quarter of the space in a file."""

import keras
import numpy as np

LARGEST = 127  # of int8
LOW_BITS = 0x7F  # of float32: a scale without them times an int8 is exact


class Compact:
    """Part of an embedding layer, whose rows a file then holds as int8, each with a float32 scale: in memory it is float32, and
    trains. After `round`, and after loading, saving changes no bit.
    """

    def start(self, vectors, frozen: bool = False):
        """Sets the vectors to given ones, `(tokens, size)`, rounded; frozen ones are not trained."""
        self.embeddings.assign(vectors)
        self.round()
        self.trainable = not frozen

    def round(self):
        """Sets the vectors to what a file would hold: no number moves by more than 1/254 of the largest of its row."""
        numbers, scales = to_int8(keras.ops.convert_to_numpy(self.embeddings))
        self.embeddings.assign(numbers * scales)

    def save_own_variables(self, store):
        store["0"], store["1"] = to_int8(keras.ops.convert_to_numpy(self.embeddings))

    def load_own_variables(self, store):
        self.embeddings.assign(np.asarray(store["0"]) * np.asarray(store["1"]))


@keras.saving.register_keras_serializable("seqzoo")
class CompactEmbedding(Compact, keras.layers.Embedding):
    """Keras's `Embedding`, compact in a file, see `Compact`."""


@keras.saving.register_keras_serializable("seqzoo")
class CompactReversibleEmbedding(Compact, keras.layers.ReversibleEmbedding):
    """Keras's `ReversibleEmbedding` with tied weights, compact in a file, see `Compact`."""

    def __init__(self, *args, tie_weights=True, **kwargs):
        if not tie_weights:
            raise ValueError("`tie_weights` must be True: a file holds one matrix.")
        super().__init__(*args, **kwargs)


def to_int8(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns rows `(N, size)` as int8, and their scales `(N, 1)`: the product is within half a scale of the row."""
    largest = np.abs(rows).max(axis=1, keepdims=True).astype(np.float32)
    scales = np.maximum(largest / LARGEST, np.finfo(np.float32).tiny)
    scales = ((scales.view(np.uint32) + LOW_BITS) & ~np.uint32(LOW_BITS)).view(np.float32)  # up
    return np.rint(rows / scales).astype(np.int8), scales
