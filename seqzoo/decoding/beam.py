"""Beam search: approximately the most probable sequences, from a few hypotheses at a time."""

from typing import NamedTuple

import numpy as np
from keras import ops, tree

from seqzoo.decoding import loops
from seqzoo.decoding.logits import MASKED_LOGIT
from seqzoo.decoding.loops import NO_TOKEN

LEAST_COVERAGE = 1e-6  # the log of 0 is infinite


class Hypothesis(NamedTuple):
    """Hypothesis: its ids, with their end if it ended; the model's log P of them; and its score, by which it is ranked."""

    tokens: list
    log_p: float
    score: float


class Beams(NamedTuple):
    """The hypotheses during the search, each part `(batch, width)`.

    `log_p` is the model's; `rank` is log P with the repetition penalty; `coverage` is that of the input.
    """

    y: object
    ended: object
    lengths: object
    log_p: object
    rank: object
    coverage: object


class Ranking(NamedTuple):
    """The score of a hypothesis: log P / length^alpha + beta * coverage. `covered` tells the coverage of a state."""

    alpha: float
    beta: float
    covered: object

    def score(self, rank, lengths, coverage):
        """Returns scores; all arguments have one shape."""
        return rank / ops.maximum(lengths, 1) ** self.alpha + self.beta * coverage

    def coverage_of(self, state, like):
        """Returns the coverage of the input by each row of a state, in the shape of `like`."""
        if self.covered is None:
            return ops.zeros_like(like)
        covered = ops.clip(ops.cast(self.covered(state), "float32"), LEAST_COVERAGE, 1.0)
        return ops.reshape(ops.sum(ops.log(covered), axis=-1), ops.shape(like))


def beam(
    step,
    state,
    length,
    width=5,
    n_best=1,
    length_penalty=0.0,
    prompts=None,
    eos=None,
    never=None,
    start=None,
    pad=None,
    min_length=0,
    repetition_penalty=1.0,
    coverage=0.0,
    covered=None,
):
    """Runs beam search. Returns a list of the `n_best` hypotheses, best first, for each sequence of a batch; fewer, where there
    are no more.

    Args:
        step: function `(ids (rows,), state) -> logits (rows, vocabulary), state`, as for `generate`. A part of the state that
            `step` returns as it was given, the very object, is taken to be equal for all hypotheses of a sequence.
        state: initial state, as for `generate`.
        length: the largest number of steps, those of the prompt included.
        width: beam width, the number of hypotheses kept at each step.
        n_best: the number of hypotheses returned, at most `width`.
        length_penalty: α: 0 ranks by log P, which favours short sequences; 1 ranks by the mean log P of a token.
        prompts, eos, never, start, pad, min_length, repetition_penalty: as for `generate`. A repetition penalty changes the
            log P by which hypotheses are ranked; the `log_p` of a hypothesis stays the model's.
        coverage: β of Wu et al. 2016: ranking adds β Σ log min(attention that an input step has had, 1).
        covered: function of the state: the sum of attention of each input step, `(rows, T_x)`, 1 at padding. By default the
            method `covered` of the model.
    """
    width, (chunk, steps) = loops.integer("width", width), loops.chunks(loops.integer("length", length))
    if not 1 <= n_best <= width:
        raise ValueError(f"`n_best` must be from 1 to `width`, {width}, got {n_best!r}.")
    ids = {"start": start, "eos": eos, "pad": pad, "never": never}
    state, rules, y, given, vocabulary = loops.prepare(step, state, prompts, min_length, repetition_penalty, **ids)
    if length < max(map(len, given), default=0):
        raise ValueError(f"`length` must be a positive integer and not below that of the prompt, got {length!r}.")
    ranking = Ranking(float(length_penalty), float(coverage), _covered(step, coverage, covered))
    rows = tree.map_structure(lambda part: ops.repeat(part, width, axis=0) if len(part.shape) else part, state)
    carry = _first(y, width), rules.none_seen(len(given) * width, vocabulary), rows
    inputs = loops.given_tokens(given, steps), np.arange(steps, dtype=np.int32), np.arange(steps) < length
    run = _compiled(step, width, ranking, rules)
    (beams, _, _), (tokens, parents) = loops.run_in_chunks(run, carry, inputs, steps, chunk, lambda carry: carry[0].ended)
    beams = Beams(*map(ops.convert_to_numpy, beams))
    scores = ops.convert_to_numpy(ranking.score(beams.rank, beams.lengths, beams.coverage))
    return _best(_trace_back(tokens, parents), beams, scores, n_best)


def _covered(step, beta, covered):
    """Returns the function that tells the coverage of a state; None without a weight."""
    covered = covered or getattr(getattr(step, "__self__", None), "covered", None)
    if beta and covered is None:
        raise ValueError("`coverage` needs `covered`, a function of the state: `step` is of no model that has one.")
    return covered if beta else None


