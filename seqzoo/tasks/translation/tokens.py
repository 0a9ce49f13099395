"""Tokens of both sides: their levels, by the data, and the tokenizers."""

from seqzoo.data.tokenizer import SPECIAL, Tokenizer
from seqzoo.data.tokenizer_pair import TokenizerPair

LEVELS = {"dates": ("char", "char"), "pronunciation": ("char", "phonemes")}  # of other data subwords


def levels(source, reverse, *given):
    """Returns the levels of inputs and outputs, those of the data set `source` where the given one is "auto"."""
    of_data = LEVELS.get(source, ("subword", "subword"))
    pairs = zip(given, of_data[::-1] if reverse else of_data, strict=True)
    return tuple(usual if level == "auto" else level for level, usual in pairs)


def train_tokenizers(texts, levels, size, lowercase, shared):
    """Returns a `TokenizerPair` trained on `(inputs, outputs)`, texts, of `size` tokens each beside the special ones."""
    options = {"size": size + len(SPECIAL), "lowercase": lowercase, "spaces": True}
    levels = ["spaces" if level == "phonemes" else level for level in levels]
    if shared:
        return TokenizerPair(*[Tokenizer.train(texts[0] + texts[1], levels[0], **options)] * 2)
    return TokenizerPair(*(Tokenizer.train(side, level, **options) for side, level in zip(texts, levels, strict=True)))
