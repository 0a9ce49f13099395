"""What a tagger knows of words: its tokenizer of whole words, its alphabet, and pretrained vectors."""

from collections import Counter

from seqzoo.data import minilm, pretrained_vectors
from seqzoo.data.tokenizer import Tokenizer

CHARACTERS = 300  # in the alphabet, the most frequent ones


def vocabulary(config, words):
    """Returns the tokenizer and the pretrained vectors, or None, for the words of the training split. The first words of the
    vectors join the vocabulary, after the frequent words of the split."""
    tokenizer = Tokenizer.train(words, level="whole", size=config.vocabulary, min_count=config.min_count)
    if not config.embeddings:
        return tokenizer, None
    wanted = tokenizer.tokens if config.embeddings in minilm.NAMES else words
    vectors = pretrained_vectors.read(config.embeddings, config.embedding, config.vocabulary, wanted, config.data_dir)
    known = pretrained_vectors.joined(tokenizer, vectors.words, config.vocabulary)
    return Tokenizer.train(known, level="whole", size=config.vocabulary), vectors


def alphabet(words):
    """Returns the characters of words, in order, as one text."""
    frequent = Counter(character for word in words for character in word).most_common(CHARACTERS)
    return "".join(sorted(character for character, _ in frequent))
