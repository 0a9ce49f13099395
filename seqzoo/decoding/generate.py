"""Sampling of novel sequences: x<t+1> is the token sampled for y<t>.

The functions use a model's `step(y_prev, state) -> logits, state`. The loop over the steps is compiled in chunks, so that it
ends soon after all sequences have ended.
"""

from typing import NamedTuple

import numpy as np
from keras import ops

from seqzoo.decoding import loops
from seqzoo.decoding.loops import NO_TOKEN
from seqzoo.decoding.samplers import Sampler


class Generated(NamedTuple):
    """Generated sequences of a batch.

    Args:
        tokens: ids `(batch, T)` int32, `pad` after the end of a sequence.
        log_p: the model's natural log P of each token given those before, `(batch, T)`; 0 after the end.
        lengths: the number of tokens of each sequence, its end included, `(batch,)`.
    """

    tokens: np.ndarray
    log_p: np.ndarray
    lengths: np.ndarray

    @property
    def sequences(self):
        """Token ids of each sequence, a list, up to its end."""
        return [row[:length].tolist() for row, length in zip(self.tokens, self.lengths, strict=True)]


def generate(
    step,
    state,
    length,
    sampler=None,
    prompts=None,
    eos=None,
    never=None,
    start=None,
    pad=None,
    min_length=0,
    repetition_penalty=1.0,
    seed=0,
):
    """Samples a batch of sequences. Returns a `Generated`.

    Args:
        step: function `(ids (batch,), state) -> logits (batch, vocabulary), state`, such as `LanguageModel.step`. It is
            compiled once: beside its arguments it may read Keras variables, whose values may change, and constants.
        state: initial state, a tensor `(batch, ...)` or any nesting of lists, tuples and dicts of them.
        length: the largest number of steps, those of the prompt included.
        sampler: see `samplers`; by default sampling from the softmax.
        prompts: first ids of the sequences, cut to `length`: a list for each, or one list for all; or an array.
        eos, never, start, pad: see `SpecialTokens`; those of the model by default, where `step` is a method of a model with
            `special_tokens`. Of another function `start` and `eos` must be given.
        min_length, repetition_penalty: see `logits.Rules`.
        seed: random seed: the same seed gives the same sequences.
    """
    chunk, steps = loops.chunks(loops.integer("length", length))
    ids = {"start": start, "eos": eos, "pad": pad, "never": never}
    state, rules, y, given, vocabulary = loops.prepare(step, state, prompts, min_length, repetition_penalty, **ids)
    batch = len(given)
    u = np.random.default_rng(seed).random((steps, batch), np.float32)
    carry = y, ops.zeros((batch,), "bool"), rules.none_seen(batch, vocabulary), state
    inputs = u, loops.given_tokens(given, steps), np.arange(steps, dtype=np.int32)
    run = _compiled(step, sampler or Sampler(), rules)
    _, emitted = loops.run_in_chunks(run, carry, inputs, steps, chunk, lambda carry: carry[1])
    tokens, log_p, real = (a[:length].T for a in emitted)
    return Generated(tokens, log_p, real.sum(axis=1))


@loops.cached_per_step
def _compiled(step, sampler, rules):
    """Returns a compiled loop: carry `(y, ended, seen, state)` and u, given tokens and numbers of steps `(T, ...)` to the
    carry, tokens, log P and whether they are within a sequence."""

    def one_step(carry, u, given, t):
        y, ended, seen, state = carry
        z, state = loops.checked(step, y, state)
        y = ops.where(given == NO_TOKEN, sampler(rules.changed(z, t, seen), u), given)
        log_p = -ops.sparse_categorical_crossentropy(y, z, from_logits=True)
        y = ops.where(ended, rules.pad, y)
        carry = y, ended | rules.ends(y), rules.now_seen(seen, y), state
        return carry, (y, ops.where(ended, 0.0, log_p), ~ended)

    return loops.loop(step, one_step)


def generate_vectors(step, state, length, features, prompt=None, temperature=1.0, seed=0):
    """Samples sequences of vectors whose components are 0 or 1, drawn independently with probability σ(z / temperature).

    Args:
        step: function `(vectors (batch, features), state) -> logits (batch, features), state`.
        state: initial state, as for `generate`.
        length: the number of steps, those of the prompt included.
        features: the size of a vector.
        prompt: first vectors of every sequence, `(T, features)`.
        temperature: below 1 more conservative, above 1 more varied.
        seed: random seed: the same seed gives the same vectors.

    Returns:
        An array of 0 and 1, `(batch, length, features)`, float32.
    """
    state, prompt = loops.as_tensors(state), np.zeros((0, features)) if prompt is None else np.asarray(prompt)[:length]
    batch = loops.batch_of(state, None, 0)
    u = np.random.default_rng(seed).random((length, batch, features), np.float32)
    given = np.full((length, batch, features), NO_TOKEN, np.float32)
    given[: len(prompt)] = prompt[:, None]
    first = ops.zeros((batch, features), "float32"), state
    _, (vectors,) = _compiled_vectors(step, float(temperature))(first, ops.convert_to_tensor(u), ops.convert_to_tensor(given))
    return ops.convert_to_numpy(vectors).swapaxes(0, 1)


@loops.cached_per_step
def _compiled_vectors(step, temperature):
    def one_step(carry, u, given):
        z, state = loops.checked(step, *carry)
        drawn = ops.cast(u < ops.sigmoid(z / temperature), "float32")
        y = ops.where(given == NO_TOKEN, drawn, given)
        return (y, state), (y,)

    return loops.loop(step, one_step)
