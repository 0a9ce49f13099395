"""A language model: how probable is a text, and what comes next."""

import functools
from typing import NamedTuple

import keras
import numpy as np
from keras import ops

from seqzoo import backend
from seqzoo.data.batches import steps_in_order
from seqzoo.data.tokenizer import EOS, PAD, UNK
from seqzoo.errors import DataError
from seqzoo.models.one_to_many import OneToMany

TOKENS_AT_ONCE = 4096  # of which the logits are held in memory


class Scored(NamedTuple):
    """A text's tokens with the last one's `<eos>`, the natural logarithm of each one's probability given those before it, and
    the words that the model does not know, each of which counts as `<unk>`."""

    text: str
    tokens: list
    log_p: np.ndarray
    unknown: list

    @property
    def perplexity(self):
        """exp of the mean of -log p."""
        return float(np.exp(-self.log_p.mean()))


def check_tokens(tokenizer, texts):
    """Raises a `DataError` unless each text has a token."""
    for i, tokens in enumerate(tokenizer.cut_all(texts)):
        if not tokens:
            found = f"has no token ({texts[i][:40]!r})" if texts[i].strip() else "is empty"
            raise DataError(f"input {i + 1} {found}, expected a text")


@keras.saving.register_keras_serializable("seqzoo")
class LanguageModel(OneToMany):
    """P(y<1>…y<T>) = Π P(y<t> | y<1>…y<t-1>): x<1> = 0, x<t+1> = y<t>, and `<eos>` is the last y.

    Args:
        vocabulary: how many ids there are.
        carried: whether a text is one stream, whose lines follow from each other and the state goes on after `<eos>`; else each
            line begins anew. A line of a stream begins after an `<eos>`, that is, x<1> is the vector of `<eos>`.
        **kwargs: those of `OneToMany`, for ids and without classes.
    """

    def __init__(self, vocabulary, carried=False, **kwargs):
        for name in {"features", "labels"} & set(kwargs):
            raise TypeError(f"`{name}` is none of a language model's arguments: see `OneToMany`.")
        super().__init__(vocabulary=vocabulary, **kwargs)
        self.carried = carried

    @property
    def start(self):
        """The id of y<0>."""
        return EOS if self.carried else PAD

    def sequences(self, texts):
        """The ids of each text, `<eos>` at the end.

        Raises:
            DataError: a text has no token.
        """
        check_tokens(self.tokenizer, texts)
        return [[*ids, EOS] for ids in self.tokenizer.encode_all(texts)]

    def score(self, texts):
        """`Scored` for each text, in their order."""
        if not texts:
            return []
        sequences = self.sequences(texts)
        shown = self.tokenizer.cut_all(texts)
        found = self.log_probabilities(sequences, start=self.start)
        return [
            Scored(text, tokens, log_p, [token for token, i in zip(tokens, ids, strict=False) if i == UNK])
            for text, tokens, ids, log_p in zip(texts, shown, sequences, found, strict=True)
        ]

    def log_probabilities(self, sequences, start=PAD, batch_size=32):
        """log P(y<t> | y<1>…y<t-1>), natural, for every token of every sequence of ids, however long: arrays `(T,)`."""
        return [log_p for (log_p,) in steps_in_order(functools.partial(self._of_batch, start), sequences, batch_size)]

    def _of_batch(self, start, batch):
        """In pieces, with the state carried from one to the next."""
        y = batch["inputs"]
        y_prev = np.concatenate([np.full_like(y[:, :1], start), y[:, :-1]], axis=1)
        state, length, pieces = self.initial_state(len(y)), max(1, TOKENS_AT_ONCE // len(y)), []
        for begin in range(0, y.shape[1], length):
            piece = slice(begin, begin + length)
            log_p, state = self._piece(ops.convert_to_tensor(y_prev[:, piece]), ops.convert_to_tensor(y[:, piece]), state)
            pieces.append(ops.convert_to_numpy(log_p))
        return (np.concatenate(pieces, axis=1),)

    @functools.cached_property  # which Keras does not track
    def _piece(self):
        def run(y_prev, y, state):
            z, state = self.run(y_prev, state)
            return -ops.sparse_categorical_crossentropy(y, z, from_logits=True), state

        return backend.jit(run, self.variables)

    def get_config(self):
        config = super().get_config() | {"carried": self.carried}
        return {name: value for name, value in config.items() if name not in ("features", "labels")}
