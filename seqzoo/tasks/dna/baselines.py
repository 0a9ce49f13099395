"""Baselines for DNA: linear models of the base at each position, of k-mers, and of the neighbours of a base."""

from collections import Counter

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from seqzoo.evaluation.linear_baselines import linear_predictions

STRENGTHS_OF_BASES = (0.01, 0.03, 0.1, 0.3, 1)
K = 4  # bases of a k-mer


def sequence_baselines(train, validation, inputs):
    """Returns predictions for DNA sequences, `{name: a label for each input}`: majority and logistic regression.

    The features are the base at each position where all sequences have one length, else the frequencies of k-mers.

    Args:
        train, validation: `(inputs, labels)` each; validation chooses the strength of the regularisation.
        inputs: arrays `(T_x, 4)`.
    """
    regressions = [LogisticRegression(C=strength, tol=1e-3, max_iter=1000) for strength in STRENGTHS_OF_BASES]
    majority = Counter(train[1]).most_common(1)[0][0]
    if have_one_length(train[0], validation[0], inputs):
        features = "one-hot", FunctionTransformer(_positions)
    else:
        features = f"{K}-mers", make_pipeline(FunctionTransformer(_k_mers), StandardScaler())
    linear = linear_predictions("logistic regression", regressions, train, validation, inputs, features)
    return {"majority": [majority] * len(inputs)} | linear


def have_one_length(*splits):
    """Returns whether all sequences of all splits have one length."""
    return len({len(sequence) for split in splits for sequence in split}) == 1


def _positions(sequences):
    """The base at each position: `(N, 4 * T_x)`."""
    return np.stack([sequence.ravel() for sequence in sequences])


def _k_mers(sequences):
    """The frequency of each of the 4^K k-mers: `(N, 4^K)`. An unknown base counts for each base that it may be."""
    return np.stack([_k_mer_frequencies(sequence) for sequence in sequences])


def _k_mer_frequencies(sequence):
    rows = np.ones((max(len(sequence) - K + 1, 1), 1))
    for i in range(K):
        base = sequence[i : i + len(rows)] if len(sequence) >= K else np.full((1, 4), 0.25)
        rows = (rows[:, :, None] * base[:, None, :]).reshape(len(rows), -1)  # (windows, 4^(i + 1))
    return rows.mean(axis=0)


def base_baselines(train, inputs, around=10, most=50_000, seed=0):
    """Returns predictions for DNA bases, `{name: arrays (T_x,) of label numbers}`: majority and logistic regression.

    Args:
        train: `(inputs, y)`: arrays of DNA `(T_x, 4)`, and arrays `(T_x,)` of label numbers.
        inputs: arrays `(T_x, 4)`.
        around: neighbours on either side of a base that are its features, each a vector; zeros beyond the ends.
        most: bases to which the regression is fitted, chosen by `seed`.
    """
    numbers = np.concatenate(train[1])
    majority = int(np.bincount(numbers).argmax())
    predictions = {"most frequent label": [np.full(len(sequence), majority) for sequence in inputs]}
    chosen = np.random.default_rng(seed).permutation(len(numbers)) < most
    if len(set(numbers[chosen])) < 2:
        return predictions
    by_sequence = np.split(chosen, np.cumsum([len(sequence) for sequence in train[0]])[:-1])
    x = np.concatenate([_with_neighbours(sequence, around)[rows] for sequence, rows in zip(train[0], by_sequence, strict=True)])
    regression = LogisticRegression(max_iter=1000).fit(x.reshape(len(x), -1), numbers[chosen])
    predicted = [regression.predict(_with_neighbours(sequence, around).reshape(len(sequence), -1)) for sequence in inputs]
    return predictions | {f"{2 * around + 1} bases + logistic regression": predicted}


def _with_neighbours(sequence, count):
    """Each base with `count` neighbours on either side: `(T_x, 4, 2 * count + 1)`, a view."""
    padded = np.pad(sequence, ((count, count), (0, 0)))
    return np.lib.stride_tricks.sliding_window_view(padded, 2 * count + 1, axis=0)
