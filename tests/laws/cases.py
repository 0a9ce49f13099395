"""What the laws are tried on: a layer of any unit, alone, in both directions or in a stack, and what it is called with."""

import collections
import dataclasses
import functools

import extent
import keras
import numpy as np
import pytest
import reference
from backends import BACKEND, TOLERANCES, arrays
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from units import every_class, randomise
from units import every_unit as of_all_variants

from seqzoo.layers import Bidirectional, Recurrent, Stacked
from seqzoo.layers.arguments import as_list

KINDS = ("alone", "Bidirectional", "Stacked")
DEPTH = 2
EXAMPLES, FEW = {"tensorflow": (4, 3), "jax": (6, 2), "torch": (8, 4)}[BACKEND] if extent.FULL else (2, 1)
tried = collections.Counter()  # the examples of each law

every_unit = every_class if BACKEND == "jax" else of_all_variants  # which compiles each; the oracle is tried on all
every_kind = pytest.mark.parametrize("kind", KINDS)
one_way = pytest.mark.parametrize("kind", ["alone", "Stacked"])

# What a loop is compiled for: batch, steps, inputs, units, whether there is a mask, use_bias, segments, unroll.
if BACKEND == "jax":  # where each of them costs a second
    one_loop = st.just((3, 4, 3, 3, True, True, 1, False))
    loops = one_loop | st.sampled_from([(3, 4, 3, 3, False, True, 1, False), (3, 2, 3, 3, True, False, 2, False)])
    added = st.just(2)
else:
    sizes = [2, 1, 3, 4], [3, 1, 2, 2, 4, 5, 7], [2, 1, 3, 4], [2, 1, 3, 4, 5]  # the first of each are tried first
    others = [True, True, True, False], [False, True], [1, 1, 1, 2, 3], [False, True]
    one_loop = loops = st.tuples(*map(st.sampled_from, sizes + others))
    added = st.integers(1, 3)

rates = st.just(0.0) if BACKEND == "jax" else st.sampled_from([0.0, 0.25])
flags = st.fixed_dictionaries(
    dict.fromkeys(["return_sequences", "return_state", "go_backwards", "zero_output_for_mask"], st.booleans())
    | {"zoneout": rates}
)
of_kinds = st.fixed_dictionaries(
    {
        "merge_mode": st.sampled_from(["concat", "sum", "ave", "mul", None]),
        "residual": st.booleans(),
        "dense": st.sampled_from([(), (2,), (3, 1)]),
    }
)


@dataclasses.dataclass(frozen=True)
class Case:
    """A layer's shape and arguments, and what it is called with."""

    batch: int
    steps: int
    inputs: int
    units: int
    seed: int
    has_state: bool
    mask: np.ndarray | None
    arguments: dict
    of_kind: dict

    def rng(self, stream):
        return np.random.default_rng((self.seed, stream))

    @property
    def x(self):
        return self.rng(0).normal(size=(self.batch, self.steps, self.inputs))

    def random_state(self, unit, kind):
        parts = len(unit.State._fields) * (1 if kind == "alone" else DEPTH)
        return [self.rng(1 + i).normal(size=(self.batch, self.units)) for i in range(parts)]

    def state(self, unit, kind):
        return self.random_state(unit, kind) if self.has_state else None

    def layer(self, unit, kind, dtype="float64", of_kind=None, **changes):
        """The layer, built, with random weights that depend on the seed alone."""
        arguments = {"kernel_initializer": "zeros", "recurrent_initializer": "zeros"} | self.arguments | changes
        layer = layer_of(unit, kind, self.units, self.of_kind | (of_kind or {}), dtype=dtype, **arguments)
        layer.build((self.batch, None, self.inputs))
        return randomise(layer, self.seed)


def layer_of(unit, kind, units, of_kind, dtype, **arguments):
    layer = Recurrent(units, unit, dtype=dtype, **arguments)
    if kind == "Bidirectional":
        return Bidirectional(layer, merge_mode=of_kind["merge_mode"], lookahead=of_kind.get("lookahead"), dtype=dtype)
    if kind == "Stacked":
        return Stacked(layer, DEPTH, dtype=dtype, **{name: of_kind[name] for name in of_kind if name != "merge_mode"})
    return layer


@st.composite
def cases(draw, loops=loops, least_steps=1, masked=None, **fixed):
    """Any case; with a mask or without one where `masked` says so, and with the arguments in `fixed`."""
    batch, steps, inputs, units, has_mask, use_bias, segments, unroll = draw(loops)
    steps, has_mask = max(steps, least_steps), has_mask if masked is None else masked
    gaps = draw(st.lists(st.booleans(), min_size=batch * steps, max_size=batch * steps)) if has_mask else None
    mask = ~np.reshape(gaps, (batch, steps)) if has_mask else None
    arguments, of_kind = draw(flags) | {"use_bias": use_bias, "segments": segments, "unroll": unroll}, draw(of_kinds)
    arguments |= {name: value for name, value in fixed.items() if name not in of_kind}
    of_kind |= {name: value for name, value in fixed.items() if name in of_kind}
    seed, has_state = draw(st.integers(0, 999)), draw(st.booleans())
    return Case(batch, steps, inputs, units, seed, has_state, mask, arguments, of_kind)


def law(most=EXAMPLES, **strategies):
    """A test on examples of Hypothesis, which counts them."""

    def decorate(test):
        @functools.wraps(test)
        def counted(*args, **kwargs):
            tried[test.__name__] += 1
            test(*args, **kwargs)

        bounded = settings(max_examples=most, deadline=None, derandomize=True, phases=set(Phase) - {Phase.explain})
        return bounded(given(**strategies)(counted))

    return decorate


def run(layer, x, mask=None, state=None, **arguments):
    """The outputs (two where `merge_mode` is None) and the states that the layer returns: two lists of arrays."""
    results = as_list(layer(x, initial_state=state, mask=mask, **arguments))
    outputs = 2 if getattr(layer, "merge_mode", "") is None else 1
    return arrays(results[:outputs]), arrays(results[outputs:])


def goes_backwards(layer):
    """Whether the outputs come from the last step to the first."""
    if isinstance(layer, Stacked):
        return goes_backwards(layer.layers[0])
    return layer.forward_layer.go_backwards if isinstance(layer, Bidirectional) else layer.go_backwards


def in_time(layer, outputs):
    """Sequences of outputs in the order of time."""
    return [output[:, ::-1] if goes_backwards(layer) else output for output in outputs]


def rows(case, state, at):
    """The inputs, the mask and the states of some rows of the batch."""
    return case.x[at], None if case.mask is None else case.mask[at], state and [part[at] for part in state]


def close(found, expected, tolerance=TOLERANCES["float64"]):
    return reference.distance(flat(found), flat(expected)) <= tolerance


def same_bits(found, expected):
    return close(found, expected, 0)


def flat(results):
    outputs, states = results
    return [*outputs, *states]


def generators(layer):
    """The states of all random generators in a layer, as bytes."""
    weights = {id(weight) for weight in layer.weights}
    return [arrays(v.value).tobytes() for v in layer.variables if id(v) not in weights]


def dtypes_of(tensors):
    return {keras.backend.standardize_dtype(t.dtype) for t in tensors}
