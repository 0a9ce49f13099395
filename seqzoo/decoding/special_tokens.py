"""Special tokens of a decoder: the ids that start, end and pad its sequences, and those that it must not choose."""

from typing import NamedTuple


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
    defaults = getattr(getattr(step, "__self__", None), "special_tokens", SpecialTokens(None, None))
    values = [own if value is None else value for value, own in zip((start, eos, pad, never), defaults, strict=True)]
    for name, value in zip(("start", "eos"), values, strict=False):
        if value is None:
            expected = {"start": "the id of y<0>", "eos": "the id or ids that end a sequence, () for none"}[name]
            raise ValueError(f"`{name}` must be given, {expected}: `step` is of no model with `special_tokens`.")
    start, eos, pad, never = values
    eos = (int(eos),) if hasattr(eos, "__index__") else tuple(map(int, eos))
    pad = int(pad if pad is not None else eos[0] if eos else 0)
    return SpecialTokens(start, eos, pad, tuple(map(int, never)))
