"""The dense baseline: it learns what stands at two positions together, and takes sequences of one length alone."""

import numpy as np
from extent import compiled

from seqzoo.tasks.dna import dense_network
from seqzoo.tasks.dna.dense_network import dense_baseline


def bases(count, seed, length=6):
    """The label is whether the first base is also the last: no linear model of positions knows."""
    chance = np.random.default_rng(seed)
    first = chance.integers(0, 4, count)
    last = np.where(chance.random(count) < 0.5, first, chance.integers(0, 4, count))
    inputs = [np.eye(4, dtype="float32")[chance.integers(0, 4, length)] for _ in range(count)]
    for sequence, a, b in zip(inputs, first, last, strict=True):
        sequence[[0, -1]] = np.eye(4)[[a, b]]
    return inputs, ["same" if a == b else "other" for a, b in zip(first, last, strict=True)]


@compiled
def test_it_knows_which_positions_go_together():
    train, validation, (test, labels) = bases(1000, 0), bases(200, 1), bases(200, 2)
    (predicted,) = dense_baseline(train, validation, test).values()
    assert np.mean([p == label for p, label in zip(predicted, labels, strict=True)]) > 0.95


def test_the_seed_decides(monkeypatch):
    monkeypatch.setattr(dense_network, "MOST_EPOCHS", 1)
    train, validation, (test, _) = bases(40, 0), bases(10, 1), bases(100, 2)
    first, again, other = (dense_baseline(train, validation, test, seed) for seed in (3, 3, 4))
    assert list(first) == ["dense network"] and first == again != other


def test_there_is_none_for_sequences_of_several_lengths():
    train, longer = bases(4, 0), bases(4, 1, length=7)
    assert dense_baseline(train, train, longer[0]) == dense_baseline(longer, train, train[0]) == {}
