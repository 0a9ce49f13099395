"""cuDNN on TensorFlow: on a CPU a plain loop of the op's signature stands in for it."""

import numpy as np
import pytest
import reference
from backends import BACKEND, arrays, constant_tensors, gradients, tensors
from engine.gradients_test import loss
from units import MASKS, UNITS, random_arguments

from seqzoo.engine.through_time import through_time
from seqzoo.layers import GRU, LSTM, SimpleRNN

if BACKEND != "tensorflow":
    pytest.skip("this op is TensorFlow's", allow_module_level=True)

import tensorflow as tf

from seqzoo.backend import tensorflow_cudnn

OF_CUDNN = {name: unit for name, unit in UNITS.items() if unit.cudnn}
every_unit = pytest.mark.parametrize("unit", OF_CUDNN.values(), ids=OF_CUDNN)
GATES = {"lstm": 4, "gru": 3, "rnn_tanh": 1, "rnn_relu": 1}


def stand_in(*, input, input_h, input_c, params, sequence_lengths, rnn_mode):
    """`tf.raw_ops.CudnnRNNV3` of one layer in one direction, as cuDNN documents it: gates i, f, g, o or r, i, h'."""
    gates, (steps, _, inputs), units = GATES[rnn_mode], input.shape, input_h.shape[2]
    sizes = [gates * units * inputs, gates * units * units, gates * units, gates * units]
    kernel, recurrent, *biases = tf.split(params, sizes)
    kernel, recurrent = tf.reshape(kernel, (-1, inputs)), tf.reshape(recurrent, (-1, units))
    h, c, outputs = input_h[0], input_c[0], []
    for t in range(steps):
        of_x, of_h = input[t] @ tf.transpose(kernel) + biases[0], h @ tf.transpose(recurrent) + biases[1]
        z = of_x + of_h
        if rnn_mode == "gru":
            r, i = tf.split(tf.sigmoid(z[:, : 2 * units]), 2, axis=1)
            new_c, new_h = c, (1 - i) * tf.tanh(of_x[:, 2 * units :] + r * of_h[:, 2 * units :]) + i * h
        elif rnn_mode == "lstm":
            i, f, g, o = tf.split(z, 4, axis=1)
            new_c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
            new_h = tf.sigmoid(o) * tf.tanh(new_c)
        else:
            new_c, new_h = c, tf.tanh(z) if rnn_mode == "rnn_tanh" else tf.nn.relu(z)
        running = (t < sequence_lengths)[:, None]
        h, c = tf.where(running, new_h, h), tf.where(running, new_c, c)
        outputs.append(tf.where(running, h, tf.zeros_like(h)))
    return tf.stack(outputs), h[None], c[None], tf.zeros(0), tf.zeros(0, tf.int8)


@pytest.fixture
def calls(monkeypatch):
    """The modes that cuDNN was asked for, as if there were a GPU."""
    calls = []
    monkeypatch.setattr(tensorflow_cudnn, "on_gpu", lambda: True)
    monkeypatch.setattr(tf.raw_ops, "CudnnRNNV3", lambda **given: calls.append(given["rnn_mode"]) or stand_in(**given))
    return calls


def test_the_op_takes_these_arguments():
    """The stand-in proves nothing about an op of another signature."""
    graph = tf.Graph()
    with graph.as_default():
        state = tf.zeros((1, 2, 5))
        given = {"input": tf.zeros((3, 2, 4)), "input_h": state, "input_c": state, "params": tf.zeros(220)}
        outputs = tf.raw_ops.CudnnRNNV3(**given, sequence_lengths=tf.constant([3, 3]), rnn_mode="lstm")
    assert len(outputs) == 5
    attributes = graph.get_operations()[-1].node_def.attr
    assert attributes["time_major"].b and attributes["is_training"].b
    assert (attributes["direction"].s, attributes["input_mode"].s) == (b"unidirectional", b"linear_input")


@every_unit
@pytest.mark.parametrize("mask", ["no mask", "right"])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("in_graph", [True, False])
def test_cudnn_is_the_loop(unit, mask, bias, in_graph, calls, compiled):
    arguments = random_arguments(unit)
    if not bias:
        arguments["weights"] = {name: w for name, w in arguments["weights"].items() if not name.endswith("bias")}
    constants = constant_tensors(mask=MASKS[mask])

    def run(**way):
        function = tf.function if in_graph else lambda f: f
        return function(lambda: through_time(unit, **tensors(arguments), **constants, **way))()

    assert reference.distance(arrays(run(use_cudnn=True)), arrays(run())) <= 1e-14
    of_cudnn, of_loop = (gradients(loss(unit, MASKS[mask], **way), arguments) for way in ({"use_cudnn": True}, {}))
    assert reference.distance(of_cudnn, of_loop) <= 1e-12
    assert len(calls) == 2


@every_unit
@pytest.mark.parametrize("mask", ["gaps", "left", "row"])
@pytest.mark.parametrize("sequences", [True, False])
def test_another_mask_takes_the_loop_within_the_graph(unit, mask, sequences, calls, compiled):
    arguments = random_arguments(unit)
    steps = MASKS["right"] & (np.arange(4) > 0)[:, None] if mask == "row" else MASKS[mask]

    @tf.function
    def run(steps):
        return through_time(unit, **tensors(arguments), mask=steps, use_cudnn=True, sequences=sequences)

    expected = through_time(unit, **tensors(arguments), mask=tf.constant(steps), sequences=sequences)
    found = run(tf.constant(steps))
    assert reference.distance(arrays(found[1]), arrays(expected[1])) <= 1e-14
    assert (found[0] is None) == (not sequences)
    right = run(tf.constant(MASKS["right"]))
    expected = through_time(unit, **tensors(arguments), mask=tf.constant(MASKS["right"]), sequences=sequences)
    assert reference.distance(arrays(right[1]), arrays(expected[1])) <= 1e-14
    assert len(calls) == 1  # traced once, for both masks


@every_unit
def test_cudnn_is_left_out_where_it_computes_something_else(unit, calls, compiled):
    arguments, low = tensors(random_arguments(unit)), tensors(random_arguments(unit, dtype="float32"))
    through_time(unit, **arguments, use_cudnn=True, mask=tf.constant(MASKS["gaps"]))
    through_time(unit, **arguments, use_cudnn=True, recurrent_dropout=tf.ones_like(arguments["state"][0]))
    through_time(unit, **arguments, use_cudnn=True, segments=2)
    through_time(unit, **arguments, use_cudnn=True, unroll=True)
    through_time(unit, **(low | {"x": tf.cast(low["x"], tf.bfloat16)}), use_cudnn=True)
    tf.function(lambda: through_time(unit, **arguments, use_cudnn=True), jit_compile=True)()
    assert not calls


def test_keras_does_not_compile_a_layer_of_cudnn_as_a_whole(calls):
    """XLA would take the loop in its place."""
    assert not LSTM(3).supports_jit and not SimpleRNN(3).supports_jit and not GRU(3, reset_after=True).supports_jit
    assert LSTM(3, use_cudnn=False).supports_jit and GRU(3, reset_after=True, use_cudnn=False).supports_jit
    assert LSTM(3, peephole="output").supports_jit and GRU(3).supports_jit


def test_without_a_gpu_keras_may_compile_the_layer():
    assert LSTM(3).supports_jit and SimpleRNN(3).supports_jit
