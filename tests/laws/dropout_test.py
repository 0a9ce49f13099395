"""Dropout has the right mean, masks of its own everywhere, and no effect at inference."""

import itertools
from unittest import mock

import numpy as np
import pytest
from backends import arrays, needs_float64
from hypothesis import strategies as st
from laws.cases import FEW, Case, cases, every_kind, every_unit, generators, law, one_loop, run, same_bits
from units import UNITS

from seqzoo.layers import Bidirectional, Recurrent, RecurrentCell, Stacked

UNIT = UNITS["LSTM"]  # any: the cell draws the masks
ROWS, TINY = 400, 1e-5
HALF = {"dropout": 0.5, "recurrent_dropout": 0.5, "seed": 1, "of_kind": {"dropout": 0.5, "seed": 2}}


def nearly_linear(layer):
    """Tiny kernels and positive biases: up to a square of `TINY` the outputs are linear in the dropout masks."""
    for weight in layer.trainable_weights:
        if "kernel" in weight.name:
            weight.assign(TINY * weight)
        if weight.name == "bias":
            weight.assign(0.5 + abs(arrays(weight.value)))
    return layer


@needs_float64
@every_unit
@every_kind
def test_dropout_has_the_right_mean(unit, kind):
    arguments = {"return_sequences": True, "dropout": 0.5, "recurrent_dropout": 0.2, "seed": 1}
    of_kind = {"merge_mode": "concat", "residual": True, "dropout": 0.8, "seed": 100}
    case = Case(ROWS, 2, 3, 3, 0, True, None, arguments, of_kind)
    layer, state = nearly_linear(case.layer(unit, kind)), [part[:1] for part in case.random_state(unit, kind)]
    (expected,), _ = run(layer, case.x[:1], state=state)
    x, state = np.repeat(case.x[:1], ROWS, axis=0), [np.repeat(part, ROWS, axis=0) for part in state]
    (drawn,), _ = run(layer, x, state=state, training=True)
    deviation = drawn.std(axis=0) / np.sqrt(ROWS)
    assert np.all(abs(drawn.mean(axis=0) - expected[0]) <= 5 * deviation + 10 * TINY**2)
    assert deviation.max() > 100 * TINY**2


@needs_float64
@every_unit
@every_kind
@law(FEW, case=cases(one_loop))
def test_at_inference_dropout_has_no_effect_and_advances_no_generator(unit, kind, case):
    layer, plain, call = case.layer(unit, kind, **HALF), case.layer(unit, kind), (case.x, case.mask, case.state(unit, kind))
    before = generators(layer)
    assert same_bits(run(layer, *call), run(plain, *call))
    assert generators(layer) == before
    run(layer, *call, training=True)
    assert len(before) == {"alone": 1, "Bidirectional": 2, "Stacked": 3}[kind]
    assert all(old != new for old, new in zip(before, generators(layer), strict=True))


def drawn_masks(layer, x):
    """The masks that the cells of a layer draw in two calls."""
    draw, masks = RecurrentCell.dropout_mask, []

    def recorded(cell, ones, rate):
        masks.append(draw(cell, ones, rate))
        return masks[-1]

    with mock.patch.object(RecurrentCell, "dropout_mask", recorded):
        layer(x, training=True)
        layer(x, training=True)
    return arrays(masks)


def all_differ(masks):
    return not any(np.array_equal(one, other) for one, other in itertools.combinations(masks, 2))


@pytest.mark.parametrize("kind", ["Bidirectional", "Stacked", "Stacked Bidirectional"])
@law(seed=st.none() | st.integers(0, 999))
def test_every_direction_and_every_copy_draws_masks_of_its_own(kind, seed):
    layer, x = Recurrent(32, UNIT, dropout=0.5, recurrent_dropout=0.5, seed=seed), np.ones((2, 1, 32), "float32")
    layer = Bidirectional(layer, merge_mode="sum") if "Bidirectional" in kind else layer
    layer = Stacked(layer, 3) if "Stacked" in kind else layer
    masks = drawn_masks(layer, x)
    assert len(masks) == 4 * {"Bidirectional": 2, "Stacked": 3, "Stacked Bidirectional": 6}[kind]
    assert all_differ(masks)


@law(seed=st.none() | st.integers(0, 999))
def test_between_the_copies_of_a_stack_masks_differ(seed):
    stack = Stacked(Recurrent(32, UNIT), 4, dropout=0.5, seed=seed)
    assert all_differ([arrays(drop(np.ones((2, 1, 32), "float32"), training=True)) for drop in stack.drop])
