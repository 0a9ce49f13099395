"""Messages between the processes of a training: values as bytes of an npz file, which holds arrays and JSON but no code."""

import io
import json

import numpy as np

from seqzoo.training.checkpoints import Checkpoint


def dumps(value):
    """The bytes of a value: arrays, numbers, strings, booleans and None, in dicts, lists, tuples and `Checkpoint`s."""
    arrays, file = [], io.BytesIO()
    text = json.dumps(_encode(value, arrays))
    np.savez(file, text, *arrays)
    return file.getvalue()


def loads(data):
    """The value of `dumps`."""
    with np.load(io.BytesIO(data), allow_pickle=False) as file:
        text, *arrays = (file[f"arr_{i}"] for i in range(len(file.files)))
    return _decode(json.loads(str(text)), arrays)


def _encode(value, arrays):
    """JSON of a value: an array is its number in `arrays`; what is no list, string, number or None is under its type's name."""
    if isinstance(value, np.ndarray):
        arrays.append(value)
        return {"array": len(arrays) - 1}
    if isinstance(value, Checkpoint):
        return {"checkpoint": _encode(value._asdict(), arrays)}
    if isinstance(value, dict):
        return {"dict": {key: _encode(each, arrays) for key, each in value.items()}}
    if isinstance(value, list | tuple):
        values = [_encode(each, arrays) for each in value]
        return {"tuple": values} if isinstance(value, tuple) else values
    return value


def _decode(value, arrays):
    if isinstance(value, list):
        return [_decode(each, arrays) for each in value]
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "array":
        return arrays[content]
    if kind == "dict":
        return {key: _decode(each, arrays) for key, each in content.items()}
    return tuple(_decode(content, arrays)) if kind == "tuple" else Checkpoint(**_decode(content, arrays))
