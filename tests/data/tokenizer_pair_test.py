"""Both tokenizers of a model in one file, and texts that come back with their spaces."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqzoo.data import tokenizer_pair
from seqzoo.data.tokenizer import Tokenizer
from seqzoo.data.tokenizer_pair import TokenizerPair
from seqzoo.errors import DataError


def test_a_file_holds_both_or_one(tmp_path):
    source, target = Tokenizer.train(["ab"], "char"), Tokenizer.train(["x y"], "spaces")
    TokenizerPair(source, target).save(tmp_path / "pair.json")
    source.save(tmp_path / "one.json")
    both = tokenizer_pair.load(tmp_path / "pair.json")
    assert both == TokenizerPair(source, target) != TokenizerPair(source, source)
    assert both.tokens == source.tokens + target.tokens
    assert tokenizer_pair.load(tmp_path / "one.json") == source


@pytest.mark.parametrize("text", ["", "[]", '{"source": {}, "target": {}}', '{"source": 1, "target": 2}'])
def test_a_damaged_file_is_one_line(tmp_path, text):
    (tmp_path / "t.json").write_text(text)
    with pytest.raises(DataError, match="t.json: not a readable tokenizer"):
        tokenizer_pair.load(tmp_path / "t.json")


@pytest.mark.parametrize("level", ["word", "subword"])
def test_a_text_comes_back_with_its_spaces(level):
    texts = ["Hello, world! It's (really) l'eau.", "Ça va ? -- Oui... 3,50 €", 'He said: "no".']
    tokenizer = Tokenizer.train(texts, level, size=500, lowercase=False, spaces=True)
    assert [tokenizer.decode(ids) for ids in tokenizer.encode_all(texts)] == texts
    assert tokenizer.decode(tokenizer.encode("  Oui...\n3,50 ")) == "Oui... 3,50"


@settings(max_examples=60, deadline=None)
@given(text=st.text(), level=st.sampled_from(["word", "subword"]))
def test_what_was_decoded_is_encoded_as_before(text, level):
    tokenizer = Tokenizer.train([text, "a b."], level, size=300, spaces=True)
    ids = tokenizer.encode(text)
    if 1 not in ids:
        assert tokenizer.encode(tokenizer.decode(ids)) == ids
