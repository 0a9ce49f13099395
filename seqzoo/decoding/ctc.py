"""Connectionist temporal classification (A. Graves et al., ICML 2006): T_x steps of a model read as a text of T_y tokens.

A path has a token or a blank at each step. Its text is the path without repetitions, then without blanks. Arrays `log_p` are
natural log probabilities `(T_x, tokens)` of one input, NumPy's.
"""

import itertools
from typing import NamedTuple

import numpy as np

BLANK = 0  # its id, unless another is given


class Aligned(NamedTuple):
    """Token of a text with its steps, from `first` to `last`."""

    token: int
    first: int
    last: int


def steps_needed(tokens) -> int:
    """Returns the least number of steps that a text needs: one a token, and a blank between two equal ones."""
    return len(tokens) + sum(a == b for a, b in itertools.pairwise(tokens))


def greedy(log_p: np.ndarray, blank: int = BLANK) -> list[Aligned]:
    """Returns the tokens of the most probable path, with the steps at which the path has them."""
    return collapse(log_p.argmax(axis=1), blank)


def collapse(path, blank: int = BLANK) -> list[Aligned]:
    """Returns the tokens of a path, with the steps at which the path has them."""
    tokens, start = [], 0
    for token, run in itertools.groupby(path):
        end = start + len(list(run))
        if token != blank:
            tokens.append(Aligned(int(token), start, end - 1))
        start = end
    return tokens


def align(log_p: np.ndarray, tokens, blank: int = BLANK) -> list[Aligned]:
    """Returns the steps of the tokens of a text on its most probable path (Viterbi).

    Raises:
        ValueError: the text needs more steps than there are.
    """
    if not len(log_p) >= steps_needed(tokens):
        raise ValueError(f"`tokens` needs {steps_needed(tokens)} steps, got {len(log_p)}.")
    if not len(tokens):
        return []
    places = [blank, *itertools.chain.from_iterable((token, blank) for token in tokens)]  # blank, y<1>, blank, y<2>, ...
    may_skip = np.array([k >= 2 and places[k] not in (blank, places[k - 2]) for k in range(len(places))])
    score, moves = np.full(len(places), -np.inf), np.zeros((len(log_p), len(places)), int)
    score[:2] = log_p[0, places[:2]]
    for t in range(1, len(log_p)):
        before = [_shifted(score, move) for move in range(3)]  # from the same place, the one before, and two before
        before[2] = np.where(may_skip, before[2], -np.inf)
        moves[t] = np.argmax(before, axis=0)
        score = np.max(before, axis=0) + log_p[t, places]
    path, place = [], len(places) - 1 - int(score[-2] > score[-1])
    for t in range(len(log_p) - 1, -1, -1):
        path.append(place)
        place -= moves[t, place]
    return [Aligned(places[place], *_ends(path[::-1], place)) for place in range(1, len(places), 2)]


def _shifted(score, move):
    return np.concatenate([np.full(move, -np.inf), score[: len(score) - move]])


def _ends(path, place):
    first = path.index(place)
    return first, first + path.count(place) - 1
