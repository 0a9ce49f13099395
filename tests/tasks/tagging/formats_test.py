"""Formats of tagged lines count the words that the tokenizer finds, whatever white space stands between them."""

import json

import pytest

from seqzoo.data.tokenizer import split_words
from seqzoo.tasks.tagging.formats import FORMS, format_tags

SPACES = ["\x1c", "\x1d", "\x1e", "\x1f", "\x85", "\xa0", "\u2028", "\u3000", " \x1c "]


@pytest.mark.parametrize("space", SPACES)
def test_every_white_space_is_one_between_words(space):
    line, plain = f"Harry Potter sang{space}in London, on Monday", "Harry Potter sang in London, on Monday"
    tags = ["B-PER", "I-PER", "O", "O", "B-LOC", "O", "O", "O"]
    assert split_words(line) == split_words(plain)
    for form in FORMS:
        assert format_tags(form, line, tags) == format_tags(form, plain, tags)
    assert format_tags("spans", line, tags) == "0-2 PER, 4-5 LOC"
    assert format_tags("binary", line, tags) == "1 1 0 0 1 0 0"
    assert json.loads(format_tags("json", line, tags))["spans"][1] == {"start": 4, "end": 5, "type": "LOC"}


def test_a_separator_at_the_start_shifts_nothing():
    assert format_tags("spans", "x\x1fAnn met Bo", ["O", "B-PER", "O", "B-PER"]) == "1-2 PER, 3-4 PER"
    assert format_tags("binary", "\x1eAnn\x1d", ["B-PER"]) == "1"
