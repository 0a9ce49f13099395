"""Zoneout: the oracle's states, and gradients, with masks of every step and in the mean."""

import numpy as np
import pytest
import reference
from backends import arrays, central_differences, gradients, needs_float64, only_tensorflow, tensors
from extent import compiled
from keras import ops
from units import (
    BATCH,
    MASKS,
    SIZE,
    STEPS,
    UNITS,
    automatic,
    every_unit,
    few_units,
    in_the_notes_form,
    name_of,
    random_arguments,
)

from seqzoo.backend import xla
from seqzoo.engine.through_time import through_time

pytestmark = needs_float64


def zoneout_of(unit, random):
    """The arguments of `through_time`, and what the oracle takes."""
    parts = len(unit.State._fields)
    share = (0.75, 0.5)[:parts]
    if not random:
        return {"share": share}, np.broadcast_to(np.repeat(share, SIZE), (BATCH, STEPS, parts * SIZE))
    kept = np.random.default_rng(5).random((BATCH, STEPS, parts * SIZE)) < np.repeat(share, SIZE)
    return {"share": share, "zoneout": kept}, kept.astype("float64")


def run(unit, arguments, mask, given, **way):
    given = given | ({"zoneout": ops.convert_to_tensor(given["zoneout"])} if "zoneout" in given else {})
    return through_time(unit, **arguments, mask=None if mask is None else ops.convert_to_tensor(mask), **given, **way)


def loss(unit, mask, given, **way):
    rng = np.random.default_rng(6)
    weights = tensors([rng.normal(size=(BATCH, STEPS, SIZE)), *(rng.normal(size=(BATCH, SIZE)) for _ in unit.State._fields)])

    def function(arguments):
        outputs, last = run(unit, arguments, mask, given, **way)
        return sum(ops.sum(a * weight) for a, weight in zip([outputs, *last], weights, strict=True))

    return function


random_or_mean = pytest.mark.parametrize("random", [True, False], ids=["training", "inference"])


@pytest.mark.parametrize("unit", [UNITS[name] for name in reference.STEPS], ids=reference.STEPS.keys())
@random_or_mean
@pytest.mark.parametrize("mask", [None, MASKS["row"]], ids=["no mask", "row"])
def test_the_states_are_the_oracles(unit, random, mask):
    arguments, (given, expected) = random_arguments(unit), zoneout_of(unit, random)
    found = run(unit, tensors(arguments), mask, given)
    notes = in_the_notes_form(unit, arguments["weights"])
    expected = reference.run(name_of(unit), notes, arguments["x"], arguments["state"], mask, zoneout=expected)
    assert reference.distance(arrays((found[0], tuple(found[1]))), expected) <= 1e-12


@every_unit
@random_or_mean
def test_the_gradient_is_the_automatic_one(unit, random):
    arguments, (given, _) = random_arguments(unit), zoneout_of(unit, random)
    expected = gradients(loss(automatic(unit), MASKS["gaps"], given), arguments)
    assert reference.distance(gradients(loss(unit, MASKS["gaps"], given), arguments), expected) <= 1e-12
    assert reference.distance(gradients(loss(unit, MASKS["gaps"], given, segments=2), arguments), expected) <= 1e-12


@compiled
@few_units
@random_or_mean
def test_the_gradient_is_the_central_difference(unit, random):
    arguments, (given, _) = random_arguments(unit), zoneout_of(unit, random)
    function = loss(unit, MASKS["gaps"], given)
    with xla(False):
        found, expected = gradients(function, arguments), central_differences(function, arguments)
    assert reference.distance(found, expected) <= 1e-7


@compiled
@only_tensorflow
@few_units
@random_or_mean
def test_the_gradient_through_xla_is_the_plain_one(unit, random):
    arguments, (given, _) = random_arguments(unit), zoneout_of(unit, random)
    expected = gradients(loss(unit, MASKS["row"], given), arguments)
    with xla(True):
        assert reference.distance(gradients(loss(unit, MASKS["row"], given), arguments), expected) <= 1e-12
