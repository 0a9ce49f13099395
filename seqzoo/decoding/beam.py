"""Beam search: approximately the most probable sequences, from a few hypotheses at a time."""

from typing import NamedTuple

import numpy as np
from keras import ops

from seqzoo.data.tokenizer import BOS, EOS, PAD, UNK
from seqzoo.decoding.generate import NO_TOKEN, banned_ids, cached_per_model, loop
from seqzoo.models.one_to_many import MASKED_LOGIT


class Hypothesis(NamedTuple):
    """Hypothesis: its ids, with `<eos>` if it ended; its log P; and its score, log P / length^α, for ranking."""

    tokens: list
    log_p: float
    score: float


def beam(step, state, length, width=5, n_best=1, length_penalty=0.0, prompt=(), eos=EOS, never=(PAD, UNK, BOS), start=PAD):
    """Runs beam search. Returns a list of the `n_best` hypotheses, best first, for each sequence of a batch.

    Args:
        step: function `(ids (rows,), state) -> logits (rows, vocabulary), state`.
        state: initial state, a list of tensors `(batch, ...)`.
        length: the largest number of steps, those of the prompt included.
        width: beam width, the number of hypotheses kept at each step.
        n_best: the number of hypotheses returned, at most `width`.
        length_penalty: α: 0 ranks by log P, which favours short sequences; 1 ranks by the mean log P of a token.
        prompt: first ids of every sequence.
        eos, never, start: as for `generate`.
    """
    if not 1 <= n_best <= width:
        raise ValueError(f"`n_best` must be from 1 to `width`, {width}, got {n_best!r}.")
    if not 0 <= len(prompt) <= length or length < 1:
        raise ValueError(f"`length` must be a positive integer and not below that of the prompt, got {length!r}.")
    batch = state[0].shape[0]
    rows = [ops.repeat(part, width, axis=0) for part in state]
    log_p = np.full((batch, width), MASKED_LOGIT, np.float32)
    log_p[:, 0] = 0  # all hypotheses begin equal: one of them counts
    y, ended, lengths = (
        np.full((batch, width), start, np.int32),
        np.zeros((batch, width), bool),
        np.zeros((batch, width), np.float32),
    )
    given = np.full((length,), NO_TOKEN, np.int32)
    given[: len(prompt)] = prompt
    carry = tuple(ops.convert_to_tensor(a) for a in (y, ended, lengths, log_p)), rows
    run = _compiled(step, width, float(length_penalty), eos, tuple(never))
    ((_, _, lengths, log_p), _), (tokens, parents) = run(carry, ops.convert_to_tensor(given))
    sequences = _trace_back(ops.convert_to_numpy(tokens), ops.convert_to_numpy(parents))
    return _best(sequences, *(ops.convert_to_numpy(a) for a in (log_p, lengths)), length_penalty, n_best)


@cached_per_model
def _compiled(step, width, alpha, eos, never):
    def one_step(carry, given):
        (y, ended, lengths, log_p), rows = carry
        batch = y.shape[0]
        z, rows = step(ops.reshape(y, (-1,)), rows)
        vocabulary = z.shape[-1]
        candidates = _continued(ops.reshape(ops.log_softmax(z), (batch, width, vocabulary)), ended, given, never)
        candidates = ops.expand_dims(log_p, -1) + candidates  # (batch, width, vocabulary)
        grown = lengths + ops.cast(~ended, "float32")
        ranked = candidates / ops.expand_dims(grown, -1) ** alpha
        chosen = ops.top_k(ops.reshape(ranked, (batch, -1)), width)[1]  # (batch, width)
        parent, y = chosen // vocabulary, chosen % vocabulary
        log_p = ops.take_along_axis(ops.reshape(candidates, (batch, -1)), chosen, axis=1)
        lengths, ended = (ops.take_along_axis(a, parent, axis=1) for a in (grown, ended))
        at = ops.reshape(parent + width * ops.arange(batch, dtype=parent.dtype)[:, None], (-1,))
        rows = [ops.take(part, at, axis=0) for part in rows]
        y, parent = ops.cast(y, "int32"), ops.cast(parent, "int32")
        return ((y, ended | (y == eos), lengths, log_p), rows), (y, parent)

    return loop(step, one_step)


def _continued(log_p, ended, given, never):
    """Returns log P of each next token: a given token alone, no token of `never`, and `<pad>` with certainty after the end."""
    ids = ops.arange(log_p.shape[-1])
    banned = ops.where(given == NO_TOKEN, banned_ids(log_p.shape[-1], never), ids != given)
    after_end = ops.where(ids == PAD, 0.0, MASKED_LOGIT)
    return ops.where(ops.expand_dims(ended, -1), after_end, ops.where(banned, MASKED_LOGIT, log_p))


def _trace_back(tokens, parents):
    """Returns the tokens of each hypothesis, `(batch, width, T)`, by following the parents from the last step to the first."""
    steps, batch, width = tokens.shape
    at, sequences = np.tile(np.arange(width), (batch, 1)), np.zeros((batch, width, steps), np.int32)
    for t in reversed(range(steps)):
        sequences[:, :, t] = np.take_along_axis(tokens[t], at, axis=1)
        at = np.take_along_axis(parents[t], at, axis=1)
    return sequences


def _best(tokens, log_p, lengths, alpha, n_best):
    scores = log_p / np.maximum(lengths, 1) ** alpha
    return [
        [
            Hypothesis([int(y) for y in tokens[b, i] if y != PAD], float(log_p[b, i]), float(scores[b, i]))
            for i in np.argsort(-scores[b], kind="stable")[:n_best]
            if log_p[b, i] > MASKED_LOGIT / 2
        ]
        for b in range(len(tokens))
    ]
