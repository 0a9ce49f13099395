"""Samplers of the next token: functions of logits `(batch, vocabulary)` and uniform numbers `(batch,)` to ids `(batch,)`.

NumPy draws the uniform numbers beforehand: a seed gives the same numbers on every backend.
"""

import dataclasses

from keras import ops

from seqzoo.decoding.logits import MASKED_LOGIT

RANGE, HALVINGS = 100.0, 24  # of the bisection in `_cut`: logits from the highest downwards, and steps
LEAST = 1e-6  # the lowest temperature; below it sampling is greedy


def greedy(z, u):
    """Greedy decoding: returns the most probable token."""
    return ops.cast(ops.argmax(z, axis=-1), "int32")


@dataclasses.dataclass(frozen=True)
class Sampler:
    """Sampler from softmax(z / temperature), restricted to top k and top p.

    Args:
        temperature: softmax temperature, above 0: below 1 more conservative, above 1 more varied.
        top_k: keeps the k most probable tokens.
        top_p: keeps the fewest tokens whose joint probability reaches this value ("nucleus", Holtzman et al. 2020).
    """

    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None

    def __post_init__(self):
        if not 0 < self.temperature < float("inf"):
            raise ValueError(f"`temperature` must be a positive number, got {self.temperature!r}.")
        if self.top_k is not None and self.top_k < 1:
            raise ValueError(f"`top_k` must be a positive integer, got {self.top_k!r}.")
        if self.top_p is not None and not 0 < self.top_p <= 1:
            raise ValueError(f"`top_p` must be above 0 and at most 1, got {self.top_p!r}.")

    def __call__(self, z, u):
        z = ops.cast(z, "float32")
        shifted = z - ops.max(z, axis=-1, keepdims=True)  # 0 at most: no temperature makes a logit infinite
        z = ops.where(z > MASKED_LOGIT / 2, shifted / max(self.temperature, LEAST), MASKED_LOGIT)
        if self.top_k is not None and self.top_k < z.shape[-1]:
            z = _cut(z, lambda kept: ops.sum(ops.cast(kept, "int32"), axis=-1, keepdims=True) >= self.top_k)
        if self.top_p is not None:
            p = ops.softmax(z)
            z = _cut(z, lambda kept: ops.sum(ops.where(kept, p, 0.0), axis=-1, keepdims=True) >= self.top_p)
        return draw(ops.softmax(z), u)


def _cut(z, enough):
    """Returns z with logits masked below the highest limit at which enough tokens are kept.

    The limit is found by bisection, far faster than sorting 10,000 logits. Logits within `RANGE` / 2^`HALVINGS` below the limit
    are kept.
    """
    highest = ops.max(z, axis=-1, keepdims=True)
    low, high = highest - RANGE, highest  # logits below `low` are never drawn
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        is_enough = enough(z >= middle)
        low, high = ops.where(is_enough, middle, low), ops.where(is_enough, high, middle)
    return ops.where(z >= low, z, MASKED_LOGIT)


def draw(p, u):
    """Returns a draw from each row of p `(batch, N)`: the index where the running sum of p passes u times the total."""
    reached = ops.cumsum(p, axis=-1)
    passed = reached > ops.cast(u, "float32")[:, None] * reached[:, -1:]
    return ops.cast(ops.argmax(passed & (p > 0), axis=-1), "int32")
