"""Every unit of `seqzoo.equations`, found without a list, with random weights, inputs, states and masks for it."""

import dataclasses
import functools
import importlib
import itertools
import pkgutil
import typing

import numpy as np
import pytest
from backends import BACKEND
from extent import without

from seqzoo import equations, layers

for _module in pkgutil.iter_modules(equations.__path__):
    importlib.import_module(f"{equations.__name__}.{_module.name}")


def _subclasses(cls):
    for subclass in cls.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)


def _variants(cls):
    hints = typing.get_type_hints(cls)
    names = [f.name for f in dataclasses.fields(cls) if typing.get_origin(hints[f.name]) is typing.Literal]
    choices = [typing.get_args(hints[name]) for name in names]
    return [cls(**dict(zip(names, values, strict=True))) for values in itertools.product(*choices)]


def name_of(unit):
    """ "LSTM", "LSTM all": the class, and the values of its fields."""
    return " ".join([type(unit).__name__, *(str(v) for v in dataclasses.asdict(unit).values() if v is not None)])


def _is_concrete(cls):
    return cls.__module__.startswith(equations.__name__) and cls.step is not equations.Unit.step


UNITS = {name_of(unit): unit for cls in _subclasses(equations.Unit) if _is_concrete(cls) for unit in _variants(cls)}
# JAX compiles each unit for seconds: there, and on PyTorch, `check` tries these, and the oracle alone on all.
_most = [name for name in UNITS if name not in ("GRU", "LSTM all")]
_others = [] if BACKEND == "tensorflow" else _most


def _units(names, left_out=_others):
    return pytest.mark.parametrize(
        "unit", without([UNITS[name] for name in left_out], [UNITS[name] for name in names]), ids=names
    )


every_unit = _units(UNITS)
few_units = _units(UNITS, _most)  # in `check`; all with `--full`
every_class = _units({type(unit): name for name, unit in UNITS.items()}.values())  # the last variant of each

# The layer of each unit, by its own name, and that layer's cell.
LAYERS = {
    "SimpleRNN tanh": (layers.SimpleRNN, layers.SimpleRNNCell, {"activation": "tanh"}),
    "SimpleRNN relu": (layers.SimpleRNN, layers.SimpleRNNCell, {"activation": "relu"}),
    "SimplifiedGRU": (layers.GRU, layers.GRUCell, {"relevance_gate": False}),
    "GRU": (layers.GRU, layers.GRUCell, {"relevance_gate": True}),
    "ResetAfterGRU": (layers.GRU, layers.GRUCell, {"reset_after": True}),
    "LayerNormGRU": (layers.GRU, layers.GRUCell, {"reset_after": True, "layer_norm": True}),
    "LSTM": (layers.LSTM, layers.LSTMCell, {"peephole": None}),
    "LSTM output": (layers.LSTM, layers.LSTMCell, {"peephole": "output"}),
    "LSTM all": (layers.LSTM, layers.LSTMCell, {"peephole": "all"}),
    "LayerNormLSTM": (layers.LSTM, layers.LSTMCell, {"layer_norm": True}),
}
every_layer = pytest.mark.parametrize("name", without(_others, LAYERS))
few_layers = pytest.mark.parametrize("name", without(_most, LAYERS))

BATCH, STEPS, INPUTS, SIZE = 4, 6, 3, 5
_lengths = np.array([6, 4, 3, 1])[:, None]
_gaps = np.array([[1, 0, 1, 1, 0, 1], [0, 1, 0, 0, 1, 0], [1, 1, 0, 1, 1, 1], [0, 0, 1, 0, 0, 0]], bool)
MASKS = {
    "no mask": None,
    "right": np.arange(STEPS) < _lengths,
    "left": np.arange(STEPS) >= STEPS - _lengths,
    "gaps": _gaps,
    "row": _gaps & (np.arange(BATCH) != 2)[:, None],
}
every_mask = pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS.keys())


def layer_of(name, units=SIZE, /, **arguments):
    cls, _, own = LAYERS[name]
    return cls(units, **own, **arguments)


