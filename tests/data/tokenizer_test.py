"""The tokenizer: round trips, the vocabulary's order, and texts that bite."""

import json
import os
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqzoo.data.tokenizer import BOS, EOS, PAD, SPECIAL, UNK, Tokenizer, split_words
from seqzoo.errors import DataError

LAW = settings(max_examples=60, deadline=None)

TEXTS = st.lists(st.text(), min_size=1, max_size=5)
CHOICES = {"level": st.sampled_from(["word", "subword", "char"]), "lowercase": st.booleans(), "punctuation": st.booleans()}


def words(text, **choices):
    tokenizer = Tokenizer.train([text], **choices)
    return [tokenizer.tokens[i] for i in tokenizer.encode(text)]


@LAW
@given(texts=TEXTS, choices=st.fixed_dictionaries(CHOICES))
def test_encoding_what_was_decoded_gives_the_same_ids(texts, choices):
    tokenizer = Tokenizer.train(texts, **choices)
    for ids in tokenizer.encode_all(texts):
        assert all(0 <= i < tokenizer.size for i in ids)
        if UNK not in ids:
            assert tokenizer.encode(tokenizer.decode(ids)) == ids


@LAW
@given(texts=TEXTS)
def test_characters_come_back_exactly(texts):
    ascii_texts = [ascii(text) + "\n" for text in texts]
    tokenizer = Tokenizer.train(ascii_texts, level="char", lowercase=False)
    assert [tokenizer.decode(ids) for ids in tokenizer.encode_all(ascii_texts)] == ascii_texts


@LAW
@given(texts=TEXTS, choices=st.fixed_dictionaries(CHOICES))
def test_saved_and_loaded(tmp_path_factory, texts, choices):
    tokenizer = Tokenizer.train(texts, **choices)
    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    tokenizer.save(path)
    loaded = Tokenizer.load(path)
    assert loaded == tokenizer and loaded.tokens == tokenizer.tokens
    probe = [*texts, "<pad> <EOS> new :)"]
    assert loaded.encode_all(probe) == tokenizer.encode_all(probe)


def test_special_ids_come_first_and_the_frequent_words_next():
    tokenizer = Tokenizer.train(["b b b a a c", "d"], size=7)
    assert tokenizer.tokens == [*SPECIAL, "b", "a", "c"] and tokenizer.size == 7
    assert (PAD, UNK, BOS, EOS) == (0, 1, 2, 3)
    assert tokenizer.encode("a d b") == [5, UNK, 4]
    assert Tokenizer.train(["b b b a a c"], min_count=2).tokens[4:] == ["b", "a"]


@pytest.mark.parametrize("text", ["", "  \n", "\u200b"])
def test_a_text_without_a_token_is_one_unknown(text):
    assert Tokenizer.train(["a b"]).encode(text) == [UNK]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I don't, it's 5!", ["i", "don't", ",", "it's", "5", "!"]),
        ("it’s ’quoted’", ["it's", "'", "quoted", "'"]),
        ("No :-( yes:) =D <3 :'(", ["no", ":-(", "yes", ":)", "=d", "<3", ":'("]),
        (
            "http://x.y at 12:30, note:do",
            [*["http", ":", "/", "/", "x", ".", "y", "at"], *["12", ":", "30", ",", "note", ":", "do"]],
        ),
        ("<pad><eos>", ["<", "pad", ">", "<", "eos", ">"]),
        ("café 👍 na!!!", ["café", "👍", "na", "!", "!", "!"]),
    ],
)
def test_words(text, expected):
    assert words(text) == expected


def test_without_punctuation():
    assert words("Well, don't! :) (ok)", punctuation=False) == ["well", "don't", ":)", "ok"]
    assert words("a-b c.", punctuation=False, level="char") == ["a", "b", " ", "c"]


def test_capitals_are_kept_if_asked():
    assert words("Yes yes :D", lowercase=False) == ["Yes", "yes", ":D"]


def test_decode_leaves_out_what_is_no_text():
    tokenizer = Tokenizer.train(["a b"])
    assert tokenizer.decode([BOS, 4, UNK, 5, EOS, PAD, PAD]) == "a <unk> b"


def test_half_a_character_does_not_stop_it():
    assert Tokenizer.train(["a ?"]).encode("a \udce9") == Tokenizer.train(["a ?"]).encode("a ?")


