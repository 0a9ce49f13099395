"""Compiled loops over `step(y_prev, state) -> logits, state`, in chunks of steps, for a state of any structure."""

import functools
from typing import NamedTuple

import numpy as np
from keras import ops, tree

from seqzoo import backend
from seqzoo.decoding.logits import Rules, check_ids
from seqzoo.decoding.special_tokens import ids, special_tokens

CHUNK = 16  # steps of one compiled loop: a batch ends at most that many steps after its longest sequence
NO_TOKEN = -1  # marks steps at which the prompt has no token


class Prepared(NamedTuple):
    """Checked arguments of a decoder: the state as tensors, the rules, y<0>, each sequence's prompt, and the vocabulary."""

    state: object
    rules: Rules
    y: object
    prompts: list
    vocabulary: int


def prepare(step, state, prompts, min_length, repetition_penalty, **ids):
    """Returns the `Prepared` arguments of `generate` and `beam`, which document them; raises a ValueError for wrong ones."""
    special, state = special_tokens(step, **ids), as_tensors(state)
    least = integer("min_length", min_length, 0)
    rules = Rules(special.eos, special.pad, special.never, least, float(repetition_penalty))
    batch = batch_of(state, prompts, special.start)
    each, y = prompt_of_each(prompts, batch), first_tokens(special.start, batch)
    vocabulary = vocabulary_of(step, y, state)
    rules.check(vocabulary)
    for prompt in each:
        check_ids("prompts", prompt, vocabulary)
    return Prepared(state, rules, y, each, vocabulary)


def batch_of(state, prompts, start):
    """Returns the number of sequences: the rows of the state, else the number of prompts or of start ids, else 1."""
    rows = [part.shape[0] for part in tree.flatten(state) if len(part.shape)]
    if len(set(rows)) > 1:
        raise ValueError(f"Each tensor of `state` must have a row for each sequence, got {sorted(set(rows))} rows.")
    each = 1 if prompts is None or not len(prompts) or not np.ndim(prompts[0]) else len(prompts)
    return rows[0] if rows else len(start) if len(start) > 1 else each


def as_tensors(state):
    """Returns a state, a tensor or any nesting of lists, tuples and dicts, with tensors for arrays and numbers."""
    if any(part is None for part in tree.flatten(state)):
        raise ValueError("`state` must hold tensors, got None among them.")
    return tree.map_structure(ops.convert_to_tensor, state)


def prompt_of_each(prompts, batch):
    """Returns the ids of each sequence's prompt.

    Args:
        prompts: ids for all sequences, or ids for each; None for none. Lists or arrays.
    """
    prompts = [] if prompts is None else list(ops.convert_to_numpy(prompts) if ops.is_tensor(prompts) else prompts)
    each = prompts if prompts and np.ndim(prompts[0]) else [prompts] * batch
    if len(each) != batch:
        raise ValueError(f"`prompts` must be one list of ids, or one for each of the {batch} sequences, got {len(each)}.")
    return [ids("prompts", prompt).tolist() for prompt in each]


def first_tokens(start, batch):
    """Returns y<0> of each sequence, from one id or an id for each."""
    if len(start) not in (1, batch):
        raise ValueError(f"`start` must be one id, or one for each of the {batch} sequences, got {len(start)}.")
    return ops.broadcast_to(ops.convert_to_tensor(start, "int32"), (batch,))


def integer(name, value, least=1):
    """Returns an integer from `least`; raises a ValueError for other values."""
    if isinstance(value, bool) or not hasattr(value, "__index__") or value < least:
        raise ValueError(f"`{name}` must be {'a positive integer' if least else 'an integer from 0'}, got {value!r}.")
    return int(value)


def given_tokens(each, steps):
    """Returns the tokens of the prompts, `(steps, batch)`, `NO_TOKEN` after them."""
    given = np.full((steps, len(each)), NO_TOKEN, np.int32)
    for row, prompt in enumerate(each):
        given[: len(prompt), row] = prompt[:steps]
    return given


def chunks(length):
    """Returns the number of steps of a chunk, a power of 2, and of all chunks that hold `length` steps."""
    chunk = min(CHUNK, 1 << (length - 1).bit_length())
    return chunk, -(-length // chunk) * chunk


def cached_per_step(build):
    """Decorator: caches the compiled loop `build(step, ...)`. Each call of the loop reads the Keras variables of today."""
    cached = functools.lru_cache(maxsize=16)(build)

    def get(step, *rest):
        try:
            return cached(step, *rest)
        except TypeError as error:
            if "unhashable" not in str(error):
                raise
            return build(step, *rest)

    return get


@cached_per_step
def _vocabulary_of(step):
    return []


def vocabulary_of(step, y, state):
    """Returns the number of logits that `step` returns. Runs one step, which checks what it returns, the first time."""
    known = _vocabulary_of(step)
    if not known:
        z, _ = checked(step, y, state)
        known.append(z.shape[-1])
    return known[0]


def checked(step, y, state):
    """Returns the logits of a step in float32 and the next state in the structure of `state`.

    Raises:
        ValueError: the logits are not `(rows, vocabulary)`, or the next state is not like the one before.
    """
    result = step(y, state)
    if not (isinstance(result, (tuple, list)) and len(result) == 2):
        raise ValueError(f"`step` must return logits and the next state, got {type(result).__name__}.")
    z, new = result
    if len(z.shape) != 2 or z.shape[0] != y.shape[0]:
        expected = f"(rows, vocabulary), ({y.shape[0]}, ...)"
        raise ValueError(f"`step` must return logits {expected}, got the shape {tuple(z.shape)}.")
    before, after = tree.flatten(state), tree.flatten(new)
    expected, got = ([f"{part.dtype} {tuple(part.shape)}" for part in map(ops.convert_to_tensor, s)] for s in (before, after))
    if expected != got:
        raise ValueError(f"`step` must return a state like the one it was given, {_named(expected)}, got {_named(got)}.")
    return ops.cast(z, "float32"), tree.pack_sequence_as(state, after)


def _named(parts):
    return f"{len(parts)} tensors ({', '.join(parts)})"


def loop(step, one_step):
    """Returns a compiled scan of `one_step(carry, *inputs[t]) -> carry, emitted` over t: last carry and stacked outputs."""

    def run(carry, *inputs):
        return backend.scan(one_step, carry, inputs)

    return backend.jit(run, getattr(getattr(step, "__self__", None), "variables", None), xla=True)


def run_in_chunks(run, carry, inputs, steps, chunk, ended):
    """Runs a compiled loop over chunks of steps, until all sequences have ended.

    Args:
        inputs: arrays `(steps, ...)`.
        ended: function of the carry: booleans, whether each sequence has ended.

    Returns:
        The last carry, and the emitted arrays `(T, ...)`.
    """
    emitted = []
    for begin in range(0, steps, chunk):
        carry, of_chunk = run(carry, *(ops.convert_to_tensor(a[begin : begin + chunk]) for a in inputs))
        emitted.append([ops.convert_to_numpy(a) for a in of_chunk])
        if ops.convert_to_numpy(ended(carry)).all():
            break
    return carry, [np.concatenate(parts) for parts in zip(*emitted, strict=True)]
