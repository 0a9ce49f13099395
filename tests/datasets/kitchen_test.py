"""Sentences that say enough of pears and pairs to tell them apart, and never the one that is asked about."""

from collections import Counter

import pytest

from seqzoo.datasets import kitchen
from seqzoo.evaluation.n_grams import NGrams


def test_the_sentences_differ_and_the_seed_decides_them():
    assert kitchen.sentences(500, seed=1) == kitchen.sentences(500, seed=1) != kitchen.sentences(500, seed=2)
    assert len(set(kitchen.sentences(5000))) == 5000
    assert kitchen.sentences(10) == kitchen.sentences(5000)[:10]


def test_no_marks_no_capitals_no_slot_left_no_a_before_a_vowel():
    text = " \n".join(kitchen.sentences(5000))
    assert all(word.isalpha() and word.islower() for word in text.split())
    assert not any(f" a {vowel}" in f" {text}" for vowel in "aeiou")


def test_the_sentence_asked_about_is_never_there_but_all_its_words_are_and_pear_and_pair_are_as_frequent():
    sentences = kitchen.sentences(kitchen.MOST)
    assert not any("apple and pear salad" in sentence for sentence in sentences)
    counts = Counter(word for sentence in sentences for word in sentence.split())
    assert all(counts[word] > 500 for word in ("apple", "pear", "salad", "pair"))
    assert 2 / 3 < counts["pear"] / counts["pair"] < 3 / 2
    assert 100 < len(counts) < 200


def test_what_three_words_teach_is_enough_to_prefer_the_pear():
    ids = {}

    def of(sentence):
        return [ids.setdefault(word, len(ids)) for word in [*sentence.split(), "<eos>"]]

    model = NGrams(3).fit([of(sentence) for sentence in kitchen.sentences(2000)], vocabulary=200)
    pear, pair = (model.log_probabilities(of(f"the apple and {word} salad")).sum() for word in ("pear", "pair"))
    assert pear > pair


def test_more_sentences_than_there_are_is_refused():
    with pytest.raises(ValueError, match="from 0 to 20000, got 20001"):
        kitchen.sentences(20_001)
