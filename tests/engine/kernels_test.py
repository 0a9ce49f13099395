"""The steps of a sequence as one GPU kernel, which a CPU interprets: the oracle, the gradients and the laws of the loop."""

import contextlib
import types

import numpy as np
import pytest
import reference
from backends import BACKEND, arrays, constant_tensors, needs_float64, tensors
from engine.gradients_test import test_nan_at_masked_steps_reaches_no_output_and_no_gradient as test_nan
from engine.gradients_test import test_the_gradient_is_the_automatic_one as test_gradients
from engine.gradients_test import test_the_gradient_is_the_central_difference as test_differences
from engine.gradients_test import test_the_second_order_gradient_is_the_automatic_one as test_second_order
from engine.outputs_test import test_low_precision_products_stay_near_the_float32_ones as test_low_precision
from engine.outputs_test import test_one_row_and_one_step_are_the_oracle as test_one_row_and_one_step
from engine.outputs_test import test_recurrent_dropout_is_the_oracles as test_recurrent_dropout
from engine.outputs_test import test_the_engine_is_the_oracle as test_oracle
from laws.masks_test import test_padding_never_changes_an_output as test_padding
from units import UNITS, automatic, every_unit, random_arguments

from seqzoo.backend import jax_kernel, kernels, kernels_fit
from seqzoo.engine import kernel_steps, steps
from seqzoo.engine.through_time import through_time

if BACKEND != "jax":
    pytest.skip("kernels are JAX's", allow_module_level=True)

import jax

pytestmark = needs_float64
tests_of_the_loop = test_oracle, test_recurrent_dropout, test_one_row_and_one_step, test_low_precision, test_padding
tests_of_its_gradients = test_gradients, test_differences, test_second_order, test_nan

ON_GPU = jax.default_backend() == "gpu"
PROGRAMS = 66  # half of the processors of an NVIDIA H100


@pytest.fixture(autouse=True)
def _kernels():
    with kernels(True):
        yield


def test_one_kernel_runs_the_forward_pass_and_one_the_backward_pass(monkeypatch):
    calls, scan = [], jax_kernel.kernel_scan
    monkeypatch.setattr(jax_kernel, "kernel_scan", lambda *given: calls.append(given) or scan(*given))
    arguments = tensors(random_arguments(UNITS["SimplifiedGRU"], batch=5, steps=3))
    jax.grad(lambda given: through_time(UNITS["SimplifiedGRU"], **given)[0].sum())(arguments)
    assert {reverse for *_, reverse, _, _ in calls} == {False, True}


def test_a_batch_of_models_runs_its_kernels_in_turn():
    unit, arguments = UNITS["GRU"], tensors(random_arguments(UNITS["GRU"]))
    several = jax.tree.map(lambda a: jax.numpy.stack([a, 2 * a, -a]), arguments)
    found = jax.vmap(lambda given: through_time(unit, **given))(several)
    for i in range(3):
        expected = through_time(unit, **jax.tree.map(lambda a, i=i: a[i], several))
        assert reference.distance(arrays(jax.tree.map(lambda a, i=i: a[i], found)), arrays(expected)) <= 1e-14


