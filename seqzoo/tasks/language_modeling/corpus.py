"""Corpora: the lines of a text as token ids, for a language model."""

from typing import NamedTuple

from seqzoo.data.targets import Split
from seqzoo.data.tokenizer import BOS, EOS, PAD, UNK, Tokenizer
from seqzoo.errors import DataError
from seqzoo.tasks.language_modeling.texts import Lines


class Corpus(NamedTuple):
    """Dataset of a text: its splits, with the token ids of each line as `y`, and their tokenizer.

    Args:
        carried: whether the state is carried from one line to the next.
        order: length of the n-grams of the baseline, in tokens.
    """

    tokenizer: Tokenizer
    carried: bool
    order: int
    train: Split
    validation: Split
    test: Split

    @property
    def possible(self) -> int:
        """Number of token ids that can occur."""
        return self.tokenizer.size - len((PAD, BOS))

    @property
    def known(self) -> float:
        """Share of known tokens in the test split."""
        ids = stream(self.test)
        return 1 - ids.count(UNK) / len(ids)


def encode(lines: Lines, tokenizer: Tokenizer, level: str, carried: bool, ends: bool, source: str) -> Corpus:
    """Returns the corpus of the lines of three splits.

    Args:
        level: of the tokenizer's tokens.
        carried: whether the state is carried from one line to the next; empty lines then stay, as an end of a line alone.
        ends: whether `<eos>` stands at the end of each line.
        source: the text's name in error messages.

    Raises:
        DataError: a split has no tokens.
    """
    splits = [as_split(texts, tokenizer, carried, ends, source) for texts in lines]
    return Corpus(tokenizer, carried, 5 if level == "char" else 3, *splits)


def as_split(lines: list[str], tokenizer: Tokenizer, carried: bool, ends: bool, source: str) -> Split:
    """Returns a split of lines. Arguments and errors as of `encode`."""
    if not carried:
        lines = [line for line in lines if line.strip()]
    if not any(line.strip() for line in lines):
        raise DataError(f"{source}: a split without any text, expected some in each of train, validation and test")
    end = [EOS] if ends else []
    ids = [[*encoded, *end] if line else end for line, encoded in zip(lines, tokenizer.encode_all(lines), strict=True)]
    return Split(lines, lines, ids)


def stream(split: Split) -> list[int]:
    """Returns the token ids of all lines of a split as one sequence."""
    return [i for line in split.y for i in line]
