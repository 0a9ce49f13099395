"""The flags by which recipes are asked for something new."""

import dataclasses

from seqzoo.decoding import Sampler
from seqzoo.recipe.main import check


@dataclasses.dataclass(frozen=True)
class Asked:
    """How many, and how daring; a recipe adds its own flags."""

    n: int = 5
    """How many."""
    temperature: float = 1.0
    """Below 1 it plays safe, above 1 it dares."""
    seed: int = 0
    """Of the draws: the same seed, the same result."""
    out: str | None = None
    """Folder of the run."""

    def __post_init__(self):
        check("n", self.n, lambda n: n >= 1, "a positive integer")
        check("temperature", self.temperature, lambda t: 0 < t < float("inf"), "a positive number")
        check("seed", self.seed, lambda n: 0 <= n < 2**31, "an integer from 0 to 2147483647")


@dataclasses.dataclass(frozen=True)
class Tokens(Asked):
    """The same of what consists of tokens."""

    top_k: int | None = None
    """Draw from so many tokens, the most probable ones."""
    top_p: float | None = None
    """Draw from the fewest tokens that together are that probable."""

    def __post_init__(self):
        super().__post_init__()
        check("top_k", self.top_k, lambda k: k is None or k >= 1, "a positive integer")
        check("top_p", self.top_p, lambda p: p is None or 0 < p <= 1, "above 0 and at most 1")

    def sampler(self):
        return Sampler(self.temperature, self.top_k, self.top_p)
