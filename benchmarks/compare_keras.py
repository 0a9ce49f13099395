"""Benchmark models with layers of seqzoo and of keras.layers, equal but for the recurrent layer."""

import keras

from benchmarks.cases import data
from seqzoo import layers

XLA, RESET_AFTER = "keras.layers, XLA", "keras.layers, reset_after"


def simplified_gru(units):
    return layers.GRU(units, relevance_gate=False, return_sequences=True)


def simplified_gru_of_keras(units):
    return keras.layers.RNN(layers.GRUCell(units, relevance_gate=False), return_sequences=True)


def gru(units):
    return layers.GRU(units, return_sequences=True)


def gru_of_keras(units):
    return keras.layers.GRU(units, reset_after=False, return_sequences=True)


def reset_after_gru(units):
    return layers.GRU(units, reset_after=True, return_sequences=True)


def reset_after_gru_of_keras(units):
    return keras.layers.GRU(units, return_sequences=True)


def lstm(units):
    return layers.LSTM(units, return_sequences=True)


def lstm_of_keras(units):
    return keras.layers.LSTM(units, return_sequences=True)


def peephole(units):
    return layers.LSTM(units, peephole="output", return_sequences=True)


def peephole_of_keras(units):
    return keras.layers.RNN(layers.LSTMCell(units, peephole="output"), return_sequences=True)


def simple_rnn(units):
    return layers.SimpleRNN(units, return_sequences=True)


def simple_rnn_of_keras(units):
    return keras.layers.SimpleRNN(units, return_sequences=True)


def both_directions(ours, of_keras):
    return lambda n: [layers.Bidirectional(ours(n))], lambda n: [keras.layers.Bidirectional(of_keras(n))]


# {unit: (layers of seqzoo, layers of Keras)}. If Keras lacks the unit, Keras's loop runs the cell of seqzoo.
LAYERS = {
    "simplified GRU": (lambda n: [simplified_gru(n)], lambda n: [simplified_gru_of_keras(n)]),
    "full GRU": (lambda n: [gru(n)], lambda n: [gru_of_keras(n)]),
    "reset-after GRU": (lambda n: [reset_after_gru(n)], lambda n: [reset_after_gru_of_keras(n)]),
    "LSTM": (lambda n: [lstm(n)], lambda n: [lstm_of_keras(n)]),
    "LSTM peephole": (lambda n: [peephole(n)], lambda n: [peephole_of_keras(n)]),
    "simple RNN": (lambda n: [simple_rnn(n)], lambda n: [simple_rnn_of_keras(n)]),
    "bidirectional GRU": both_directions(gru, gru_of_keras),
    "bidirectional LSTM": both_directions(lstm, lstm_of_keras),
    "stacked LSTM": (lambda n: [layers.Stacked(lstm(n), depth=3)], lambda n: [lstm_of_keras(n) for _ in range(3)]),
}


def contestants(case, wanted=None):
    """Returns {name: {"forward": function, "training step": function}}; a function runs one batch."""
    ours, of_keras = LAYERS[case.unit]
    makers = {"seqzoo": (ours, "auto"), "keras.layers": (of_keras, "auto")}
    if keras.backend.backend() == "tensorflow":  # on JAX every model is compiled by XLA
        makers[XLA] = (of_keras, True)
    if case.unit == "full GRU":
        makers[RESET_AFTER] = (lambda n: [reset_after_gru_of_keras(n)], "auto")
    return {name: _runs(case, *maker) for name, maker in makers.items() if wanted is None or name in wanted}


def _runs(case, maker, jit_compile):
    x, y, mask = map(_tensor, data(case))
    model = _model(case, maker(case.size[-1]), jit_compile)
    inputs = x if mask is None else [x, mask]
    return {
        "forward": lambda: model.predict_on_batch(inputs),
        "training step": lambda: float(model.train_on_batch(inputs, y)),
    }


def _tensor(a):
    return None if a is None else keras.ops.convert_to_tensor(a)


def _model(case, recurrent, jit_compile):
    _, steps, inputs, _ = case.size
    sequences = h = keras.Input((steps, inputs))
    mask = keras.Input((steps,), dtype="bool") if case.masked else None
    for layer in recurrent:
        h = layer(h, mask=mask)
    model = keras.Model([sequences, mask] if case.masked else sequences, keras.layers.Dense(1)(h))
    model.compile("sgd", "mse", jit_compile=jit_compile)
    return model