def _first(y, width):
    """Returns the hypotheses before the first step: all are equal, and one of them counts."""
    y = ops.repeat(y[:, None], width, axis=1)
    zeros = ops.zeros(y.shape, "float32")
    log_p = ops.broadcast_to(MASKED_LOGIT * ops.cast(ops.arange(width) > 0, "float32"), y.shape)
    return Beams(y, ops.zeros(y.shape, "bool"), zeros, log_p, log_p, zeros)


@loops.cached_per_step
def _compiled(step, width, ranking, rules):
    """Returns a compiled loop: carry `(beams, seen, state)` and given tokens, numbers of steps and whether they count to the
    carry, the tokens and their parents, the hypotheses that they continue."""

    def one_step(carry, given, t, counts):
        beams, seen, before = carry
        z, state = loops.checked(step, ops.reshape(beams.y, (-1,)), before)
        ended, vocabulary = beams.ended | ~counts, z.shape[-1]
        rank = _continued(beams.rank, rules.penalised(z, seen), ended, rules.pad) + _barred(given, t, ended, rules, vocabulary)
        coverage = ops.where(ended, beams.coverage, ranking.coverage_of(state, beams.coverage))
        lengths = beams.lengths + ops.cast(~ended, "float32")
        scores = ranking.score(rank, lengths[:, :, None], coverage[:, :, None])
        chosen = ops.top_k(_flat(scores), width)[1]  # (batch, width)
        parent, y = chosen // vocabulary, ops.cast(chosen % vocabulary, "int32")
        log_p, rank = (
            ops.take_along_axis(_flat(sums), chosen, axis=1) for sums in (_continued(beams.log_p, z, ended, rules.pad), rank)
        )
        ended, lengths, coverage = (ops.take_along_axis(a, parent, axis=1) for a in (ended, lengths, coverage))
        row = ops.reshape(parent + width * ops.arange(parent.shape[0], dtype=parent.dtype)[:, None], (-1,))
        state = tree.map_structure(lambda new, old: _of_rows(new, row, shared=new is old), state, before)
        seen = rules.now_seen(_of_rows(seen, row, shared=rules.repetition_penalty == 1), ops.reshape(y, (-1,)))
        beams = Beams(y, ended | rules.ends(y), lengths, log_p, rank, coverage)
        return (beams, seen, state), (y, ops.cast(parent, "int32"))

    return loops.loop(step, one_step)


def _flat(candidates):
    """Returns `(batch, width, vocabulary)` as `(batch, width * vocabulary)`."""
    return ops.reshape(candidates, (-1, candidates.shape[1] * candidates.shape[2]))


def _continued(sums, z, ended, pad):
    """Returns the sums `(batch, width)` with log P of each next token; after the end `pad` follows with certainty."""
    log_p = ops.reshape(ops.log_softmax(z), (-1, sums.shape[1], z.shape[-1]))
    after_end = ops.where(ops.arange(z.shape[-1]) == pad, 0.0, MASKED_LOGIT)
    return sums[:, :, None] + ops.where(ended[:, :, None], after_end, log_p)


def _barred(given, t, ended, rules, vocabulary):
    """Returns the logit of tokens that must not occur, 0 for others: all but a given token, or those that the rules ban."""
    given = given[:, None]  # (batch, 1)
    banned = ops.where(given == NO_TOKEN, rules.banned(vocabulary, t), ops.arange(vocabulary) != given)
    return ops.where(banned[:, None] & ~ended[:, :, None], MASKED_LOGIT, 0.0)


def _of_rows(part, row, shared):
    """Returns the rows of the parents; the part itself if it is equal for all hypotheses of a sequence."""
    return part if shared or not len(part.shape) else ops.take(part, row, axis=0)


def _trace_back(tokens, parents):
    """Returns the tokens of each hypothesis, `(batch, width, T)`, by following the parents from the last step to the first."""
    steps, batch, width = tokens.shape
    at, sequences = np.tile(np.arange(width), (batch, 1)), np.zeros((batch, width, steps), np.int32)
    for t in reversed(range(steps)):
        sequences[:, :, t] = np.take_along_axis(tokens[t], at, axis=1)
        at = np.take_along_axis(parents[t], at, axis=1)
    return sequences


def _best(tokens, beams, scores, n_best):
    return [
        [
            Hypothesis(tokens[b, i, : int(beams.lengths[b, i])].tolist(), float(beams.log_p[b, i]), float(scores[b, i]))
            for i in np.argsort(-scores[b], kind="stable")[:n_best]
            if beams.rank[b, i] > MASKED_LOGIT / 2
        ]
        for b in range(len(tokens))
    ]
