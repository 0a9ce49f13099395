"""The same loop unrolled, cut into segments, or for its last state only: same results, same gradients."""

import importlib

import numpy as np
import pytest
import reference
from backends import (
    BACKEND,
    arrays,
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
from units import INPUTS, MASKS, SIZE, UNITS, automatic, every_unit, random_arguments, random_drop

from seqzoo import backend, layers
from seqzoo.engine import chunking
from seqzoo.engine.through_time import through_time

SOME = ["LSTM all"] if BACKEND == "jax" else ["GRU", "LSTM all"]  # which compiles each loop for seconds
some_units = pytest.mark.parametrize("unit", [UNITS[name] for name in SOME], ids=SOME)
one_unit = pytest.mark.parametrize("unit", without([UNITS["GRU"]], [UNITS[name] for name in SOME]), ids=SOME)
WAYS = [
    {"unroll": True},
    {"segments": 3, "unroll": True},
    {"segments": 4},
    {"segments": 99},
    {"chunk": 2},
    {"chunk": 99},
]
every_way = pytest.mark.parametrize("way", without(WAYS[:2] if BACKEND == "jax" else [], WAYS), ids=str)


def run(unit, arguments, mask=None, drop=None, **way):
    outputs, last = through_time(unit, **arguments, **constant_tensors(mask=mask, recurrent_dropout=drop), **way)
    return [*last] if outputs is None else [outputs, *last]


def loss(unit, mask=None, drop=None, **way):
    return lambda arguments: sum(ops.sum(ops.sin(a)) for a in run(unit, arguments, mask, drop, **way))


@needs_float64
@every_way
@every_unit
def test_every_loop_returns_the_same(unit, way):
    arguments, mask, drop = tensors(random_arguments(unit)), MASKS["gaps"], random_drop(SIZE)
    assert (
        reference.distance(arrays(run(unit, arguments, mask, drop, **way)), arrays(run(unit, arguments, mask, drop))) <= 1e-14
    )


@needs_float64
@every_way
@some_units
def test_every_loop_has_the_same_gradients(unit, way):
    arguments, mask, drop = random_arguments(unit), MASKS["gaps"], random_drop(SIZE)
    expected = gradients(loss(unit, mask, drop), arguments)
    assert reference.distance(gradients(loss(unit, mask, drop, **way), arguments), expected) <= 1e-13
    assert reference.distance(gradients(loss(automatic(unit), mask, drop, **way), arguments), expected) <= 1e-13


@needs_float64
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("way", [{"chunk": 3}, {"segments": 3}, {}], ids=str)
@some_units
def test_a_last_piece_that_is_not_full_changes_nothing(unit, way, masked, monkeypatch):
    monkeypatch.setattr(chunking, "CACHE_BYTES", 0)  # {}: by itself, in pieces of eight steps
    arguments = random_arguments(unit, steps=19)
    mask = np.random.default_rng(4).random((4, 19)) < 0.7 if masked else None
    whole = {"chunk": 19}
    found, expected = (arrays(run(unit, tensors(arguments), mask, **kind)) for kind in (way, whole))
    assert reference.distance(found, expected) <= 1e-14
    found, expected = (gradients(loss(unit, mask, **kind), arguments) for kind in (way, whole))
    assert reference.distance(found, expected) <= 1e-13


@full_on_others
@needs_float64
@pytest.mark.parametrize("way", [{}, {"sequences": False}, {"segments": 2}], ids=str)
@some_units
def test_shares_of_the_batch_change_nothing(unit, way, monkeypatch):
    arguments, drop = random_arguments(unit), random_drop(SIZE)
    for mask in (None, MASKS["gaps"]):
        expected = arrays(run(unit, tensors(arguments), mask, drop, **way)), gradients(loss(unit, mask, drop, **way), arguments)
        with monkeypatch.context() as changed:
            changed.setattr(chunking, "parallel_loops", lambda: 3)  # 4 examples: 2, 2, and 2 of zeros
            changed.setattr(chunking, "MIN_SHARD_ROWS", 1)
            found = (
                arrays(run(unit, tensors(arguments), mask, drop, **way)),
                gradients(loss(unit, mask, drop, **way), arguments),
            )
        assert reference.distance(found[0], expected[0]) <= 1e-14
        assert reference.distance(found[1], expected[1]) <= 1e-13


@compiled
@needs_float64
@only_tensorflow
@one_unit
def test_a_graph_for_any_batch_shares_it(unit, monkeypatch):
    import tensorflow as tf

    monkeypatch.setattr(chunking, "parallel_loops", lambda: 2)
    shares = []
    monkeypatch.setattr(chunking, "_shard", lambda *given, of=chunking._shard: shares.append(given) or of(*given))
    arguments = {batch: random_arguments(unit, batch=batch) for batch in (1, 7, 8, 9)}
    shapes = tree.map_structure(lambda a: tf.TensorSpec((None, *a.shape[1:]), "float64"), arguments[1])
    shapes["weights"] = tree.map_structure(lambda a: tf.TensorSpec(a.shape, "float64"), arguments[1]["weights"])
    graph = tf.function(gradient(loss(unit)), input_signature=[shapes])
    for of_batch in arguments.values():
        found = arrays(graph(tensors(of_batch)))
        with monkeypatch.context() as changed:
            changed.setattr(chunking, "parallel_loops", lambda: 1)
            assert reference.distance(found, gradients(loss(unit), of_batch)) <= 1e-12
    assert len(shares) == 2  # traced once, for all
    tf.function(lambda given: run(unit, given, training=False), input_signature=[shapes]).get_concrete_function()
    assert len(shares) == 3  # one where one example at a time may be asked about


def test_loops_that_run_together_divide_the_cores():
    with backend.xla(True):
        cores = backend.parallel_loops()
        with backend.concurrent_loops(2):
            assert backend.parallel_loops() == max(cores // 2, 1)
        assert backend.parallel_loops() == cores
    assert cores == 1 or BACKEND == "tensorflow"


@needs_float64
@some_units
def test_the_last_state_alone_is_the_last_state_and_has_its_gradients(unit):
    arguments = random_arguments(unit)
    for way in ({}, {"unroll": True}, {"segments": 2}):
        _, *expected = arrays(run(unit, tensors(arguments), MASKS["gaps"]))
        assert (
            reference.distance(arrays(run(unit, tensors(arguments), MASKS["gaps"], sequences=False, **way)), expected) <= 1e-14
        )
        found = gradients(loss(unit, MASKS["gaps"], sequences=False, **way), arguments)
        of_all = gradients(lambda a: sum(ops.sum(ops.sin(part)) for part in run(unit, a, MASKS["gaps"])[1:]), arguments)
        assert reference.distance(found, of_all) <= 1e-13


@compiled
@needs_float64
@only_tensorflow
@pytest.mark.parametrize("way", without([way for way in WAYS if "unroll" in way or 99 in way.values()], WAYS[1:]), ids=str)
@some_units
def test_a_compiled_graph_of_any_length_has_the_gradients_of_eager_calls(unit, way):
    import tensorflow as tf

    arguments = random_arguments(unit)
    shapes = tree.map_structure(lambda a: tf.TensorSpec(a.shape, "float64"), arguments)
    shapes["x"] = tf.TensorSpec((None, None, INPUTS), "float64")
    way = {name: value for name, value in way.items() if name != "unroll"}
    graph = tf.function(gradient(loss(unit, **way)), input_signature=[shapes])
    assert reference.distance(arrays(graph(tensors(arguments))), gradients(loss(unit), arguments)) <= 1e-12


@full_on_others
@needs_float64
@pytest.mark.parametrize("way", [{"segments": 2}, {"unroll": True}], ids=str)
@some_units
def test_a_gradient_of_a_gradient_is_the_plain_loops(unit, way):
    def squared(**way):
        def of_gradients(arguments):
            return sum(ops.sum(g**2) for g in tree.flatten(gradient(loss(unit, MASKS["gaps"], **way))(arguments)))

        return gradients(of_gradients, random_arguments(unit))

    assert reference.distance(squared(**way), squared()) <= 1e-11


@compiled
@pytest.mark.skipif(BACKEND == "tensorflow", reason="TensorFlow's forward mode is two reverse passes, and works")
@pytest.mark.parametrize("make", [layers.GRU, layers.LSTM, layers.SimpleRNN])
def test_forward_mode_is_refused_with_what_to_do_instead(make):
    x, layer = ops.ones((2, 3, INPUTS)), make(SIZE)
    layer.build(x.shape)
    module = importlib.import_module(BACKEND)
    jvp = module.jvp if BACKEND == "jax" else module.func.jvp
    with pytest.raises(TypeError, match="backward only.*Use `grad`"):
        jvp(layer, (x,), (x,))


@compiled
@only_tensorflow
def test_unrolling_an_unknown_length_is_refused():
    import tensorflow as tf

    graph = tf.function(layers.GRU(SIZE, unroll=True), input_signature=[tf.TensorSpec((None, None, INPUTS))])
    with pytest.raises(ValueError, match="`unroll=True` needs the number of steps"):
        graph(np.ones((2, 3, INPUTS), "float32"))


@pytest.mark.parametrize("segments", [0, -1, 1.5, True, "all"], ids=repr)
def test_segments_must_be_a_positive_integer(segments):
    with pytest.raises(ValueError, match=f"`segments` must be a positive integer, got {segments!r}"):
        layers.GRU(SIZE, segments=segments)
