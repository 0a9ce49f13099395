"""Tokenizers of both sides of a sequence-to-sequence model, in one file."""

import json
from pathlib import Path

from seqzoo.data import files
from seqzoo.data.tokenizer import Tokenizer
from seqzoo.errors import DataError

SIDES = ("source", "target")


class TokenizerPair:
    """Tokenizer of the inputs, `source`, and of the outputs, `target`; both may be one tokenizer."""

    def __init__(self, source: Tokenizer, target: Tokenizer):
        self.source, self.target = source, target

    def save(self, path: str | Path) -> None:
        """Writes both tokenizers as JSON."""
        sides = {side: json.loads(getattr(self, side).to_json()) for side in SIDES}
        Path(path).write_text(json.dumps(sides, ensure_ascii=False), encoding="utf-8")

    @property
    def tokens(self) -> list[str]:
        """All tokens of the source, then all of the target, in the order of their ids."""
        return self.source.tokens + self.target.tokens

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TokenizerPair) and (self.source, self.target) == (other.source, other.target)


def load(path: str | Path) -> Tokenizer | TokenizerPair:
    """Returns the tokenizer, or the pair of tokenizers, that was written to a file.

    Raises:
        DataError: the file is missing, broken or holds another kind of tokenizer.
    """
    text = files.decode(files.read_bytes(path, "a tokenizer"), path, "a tokenizer")
    try:
        sides = json.loads(text)
    except ValueError as error:
        raise DataError(f"{path}: not a readable tokenizer: {error}") from error
    if not isinstance(sides, dict) or set(sides) != set(SIDES):
        return Tokenizer.from_json(text, path)
    return TokenizerPair(*(Tokenizer.from_json(json.dumps(sides[side]), path) for side in SIDES))
