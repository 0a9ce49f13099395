"""Novel sequences: x<t+1> is what was chosen for y<t>.

Everything is built on a model's `step(y_prev, state) -> logits, state`. The loop over the steps is compiled, a piece at a time,
so that it ends soon after all sequences have.
"""

import functools
from typing import NamedTuple

import numpy as np
from keras import ops

from seqzoo import backend
from seqzoo.data.tokenizer import BOS, EOS, PAD, UNK
from seqzoo.decoding.samplers import Sampler
from seqzoo.models.one_to_many import MASKED_LOGIT

PIECE = 64  # steps that are compiled as one loop
NO_TOKEN = -1  # where a prompt gives no token


class Generated(NamedTuple):
    """Tokens `(batch, T)` int32, and the model's log P of each, given those before, `(batch, T)`; both 0 after the end."""

    tokens: np.ndarray
    log_p: np.ndarray

    @property
    def sequences(self):
        """A list of ids for each, without what follows its end."""
        return [[int(token) for token in row if token != PAD] for row in self.tokens]


def generate(step, state, length, sampler=None, prompts=None, eos=EOS, never=(PAD, UNK, BOS), start=PAD, seed=0):
    """Samples a batch of sequences: `Generated`.

    Args:
        step: `(ids (batch,), state) -> logits (batch, vocabulary), state`, such as `LanguageModel.step`.
        state: the first, a list of tensors `(batch, ...)`.
        length: steps at most, those of the prompt included.
        sampler: see `samplers`; by default a plain draw.
        prompts: ids that each sequence begins with: a list for each, or one list for all.
        eos: the id that ends a sequence; None for no such id.
        never: ids that are sampled again, `<unk>` among them.
        start: the id of y<0>.
        seed: of the draws: the same seed, the same sequences.
    """
    if length < 1:
        raise ValueError(f"`length` must be a positive integer, got {length!r}.")
    batch = state[0].shape[0]
    steps = PIECE * -(-length // PIECE) if length > PIECE else length
    u = np.random.default_rng(seed).random((steps, batch), np.float32)
    given = _given(prompts or [], steps, batch)
    piece = _compiled(step, sampler or Sampler(), NO_TOKEN if eos is None else eos, tuple(never))
    y, ended, found = ops.full((batch,), start, "int32"), ops.zeros((batch,), "bool"), []
    for begin in range(0, steps, PIECE):
        rows = slice(begin, begin + PIECE)
        (y, ended, state), emitted = piece(
            (y, ended, list(state)), ops.convert_to_tensor(u[rows]), ops.convert_to_tensor(given[rows])
        )
        found.append([ops.convert_to_numpy(e).T for e in emitted])
        if ops.convert_to_numpy(ended).all():
            break
    return Generated(*(np.concatenate(parts, axis=1)[:, :length] for parts in zip(*found, strict=True)))


def _given(prompts, steps, batch):
    """`(steps, batch)`: the tokens of the prompts, `FREE` after them."""
    prompts = prompts if prompts and not np.isscalar(prompts[0]) else [prompts] * batch
    if len(prompts) != batch:
        raise ValueError(f"`prompts` must be one list of ids, or one for each of the {batch} sequences, got {len(prompts)}.")
    given = np.full((steps, batch), NO_TOKEN, np.int32)
    for row, prompt in enumerate(prompts):
        given[: len(prompt), row] = prompt[:steps]
    return given


def cached_per_model(build):
    """`build(step, ...)`, a compiled loop, kept for the methods of a model, whose weights it is told anew at each call."""
    cached = functools.lru_cache(maxsize=8)(build)
    return lambda step, *rest: (cached if hasattr(step, "__self__") else build)(step, *rest)


@cached_per_model
def _compiled(step, sampler, eos, never):
    """`(y, ended, state), numbers (T, batch), given tokens (T, batch)` to the first after T steps, and tokens, log P."""

    def one(carry, u, given):
        y, ended, state = carry
        z, state = step(y, state)
        y = ops.where(given == NO_TOKEN, sampler(ops.where(banned_ids(z.shape[-1], never), MASKED_LOGIT, z), u), given)
        y = ops.where(ended, PAD, y)
        log_p = -ops.sparse_categorical_crossentropy(y, z, from_logits=True)
        return (y, ended | (y == eos), state), (y, ops.where(ended, 0.0, log_p))

    return loop(step, one)


def generate_vectors(step, state, length, features, prompt=None, temperature=1.0, seed=0):
    """Samples vectors whose parts are 0 or 1, each drawn by itself with probability σ(z / temperature).

    Args:
        step: `(vectors (batch, features), state) -> logits (batch, features), state`.
        prompt: vectors `(T, features)` that every sequence begins with.

    Returns:
        0 or 1, `(batch, length, features)`, float32.
    """
    batch, prompt = state[0].shape[0], np.zeros((0, features)) if prompt is None else np.asarray(prompt)[:length]
    u = np.random.default_rng(seed).random((length, batch, features), np.float32)
    given = np.full((length, batch, features), NO_TOKEN, np.float32)
    given[: len(prompt)] = prompt[:, None]
    first = ops.zeros((batch, features), "float32"), list(state)
    _, (found,) = _compiled_vectors(step, float(temperature))(first, ops.convert_to_tensor(u), ops.convert_to_tensor(given))
    return ops.convert_to_numpy(found).swapaxes(0, 1)


@cached_per_model
def _compiled_vectors(step, temperature):
    def one(carry, u, given):
        z, state = step(*carry)
        drawn = ops.cast(u < ops.sigmoid(z / temperature), "float32")
        y = ops.where(given == NO_TOKEN, drawn, given)
        return (y, state), (y,)

    return loop(step, one)


def banned_ids(vocabulary, never):
    """Which ids are among `never`: `(vocabulary,)`."""
    return ops.any(ops.arange(vocabulary)[:, None] == ops.array(never or (NO_TOKEN,)), axis=-1)


def loop(step, one):
    """`one(carry, *inputs[t]) -> carry, emitted` for every t, compiled: `carry, *inputs` to the last carry and all emitted."""

    def run(carry, *inputs):
        return backend.scan(one, carry, inputs)

    return backend.jit(run, getattr(getattr(step, "__self__", None), "variables", ()), xla=True)
