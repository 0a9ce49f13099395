"""Flags of recipes whose model can begin with pretrained vectors of words."""

import dataclasses

from seqzoo.data import minilm, pretrained_vectors
from seqzoo.recipe.config import Config, check


@dataclasses.dataclass(frozen=True)
class EmbeddingsConfig(Config):
    """Flags of an embedding. `EMBEDDING` is its size where no flag gives one; with `ONE_HOT` 0 stands for no embedding."""

    FILE_FIELDS, NAMES = ("data", "embeddings"), minilm.NAMES
    EMBEDDING, ONE_HOT = 64, False

    embedding: int | None = None
    """Size of a token's vector: that of --embeddings, or 64, if not given; a smaller one takes their principal components."""
    embeddings: str | None = None
    """Pretrained vectors to begin with: a text file of words, or minilm-table or minilm, a download of 83.5 MB."""
    frozen: bool = False
    """Whether pretrained vectors stay as they are."""

    def __post_init__(self):
        super().__post_init__()
        least = 0 if self.ONE_HOT and not self.embeddings else 1
        check("embedding", self.embedding, lambda n: n is None or n >= least, f"an integer from {least}")
        check("frozen", self.frozen, lambda frozen: self.embeddings or not frozen, "--embeddings with it")

    @property
    def vectors_source(self):
        if not self.embeddings:
            return ""
        return f"Pretrained vectors: {minilm.SOURCE if self.embeddings in self.NAMES else self.embeddings}."

    def vectors(self, tokens):
        """The pretrained vectors of tokens, a `WordVectors` of them in order; None without the flag."""
        if not self.embeddings:
            return None
        return pretrained_vectors.of_tokens(self.embeddings, self.embedding, tokens, self.data_dir, self.seed)

    def vector_size(self, vectors):
        """The size of a token's vector, given the pretrained ones or None; None for one-hot vectors."""
        if vectors is not None:
            return vectors.size
        return self.EMBEDDING if self.embedding is None else self.embedding or None
