"""N-gram language model with Kneser-Ney smoothing, a baseline for language models.

Source: R. Kneser and H. Ney, Improved Backing-off for M-gram Language Modeling, ICASSP 1995, in the interpolated form of
S.F. Chen and J. Goodman, An Empirical Study of Smoothing Techniques for Language Modeling, 1998.
"""

from collections import Counter

import numpy as np

START = -1  # precedes each sequence; no token


class NGrams:
    """N-gram model with interpolated Kneser-Ney smoothing: a discount of each order's counts goes to the next lower order.

    A token that follows many different contexts is more likely in a new context than a token that is frequent after few
    contexts. The count of a lower-order n-gram is therefore the number of different tokens before it; for an n-gram at the
    start, which no token precedes, the count is its frequency. Below the lowest order all tokens are equally probable.
    """

    def __init__(self, order):
        """Args: `order`, the length of an n-gram, from 1: a token is predicted from the `order - 1` tokens before."""
        if order < 1:
            raise ValueError(f"`order` must be a positive integer, got {order}.")
        self.order = order

    def fit(self, sequences, vocabulary):
        """Fits the model to sequences of ids. Returns the model.

        Args:
            sequences: lists of ids; a stream is a list with one sequence.
            vocabulary: the size of the vocabulary, tokens that do not occur in the sequences included.
        """
        self.vocabulary = vocabulary
        self.counts = [Counter() for _ in range(self.order)]  # of n-grams of 1, 2, ... tokens
        for sequence in sequences:
            tokens = [START, *np.asarray(sequence, int).tolist()]
            self.counts[-1].update(zip(*(tokens[i:] for i in range(self.order)), strict=False))
            for length in range(2, min(self.order, len(tokens) + 1)):
                self.counts[length - 1][tuple(tokens[:length])] += 1
        for length in range(self.order - 1, 0, -1):
            self.counts[length - 1].update(n_gram[1:] for n_gram in self.counts[length])
        del self.counts[0][(START,)]  # counted only if the order is 1
        self.contexts = [_contexts(counts) for counts in self.counts]
        self.discounts = [_discount(counts) for counts in self.counts]
        return self

    def log_probabilities(self, sequence):
        """Returns the natural log probability of each token given the tokens before: float64 `(T,)`."""
        tokens = [START, *np.asarray(sequence, int).tolist()]
        return np.log([self._probability(tokens[max(0, t + 1 - self.order) : t + 1]) for t in range(1, len(tokens))])

    def _probability(self, n_gram):
        """Returns P(last token | the others). Unseen contexts, and longer ones, contribute nothing."""
        p = 1 / self.vocabulary
        for length in range(1, len(n_gram) + 1):
            longest = tuple(n_gram[-length:])
            total, kinds = self.contexts[length - 1].get(longest[:-1], (0, 0))
            if not total:
                break
            discount = self.discounts[length - 1]
            p = (max(self.counts[length - 1][longest] - discount, 0) + discount * kinds * p) / total
        return p


def _contexts(counts):
    """Returns `{context: (number of tokens that follow, number of different tokens that follow)}`."""
    contexts = {}
    for n_gram, count in counts.items():
        total, kinds = contexts.get(n_gram[:-1], (0, 0))
        contexts[n_gram[:-1]] = total + count, kinds + 1
    return contexts


def _discount(counts):
    """Returns the discount n1 / (n1 + 2 n2), of n-grams that occur once and twice; 0.5 if n1 or n2 is zero."""
    count_of_counts = Counter(counts.values())
    once, twice = count_of_counts[1], count_of_counts[2]
    return once / (once + 2 * twice) if once and twice else 0.5
