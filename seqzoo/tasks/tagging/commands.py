"""Flags of the verb predict of taggers."""

import dataclasses
from typing import Annotated, Literal

import tyro

from seqzoo import recipe


@dataclasses.dataclass(frozen=True)
class PredictFlags(recipe.PredictFlags):
    """Prints one line for each sentence: its tags TAB probability of all its tags TAB sentence."""

    form: Annotated[Literal["text", "bio", "binary", "spans", "json"], tyro.conf.arg(name="as")] = "text"
    """Format: entities in brackets; word/tag; 0 or 1 for each word between spaces; entities as start-end TYPE; JSON."""
