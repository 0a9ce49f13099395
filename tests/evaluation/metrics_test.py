"""Figures against NumPy, by loops."""

import numpy as np
import pytest
from backends import arrays
from hypothesis import given, settings
from hypothesis import strategies as st

from seqzoo.evaluation import metrics as evaluation_metrics
from seqzoo.tasks.tagging import metrics as tagging_metrics
from seqzoo.training import metrics

law = settings(max_examples=25, deadline=None, derandomize=True)
seeds = st.integers(0, 99)


@law
@given(seeds)
def test_accuracy_counts_the_rows_whose_likeliest_class_is_the_right_one(seed):
    chance = np.random.default_rng(seed)
    y_hat, y = chance.uniform(size=(6, 4)).astype("float32"), chance.integers(0, 4, 6)
    soft = np.full((6, 4), 0.2, "float32")
    soft[np.arange(6), y] = 0.4
    right = [float(np.argmax(row) == label) for row, label in zip(y_hat, y, strict=True)]
    for form in (y.astype("int32"), y.astype("float32"), np.eye(4, dtype="float32")[y], soft):
        assert arrays(metrics.accuracy(form, y_hat)).tolist() == right


@law
@given(seeds, st.booleans())
def test_accuracy_of_yes_and_no_has_its_border_at_a_half(seed, flat):
    chance = np.random.default_rng(seed)
    y_hat, y = chance.uniform(size=(7, 1)).astype("float32"), chance.integers(0, 2, (7, 1)).astype("float32")
    right = [float((p > 0.5) == (label > 0.5)) for p, label in zip(y_hat[:, 0], y[:, 0], strict=True)]
    assert arrays(metrics.accuracy(y[:, 0] if flat else y, y_hat)).tolist() == right


def macro_f1(actual, predicted):
    scores = []
    for label in {*actual, *predicted}:
        both = sum(a == p == label for a, p in zip(actual, predicted, strict=True))
        scores.append(2 * both / (actual.count(label) + predicted.count(label)))
    return sum(scores) / len(scores)


@law
@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=1, max_size=20))
def test_figures_of_labels(pairs):
    actual, predicted = ([pair[i] for pair in pairs] for i in (0, 1))
    figures = evaluation_metrics.classification_metrics(actual, predicted)
    assert figures["accuracy"] == pytest.approx(sum(a == p for a, p in pairs) / len(pairs))
    assert figures["macro_f1"] == pytest.approx(macro_f1(actual, predicted))


@law
@given(seeds)
def test_figures_of_numbers(seed):
    actual, predicted = np.random.default_rng(seed).normal(size=(2, 9)).tolist()
    figures = evaluation_metrics.regression_metrics(actual, predicted)
    assert figures["mean_absolute_error"] == pytest.approx(
        np.mean([abs(a - p) for a, p in zip(actual, predicted, strict=True)])
    )
    assert figures["pearson_r"] == pytest.approx(np.corrcoef(actual, predicted)[0, 1])


@pytest.mark.parametrize("actual, predicted", [([1.0, 2.0], [3.0, 3.0]), ([2.0, 2.0], [1.0, 3.0]), ([1.0], [2.0])])
def test_nothing_correlates_with_a_constant(actual, predicted):
    assert evaluation_metrics.regression_metrics(actual, predicted)["pearson_r"] == 0


def test_figures_are_plain_numbers():
    found = evaluation_metrics.classification_metrics(["a", "b"], ["a", "a"]) | evaluation_metrics.regression_metrics(
        [1.0, 2.0, 4.0], [1.0, 2.0, 3.0]
    )
    assert {type(value) for value in found.values()} == {float}


def test_an_entity_counts_as_a_whole():
    actual = [["B-A", "I-A", "O", "B-B"], ["O", "B-A"]]
    predicted = [["B-A", "I-A", "O", "B-A"], ["O", "O"]]
    figures = tagging_metrics.entity_metrics(actual, predicted)
    assert figures["all"] == {"precision": 1 / 2, "recall": 1 / 3, "f1": 2 / 5}
    assert figures["A"] == {"precision": 1 / 2, "recall": 1 / 2, "f1": 1 / 2}
    assert figures["B"] == {"precision": 0, "recall": 0, "f1": 0}
    assert tagging_metrics.tagging_metrics(actual, predicted) == figures["all"] | {"tag_accuracy": 4 / 6}
    shorter = tagging_metrics.entity_metrics([["B-A", "I-A"]], [["B-A", "O"]])  # an entity found in part is none
    assert shorter["all"]["f1"] == 0


def test_other_tags_have_an_accuracy_alone():
    assert tagging_metrics.tagging_metrics([["NOUN", "VERB"]], [["NOUN", "NOUN"]]) == {"tag_accuracy": 0.5}