@pytest.mark.parametrize("content", [None, "", "{", "{}", '{"model": 1}', b"\xff\xfe"])
def test_a_broken_file_is_one_line(tmp_path, content):
    path = tmp_path / "tokenizer.json"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DataError) as caught:
        Tokenizer.load(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_another_kind_of_tokenizer_is_refused(tmp_path):
    path = tmp_path / "tokenizer.json"
    Tokenizer.train(["a b"]).save(path)
    content = json.loads(path.read_text())
    content["model"]["vocab"] = {"<unk>": 0, "a": 1}
    path.write_text(json.dumps(content | {"added_tokens": []}))
    with pytest.raises(DataError, match="<pad>"):
        Tokenizer.load(path)


@pytest.mark.parametrize("choice", [{"level": "syllable"}, {"size": 4}])
def test_choices_that_are_none(choice):
    with pytest.raises(ValueError, match=str(next(iter(choice.values())))):
        Tokenizer.train(["a"], **choice)


def test_words_between_spaces_and_their_unknown_one():
    """As in a text that somebody else has cut: `<unk>` there is the unknown word, and every other mark a part of a word."""
    tokenizer = Tokenizer.train(["the <unk> sat , N 's", "the cat"], level="spaces", lowercase=False)
    assert tokenizer.tokens[:4] == SPECIAL and set(tokenizer.tokens[4:]) == {"the", "sat", ",", "N", "'s", "cat"}
    assert tokenizer.encode("the <unk> dog")[1:] == [UNK, UNK]


@LAW
@given(texts=TEXTS, choices=st.fixed_dictionaries(CHOICES | {"level": st.sampled_from(["word", "char", "spaces"])}))
def test_what_is_cut_is_what_is_known_and_what_is_not(texts, choices):
    if choices["level"] == "spaces":
        choices = choices | {"punctuation": True}
    tokenizer = Tokenizer.train(texts[:1], **choices)
    for ids, tokens in zip(tokenizer.encode_all(texts), tokenizer.cut_all(texts), strict=True):
        assert len(ids) == len(tokens) or (ids == [UNK] and not tokens)
        assert all(i == UNK or tokenizer.tokens[i] == token for i, token in zip(ids, tokens, strict=False))


def test_white_space_is_what_python_takes_for_it():
    characters = [chr(code) for code in range(sys.maxunicode + 1)]
    characters = [character for character in characters if character.isspace() or character < "\u3100"]
    between = split_words("".join(f"a{character}a" for character in characters if character.isspace()).replace("aa", "a"))
    assert between == ["a"] * (1 + sum(map(str.isspace, characters)))
    others = " ".join(character for character in characters if not character.isspace())
    assert split_words(others) == others.split(" ")
    spaces = "".join(filter(str.isspace, characters))
    for level in ("word", "subword", "spaces"):
        tokenizer = Tokenizer.train([f"a{spaces}b"], level=level)
        assert tokenizer.encode("a" + spaces + "b") == tokenizer.encode("a b")
        assert all(tokenizer.cut_all([f"a{space}b"]) == [["a", "b"]] for space in spaces) or level == "subword"


CARON = "J\u030can"


def before_composition(path):
    """Rewrites a saved tokenizer as it was saved before characters were composed last."""
    state = json.loads(path.read_text())
    assert state["normalizer"]["normalizers"].pop() == {"type": "NFC"}
    path.write_text(json.dumps(state))


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("level", ["char", "word"])
def test_a_lower_case_character_is_composed_and_is_one_token(tmp_path, level, old):
    tokenizer = Tokenizer.train([CARON, "j \u030c"], level=level)
    tokenizer.save(tmp_path / "tokenizer.json")
    if old:
        before_composition(tmp_path / "tokenizer.json")
    loaded = Tokenizer.load(tmp_path / "tokenizer.json")
    assert loaded == tokenizer
    expected = ["\u01f0", "a", "n"] if level == "char" else ["\u01f0an"]
    assert loaded.cut_all([CARON]) == [expected] and [loaded.tokens[i] for i in loaded.encode(CARON)] == expected


def test_a_normalized_text_stays_as_it_is():
    normalizer = Tokenizer.train(["a"])._rules.normalizer
    for mark in ("", "\u030c", "\u0307", "\u0345", "\u0301\u0323", "\u200d"):
        changed = [character for character in map(chr, range(sys.maxunicode + 1)) if character.lower() != character]
        text = " ".join(character + mark for character in changed)
        once = normalizer.normalize_str(text)
        assert normalizer.normalize_str(once) == once


@LAW
@given(
    texts=st.lists(st.text(st.sampled_from("J\u030cİı\u0307ΑΣ\u0345ς’'\x1c\x85\u2028 a🙂\u200d"))),
    choices=st.fixed_dictionaries(CHOICES),
)
def test_tokens_and_ids_are_of_one_length(texts, choices):
    tokenizer = Tokenizer.train(texts, **choices)
    for ids, tokens in zip(tokenizer.encode_all(texts), tokenizer.cut_all(texts), strict=True):
        assert len(ids) == len(tokens) or (ids == [UNK] and not tokens)


@pytest.mark.parametrize(
    "part, value, message",
    [
        ("normalizer", None, "normalizer None, expected a tokenizer that seqzoo saved"),
        ("normalizer", {"type": "Lowercase"}, "normalizer Lowercase"),
        ("pre_tokenizer", None, "pre_tokenizer None"),
        ("pre_tokenizer", {"type": "BertPreTokenizer"}, "pre_tokenizer BertPreTokenizer"),
        ("model", {"type": "Unigram", "unk_id": 1, "vocab": [[token, -1.0] for token in SPECIAL]}, "model Unigram"),
        ("model", {"type": "WordLevel", "vocab": dict(zip(SPECIAL, range(4), strict=True)), "unk_token": "a"}, "first tokens"),
        ("model", {"type": "WordLevel", "vocab": {"a": 0, "<unk>": 1}, "unk_token": "<unk>"}, "<pad>"),
        ("model", {"type": "WordLevel", "vocab": dict(zip(SPECIAL, (0, 1, 2, 9), strict=True)), "unk_token": "<unk>"}, "gaps"),
        (
            "padding",
            {"strategy": {"Fixed": 9}, "direction": "Right", "pad_id": 0, "pad_type_id": 0, "pad_token": "<pad>"},
            "padding",
        ),
        ("model", {"a": 0}, "not a readable tokenizer"),
    ],
)
def test_a_tokenizer_of_another_make_is_one_line(tmp_path, part, value, message):
    path = tmp_path / "tokenizer.json"
    Tokenizer.train(["a b"]).save(path)
    state = json.loads(path.read_text())
    path.write_text(json.dumps(state | {"added_tokens": [], "padding": None, part: value}))
    with pytest.raises(DataError, match=message) as caught:
        Tokenizer.load(path)
    assert str(caught.value).startswith(f"{path}: ") and "\n" not in str(caught.value)


@pytest.mark.parametrize("content", ["[" * 100_000, '{"model": ' * 100_000])
def test_a_deeply_nested_file_is_one_line(tmp_path, content):
    (tmp_path / "tokenizer.json").write_text(content)
    with pytest.raises(DataError, match="not a readable tokenizer"):
        Tokenizer.load(tmp_path / "tokenizer.json")


def test_a_pipe_is_refused_and_never_waited_for(tmp_path):
    os.mkfifo(tmp_path / "tokenizer.json")
    with pytest.raises(DataError, match="tokenizer.json: a pipe or a device: expected a tokenizer"):
        Tokenizer.load(tmp_path / "tokenizer.json")


def test_given_pieces_cut_words_the_longest_first(tmp_path):
    tokenizer = Tokenizer.of_pieces(["caf", "cafes", "##e", "##s", "un", "##like", "##ly", "'", "don", "t", ":)", "!"])
    texts = ["DON’T", "Café", "cafés!", "unlikely :)", "zoo"]
    cut = [[tokenizer.tokens[i] for i in ids] for ids in tokenizer.encode_all(texts)]
    assert cut == [["don", "'", "t"], ["caf", "##e"], ["cafes", "!"], ["un", "##like", "##ly", ":)"], ["<unk>"]]
    assert tokenizer.decode(tokenizer.encode("Unlikely cafés!")) == "unlikely cafes !"
    tokenizer.save(tmp_path / "t.json")
    assert Tokenizer.load(tmp_path / "t.json") == tokenizer
