"""Changes of logits before a token is chosen: banned ids, a least length, a penalty on repetition."""

from typing import NamedTuple

import numpy as np
from keras import ops

MASKED_LOGIT = -1e9  # the logit of tokens that must not occur


class Rules(NamedTuple):
    """Rules of the choice of a token.

    Args:
        eos: the ids that end a sequence.
        pad: the id after the end.
        never: banned ids.
        min_length: the least number of tokens before the end, those of a prompt included.
        repetition_penalty: θ of Keskar et al. 2019: the logit z of a token that the sequence has becomes z / θ if z > 0, else
            z θ; 1 for none.
    """

    eos: tuple = ()
    pad: int = 0
    never: tuple = ()
    min_length: int = 0
    repetition_penalty: float = 1.0

    def check(self, vocabulary):
        """Raises a ValueError for an id outside the vocabulary, or a rule that cannot be."""
        for name, ids in (("eos", self.eos), ("pad", (self.pad,)), ("never", self.never)):
            check_ids(name, ids, vocabulary)
        if not 0 < self.repetition_penalty < float("inf"):
            raise ValueError(f"`repetition_penalty` must be a positive number, got {self.repetition_penalty!r}.")
        if len({*self.never, *(self.eos if self.min_length else ())}) >= vocabulary:
            raise ValueError(f"`never` must leave a token to choose, got all {vocabulary}, those of `eos` before `min_length`.")

    def changed(self, z, length, seen):
        """Returns the logits `(rows, vocabulary)` by which a token is chosen, after `length` tokens."""
        return ops.where(self.banned(z.shape[-1], length), MASKED_LOGIT, self.penalised(z, seen))

    def penalised(self, z, seen):
        """Returns logits with the penalty on the tokens in `seen`, booleans `(rows, vocabulary)`; () without a penalty."""
        theta = self.repetition_penalty
        return z if theta == 1 else ops.where(seen, ops.where(z > 0, z / theta, z * theta), z)

    def banned(self, vocabulary, length):
        """Returns booleans `(vocabulary,)`, True for the ids that must not follow after `length` tokens."""
        banned = one_of(vocabulary, self.never)
        return banned | (one_of(vocabulary, self.eos) & (length < self.min_length)) if self.min_length else banned

    def ends(self, y):
        """Returns booleans of the shape of y: whether a token ends its sequence."""
        return ops.any(ops.expand_dims(y, -1) == ops.array(self.eos or (-1,), "int32"), axis=-1)

    def none_seen(self, rows, vocabulary):
        """Returns `seen` before the first token."""
        return ops.zeros((rows, vocabulary), "bool") if self.repetition_penalty != 1 else ()

    def now_seen(self, seen, y):
        """Returns `seen` after the tokens y `(rows,)`."""
        return seen if self.repetition_penalty == 1 else seen | (ops.arange(seen.shape[-1]) == ops.expand_dims(y, -1))


def check_ids(name, ids, vocabulary):
    """Raises a ValueError for an id outside the vocabulary."""
    for i in ids:
        if not 0 <= i < vocabulary:
            raise ValueError(f"`{name}` must be ids from 0 to {vocabulary - 1}, as many as there are logits, got {i}.")


def one_of(vocabulary, ids):
    """Returns booleans `(vocabulary,)`, True for the given ids."""
    return ops.convert_to_tensor(np.isin(np.arange(vocabulary), ids))
