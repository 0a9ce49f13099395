"""Flags of generate verbs: how many results, and how they are sampled."""

import dataclasses

from seqzoo.decoding import Sampler
from seqzoo.recipe.config import check, check_at_most


@dataclasses.dataclass(frozen=True)
class GenerateFlags:
    """Flags of every generate verb; a task adds its own."""

    n: int = 5
    """Number of results."""
    temperature: float = 1.0
    """Softmax temperature: below 1 more conservative, above 1 more varied."""
    seed: int = 0
    """Random seed of the sampling: the same seed gives the same result."""
    out: str | None = None
    """Folder of the trained model; `runs/NAME` if not given, or else the shipped model."""

    def __post_init__(self):
        check("n", self.n, lambda n: n >= 1, "a positive integer")
        check_at_most(self, n=10_000)
        check("temperature", self.temperature, lambda t: 0 < t < float("inf"), "a positive number")
        check("seed", self.seed, lambda n: 0 <= n < 2**31, "an integer from 0 to 2147483647")


@dataclasses.dataclass(frozen=True)
class SamplingFlags(GenerateFlags):
    """Flags of generate verbs that sample tokens."""

    top_k: int | None = None
    """Sample from the k most probable tokens only."""
    top_p: float | None = None
    """Sample from the fewest tokens whose probabilities sum to p."""

    def __post_init__(self):
        super().__post_init__()
        check("top_k", self.top_k, lambda k: k is None or k >= 1, "a positive integer")
        check("top_p", self.top_p, lambda p: p is None or 0 < p <= 1, "above 0 and at most 1")

    def sampler(self):
        """The `decoding.Sampler` of the flags."""
        return Sampler(self.temperature, self.top_k, self.top_p)
