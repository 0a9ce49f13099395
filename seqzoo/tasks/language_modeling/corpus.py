"""Lines of text as ids, for a language model."""

from typing import NamedTuple

from seqzoo.data.targets import Split
from seqzoo.data.tokenizer import BOS, EOS, PAD, UNK, Tokenizer
from seqzoo.errors import DataError
from seqzoo.tasks.language_modeling.texts import Lines


class Corpus(NamedTuple):
    """The parts of a text, `y` of each the ids of its lines, and what made them.

    Args:
        carried: whether lines follow from each other.
        order: tokens of an n-gram that predicts as well as counting can.
    """

    tokenizer: Tokenizer
    carried: bool
    order: int
    train: Split
    validation: Split
    test: Split

    @property
    def possible(self) -> int:
        """How many ids can occur."""
        return self.tokenizer.size - len((PAD, BOS))

    @property
    def known(self) -> float:
        """The share of the test part's tokens that the tokenizer knows."""
        ids = stream(self.test)
        return 1 - ids.count(UNK) / len(ids)


def of(lines: Lines, tokenizer: Tokenizer, level: str, carried: bool, ends: bool, source: str) -> Corpus:
    """Returns the corpus of some lines.

    Args:
        level: of the tokenizer.
        carried: whether lines follow from each other: then empty ones stay, as an end of a line alone.
        ends: whether `<eos>` stands at the end of each line.

    Raises:
        DataError: a part has no tokens.
    """
    parts = [_part(of_part, tokenizer, carried, ends, source) for of_part in lines]
    return Corpus(tokenizer, carried, 5 if level == "char" else 3, *parts)


def _part(lines: list[str], tokenizer: Tokenizer, carried: bool, ends: bool, source: str) -> Split:
    if not carried:
        lines = [line for line in lines if line.strip()]
    if not any(line.strip() for line in lines):
        raise DataError(f"{source}: a part without any text, expected some in each of train, validation and test")
    end = [EOS] if ends else []
    ids = [[*found, *end] if line else end for line, found in zip(lines, tokenizer.encode_all(lines), strict=True)]
    return Split(lines, lines, ids)


def stream(part: Split) -> list[int]:
    """Returns the ids of all lines, one after the other."""
    return [i for line in part.y for i in line]
