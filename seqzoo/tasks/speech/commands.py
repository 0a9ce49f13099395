"""Flags of the verb predict of speech."""

import dataclasses
import math
from typing import Annotated, Literal

import tyro

from seqzoo import recipe


@dataclasses.dataclass(frozen=True)
class PredictFlags(recipe.PredictFlags):
    """Prints one line for each sound file: transcript, or label, TAB score TAB file.

    The score of a transcript is the geometric mean of the probabilities of its tokens, 0 to 1.
    """

    stream: bool = False
    """Read raw samples from standard input, 16 bits, little-endian, one channel, at the model's sampling rate (--rate for
    another), and print characters as they become final."""
    rate: int | None = None
    """Sampling rate of --stream, in Hz; the model's if not given."""
    beam: int = 1
    """Beam width of the search; 1 is the most probable path."""
    lexicon: str | None = None
    """File with one word a line: transcripts have no other words."""
    language_model: str | None = None
    """Folder of a language model of characters, `recipes.language_model --level char`, for the search."""
    weight: float = 0.5
    """Weight of the language model."""
    bonus: float = 0.0
    """Score of each character: a language model prefers short texts."""
    form: Annotated[Literal["text", "json"], tyro.conf.arg(name="as")] = "text"
    """Format: text, or JSON with the seconds of each word and character."""

    def __post_init__(self):
        recipe.check_at_least(self, beam=1)
        recipe.check_at_most(self, beam=1000)
        for flag in ("weight", "bonus"):
            recipe.check(flag, getattr(self, flag), math.isfinite, "a number")
        for flag in ("lexicon", "language_model"):
            recipe.check(flag, getattr(self, flag), lambda given: given is None or self.beam > 1, "a --beam above 1 with it")
            recipe.check(flag, getattr(self, flag), lambda given: given != "", "a path")
        recipe.check(
            "rate", self.rate, lambda rate: rate is None or (self.stream and rate >= 1), "a positive integer, with --stream"
        )
        recipe.check("stream", self.stream, lambda on: not (on and (self.texts or self.file)), "no files beside it")
        recipe.check("stream", self.stream, lambda on: not (on and self.beam > 1), "no --beam: the path of each step is final")

    def lines(self, verb="predict"):
        return [] if self.stream else super().lines(verb)
