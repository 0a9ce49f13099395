"""Pretrained vectors: which words join a vocabulary, and the vectors of a tokenizer's tokens."""

import numpy as np
import pytest

from seqzoo.data import pretrained_vectors
from seqzoo.data.tokenizer import SPECIAL, Tokenizer
from seqzoo.errors import DataError


def test_the_first_words_of_the_vectors_follow_those_of_the_text():
    tokenizer = Tokenizer.train(["the cat", "the"])
    words = ["a-b", "new york", "Zebra", "cat", "aardvark"]
    assert pretrained_vectors.joined(tokenizer, words, 7) == ["the", "cat", "zebra"]


@pytest.mark.parametrize("level", ["word", "subword"])
def test_a_token_has_the_vector_of_what_it_spells(tmp_path, level):
    (tmp_path / "my.vec").write_text("The 1 2 3\nzebra 4 5 6\n")
    tokens = Tokenizer.train(["the cat", "a zebra, the zebra"] * 3, level, 60, spaces=True).tokens
    vectors = pretrained_vectors.of_tokens(tmp_path / "my.vec", None, tokens, seed=1)
    assert vectors.words == tokens and vectors.array.shape == (len(tokens), 3)
    np.testing.assert_array_equal(vectors.array[[tokens.index("▁the"), tokens.index("▁zebra")]], [[1, 2, 3], [4, 5, 6]])
    again = pretrained_vectors.of_tokens(tmp_path / "my.vec", None, tokens, seed=1)
    np.testing.assert_array_equal(vectors.array, again.array)


def test_tokens_that_spell_nothing(tmp_path):
    (tmp_path / "my.vec").write_text("zebra 4 5 6\n")
    with pytest.raises(DataError, match="no vector for any of the 0 words"):
        pretrained_vectors.of_tokens(tmp_path / "my.vec", None, [*SPECIAL, "▁"])


def test_vectors_of_no_token(tmp_path):
    (tmp_path / "my.vec").write_text("zebra 4 5 6\n")
    with pytest.raises(DataError, match="no vector for any of the"):
        pretrained_vectors.of_tokens(tmp_path / "my.vec", None, [*SPECIAL, "▁cat"])
    with pytest.raises(DataError, match="expected at most 3, the size of the vectors"):
        pretrained_vectors.of_tokens(tmp_path / "my.vec", 4, [*SPECIAL, "▁zebra"])
