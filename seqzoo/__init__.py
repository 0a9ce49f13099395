"""A Keras 3 model zoo of recurrent sequence models.

    seqzoo.load("sentiment").answers(["a delightful, moving film"])
    seqzoo.list_presets()

Names are looked up when they are used (PEP 562): `import seqzoo` imports neither Keras nor a backend.
"""

import importlib

__version__ = "0.1.0"

_MODULES = ("decoding", "layers", "models", "presets")
_OF_PRESETS = {"list_presets": "names", "load": "load"}
__all__ = [*_MODULES, *_OF_PRESETS]


def __getattr__(name):
    if name in __all__:
        importlib.import_module("seqzoo.models")  # registers every class that a saved model may name
    if name in _MODULES:
        return importlib.import_module(f"seqzoo.{name}")
    if name in _OF_PRESETS:
        return getattr(importlib.import_module("seqzoo.presets"), _OF_PRESETS[name])
    raise AttributeError(f"module 'seqzoo' has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *__all__})
