"""Prefix beam search for CTC: the most probable texts, not the most probable path (A. Hannun et al., 2014)."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from seqzoo.decoding.ctc import BLANK
from seqzoo.decoding.lexicon import Lexicon

RARE = -20.0  # log probability below which a token extends no prefix; e**-20 is 2e-9


class Candidate(NamedTuple):
    """Text of a search: its tokens, log P(text | input) over all its paths, and that with the search's scores added."""

    tokens: tuple
    log_p: float
    score: float


class _Paths(NamedTuple):
    """Log probabilities of the paths of a prefix: of those that end with a blank, and of those that end with its last token."""

    blank: float
    token: float

    @property
    def log_p(self):
        return np.logaddexp(self.blank, self.token)


NONE = _Paths(-np.inf, -np.inf)


def ctc_beam(
    log_p: np.ndarray,
    width: int = 16,
    blank: int = BLANK,
    lexicon: Lexicon | None = None,
    next_log_p: Callable | None = None,
    weight: float = 0.5,
    bonus: float = 0.0,
    n_best: int = 1,
) -> list[Candidate]:
    """Returns the n best texts of one input, best first; fewer, where the search has no more.

    The score of a text is log P(text | input) + weight * log P(text) of a language model + bonus * T_y (shallow fusion).

    Args:
        log_p: natural log probabilities `(T_x, tokens)`.
        width: prefixes that are kept at each step.
        lexicon: the words of which a text consists.
        next_log_p: a language model, a function of a list of prefixes, tuples of tokens: it returns log P of each next token,
            an array `(prefixes, tokens)`, with that of the end of the text at `blank`.
        weight: of the language model.
        bonus: of each token; a language model prefers short texts.
    """
    if width < 1 or not 1 <= n_best <= width:
        raise ValueError(f"`width` must be a positive integer and `n_best` from 1 to it, got {width!r} and {n_best!r}.")
    search = _Search(width, blank, lexicon, next_log_p, weight, bonus)
    beam = {(): _Paths(0.0, -np.inf)}
    for at_step in np.asarray(log_p, np.float64):
        beam = search.best(search.extended(beam, at_step))
    return search.ended(beam)[:n_best]


class _Search:
    """The settings of a search, and the added score of each prefix that it has seen."""

    def __init__(self, width, blank, lexicon, next_log_p, weight, bonus):
        self.width, self.blank, self.lexicon = width, blank, lexicon
        self.next_log_p, self.weight, self.bonus = next_log_p, weight, bonus
        self.added, self.follows, self.allowed = {(): 0.0}, {}, {}

    def extended(self, beam, at_step):
        """The paths of all prefixes one step later."""
        tokens = [int(token) for token in np.flatnonzero(at_step > RARE) if token != self.blank]
        longer = {}
        for prefix, paths in beam.items():
            repeated = paths.token + at_step[prefix[-1]] if prefix else -np.inf
            self._add(longer, prefix, _Paths(paths.log_p + at_step[self.blank], repeated))
            for token in tokens:
                before = paths.blank if prefix[-1:] == (token,) else paths.log_p  # a blank lies between two equal tokens
                if self.allows((*prefix, token)):
                    self._add(longer, (*prefix, token), _Paths(-np.inf, before + at_step[token]))
        return longer

    def _add(self, prefixes, prefix, paths):
        known = prefixes.get(prefix, NONE)
        prefixes[prefix] = _Paths(*np.logaddexp(known, paths)) if prefix in prefixes else paths

    def allows(self, prefix):
        """Whether the lexicon, if there is one, has a text that begins so."""
        if self.lexicon is None:
            return True
        if prefix not in self.allowed:
            self.allowed[prefix] = self.lexicon.allows(prefix)
        return self.allowed[prefix]

    def best(self, prefixes):
        """The `width` prefixes with the best scores."""
        self._ask_language_model({prefix[:-1] for prefix in prefixes if prefix} | {()})
        ranked = sorted(prefixes, key=lambda prefix: prefixes[prefix].log_p + self.added_to(prefix), reverse=True)
        return {prefix: prefixes[prefix] for prefix in ranked[: self.width] if prefixes[prefix].log_p > -np.inf}

    def added_to(self, prefix):
        """The scores of the language model and of the length of a prefix."""
        if prefix not in self.added:
            of_token = self.weight * self.follows[prefix[:-1]][prefix[-1]] if self.next_log_p else 0.0
            self.added[prefix] = self.added_to(prefix[:-1]) + of_token + self.bonus
        return self.added[prefix]

    def _ask_language_model(self, prefixes):
        new = sorted(prefixes - self.follows.keys()) if self.next_log_p else []
        if new:
            self.follows |= zip(new, self.next_log_p(new), strict=True)

    def ended(self, beam):
        """The texts of the last step as `Candidate`s, best first; those alone that the lexicon has."""
        self._ask_language_model(set(beam))
        candidates = []
        for prefix, paths in beam.items():
            if self.lexicon is None or self.lexicon.holds(prefix):
                of_end = self.weight * self.follows[prefix][self.blank] if self.next_log_p else 0.0
                candidates.append(Candidate(prefix, float(paths.log_p), float(paths.log_p + self.added_to(prefix) + of_end)))
        return sorted(candidates, key=lambda candidate: candidate.score, reverse=True)
