"""Examples' answers as arrays."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqzoo.data import targets
from seqzoo.data.examples import Examples
from seqzoo.errors import DataError
from seqzoo.tasks.classification import ratings as classification_ratings

law = settings(max_examples=40, deadline=None, derandomize=True)
TWO, THREE = ("negative", "positive"), ("negative", "neutral", "positive")
ratings = st.lists(st.floats(-4, 4), min_size=1, max_size=9)
borders, sharpnesses = st.sampled_from([0.1, 0.5, 1.0]), st.sampled_from([0.5, 2.0, 10.0])


def examples(found):
    return Examples([f"text {i}" for i in range(len(found))], list(found), ["some domain"] * len(found))


@law
@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=9))
def test_a_label_is_one_at_its_place(found):
    part = targets.of_labels(examples(found), ("c", "a", "b"), "d.csv")
    assert part.y.tolist() == [[float(label == name) for name in ("c", "a", "b")] for label in found]
    assert part.targets == found and part.y.dtype == np.float32


def test_an_unknown_label_is_one_line_that_names_source_and_label():
    with pytest.raises(DataError, match=r"^d\.csv: label 'odd' .* expected a, b$"):
        targets.of_labels(examples(["a", "odd"]), ("a", "b"), "d.csv")


@law
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=9), st.booleans())
def test_a_number_is_itself(found, typed):
    part = targets.of_numbers(examples([str(x) for x in found] if typed else found), "d.csv")
    np.testing.assert_array_equal(part.y, np.array(found, np.float32)[:, None])
    assert part.targets == found


@pytest.mark.parametrize("target", ["good", "", "nan", "inf", "-inf", float("nan"), "1,5"])
def test_what_is_no_number_is_one_line_that_shows_it(target):
    with pytest.raises(DataError, match=r"^d\.csv: expected a number") as caught:
        targets.of_numbers(examples(["1", target]), "d.csv")
    assert repr(target) in str(caught.value)


@law
@given(ratings, borders, sharpnesses)
def test_ratings_become_the_probabilities_of_the_formula(found, border, sharpness):
    y = classification_ratings.of_ratings(examples(found), THREE, border, sharpness).y
    for rating, (negative, neutral, positive) in zip(found, y, strict=True):
        assert positive == pytest.approx(1 / (1 + np.exp(-sharpness * (rating - border))), abs=1e-5)
        assert negative == pytest.approx(1 / (1 + np.exp(-sharpness * (-rating - border))), abs=1e-5)
        assert neutral == pytest.approx(1 - negative - positive, abs=1e-6) and neutral > -1e-6


@law
@given(ratings, borders, sharpnesses)
def test_two_labels_have_no_border(found, border, sharpness):
    part = classification_ratings.of_ratings(examples(found), TWO, border, sharpness)
    np.testing.assert_allclose(part.y.sum(axis=-1), 1, atol=1e-6)
    np.testing.assert_allclose(part.y[:, 1], 1 / (1 + np.exp(-sharpness * np.array(found))), atol=1e-5)
    assert part.targets == ["negative" if np.float32(rating) < 0 else "positive" for rating in found]


@law
@given(ratings, borders)
def test_neutral_is_what_lies_within_the_border(found, border):
    part = classification_ratings.of_ratings(examples(found), THREE, border, 2.0)
    sides = [0 if np.float32(r) < -border else 2 if np.float32(r) > border else 1 for r in found]
    assert part.targets == [THREE[side] for side in sides]


def test_the_opposite_rating_has_the_opposite_answer():
    y = classification_ratings.of_ratings(examples([1.3, -1.3]), THREE, 0.5, 2.0).y
    np.testing.assert_allclose(y[0], y[1][::-1], atol=1e-7)


@pytest.mark.parametrize(
    "make", [lambda e: targets.of_numbers(e, ""), lambda e: classification_ratings.of_ratings(e, THREE, 0.5, 2.0)]
)
def test_inputs_and_domains_stay(make):
    given = examples([1.0, 2.0])
    part = make(given)
    assert part.inputs == given.inputs and part.domains == given.domains and len(part.y) == 2
