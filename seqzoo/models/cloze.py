"""Cloze model, a bidirectional language model: it predicts each token from the tokens before and after."""

import functools

import keras
import numpy as np
from keras import ops
from scipy.special import softmax

from seqzoo import backend
from seqzoo.data.batches import steps_in_order
from seqzoo.data.tokenizer import BOS, EOS, PAD, UNK
from seqzoo.decoding.logits import MASKED_LOGIT
from seqzoo.errors import DataError
from seqzoo.layers.dense import Dense
from seqzoo.models.language_model import check_tokens
from seqzoo.models.recurrent_stack import recurrent_stack
from seqzoo.models.token_embedding import token_embedding

GAP = "___"


@keras.saving.register_keras_serializable("seqzoo")
class Cloze(keras.Model):
    """Cloze model: ŷ<t> = softmax(Wy[a→<t-1>, a←<t+1>] + by), each token given all others of its line (W.L. Taylor, 1953).

    The model takes `{"inputs": ids (batch, T), "mask": booleans (batch, T)}` and returns logits `(batch, T, vocabulary)`.

    Limitations: the product of these probabilities is not the probability of a line. `LanguageModel` gives that probability,
    and generates lines.

    Args:
        vocabulary: the number of ids; `<pad>`, `<bos>` and `<eos>` are never predicted.
        embedding: the size of an embedding vector; Wy is the transposed embedding, after a linear layer.
        compact: whether a file holds the embedding vectors as int8, see `layers.CompactEmbedding`.
        cell, units, depth: arguments of `recurrent_stack`, for each direction.
        dropout: dropout rate of every layer's input and of the states; one mask a sequence.
        recurrent_dropout: dropout rate of the states; one mask a sequence.
        tokenizer: a `data.tokenizer.Tokenizer`; `presets` saves it beside the weights.
        dtype: the dtype policy, such as "mixed_bfloat16"; logits are float32.
    """

    def __init__(
        self,
        vocabulary,
        embedding=64,
        compact=False,
        cell="gru",
        units=128,
        depth=1,
        dropout=0.0,
        recurrent_dropout=0.0,
        tokenizer=None,
        dtype=None,
        **kwargs,
    ):
        policy = keras.dtype_policies.get(dtype or keras.config.dtype_policy())
        # === Layers ===
        embed = token_embedding(vocabulary, embedding, policy, compact, tied=True, name="embed")
        arguments = {"dropout": dropout, "recurrent_dropout": recurrent_dropout, "return_sequences": True, "dtype": policy}
        before, after = (recurrent_stack(cell, units, depth, **arguments) for _ in range(2))
        drop = keras.layers.Dropout(dropout, noise_shape=(None, 1, None), dtype=policy)
        narrow = Dense(embedding, dtype=policy, name="narrow")

        # === Functional model ===
        inputs, mask = keras.Input((None,), dtype="int32", name="inputs"), keras.Input((None,), dtype="bool", name="mask")
        x = embed(inputs) * ops.cast(ops.expand_dims(mask, -1), policy.variable_dtype)
        a = _shifted(x)
        for layer in before:
            a = layer(a, mask=mask)
        b, backwards = _shifted(ops.flip(x, axis=1)), ops.flip(mask, axis=1)
        for layer in after:
            b = layer(b, mask=backwards)
        z = embed(narrow(drop(ops.concatenate([a, ops.flip(b, axis=1)], axis=-1))), reverse=True)
        ids = ops.arange(vocabulary)
        banned = ops.where((ids == PAD) | (ids == BOS) | (ids == EOS), MASKED_LOGIT, 0.0)
        super().__init__(inputs={"inputs": inputs, "mask": mask}, outputs=ops.cast(z, "float32") + banned, **kwargs)
        self.dtype_policy = policy  # Keras reads it for loss scaling; a functional model takes no `dtype`

        # === Config ===
        self.embed, self.tokenizer = embed, tokenizer
        self._config = {
            "vocabulary": vocabulary,
            "embedding": embedding,
            "compact": compact,
            "cell": cell,
            "units": units,
            "depth": depth,
            "dropout": dropout,
            "recurrent_dropout": recurrent_dropout,
            "dtype": policy.name,
        }

    def sequences(self, texts):
        """Returns the token ids of each text.

        Raises:
            DataError: a text has no token.
        """
        check_tokens(self.tokenizer, texts)
        return self.tokenizer.encode_all(texts)

    def fill(self, text, count=5):
        """Returns the most probable tokens for the gap, `___`, of a text: `count` pairs `(token, probability)`.

        Raises:
            DataError: the text has not exactly one gap.
        """
        if text.count(GAP) != 1:
            raise DataError(f"{text!r}: {text.count(GAP)} gaps, expected one {GAP}")
        before, after = (self.tokenizer.encode(half) if half.strip() else [] for half in text.split(GAP))
        ids = np.array([[*before, UNK, *after]], np.int32)
        z = self.predict_on_batch({"inputs": ids, "mask": np.ones_like(ids, bool)})[0, len(before)]
        z[UNK] = MASKED_LOGIT  # `<unk>` is no word
        p = softmax(z)
        best = np.argsort(-p, kind="stable")[: min(count, len(p) - 4)]  # without the special tokens
        return [(self.tokenizer.tokens[i], float(p[i])) for i in best]

    def log_probabilities(self, sequences, batch_size=32):
        """Returns the natural log probability of every token given all others: an array `(T,)` for each sequence."""
        return [log_p for (log_p,) in steps_in_order(self._of_batch, sequences, batch_size)]

    def _of_batch(self, batch):
        inputs, mask = (ops.convert_to_tensor(batch[name]) for name in ("inputs", "mask"))
        return (ops.convert_to_numpy(self._log_p(inputs, mask)),)

    @functools.cached_property  # not tracked by Keras
    def _log_p(self):
        def run(inputs, mask):
            z = self({"inputs": inputs, "mask": mask})
            return -ops.sparse_categorical_crossentropy(inputs, z, from_logits=True)

        return backend.jit(run, self.variables)

    def get_config(self):
        return dict(self._config, name=self.name, trainable=self.trainable)

    @classmethod
    def from_config(cls, config, custom_objects=None):
        return cls(**config)


def _shifted(x):
    """Returns a sequence shifted right by one step, zeros first."""
    return ops.concatenate([ops.zeros_like(x[:, :1]), x[:, :-1]], axis=1)
