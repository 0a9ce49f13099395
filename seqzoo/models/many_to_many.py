"""Many-to-many model with T_x = T_y, a sequence tagger: one label for every step."""

import functools
from typing import NamedTuple

import keras
import numpy as np
from keras import ops

from seqzoo import backend
from seqzoo.data import overlapping_windows
from seqzoo.data.batches import steps_in_order
from seqzoo.errors import DataError
from seqzoo.layers import CRF
from seqzoo.models.recurrent_stack import recurrent_stack
from seqzoo.models.token_embedding import token_embedding
from seqzoo.models.word_encoder import LONGEST_WORD, DropCapitals, DropWords, WordEncoder, characters_of


class Labels(NamedTuple):
    """Predicted labels of all steps of one input, and their joint probability."""

    labels: list
    score: float


@keras.saving.register_keras_serializable("seqzoo")
class ManyToMany(keras.Model):
    """Sequence tagger: x<1>…x<T_x> -> vectors -> recurrent layers -> a dense layer at each step -> ŷ<1>…ŷ<T_x>.

    The model takes `{"inputs": ..., "mask": booleans (batch, T_x)}`. Inputs are word ids `(batch, T_x)`; with a character
    encoder `(batch, T_x, 1 + LONGEST_WORD)`, each word's id before the ids of its characters; or vectors
    `(batch, T_x, features)`. The model returns ŷ `(batch, T_x, labels)`: probabilities, or the potentials of a CRF. `answers`
    takes lists of words.

    Args:
        labels: names of the labels.
        vocabulary: the number of word ids; None for vectors.
        features: the size of an input vector; None for ids.
        embedding: the size of a word vector.
        compact: whether a file holds the word vectors as int8, see `layers.CompactEmbedding`.
        characters: alphabet of the character encoder; empty for no encoder. The encoder is a bidirectional GRU over the
            characters of each word; its last states are concatenated with the word's vector. Prefixes, endings and capitals
            carry much information on unknown words.
        character_units: the size of that GRU, in each direction.
        cell, units, depth, bidirectional: arguments of `recurrent_stack`.
        lookahead: future steps that the backward direction of each layer sees, all unless given; see `layers.Bidirectional`.
        crf: whether a conditional random field predicts all labels jointly; else a softmax predicts each label by itself.
        scheme: "BIO" or "BIOES" if the labels are entity tags: the CRF then allows valid transitions only.
        word_dropout: fraction of the words whose id is replaced by that of `<unk>` in training, so that the model relies on
            characters and context.
        lowercase: fraction of the sentences whose characters are read in lower case in training; see `DropCapitals`.
        dropout: dropout rate of the vectors and of the states, element by element.
        recurrent_dropout: dropout rate of the states; one mask a sequence.
        max_length: steps that `answers` reads at a time; a longer input is read in overlapping windows.
        tokenizer: a `data.tokenizer.Tokenizer` of whole words; `presets` saves it beside the weights.
        dtype: the dtype policy, such as "mixed_bfloat16"; ŷ and the CRF are float32.
    """

    def __init__(
        self,
        labels,
        vocabulary=None,
        features=None,
        embedding=64,
        characters="",
        character_units=25,
        cell="lstm",
        units=100,
        depth=1,
        bidirectional=True,
        lookahead=None,
        crf=True,
        scheme=None,
        word_dropout=0.0,
        dropout=0.0,
        recurrent_dropout=0.0,
        max_length=None,
        tokenizer=None,
        dtype=None,
        compact=False,
        lowercase=0.0,
        **kwargs,
    ):
        if (vocabulary is None) == (features is None):
            raise ValueError(f"Give `vocabulary` for ids or `features` for vectors, got {vocabulary!r} and {features!r}.")
        if len(labels) < 2 or len(set(labels)) < len(labels):
            raise ValueError(f"`labels` must be two or more, all different, got {list(labels)}.")
        if lookahead is not None and not bidirectional:
            raise ValueError(f"`lookahead` needs `bidirectional=True`, got {lookahead!r}.")
        policy = keras.dtype_policies.get(dtype or keras.config.dtype_policy())
        # === Layers ===
        drop = keras.layers.Dropout(dropout, dtype=policy)
        of_words = token_embedding(vocabulary, embedding, policy, compact) if vocabulary else None
        of_characters = WordEncoder(len(characters) + 2, character_units, dtype=policy) if characters else None
        arguments = {"return_sequences": True, "recurrent_dropout": recurrent_dropout, "dtype": policy}
        recurrent = recurrent_stack(cell, units, depth, bidirectional, lookahead=lookahead, **arguments)
        y_hat = keras.layers.Dense(len(labels), None if crf else "softmax", dtype="float32", name="y_hat")

        # === Functional model ===
        mask = keras.Input((None,), dtype="bool", name="mask")
        if features:
            inputs = x = keras.Input((None, features), name="inputs")
        else:
            shape = (None, 1 + LONGEST_WORD) if characters else (None,)
            inputs = keras.Input(shape, dtype="int32", name="inputs")
            ids = inputs[:, :, 0] if characters else inputs
            x = of_words(DropWords(word_dropout)(ids))
        if characters:
            x = ops.concatenate([x, of_characters(DropCapitals(lowercase, characters)(inputs[:, :, 1:]))], axis=-1)
        x = drop(x)
        for layer in recurrent:
            x = layer(x, mask=mask)
        x = y_hat(drop(x))
        random_field = CRF(labels, scheme=scheme, name="crf") if crf else None
        if crf:
            x = random_field(x, mask=mask)
        super().__init__(inputs={"inputs": inputs, "mask": mask}, outputs=x, **kwargs)
        self.dtype_policy = policy  # Keras reads it for loss scaling; a functional model takes no `dtype`

        # === Config ===
        self.crf, self.tokenizer, self.of_words = random_field, tokenizer, of_words
        self.labels, self.max_length, self.characters = tuple(labels), max_length, characters
        self._config = {
            "labels": list(labels),
            "vocabulary": vocabulary,
            "features": features,
            "embedding": embedding,
            "characters": characters,
            "character_units": character_units,
            "cell": cell,
            "units": units,
            "depth": depth,
            "bidirectional": bidirectional,
            "lookahead": lookahead,
            "crf": crf,
            "scheme": scheme,
            "word_dropout": word_dropout,
            "dropout": dropout,
            "recurrent_dropout": recurrent_dropout,
            "max_length": max_length,
            "dtype": policy.name,
            "compact": compact,
            "lowercase": lowercase,
        }

    @functools.cached_property  # not tracked by Keras: the decoder has no weights of its own
    def decoder(self):
        """Decoder model: it returns labels, and the log probability of all labels of an input."""
        return keras.Model(self.input, Decode(self.crf)(self.output, mask=self.input["mask"]))

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Returns the loss; with a CRF the batch mean of -log P(y | x), each sequence weighted by its largest step weight."""
        if self.crf is None:
            return super().compute_loss(x, y, y_pred, sample_weight, training)
        loss = -self.crf.log_likelihood(y_pred, y, x["mask"])
        if sample_weight is not None:
            loss = loss * ops.max(ops.cast(sample_weight, loss.dtype), axis=1)
        return backend.mean_of_batch(loss)

    def answers(self, inputs, batch_size=32):
        """Returns the predicted `Labels` of each input.

        An input is a list of words, or an array of ids or of vectors if the model has no tokenizer. An input longer than
        `max_length` is read in overlapping windows. ŷ of each step is that of the window in which the step lies further from an
        end; the labels are those of the whole input, decoded at once.
        """
        sequences = self.sequences(inputs)
        whole = [i for i, sequence in enumerate(sequences) if len(sequence) <= (self.max_length or len(sequence))]
        rest = sorted(set(range(len(sequences))) - set(whole))
        predictions = dict(zip(whole, self._decoded([sequences[i] for i in whole], batch_size), strict=True))
        predictions |= zip(rest, self._decoded_in_windows([sequences[i] for i in rest], batch_size), strict=True)
        ordered = (predictions[i] for i in range(len(sequences)))
        return [Labels([self.labels[n] for n in numbers], float(np.exp(score))) for numbers, score in ordered]

    def _decoded(self, sequences, batch_size):
        return steps_in_order(self.decoder.predict_on_batch, sequences, batch_size) if sequences else []

    def _decoded_in_windows(self, sequences, batch_size):
        if not sequences:
            return []
        y_hat = overlapping_windows.predict(lambda x: (self.predict_on_batch(x),), sequences, self.max_length, batch_size)
        decode = Decode(self.crf)
        return steps_in_order(lambda y: map(ops.convert_to_numpy, decode(y["inputs"], mask=y["mask"])), y_hat, batch_size=1)

    def sequences(self, inputs):
        """Returns inputs as arrays: words as ids, with the ids of their characters, if the model has a tokenizer.

        Raises:
            DataError: an input is empty, or of a kind that the model does not take.
        """
        for i, sequence in enumerate([inputs] if isinstance(inputs, str) else inputs):
            if isinstance(sequence, str):
                raise DataError(f"input {i + 1}: expected a list of words, found a text")
            if not len(sequence):
                raise DataError(f"input {i + 1} is empty, expected a word at least")
            if self.tokenizer and not all(isinstance(word, str) for word in sequence):
                raise DataError(f"input {i + 1}: expected a list of words, found numbers")
        if not self.tokenizer:
            return [np.asarray(sequence) for sequence in inputs]
        return [self._ids(words) for words in inputs]

    def _ids(self, words):
        ids = np.array([[word_ids[0]] for word_ids in self.tokenizer.encode_all(words)], np.int32)
        if not self.characters:
            return ids[:, 0]
        return np.concatenate([ids, [characters_of(word, self.characters) for word in words]], axis=1).astype(np.int32)

    def get_config(self):
        return dict(self._config, name=self.name, trainable=self.trainable)

    @classmethod
    def from_config(cls, config, custom_objects=None):
        return cls(**config)


@keras.saving.register_keras_serializable("seqzoo")
class Decode(keras.layers.Layer):
    """Decoding layer: ŷ `(batch, T_x, labels)` -> labels `(batch, T_x)` and their joint log probability `(batch,)`."""

    def __init__(self, crf=None, **kwargs):
        super().__init__(dtype="float32", **kwargs)
        self.crf, self.supports_masking = crf, True

    def call(self, y_hat, mask):
        if self.crf is not None:
            labels, _ = self.crf.decode(y_hat, mask)
            return labels, self.crf.log_likelihood(y_hat, labels, mask)
        log_p = ops.where(mask, ops.log(ops.max(y_hat, axis=-1)), 0.0)
        return ops.argmax(y_hat, axis=-1), ops.sum(log_p, axis=-1)

    def compute_mask(self, y_hat, mask=None):
        return None, None

    def compute_output_spec(self, y_hat, mask):
        return keras.KerasTensor(y_hat.shape[:2], "int32"), keras.KerasTensor(y_hat.shape[:1], "float32")
