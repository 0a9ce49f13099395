"""What a language model must beat: n-grams, counted and smoothed.

Source: R. Kneser and H. Ney, Improved Backing-off for M-gram Language Modeling, ICASSP 1995, in the interpolated form of
S.F. Chen and J. Goodman, An Empirical Study of Smoothing Techniques for Language Modeling, 1998.
"""

from collections import Counter

import numpy as np

START = -1  # stands before each sequence; no token


class NGrams:
    """Interpolated Kneser-Ney: each length of context takes a discount off its counts and gives it to the next shorter one.

    A token that follows many different contexts is more likely in a new one than a token that is frequent after few: so what
    is counted of the shorter n-grams is how many tokens stand before them. Of those at the start, which nothing else can
    stand before, it is how often they occur. Below the shortest all tokens are equally probable.
    """

    def __init__(self, order):
        """`order`: tokens of an n-gram, from 1; a token is predicted from the `order - 1` before it."""
        if order < 1:
            raise ValueError(f"`order` must be a positive integer, got {order}.")
        self.order = order

    def fit(self, sequences, vocabulary):
        """Counts the n-grams of sequences of ids, and returns itself.

        Args:
            sequences: lists of ids; a list of one is a stream.
            vocabulary: how many different tokens can occur, also those that these sequences do not show.
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
        del self.counts[0][(START,)]  # which only n-grams of one token show
        self.contexts = [_contexts(counts) for counts in self.counts]
        self.discounts = [_discount(counts) for counts in self.counts]
        return self

    def log_probabilities(self, sequence):
        """The natural logarithm of each token's probability given those before it: float64 `(T,)`."""
        tokens = [START, *np.asarray(sequence, int).tolist()]
        return np.log([self._probability(tokens[max(0, t + 1 - self.order) : t + 1]) for t in range(1, len(tokens))])

    def _probability(self, n_gram):
        """Of the last token, given the others; a context that was never seen says nothing, nor does a longer one."""
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
    """{context: (how often anything follows, how many different tokens do)}."""
    found = {}
    for n_gram, count in counts.items():
        total, kinds = found.get(n_gram[:-1], (0, 0))
        found[n_gram[:-1]] = total + count, kinds + 1
    return found


def _discount(counts):
    """n1 / (n1 + 2 n2), of n-grams that occur once and twice; a half where there are none of either."""
    of_counts = Counter(counts.values())
    once, twice = of_counts[1], of_counts[2]
    return once / (once + 2 * twice) if once and twice else 0.5
