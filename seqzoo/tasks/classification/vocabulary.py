"""What a classifier knows of texts: its tokenizer, and pretrained vectors of its tokens."""

from seqzoo.data import minilm, pretrained_vectors
from seqzoo.data.tokenizer import Tokenizer


def vocabulary(config, texts):
    """Returns the tokenizer and the pretrained vectors, or None, for the texts of the training split.

    The tokens are word pieces of MiniLM, or whole words, which the first words of a file of vectors join.
    """
    if not config.embeddings:
        return Tokenizer.train(texts, level=config.tokens, size=config.vocabulary), None
    given = config.embeddings, config.embedding, config.vocabulary
    if config.embeddings in minilm.NAMES:
        return pretrained_vectors.of_pieces(*given, texts, config.data_dir)
    tokenizer = Tokenizer.train(texts, size=config.vocabulary)
    vectors = pretrained_vectors.read(*given, tokenizer.tokens, config.data_dir)
    known = pretrained_vectors.joined(tokenizer, vectors.words, config.vocabulary)
    return Tokenizer.train(known, size=config.vocabulary), vectors