def test_kernels_that_do_not_fit_on_chip_have_no_layout():
    def layout(units, batch=64, itemsize=4, matrices=4, products=1):
        return jax_kernel.layout(batch, units, matrices, products, itemsize, PROGRAMS)

    assert layout(64).slices == 1 and layout(48) == layout(64)
    assert layout(128, matrices=3, products=2, itemsize=2).slices == 1  # a GRU in bfloat16
    assert layout(128, matrices=3, products=2).slices == 4
    assert layout(128).slices == 4 and layout(256).slices == 16
    assert layout(512, itemsize=2) is not None
    assert layout(512) is None and layout(1024) is None and layout(256, batch=2000) is None
    for units in (128, 256, 512):
        for batch in (1, 16, 64, 256):
            found = layout(units, batch, itemsize=2)
            assert found is None or found.slices * -(-batch // found.rows) <= PROGRAMS


def test_a_kernel_runs_by_default_where_it_was_measured(monkeypatch):
    device = types.SimpleNamespace(core_count=132, compute_capability="9.0")
    monkeypatch.setattr("seqzoo.backend.jax._on_gpu", lambda: True)
    monkeypatch.setattr(jax, "local_devices", lambda: [device])
    gru, lstm = UNITS["GRU"], UNITS["LSTM"]

    def fit(unit=gru, batch=64, units=256, dtype="float32"):
        return kernels_fit(unit, batch, units, dtype)

    with kernels(None):
        assert fit() and fit(lstm) and fit(units=512, dtype="bfloat16") and fit(batch=256)
        assert not fit(UNITS["ResetAfterGRU"])
        assert not fit(units=512) and not fit(lstm, batch=256) and not fit(lstm, units=512, dtype="bfloat16")
        assert not fit(dtype="float64") and not fit(dtype="float16") and not fit(batch=None) and not fit(automatic(gru))
        with jax.default_matmul_precision("highest"):
            assert not fit() and fit(dtype="bfloat16")
        device.compute_capability = "8.0"
        assert not fit()
    with kernels(True):
        assert fit(lstm, units=512, dtype="bfloat16") and not fit(units=1024) and not fit(dtype="float64")
    with kernels(False):
        assert not fit()


BY_HAND = {name: unit for name, unit in UNITS.items() if unit.step_gradient}


@pytest.mark.parametrize("unit", BY_HAND.values(), ids=BY_HAND)
def test_every_unit_lowers_for_cuda(unit, monkeypatch):
    monkeypatch.setattr("seqzoo.backend.jax._on_gpu", lambda: True)
    for units, slices, dtype in (48, 1, "float32"), (64, 2, "bfloat16"), (256, 8, "float32"), (1024, 64, "bfloat16"):
        layout = jax_kernel.Layout(max(units, 64), slices, 16, 4)  # whether it fits on chip, the lowering does not know
        monkeypatch.setattr("seqzoo.backend.jax._layout", lambda *_, layout=layout: layout)
        key = steps.Steps(unit, dtype, "residuals")
        for function, given in zip((steps.forward, steps.backward), _arrays(key, units), strict=True):
            run = jax.jit(lambda *given, f=function, key=key: kernel_steps.run(f, key, *given))
            with _device():
                assert "triton" in run.trace(*given).lower(lowering_platforms=("cuda",)).as_text()


def _arrays(key, units, batch=20, length=3):
    """The types of the arrays of the forward and of the backward pass, with all that a kernel may be given."""
    gates, unit = len(key.unit.gates), key.unit

    def array(*shape, dtype="float32"):
        return jax.ShapeDtypeStruct(shape, dtype)

    rows = {"state": tuple(array(batch, units) for _ in unit.State._fields), "dropout": array(batch, units)}
    weights = {"recurrent_kernel": array(units, gates * units)} | {f"p_{gate}": array(units) for gate in unit.peepholes}
    weights |= {"recurrent_bias": array(gates * units)} if unit.recurrent_bias else {}
    sequences = {"z": array(length, batch, gates * units), "mask": array(length, batch, 1, dtype="bool")}
    forward = sequences, rows, weights
    _, residuals = jax.eval_shape(lambda *given: steps.forward(key, *given), *forward)
    d_outputs = (array(length, batch, units),)
    inputs = {"residuals": residuals, "d_outputs": d_outputs, "mask": sequences["mask"]}
    return forward, (inputs, rows | {"d_state": rows["state"]}, weights)


def _device():
    """From JAX 0.11 on, the lowering asks for the device."""
    if not hasattr(jax.sharding, "AbstractDevice"):
        return contextlib.nullcontext()
    device = jax.sharding.AbstractDevice(device_kind="NVIDIA H100 80GB HBM3", num_cores=132, platform="gpu")
    return jax.sharding.use_abstract_mesh(jax.sharding.AbstractMesh((), (), abstract_device=device))


@pytest.mark.skipif(not ON_GPU, reason="programs that wait for each other run on a GPU alone")
@pytest.mark.parametrize("units", [128, 200, 256])
@every_unit
def test_slices_are_the_loop(unit, units):
    rng = np.random.default_rng(0)
    shapes = {"kernel": (3, len(unit.gates) * units), "recurrent_kernel": (units, len(unit.gates) * units)}
    weights = {
        name: rng.normal(size=shape) / 16 for name, shape in (shapes | {f"p_{g}": (units,) for g in unit.peepholes}).items()
    }
    state = tuple(rng.normal(size=(40, units)) for _ in unit.State._fields)
    arguments = {"x": rng.normal(size=(40, 30, 3)), "state": state, "weights": weights}
    arguments = tensors(jax.tree.map(lambda a: a.astype("float32"), arguments))
    mask = constant_tensors(mask=rng.random((40, 30)) < 0.8)

    def loss(arguments):
        return sum((a**2).sum() for a in jax.tree.leaves(through_time(unit, **arguments, **mask)))

    found = arrays(jax.grad(loss)(arguments))
    with kernels(False):
        expected = arrays(jax.grad(loss)(arguments))
    assert max(map(_apart, jax.tree.leaves(found), jax.tree.leaves(expected))) <= 1e-3


def _apart(a, b):
    return np.linalg.norm(a - b) / np.linalg.norm(b)