def cell_of(name, units=SIZE, /, **arguments):
    _, cls, own = LAYERS[name]
    return cls(units, **own, **arguments)


@functools.cache
def _automatic_class(cls):
    return type(f"Automatic{cls.__name__}", (cls,), {"step_gradient": None})


def automatic(unit):
    """The same unit, differentiated by the backend."""
    return _automatic_class(type(unit))(**dataclasses.asdict(unit))


def random_weight(rng, name, shape):
    """A recurrent kernel of one gate has a spectral radius of 0.9, so that relu does not blow up."""
    weight = rng.normal(size=shape) / np.sqrt(shape[0] if len(shape) == 2 else 2)
    if name == "recurrent_kernel" and shape[0] == shape[1]:
        weight *= 0.9 / np.abs(np.linalg.eigvals(weight)).max()
    return weight


def randomise(layer, seed=0):
    """Every weight of a built layer at random: kernels, biases, peepholes."""
    rng = np.random.default_rng(seed)
    for variable in layer.weights:
        variable.assign(random_weight(rng, variable.name, variable.shape))
    return layer


def random_x(batch=BATCH, steps=STEPS, seed=1, dtype="float64"):
    return np.random.default_rng(seed).normal(size=(batch, steps, INPUTS)).astype(dtype)


def random_state(unit, batch=BATCH, seed=2, dtype="float64"):
    rng = np.random.default_rng(seed)
    return tuple(rng.normal(size=(batch, SIZE)).astype(dtype) for _ in unit.State._fields)


def zero_state(unit, batch=BATCH, dtype="float64"):
    return tuple(np.zeros((batch, SIZE), dtype) for _ in unit.State._fields)


def random_drop(size, batch=BATCH, seed=3, dtype="float64"):
    """A dropout mask: zeros, and the others scaled up."""
    return (np.random.default_rng(seed).integers(0, 2, (batch, size)) * 2.0).astype(dtype)


def random_arguments(unit, batch=BATCH, steps=STEPS, seed=0, dtype="float64"):
    """The inputs, the state and the weights of `through_time`."""
    rng, columns = np.random.default_rng(seed), len(unit.gates) * SIZE
    shapes = {"kernel": (INPUTS, columns), "recurrent_kernel": (SIZE, columns), "bias": (columns,)}
    shapes |= {f"p_{gate}": (SIZE,) for gate in unit.peepholes}
    shapes |= {"recurrent_bias": (columns,)} if unit.recurrent_bias else {}
    shapes |= {name: (len(gates) * SIZE,) for name, gates in (unit.gains | unit.biases).items()}
    weights = {name: random_weight(rng, name, shape).astype(dtype) for name, shape in shapes.items()}
    x, state = random_x(batch, steps, seed + 1, dtype), random_state(unit, batch, seed + 2, dtype)
    return {"x": x, "state": state, "weights": weights}


def clear_of_the_kink(arguments):
    """The same with pre-activations beyond ±1: x<t>[0] = ±2 meets weights of ±1, and the rest weighs little."""
    small = {name: 0.05 * weight for name, weight in arguments["weights"].items()}
    small["kernel"][0] = np.sign(arguments["weights"]["kernel"][0])
    x = arguments["x"].copy()
    x[:, :, 0] = 2 * np.sign(x[:, :, 0])
    return {"x": x, "state": arguments["state"], "weights": small}


def in_the_notes_form(unit, weights):
    columns = {gate: slice(i * SIZE, (i + 1) * SIZE) for i, gate in enumerate(unit.gates)}
    stacked = np.concatenate([weights["recurrent_kernel"], weights["kernel"]]).T
    notes = {f"W_{gate}": stacked[rows] for gate, rows in columns.items()}
    notes |= {f"b_{gate}": weights["bias"][rows] for gate, rows in columns.items()}
    vectors = unit.gains | unit.biases | {"recurrent_bias": unit.gates}
    for name in vectors.keys() & weights.keys() - {"bias"}:
        notes |= {f"{name}_{gate}": v for gate, v in zip(vectors[name], weights[name].reshape(-1, SIZE), strict=True)}
    return notes | {name: weight for name, weight in weights.items() if name.startswith("p_")}
