"""The grammar: distances, numbers, and what is held out."""

import pytest

from seqzoo.datasets import agreement


def generated(held_out, count=600, seed=3, most=30):
    return agreement.generate(count, seed, most, held_out)


def test_the_distance_is_the_number_of_words_between_subject_and_verb():
    for each in generated(False):
        words = each.with_verb(each.plural).replace(",", "").split()
        subject = next(i for i, word in enumerate(words) if word in agreement.NOUNS)
        verb = next(i for i, word in enumerate(words) if word in agreement.VERBS)
        assert verb - subject - 1 == each.distance
        assert (words[subject] in agreement.PLURALS) == each.plural == (words[verb] == "were")


def test_all_distances_both_numbers_and_attractors_of_both():
    found = generated(True, count=2000)
    assert {each.distance for each in found} == set(range(1, 31))
    for distance in (4, 12, 30):
        assert {each.plural for each in found if each.distance == distance} == {True, False}
    fooled = [agreement.nearest_is_plural(each.before) != each.plural for each in found if each.distance > 2]
    assert 0.4 < sum(fooled) / len(fooled) < 0.6
    assert not any(agreement.nearest_is_plural(each.before) != each.plural for each in found if each.distance < 3)


def test_nothing_held_out_is_learnt_from():
    learnt, held_out = ({each.before for each in generated(part, count=3000, most=4)} for part in (False, True))
    assert learnt and held_out and not learnt & held_out


def test_the_same_seed_draws_the_same_and_another_does_not():
    assert agreement.sentences(20, 1, 9) == agreement.sentences(20, 1, 9) != agreement.sentences(20, 2, 9)


def test_a_pair_differs_in_its_verb_only():
    for right, wrong, distance in agreement.pairs(50, 0, 12):
        different = [pair for pair in zip(right.split(), wrong.split(), strict=True) if len(set(pair)) > 1]
        assert len(different) == 1 and set(different[0]) == set(agreement.VERBS) and 1 <= distance <= 12


def test_the_vocabulary_is_small_and_holds_every_word():
    words = {word for text in agreement.sentences(3000, 0, 30) for word in text.replace(",", " ,").split()}
    assert words == set(agreement.vocabulary()) and len(words) < 110


@pytest.mark.parametrize(("most", "least"), [(0, 1), (5, 6)])
def test_distances_that_cannot_be(most, least):
    with pytest.raises(ValueError, match="`most_between` must be an integer from"):
        agreement.generate(1, 0, most, False, least)
