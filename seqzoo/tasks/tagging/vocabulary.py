"""What a tagger knows of words: its tokenizer of whole words, its alphabet, and pretrained vectors."""

from collections import Counter

from seqzoo.data import pretrained_vectors
from seqzoo.data.tokenizer import Tokenizer

CHARACTERS = 300  # in the alphabet, the most frequent ones


def vocabulary(config, words):
    """Returns the tokenizer and the pretrained vectors, or None, for the words of the training split. The first words of the
    vectors join the vocabulary."""
    if not config.embeddings:
        return _tokenizer(config, words), None
    vectors = pretrained_vectors.read(config.embeddings, config.embedding, config.vocabulary, words, config.data_dir)
    return _tokenizer(config, words + config.min_count * vectors.words), vectors


def _tokenizer(config, words):
    return Tokenizer.train(words, level="whole", size=config.vocabulary, min_count=config.min_count)


def alphabet(words):
    """Returns the characters of words, in order, as one text."""
    frequent = Counter(character for word in words for character in word).most_common(CHARACTERS)
    return "".join(sorted(character for character, _ in frequent))
