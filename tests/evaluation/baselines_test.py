"""Baselines on toy problems: easy ones are learnt, and the table's first row knows nothing."""

import numpy as np
import pytest

from seqzoo.evaluation import linear_baselines
from seqzoo.tasks.dna import baselines as dna_baselines
from seqzoo.tasks.tagging.baselines import most_frequent_tags


def texts(count, seed):
    chance = np.random.default_rng(seed)
    labels = ["good" if chance.uniform() < 0.7 else "bad" for _ in range(count)]
    noise = ["the", "a", "film", "plot", "actor", "scene", "camera"]
    inputs = [" ".join(chance.permutation([*chance.choice(noise, 4), f"{label}ish"])) for label in labels]
    return inputs, labels


def vectors(count, seed):
    """The label says whether the sequence rises."""
    chance = np.random.default_rng(seed)
    labels = ["up" if chance.uniform() < 0.5 else "down" for _ in range(count)]
    signs = [1 if label == "up" else -1 for label in labels]
    lengths = chance.integers(3, 9, count)
    inputs = [s * np.linspace(0, 1, n)[:, None] + chance.normal(0, 0.05, (n, 2)) for s, n in zip(signs, lengths, strict=True)]
    return [sequence.astype("float32") for sequence in inputs], labels


def accuracy(guessed, labels):
    return np.mean([a == b for a, b in zip(guessed, labels, strict=True)])


@pytest.mark.parametrize("make", [texts, vectors])
def test_labels_that_a_word_or_a_trend_gives_away_are_learnt(make):
    test, labels = make(30, seed=2)
    guesses = linear_baselines.classification_baselines(make(60, seed=0), make(20, seed=1), test)
    majority, regression = guesses.values()
    assert accuracy(regression, labels) >= 0.9
    assert len(set(majority)) == 1 and len(majority) == len(regression) == 30


def test_the_majority_is_that_of_the_training_part():
    train = ["a b", "c d", "e f"], ["yes", "no", "yes"]
    assert linear_baselines.classification_baselines(train, (["a"], ["no"]), ["x", "y"])["majority"] == ["yes", "yes"]


@pytest.mark.parametrize("make", [texts, vectors])
def test_numbers_are_learnt_and_the_first_guess_is_the_mean(make):
    def numbers(count, seed):
        inputs, labels = make(count, seed)
        return inputs, [4.0 if label in ("good", "up") else -4.0 for label in labels]

    train, (test, actual) = numbers(60, 0), numbers(30, 2)
    mean, regression = linear_baselines.regression_baselines(train, numbers(20, 1), test).values()
    assert mean == pytest.approx([np.mean(train[1])] * 30)
    assert np.mean(np.abs(np.array(regression) - actual)) < np.mean(np.abs(np.array(mean) - actual)) / 2


def test_the_second_row_says_what_it_is():
    names = [
        *linear_baselines.classification_baselines(texts(20, 0), texts(9, 1), ["x"]),
        *linear_baselines.classification_baselines(vectors(20, 0), vectors(9, 1), vectors(2, 2)[0]),
    ]
    assert names == ["majority", "TF-IDF + logistic regression", "majority", "summary + logistic regression"]


@pytest.mark.parametrize("marks", [(":)", ":("), ("!", "?"), ("😀", "😡"), ("", "...")])
def test_texts_without_a_word_are_no_error(marks):
    train = list(marks) * 4, ["good", "bad"] * 4
    guesses = linear_baselines.classification_baselines(train, train, [marks[0], "a word", ""])
    assert all(len(guess) == 3 for guess in guesses.values())


def test_a_split_is_needed_of_no_class_in_the_validation_part():
    inputs, labels = texts(40, 0)
    assert len(linear_baselines.classification_baselines((inputs, labels), (inputs[:1], labels[:1]), inputs)["majority"]) == 40


def test_the_most_frequent_tag_of_each_word_and_o_for_others():
    train = [["Paris", "sang"], ["Paris", "Paris"]], [["B-PER", "O"], ["B-LOC", "B-LOC"]]
    assert most_frequent_tags(train, [["Paris", "sang", "Rome"]]) == {"most frequent tag": [["B-LOC", "O", "O"]]}
    assert most_frequent_tags(([["a", "b", "b"]], [["X", "Y", "Y"]]), [["c"]]) == {"most frequent tag": [["Y"]]}


def bases(count, seed, lengths):
    """The label is the base in the middle; N, an even mix, stands beside it."""
    chance = np.random.default_rng(seed)
    inputs = [np.eye(4)[chance.integers(0, 4, chance.choice(lengths))].astype("float32") for _ in range(count)]
    labels = ["ACGT"[sequence[len(sequence) // 2].argmax()] for sequence in inputs]
    for sequence in inputs:
        sequence[len(sequence) // 2 - 1] = 0.25
    return inputs, labels


def test_of_dna_of_one_length_the_baseline_knows_positions():
    test, labels = bases(50, 2, [9])
    majority, regression = dna_baselines.sequence_baselines(bases(300, 0, [9]), bases(50, 1, [9]), test).items()
    assert (majority[0], regression[0]) == ("majority", "one-hot + logistic regression")
    assert accuracy(regression[1], labels) > 0.9


def test_of_dna_of_several_lengths_the_baseline_counts_neighbours():
    chance = np.random.default_rng(0)
    repeats = [np.tile(np.eye(4)[list(row)], (chance.integers(4, 9), 1)) for row in [(0, 1), (2, 3)] * 20]
    labels = ["AC", "GT"] * 20
    guesses = dna_baselines.sequence_baselines((repeats, labels), (repeats[:4], labels[:4]), [*repeats, np.eye(4)[[0]]])
    assert list(guesses) == ["majority", "4-mers + logistic regression"]
    assert guesses["4-mers + logistic regression"][:-1] == labels  # and one of a single base is no error


def test_the_shares_of_neighbours_add_up_and_an_unknown_base_counts_for_each():
    known, unknown = np.eye(4)[[0, 1, 2, 3, 0]], np.full((5, 4), 0.25)
    shares = dna_baselines._k_mers([known, unknown])
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    assert shares[0][0b00011011] == shares[0][0b01101100] == 0.5 and np.allclose(shares[1], 1 / 256)


def labelled_bases(count, seed):
    """The label of a base is whether the one before it is G."""
    chance = np.random.default_rng(seed)
    inputs = [np.eye(4, dtype="float32")[chance.integers(0, 4, chance.integers(5, 40))] for _ in range(count)]
    return inputs, [np.concatenate([[0], sequence[:-1, 2]]).astype("int32") for sequence in inputs]


@pytest.mark.parametrize("most", [50_000, 200])
def test_of_each_base_the_baseline_sees_its_neighbours(most):
    test, labels = labelled_bases(20, 1)
    majority, regression = dna_baselines.base_baselines(labelled_bases(60, 0), test, around=2, most=most).items()
    assert (majority[0], regression[0]) == ("most frequent label", "5 bases + logistic regression")
    assert all((guess == 0).all() and len(guess) == len(of_one) for guess, of_one in zip(majority[1], labels, strict=True))
    assert accuracy(np.concatenate(regression[1]), np.concatenate(labels)) > 0.99


def test_of_bases_of_one_label_there_is_nothing_to_fit():
    inputs = [np.eye(4, dtype="float32")]
    assert list(dna_baselines.base_baselines((inputs, [np.zeros(4, "int32")]), inputs)) == ["most frequent label"]
