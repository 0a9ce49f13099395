"""Digests: the same data have the same digest, wherever they were read from."""

import dataclasses
import hashlib
import json
import zlib
from collections.abc import Iterator, Sequence

import numpy as np

from seqzoo.data.examples import identity


def digest(value) -> str:
    """Returns the SHA-256, as 64 digits, of nested lists, dicts, texts, numbers, None, bytes, arrays and dataclasses."""
    return hashlib.sha256(json.dumps(value, default=_as_json).encode()).hexdigest()


def _as_json(value):
    """Returns what stands for a value that JSON does not know: for an array the digest of its bytes."""
    if isinstance(value, np.ndarray):
        content = value.tolist() if value.dtype.hasobject else hashlib.sha256(value.tobytes()).hexdigest()
        return [value.dtype.str, value.shape, content]
    if isinstance(value, bytes):
        return hashlib.sha256(value).hexdigest()
    if isinstance(value, np.generic):
        return value.item()
    if dataclasses.is_dataclass(value):
        return [getattr(value, field.name) for field in dataclasses.fields(value)]
    raise TypeError(f"a {type(value).__name__} has no digest.")


def row_numbers(inputs) -> np.ndarray:
    """Returns a number for each input, uint64 `(N,)`, equal for equal inputs. Capitals and white space do not count."""
    return np.array([int(digest(identity(sequence))[:16], 16) for sequence in inputs], np.uint64)


def stretches(items: Sequence[str], length: int, one_in: int) -> Iterator[str]:
    """Yields stretches of `length` items, one in so many, chosen by their content: sequences that share a longer part share
    stretches, wherever the part stands."""
    for start in range(max(1, len(items) - length + 1)):
        stretch = " ".join(items[start : start + length])
        if zlib.crc32(stretch.encode(errors="replace")) % one_in == 0:
            yield stretch
