"""Tokens of transcripts."""

from seqzoo.data.tokenizer import SPECIAL, Tokenizer


def tokenizer_of(config, texts):
    """Returns the tokenizer of transcripts: characters, or subwords of them."""
    size = config.vocabulary + len(SPECIAL)
    return Tokenizer.train(texts, config.tokens, size, lowercase=config.lowercase, spaces=config.tokens == "subword")
