"""How the next token is chosen: functions of logits `(batch, vocabulary)` and uniform numbers `(batch,)`, to ids `(batch,)`.

The numbers are drawn beforehand, so that a seed means the same tokens on every backend.
"""

import dataclasses

from keras import ops

from seqzoo.models.one_to_many import MASKED_LOGIT

RANGE, HALVINGS = 100.0, 24
LEAST = 1e-6  # of temperatures: below it all are greedy


def greedy(z, u):
    """The most probable one."""
    return ops.cast(ops.argmax(z, axis=-1), "int32")


@dataclasses.dataclass(frozen=True)
class Sampler:
    """A draw from softmax(z / temperature), of the tokens that are left.

    Args:
        temperature: above 0; below 1 the probable ones are drawn more often, above 1 less often.
        top_k: only the k most probable are left.
        top_p: only the fewest that together have this probability are left ("nucleus", Holtzman et al. 2020).
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
        likelier = z - ops.max(z, axis=-1, keepdims=True)  # 0 at most: no temperature makes it infinite
        z = ops.where(z > MASKED_LOGIT / 2, likelier / max(self.temperature, LEAST), MASKED_LOGIT)
        if self.top_k is not None and self.top_k < z.shape[-1]:
            z = _cut(z, lambda left: ops.sum(ops.cast(left, "int32"), axis=-1, keepdims=True) >= self.top_k)
        if self.top_p is not None:
            p = ops.softmax(z)
            z = _cut(z, lambda left: ops.sum(ops.where(left, p, 0.0), axis=-1, keepdims=True) >= self.top_p)
        return draw(ops.softmax(z), u)


def _cut(z, enough):
    """z without what is below the highest limit that leaves enough. By bisection: to sort 10,000 logits takes far longer.

    What lies within `RANGE` / 2^`HALVINGS` of the limit stays.
    """
    highest = ops.max(z, axis=-1, keepdims=True)
    low, high = highest - RANGE, highest  # what is below is never drawn
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        is_enough = enough(z >= middle)
        low, high = ops.where(is_enough, middle, low), ops.where(is_enough, high, middle)
    return ops.where(z >= low, z, MASKED_LOGIT)


def draw(p, u):
    """One of each row of p `(batch, N)`, as probable as p says: where the running sum of p passes u times the whole."""
    reached = ops.cumsum(p, axis=-1)
    passed = reached > ops.cast(u, "float32")[:, None] * reached[:, -1:]
    return ops.cast(ops.argmax(passed & (p > 0), axis=-1), "int32")
