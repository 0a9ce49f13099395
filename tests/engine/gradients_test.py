"""The gradients of `through_time` in float64, against central differences and automatic differentiation."""

import dataclasses

import numpy as np
import pytest
import reference
from backends import (
    arrays,
    as_graph,
    central_differences,
    constant_tensors,
    full_on_others,
    gradient,
    gradients,
    needs_float64,
    only_tensorflow,
    tensors,
)
from extent import compiled, without
from keras import ops, tree
from units import (
    MASKS,
    SIZE,
    UNITS,
    automatic,
    clear_of_the_kink,
    every_unit,
    few_units,
    random_arguments,
    random_drop,
)

from seqzoo import equations
from seqzoo.backend import xla
from seqzoo.engine.through_time import through_time
from seqzoo.equations.unit import sigmoid, tanh

pytestmark = needs_float64
SOME = {name: UNITS[name] for name in ("GRU", "LSTM all")}
some_units = pytest.mark.parametrize("unit", SOME.values(), ids=SOME)
one_unit = pytest.mark.parametrize("unit", without([UNITS["GRU"]], SOME.values()), ids=SOME)


def loss(unit, mask=None, drop=None, **way):
    """A random linear function of all outputs and of the last state."""
    rng = np.random.default_rng(7)
    constants = constant_tensors(mask=mask, recurrent_dropout=drop)

    def function(arguments):
        results = through_time(unit, **arguments, **constants, **way)
        return sum(ops.sum(array * weight) for array, weight in zip(tree.flatten(results), weights, strict=True))

    batch, steps = MASKS["gaps"].shape
    shapes = [(batch, steps, SIZE), *((batch, SIZE) for _ in unit.State._fields)]
    weights = tensors([rng.normal(size=shape) for shape in shapes])
    return function


def arguments_of(unit):
    arguments = random_arguments(unit)
    return clear_of_the_kink(arguments) if getattr(unit, "activation", None) == "relu" else arguments


def worst(actual, expected):
    """The largest ‖actual − expected‖ / ‖expected‖ over the arrays of two structures."""
    pairs = zip(tree.flatten(actual), tree.flatten(expected), strict=True)
    return max(np.linalg.norm(a - e) / np.linalg.norm(e) for a, e in pairs)


@compiled
@every_unit
def test_the_gradient_is_the_central_difference(unit):
    arguments, function = arguments_of(unit), loss(unit, MASKS["gaps"])
    with xla(False):
        assert worst(gradients(function, arguments), central_differences(function, arguments)) <= 1e-7


@every_unit
@pytest.mark.parametrize("mask, drop", [("no mask", None), ("row", None), ("left", random_drop(SIZE))])
def test_the_gradient_is_the_automatic_one(unit, mask, drop):
    arguments = random_arguments(unit)
    expected = gradients(loss(automatic(unit), MASKS[mask], drop), arguments)
    assert reference.distance(gradients(loss(unit, MASKS[mask], drop), arguments), expected) <= 1e-12


@dataclasses.dataclass(frozen=True)
class OtherOrder(equations.ResetAfterGRU):
    """Two products, taken back in another order than that of the columns, without a recurrent bias."""

    products = ("ur", "c")
    recurrent_bias = False

    def step(self, z, state, p):
        (x_u, x_r), (x_c,) = z.inputs("ur"), z.inputs("c")
        (h_u, h_r), (h_c,) = z.recurrent("ur", state.c), z.recurrent("c", state.c)
        gamma_u, gamma_r = sigmoid(x_u + h_u, x_r + h_r)
        c_tilde = tanh(x_c + gamma_r * h_c)
        return type(state)(gamma_u * c_tilde + (1 - gamma_u) * state.c), (gamma_u, gamma_r, c_tilde, h_c)

    def step_gradient(self, back, d_state, factors, p):
        (d_c,), (gamma_u, gamma_r, k_u, k_r, k_c) = d_state, factors
        d_z_u, d_z_c = d_c * k_u, d_c * k_c
        d_c_prev = d_c * (1 - gamma_u) + back("c", d_z_c * gamma_r) + back("ur", d_z_u, d_z_c * k_r)
        return type(d_state)(d_c_prev), (d_z_u, d_z_c * k_r, d_z_c)


def test_products_may_be_taken_apart_and_back_in_any_order():
    arguments = random_arguments(OtherOrder())
    expected = gradients(loss(automatic(OtherOrder()), MASKS["gaps"]), arguments)
    assert reference.distance(gradients(loss(OtherOrder(), MASKS["gaps"]), arguments), expected) <= 1e-12


@compiled
@only_tensorflow
@few_units
def test_the_gradient_through_xla_is_the_plain_automatic_one(unit):
    arguments, drop = random_arguments(unit), random_drop(SIZE)
    expected = gradients(loss(automatic(unit), MASKS["row"], drop), arguments)
    with xla(True):
        assert reference.distance(gradients(loss(unit, MASKS["row"], drop), arguments), expected) <= 1e-12


@compiled
@only_tensorflow
@one_unit
def test_the_automatic_gradient_through_xla_is_the_plain_one(unit):
    arguments, function = random_arguments(unit), loss(automatic(unit), MASKS["row"], random_drop(SIZE))
    expected = gradients(function, arguments)
    with xla(True):
        assert reference.distance(gradients(function, arguments), expected) <= 1e-12


@every_unit
def test_nan_at_masked_steps_reaches_no_output_and_no_gradient(unit):
    arguments, mask, drop = random_arguments(unit), MASKS["row"], random_drop(SIZE)
    x = arguments["x"]
    clean, spoilt = ({**arguments, "x": np.where(mask[:, :, None], x, value)} for value in (0.0, np.nan))
    function = loss(unit, mask, drop)
    assert arrays(function(tensors(spoilt))) == arrays(function(tensors(clean)))
    found = gradients(function, spoilt)
    assert reference.distance(found, gradients(function, clean)) == 0
    assert not found["x"][~mask].any()


def second_gradients(function, arguments):
    return arrays(second_gradients_of(function, tensors(arguments)))


def second_gradients_of(function, arguments):
    """The gradients of a random linear function of the gradients."""
    rng = np.random.default_rng(8)
    weights = tensors([rng.normal(size=a.shape) for a in tree.flatten(arguments)])

    def directional(arguments):
        found = tree.flatten(gradient(function)(arguments))
        return sum(ops.sum(g * weight) for g, weight in zip(found, weights, strict=True))

    return gradient(directional)(arguments)


@full_on_others
@one_unit
def test_the_second_order_gradient_is_the_automatic_one(unit):
    arguments, mask, drop = random_arguments(unit), MASKS["gaps"], random_drop(SIZE)
    expected = second_gradients(loss(automatic(unit), mask, drop), arguments)
    assert reference.distance(second_gradients(loss(unit, mask, drop), arguments), expected) <= 1e-11


@compiled
@only_tensorflow
@one_unit
def test_the_second_order_gradient_through_xla_is_the_plain_one(unit):
    arguments, function = random_arguments(unit), loss(unit, MASKS["gaps"], random_drop(SIZE))
    expected = second_gradients(function, arguments)
    with xla(True):
        assert reference.distance(second_gradients(function, arguments), expected) <= 1e-11
    graph = as_graph(lambda arguments: second_gradients_of(function, arguments))
    assert reference.distance(arrays(graph(tensors(arguments))), expected) <= 1e-11
