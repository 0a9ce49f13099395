"""Special tokens of a decoder: the ids that start, end and pad its sequences, and those that it must not choose."""

from typing import NamedTuple

import numpy as np
from keras import ops

NAMES = "start", "eos", "pad", "never"


class SpecialTokens(NamedTuple):
    """Special tokens: a model's `special_tokens` are the defaults of `generate` and `beam` for its `step`.

    Args:
        start: the id of y<0>, or one id for each sequence.
        eos: the ids that end a sequence, a tuple, empty for none; or one id.
        pad: the id that follows the end of a sequence.
        never: banned ids, which are never chosen.
    """

    start: object
    eos: tuple = ()
    pad: int | None = None
    never: tuple = ()


def special_tokens(step, start=None, eos=None, pad=None, never=None):
    """Returns the special tokens as given, and where not given those of the model that has `step` as its method.

    Of another function `start` and `eos` must be given; no id is banned then, and a sequence is padded with its last end.
    """
    defaults = getattr(getattr(step, "__self__", None), "special_tokens", SpecialTokens(None, None, None, ()))
    values = [own if value is None else value for value, own in zip((start, eos, pad, never), defaults, strict=True)]
    for name, value in zip(("start", "eos"), values, strict=False):
        if value is None:
            expected = {"start": "the id of y<0>", "eos": "the id or ids that end a sequence, () for none"}[name]
            raise ValueError(f"`{name}` must be given, {expected}: `step` is of no model with `special_tokens`.")
    start, eos, pad, never = (value if value is None else ids(name, value) for name, value in zip(NAMES, values, strict=True))
    pad = pad.item() if pad is not None else int(eos[0]) if len(eos) else 0
    return SpecialTokens(start, tuple(eos.tolist()), pad, tuple(never.tolist()))


def ids(name, value):
    """Returns an id, or ids, as an array `(count,)` of integers, () as an empty one; raises a ValueError for other values."""
    array = np.atleast_1d(ops.convert_to_numpy(value) if ops.is_tensor(value) else np.asarray(value))
    if array.ndim > 1 or (array.size and array.dtype.kind not in "iu"):
        raise ValueError(f"`{name}` must be an id or a list of ids, got {value!r}.")
    return array.astype(np.int32)
