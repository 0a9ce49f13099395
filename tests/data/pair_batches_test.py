"""Batches of pairs: what is in them, how often, and in which shapes."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from seqzoo.data.pair_batches import PairBatches, bucket_pairs
from seqzoo.data.tokenizer import BOS, EOS

LENGTHS = st.lists(st.tuples(st.integers(1, 40), st.integers(0, 50)), min_size=1, max_size=60)


def pairs_of(lengths):
    rng = np.random.default_rng(0)
    return [rng.integers(4, 9, x).tolist() for x, _ in lengths], [[*rng.integers(4, 9, y), EOS] for _, y in lengths]


@settings(max_examples=60, deadline=None)
@given(lengths=LENGTHS, batch_size=st.integers(1, 9))
def test_an_epoch_has_every_pair_once(lengths, batch_size):
    sources, targets = pairs_of(lengths)
    batches, seen = PairBatches(sources, targets, batch_size, seed=1), []
    for i in range(len(batches)):
        inputs, y, weights = batches[i]
        assert inputs["inputs"].shape == inputs["mask"].shape and inputs["y_prev"].shape == y.shape == weights.shape
        assert len(y) == batch_size and (inputs["y_prev"][:, 0] == BOS).all()
        np.testing.assert_array_equal(inputs["y_prev"][:, 1:], y[:, :-1])
        for x, mask, of_y, w in zip(inputs["inputs"], inputs["mask"], y, weights, strict=True):
            if w.any():
                assert (w > 0).sum() == (of_y != 0).sum() and not x[~mask].any()
                seen.append((x[mask].tolist(), of_y[w > 0].tolist()))
    assert sorted(seen) == sorted(zip(sources, [list(map(int, y)) for y in targets], strict=True))


@settings(max_examples=60, deadline=None)
@given(lengths=LENGTHS)
def test_buckets_are_few_and_differ_on_each_side_that_varies(lengths):
    lengths = np.array(lengths) + [0, 1]
    buckets = bucket_pairs(lengths)
    assert 1 <= len(buckets) <= 6 and buckets[-1] == tuple(lengths.max(axis=0))
    for side in np.transpose(buckets):
        assert len(set(side)) in (1, len(buckets))


def test_the_mean_over_an_epoch_is_that_of_the_pairs():
    """Keras divides by the rows of a batch, copies included: the weights make up for them."""
    sources, targets = pairs_of([(3, 2)] * 7)
    batches = PairBatches(sources, targets, 4)
    total = sum(batches[i][2].sum() / 4 for i in range(2)) / 2
    np.testing.assert_allclose(total, 3, rtol=1e-6)
