"""Sampling of novel sequences: x<t+1> is the token sampled for y<t>.

The functions use a model's `step(y_prev, state) -> logits, state`. The loop over the steps is compiled in chunks, so that it
ends soon after all sequences have ended.
"""

import functools
from typing import NamedTuple

import numpy as np
from keras import ops

from seqzoo import backend
from seqzoo.data.tokenizer import BOS, EOS, PAD, UNK
from seqzoo.decoding.samplers import Sampler
from seqzoo.models.one_to_many import MASKED_LOGIT

CHUNK = 64  # steps of one compiled loop
NO_TOKEN = -1  # marks steps at which the prompt has no token


class Generated(NamedTuple):
    """Generated tokens `(batch, T)` int32 and the model's log P of each given those before, `(batch, T)`; 0 after the end."""

    tokens: np.ndarray
    log_p: np.ndarray

    @property
    def sequences(self):
        """Token ids of each sequence, a list, up to its end."""
        return [[int(token) for token in row if token != PAD] for row in self.tokens]


def generate(step, state, length, sampler=None, prompts=None, eos=EOS, never=(PAD, UNK, BOS), start=PAD, seed=0):
    """Samples a batch of sequences. Returns a `Generated`.

    Args:
        step: function `(ids (batch,), state) -> logits (batch, vocabulary), state`, such as `LanguageModel.step`.
        state: initial state, a list of tensors `(batch, ...)`.
        length: the largest number of steps, those of the prompt included.
        sampler: see `samplers`; by default sampling from the softmax.
        prompts: first ids of the sequences: a list for each, or one list for all.
        eos: the id that ends a sequence; None for no such id.
        never: banned ids, which are never sampled, `<unk>` among them.
        start: the id of y<0>.
        seed: random seed: the same seed gives the same sequences.
    """
    if length < 1:
        raise ValueError(f"`length` must be a positive integer, got {length!r}.")
    batch = state[0].shape[0]
    steps = CHUNK * -(-length // CHUNK) if length > CHUNK else length
    u = np.random.default_rng(seed).random((steps, batch), np.float32)
    given = _given(prompts or [], steps, batch)
    run_chunk = _compiled(step, sampler or Sampler(), NO_TOKEN if eos is None else eos, tuple(never))
    y, ended, chunks = ops.full((batch,), start, "int32"), ops.zeros((batch,), "bool"), []
    for begin in range(0, steps, CHUNK):
        rows = slice(begin, begin + CHUNK)
        (y, ended, state), emitted = run_chunk(
            (y, ended, list(state)), ops.convert_to_tensor(u[rows]), ops.convert_to_tensor(given[rows])
        )
        chunks.append([ops.convert_to_numpy(e).T for e in emitted])
        if ops.convert_to_numpy(ended).all():
            break
    return Generated(*(np.concatenate(parts, axis=1)[:, :length] for parts in zip(*chunks, strict=True)))


def _given(prompts, steps, batch):
    """Returns the tokens of the prompts, `(steps, batch)`, `NO_TOKEN` after them."""
    prompts = prompts if prompts and not np.isscalar(prompts[0]) else [prompts] * batch
    if len(prompts) != batch:
        raise ValueError(f"`prompts` must be one list of ids, or one for each of the {batch} sequences, got {len(prompts)}.")
    given = np.full((steps, batch), NO_TOKEN, np.int32)
    for row, prompt in enumerate(prompts):
        given[: len(prompt), row] = prompt[:steps]
    return given


def cached_per_model(build):
    """Decorator: caches the compiled loop `build(step, ...)` if `step` is a model's method; each call passes the weights."""
    cached = functools.lru_cache(maxsize=8)(build)
    return lambda step, *rest: (cached if hasattr(step, "__self__") else build)(step, *rest)


@cached_per_model
def _compiled(step, sampler, eos, never):
    """Returns a compiled loop: carry `(y, ended, state)`, u and given tokens `(T, batch)` to the carry, tokens and log P."""

    def one_step(carry, u, given):
        y, ended, state = carry
        z, state = step(y, state)
        y = ops.where(given == NO_TOKEN, sampler(ops.where(banned_ids(z.shape[-1], never), MASKED_LOGIT, z), u), given)
        y = ops.where(ended, PAD, y)
        log_p = -ops.sparse_categorical_crossentropy(y, z, from_logits=True)
        return (y, ended | (y == eos), state), (y, ops.where(ended, 0.0, log_p))

    return loop(step, one_step)


def generate_vectors(step, state, length, features, prompt=None, temperature=1.0, seed=0):
    """Samples sequences of vectors whose components are 0 or 1, drawn independently with probability σ(z / temperature).

    Args:
        step: function `(vectors (batch, features), state) -> logits (batch, features), state`.
        state: initial state, a list of tensors `(batch, ...)`.
        length: the number of steps, those of the prompt included.
        features: the size of a vector.
        prompt: first vectors of every sequence, `(T, features)`.
        temperature: below 1 more conservative, above 1 more varied.
        seed: random seed: the same seed gives the same vectors.

    Returns:
        An array of 0 and 1, `(batch, length, features)`, float32.
    """
    batch, prompt = state[0].shape[0], np.zeros((0, features)) if prompt is None else np.asarray(prompt)[:length]
    u = np.random.default_rng(seed).random((length, batch, features), np.float32)
    given = np.full((length, batch, features), NO_TOKEN, np.float32)
    given[: len(prompt)] = prompt[:, None]
    first = ops.zeros((batch, features), "float32"), list(state)
    _, (vectors,) = _compiled_vectors(step, float(temperature))(first, ops.convert_to_tensor(u), ops.convert_to_tensor(given))
    return ops.convert_to_numpy(vectors).swapaxes(0, 1)


@cached_per_model
def _compiled_vectors(step, temperature):
    def one_step(carry, u, given):
        z, state = step(*carry)
        drawn = ops.cast(u < ops.sigmoid(z / temperature), "float32")
        y = ops.where(given == NO_TOKEN, drawn, given)
        return (y, state), (y,)

    return loop(step, one_step)


def banned_ids(vocabulary, never):
    """Returns booleans `(vocabulary,)`, True for the ids in `never`."""
    return ops.any(ops.arange(vocabulary)[:, None] == ops.array(never or (NO_TOKEN,)), axis=-1)


def loop(step, one_step):
    """Returns a compiled scan of `one_step(carry, *inputs[t]) -> carry, emitted` over t: last carry and stacked outputs."""

    def run(carry, *inputs):
        return backend.scan(one_step, carry, inputs)

    return backend.jit(run, getattr(getattr(step, "__self__", None), "variables", ()), xla=True)
