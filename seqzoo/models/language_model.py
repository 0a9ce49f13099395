"""Language model: the probability of a text, and of each next token."""

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

TOKENS_AT_ONCE = 4096  # tokens whose logits are in memory at a time


class Scored(NamedTuple):
    """Score of a text: its tokens, their natural log probabilities given the tokens before, and its unknown words.

    `log_p` has one number more than `tokens`, that of `<eos>`. An unknown word counts as `<unk>`.
    """

    text: str
    tokens: list
    log_p: np.ndarray
    unknown: list

    @property
    def perplexity(self):
        """Perplexity: exp of the mean of -log p."""
        return float(np.exp(-self.log_p.mean()))


def check_tokens(tokenizer, texts):
    """Raises a `DataError` if a text has no token."""
    for i, tokens in enumerate(tokenizer.cut_all(texts)):
        if not tokens:
            fault = f"has no token ({texts[i][:40]!r})" if texts[i].strip() else "is empty"
            raise DataError(f"input {i + 1} {fault}, expected a text")


@keras.saving.register_keras_serializable("seqzoo")
class LanguageModel(OneToMany):
    """Language model: P(y<1>…y<T>) = Π P(y<t> | y<1>…y<t-1>), with x<1> = 0, x<t+1> = y<t>, and `<eos>` as the last y.

    Args:
        vocabulary: the number of ids.
        carried: whether lines are one stream, in which the state is carried over `<eos>`; else each line begins with a zero
            state. A line of a stream begins after an `<eos>`: x<1> is the vector of `<eos>`.
        **kwargs: arguments of `OneToMany`, for ids and without classes.
    """

    def __init__(self, vocabulary, carried=False, **kwargs):
        for name in {"features", "labels"} & set(kwargs):
            raise TypeError(f"`{name}` is none of a language model's arguments: see `OneToMany`.")
        super().__init__(vocabulary=vocabulary, **kwargs)
        self.carried = carried

    @property
    def start(self):
        """The id of y<0>: `<eos>` for a stream, else `<pad>`."""
        return EOS if self.carried else PAD

    @property
    def special_tokens(self):
        """The special tokens of `OneToMany`; of a stream `<eos>` is y<0>, and ends nothing."""
        special = super().special_tokens
        return special._replace(start=self.start, eos=()) if self.carried else special

    def sequences(self, texts):
        """Returns the token ids of each text, with `<eos>` at the end.

        Raises:
            DataError: a text has no token.
        """
        check_tokens(self.tokenizer, texts)
        return [[*ids, EOS] for ids in self.tokenizer.encode_all(texts)]

    def score(self, texts):
        """Returns the score of each text, a `Scored`, in the order of the texts."""
        if not texts:
            return []
        sequences = self.sequences(texts)
        tokens_of_texts = self.tokenizer.cut_all(texts)
        log_p_of_texts = self.log_probabilities(sequences, start=self.start)
        return [
            Scored(text, tokens, log_p, [token for token, i in zip(tokens, ids, strict=False) if i == UNK])
            for text, tokens, ids, log_p in zip(texts, tokens_of_texts, sequences, log_p_of_texts, strict=True)
        ]

    def log_probabilities(self, sequences, start=PAD, batch_size=32):
        """Returns the natural log probabilities log P(y<t> | y<1>…y<t-1>): an array `(T,)` for each sequence of ids."""
        return [log_p for (log_p,) in steps_in_order(functools.partial(self._of_batch, start), sequences, batch_size)]

    def _of_batch(self, start, batch):
        """Returns the log probabilities of a batch, computed in chunks of steps, with the state carried between chunks."""
        y = batch["inputs"]
        y_prev = np.concatenate([np.full_like(y[:, :1], start), y[:, :-1]], axis=1)
        state, length, chunks = self.initial_state(len(y)), max(1, TOKENS_AT_ONCE // len(y)), []
        for begin in range(0, y.shape[1], length):
            chunk = slice(begin, begin + length)
            log_p, state = self._chunk(ops.convert_to_tensor(y_prev[:, chunk]), ops.convert_to_tensor(y[:, chunk]), state)
            chunks.append(ops.convert_to_numpy(log_p))
        return (np.concatenate(chunks, axis=1),)

    @functools.cached_property  # not tracked by Keras
    def _chunk(self):
        def run(y_prev, y, state):
            z, state = self.run(y_prev, state)
            return -ops.sparse_categorical_crossentropy(y, z, from_logits=True), state

        return backend.jit(run, self.variables)

    def get_config(self):
        config = super().get_config() | {"carried": self.carried}
        return {name: value for name, value in config.items() if name not in ("features", "labels")}
