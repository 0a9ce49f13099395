"""A Keras 3 model zoo of recurrent sequence models.

    seqzoo.load("sentiment").answers(["a delightful, moving film"])
    seqzoo.list_presets()

Names are looked up when they are used (PEP 562): `import seqzoo` imports neither Keras nor a backend.
"""

import importlib

__version__ = "0.1.0"

_MODULES = ("decoding", "layers", "models", "presets")
_FUNCTIONS = {"list_presets": ("presets", "names"), "load": ("presets", "load")}
__all__ = ["decoding", "layers", "list_presets", "load", "models", "presets"]


def __getattr__(name):
    if name in _MODULES:
        return importlib.import_module(f"seqzoo.{name}")
    if name in _FUNCTIONS:
        module, function = _FUNCTIONS[name]
        return getattr(importlib.import_module(f"seqzoo.{module}"), function)
    raise AttributeError(f"module 'seqzoo' has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *__all__})
