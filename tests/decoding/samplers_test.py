"""Samplers: their frequencies are exact where the uniform numbers are evenly spaced."""

import numpy as np
import pytest
from backends import arrays
from keras import ops

from seqzoo.decoding import Sampler, greedy

N = 20_000
EVEN = ((np.arange(N) + 0.5) / N).astype("float32")
Z = np.random.default_rng(3).normal(0, 2, 12).astype("float32")


def frequencies(sampler, z=Z):
    drawn = arrays(sampler(ops.convert_to_tensor(np.tile(z, (N, 1))), ops.convert_to_tensor(EVEN)))
    return np.bincount(drawn.astype(int), minlength=len(z)) / N


def softmax(z):
    p = np.exp(z.astype("float64") - z.max())
    return p / p.sum()


@pytest.mark.parametrize("temperature", [0.3, 1.0, 2.5])
def test_draws_are_as_frequent_as_softmax_says(temperature):
    np.testing.assert_allclose(frequencies(Sampler(temperature)), softmax(Z / temperature), atol=2 / N)


@pytest.mark.parametrize("k", [1, 2, 5, 12, 40])
def test_top_k_leaves_the_k_most_probable(k):
    p = np.where(np.argsort(np.argsort(-Z)) < k, softmax(Z), 0)
    np.testing.assert_allclose(frequencies(Sampler(top_k=k)), p / p.sum(), atol=2 / N)


@pytest.mark.parametrize("top_p", [0.01, 0.5, 0.9, 1.0])
def test_top_p_leaves_the_fewest_that_reach_it(top_p):
    p, order = softmax(Z), np.argsort(-Z)
    count = 1 + int(np.sum(np.cumsum(p[order])[:-1] < top_p))
    left = np.where(np.isin(np.arange(12), order[:count]), p, 0)
    np.testing.assert_allclose(frequencies(Sampler(top_p=top_p)), left / left.sum(), atol=2 / N)


def test_top_p_is_of_what_top_k_left():
    found = frequencies(Sampler(top_k=3, top_p=0.6))
    assert 0 < np.count_nonzero(found) <= 3


def test_the_most_probable_one_is_greedy():
    z = np.random.default_rng(0).normal(size=(50, 7)).astype("float32")
    u = np.random.default_rng(1).random(50).astype("float32")
    assert (arrays(greedy(z, u)) == z.argmax(axis=1)).all()
    assert (arrays(Sampler(top_k=1)(ops.convert_to_tensor(z), ops.convert_to_tensor(u))) == z.argmax(axis=1)).all()


def test_what_cannot_be_is_never_drawn_at_the_ends_of_the_interval():
    z = np.array([[-1e9, 0.0, 1.0, -1e9]] * 3, "float32")
    u = np.array([0.0, 1 - 2**-24, 0.5], "float32")
    assert set(arrays(Sampler()(ops.convert_to_tensor(z), ops.convert_to_tensor(u)))) <= {1, 2}


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"temperature": 0}, "`temperature` must be a positive number, got 0"),
        ({"temperature": float("nan")}, "got nan"),
        ({"top_k": 0}, "`top_k` must be a positive integer, got 0"),
        ({"top_p": 0}, "`top_p` must be above 0 and at most 1, got 0"),
        ({"top_p": 1.5}, "got 1.5"),
    ],
)
def test_arguments_that_cannot_be(arguments, message):
    with pytest.raises(ValueError, match=message):
        Sampler(**arguments)
