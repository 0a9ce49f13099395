"""Kneser-Ney n-grams: a distribution in every context, the numbers of a hand computation, and better than counting words."""

import pydoc_data.topics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqzoo.evaluation.n_grams import NGrams

VOCABULARY = 5
SEQUENCES = st.lists(st.lists(st.integers(0, VOCABULARY - 1), max_size=9), max_size=9)
CONTEXT = st.lists(st.integers(0, VOCABULARY - 1), max_size=6)


@given(SEQUENCES, st.integers(1, 4), CONTEXT)
def test_the_probabilities_of_all_tokens_sum_to_1_in_any_context(sequences, order, context):
    model = NGrams(order).fit(sequences, VOCABULARY)
    p = np.exp([model.log_probabilities([*context, token])[-1] for token in range(VOCABULARY)])
    assert p.sum() == pytest.approx(1) and (p > 0).all()


def test_two_sequences_by_hand():
    # Bigrams: start 0 twice, 0 1 and 0 2 once: D = 2 / (2 + 2 * 1). Each of 0, 1, 2 follows one token, none two: D = 1/2.
    model = NGrams(2).fit([[0, 1], [0, 2]], vocabulary=4)
    seen, unseen = (1 - 1 / 2 + 3 / 2 * 1 / 4) / 3, (3 / 2 * 1 / 4) / 3
    first, known = (2 - 1 / 2 + 1 / 2 * seen) / 2, (1 - 1 / 2 + 2 / 2 * seen) / 2
    np.testing.assert_allclose(np.exp(model.log_probabilities([0, 1])), [first, known])
    np.testing.assert_allclose(np.exp(model.log_probabilities([0, 3])), [first, 2 / 2 * unseen / 2])
    np.testing.assert_allclose(np.exp(model.log_probabilities([3, 3])), [1 / 2 * unseen / 2, unseen])


def test_a_shorter_n_gram_counts_the_tokens_before_it_not_how_often_it_occurs():
    often, widely = 1, 2  # one follows 0 forty times, the other five different tokens
    sequences = [[0, often]] * 40 + [[token, widely] for token in range(4, 9)]
    model = NGrams(2).fit(sequences, vocabulary=10)
    assert model.log_probabilities([9, widely])[1] > model.log_probabilities([9, often])[1]


def test_of_text_more_context_is_better_also_as_one_stream():
    texts = list(pydoc_data.topics.topics.values())
    characters = {c: i for i, c in enumerate(sorted(set("".join(texts))))}
    ids = [[characters[c] for c in text[:3000]] for text in texts]
    for train, test in ((ids[10:], ids[:10]), ([sum(ids[10:], [])], [sum(ids[:10], [])])):
        losses = []
        for order in (1, 2, 3, 5):
            model = NGrams(order).fit(train, len(characters))
            losses.append(-np.concatenate([model.log_probabilities(text) for text in test]).mean())
        assert losses == sorted(losses, reverse=True) and losses[-1] < 0.6 * losses[0]


def test_an_order_of_none_is_refused():
    with pytest.raises(ValueError, match="`order` must be a positive integer, got 0"):
        NGrams(0)
