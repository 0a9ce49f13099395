"""Word encoder: dropout of whole words and of capitals, and a bidirectional GRU over the characters of each word."""

import keras
import numpy as np
from keras import ops

from seqzoo.data.tokenizer import UNK
from seqzoo.layers import GRU, Bidirectional

LONGEST_WORD = 20  # characters of a word; of a longer word the first and the last 10


def characters_of(word, known):
    """Returns the character ids of a word, `LONGEST_WORD` of them, zeros after its end; `known` is the alphabet."""
    half = LONGEST_WORD // 2
    read = word if len(word) <= LONGEST_WORD else word[:half] + word[-half:]
    ids = [known.find(character) + 2 if character in known else UNK for character in read]
    return ids + [0] * (LONGEST_WORD - len(ids))


@keras.saving.register_keras_serializable("seqzoo")
class DropWords(keras.layers.Layer):
    """Word dropout layer: in training a fraction `rate` of word ids, of any shape, is replaced by that of `<unk>`."""

    def __init__(self, rate, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.rate, self.seed = rate, seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, ids, training=False):
        if not training or not self.rate:
            return ids
        dropped = keras.random.uniform(ops.shape(ids), seed=self.seed_generator) < self.rate
        return ops.where(dropped, ops.full_like(ids, UNK), ids)

    def get_config(self):
        return super().get_config() | {"rate": self.rate, "seed": self.seed}


@keras.saving.register_keras_serializable("seqzoo")
class DropCapitals(keras.layers.Layer):
    """Layer of augmentation: in training a fraction `rate` of the sentences is read in lower case.

    It takes and returns character ids `(batch, T_x, LONGEST_WORD)`, of the alphabet `characters`.
    """

    def __init__(self, rate, characters, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.rate, self.characters, self.seed = rate, characters, seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.lower = np.array(
            [0, UNK, *(characters.find(c.lower()) + 2 if c.lower() in characters else UNK for c in characters)]
        )

    def call(self, ids, training=False):
        if not training or not self.rate:
            return ids
        dropped = keras.random.uniform((ops.shape(ids)[0], 1, 1), seed=self.seed_generator) < self.rate
        return ops.where(dropped, ops.take(ops.convert_to_tensor(self.lower, ids.dtype), ids, axis=0), ids)

    def get_config(self):
        return super().get_config() | {"rate": self.rate, "characters": self.characters, "seed": self.seed}


@keras.saving.register_keras_serializable("seqzoo")
class WordEncoder(keras.layers.Layer):
    """Character encoder: ids `(batch, T_x, LONGEST_WORD)` -> last states of both directions `(batch, T_x, 2 units)`."""

    def __init__(self, vocabulary, units, **kwargs):
        super().__init__(**kwargs)
        self.vocabulary, self.units = vocabulary, units
        self.embedding = keras.layers.Embedding(vocabulary, units, dtype=self.variable_dtype)
        self.recurrent = Bidirectional(GRU(units, dtype=self.dtype_policy), dtype=self.dtype_policy)

    def build(self, ids_shape):
        self.embedding.build((None, ids_shape[-1]))
        self.recurrent.build((None, ids_shape[-1], self.units))

    def call(self, ids):
        batch, steps = ops.shape(ids)[:2]
        words = ops.reshape(ids, (-1, ids.shape[-1]))  # (batch * T_x, LONGEST_WORD)
        states = self.recurrent(self.embedding(words), mask=words != 0)
        return ops.reshape(states, (batch, steps, 2 * self.units))

    def compute_output_shape(self, ids_shape):
        return *ids_shape[:2], 2 * self.units

    def get_config(self):
        return super().get_config() | {"vocabulary": self.vocabulary, "units": self.units}
