"""Shallow fusion: a language model of characters, as `decoding.ctc_beam` asks it."""

import numpy as np
from keras import ops

from seqzoo import backend
from seqzoo.data.tokenizer import EOS, SPECIAL, UNK
from seqzoo.decoding.ctc import BLANK
from seqzoo.errors import DataError
from seqzoo.models import LanguageModel

ROWS = 16  # prefixes that the model reads at once: one shape


class LanguageModelScores:
    """`next_log_p` of a `LanguageModel` of characters, for the tokens of a recognizer; it keeps the state after each prefix.

    Args:
        model: a `LanguageModel` whose lines are no stream.
        tokens: the names of the recognizer's tokens, that of the blank first.

    Raises:
        DataError: the model is another one, or has other tokens than characters.
    """

    def __init__(self, model, tokens):
        names = model.tokenizer.tokens if isinstance(model, LanguageModel) else []
        known = {name: i for i, name in enumerate(names)}
        if not names or max(map(len, names[len(SPECIAL) :])) > 1:
            raise DataError("--language-model: expected a model of characters (recipes.language_model --level char)")
        self.ids = np.array([known.get(token, known.get(token.lower(), UNK)) for token in tokens])
        self.ids[BLANK] = EOS  # stands for the end of the text
        self.model, self.states = model, {}
        self.step = backend.jit(self._step, model.variables)

    def _step(self, y_prev, state):
        z, state = self.model.step(y_prev, state)
        return ops.log_softmax(z), state

    def __call__(self, prefixes):
        rows = []
        for start in range(0, len(prefixes), ROWS):
            rows += self._of_rows(prefixes[start : start + ROWS])
        return np.stack(rows)

    def _of_rows(self, prefixes):
        filled = [prefixes[i % len(prefixes)] for i in range(ROWS)]
        before = [self.states[prefix[:-1]] if prefix else self._initial() for prefix in filled]
        y_prev = np.array([self.ids[prefix[-1]] if prefix else self.model.start for prefix in filled], np.int32)
        state = [ops.convert_to_tensor(np.stack(parts)) for parts in zip(*before, strict=True)]
        log_p, state = self.step(ops.convert_to_tensor(y_prev), state)
        log_p, parts = ops.convert_to_numpy(log_p), [ops.convert_to_numpy(part) for part in state]
        for i, prefix in enumerate(prefixes):
            self.states[prefix] = [part[i] for part in parts]
        return list(log_p[: len(prefixes), self.ids])

    def _initial(self):
        return [ops.convert_to_numpy(part)[0] for part in self.model.initial_state(1)]
