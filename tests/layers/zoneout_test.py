"""`zoneout` of a layer: random in training, the mean at inference, one rate for each part of the state."""

import keras
import numpy as np
import pytest
import reference
from backends import arrays
from units import BATCH, INPUTS, SIZE, STEPS, UNITS, cell_of, few_layers, layer_of, random_x, randomise, zero_state

from seqzoo.layers import GRU, LSTM, Bidirectional, LSTMCell, Stacked


def built(name, **arguments):
    layer = layer_of(name, return_sequences=True, return_state=True, **arguments)
    layer.build((None, None, INPUTS))
    return randomise(layer)


@few_layers
def test_at_inference_the_state_is_the_mean(name):
    layer, x = built(name, zoneout=0.25), random_x(dtype="float32")
    unit = UNITS[name]
    shares = np.full((BATCH, STEPS, len(unit.State._fields) * SIZE), 0.75)
    expected = reference.run(name, layer.as_notes(), x, zero_state(unit), zoneout=shares)
    outputs, *last = arrays(layer(x))
    assert reference.distance((outputs, tuple(last)), expected) <= 2e-6


def test_in_training_each_unit_keeps_its_state_at_the_rate():
    layer, x = GRU(64, zoneout=0.25, return_sequences=True, seed=0), np.random.default_rng(0).normal(size=(8, 50, 3))
    states = arrays(layer(x.astype("float32"), training=True))
    kept = states[:, 1:] == states[:, :-1]
    assert abs(kept.mean() - 0.25) < 0.01
    assert kept.mean((0, 1)).min() > 0.1 and kept.mean((0, 1)).max() < 0.4  # drawn anew for each step and row
    assert not np.array_equal(arrays(layer(x, training=True)), states)
    assert not (arrays(layer(x))[:, 1:] == states[:, :-1]).any()


def test_each_part_of_the_state_has_its_rate():
    layer, x = LSTM(32, zoneout=(0.0, 0.5), return_sequences=True, return_state=True, seed=0), random_x(8, 20, dtype="float32")
    first, *_ = layer(x, training=True)
    assert not (arrays(first)[:, 1:] == arrays(first)[:, :-1]).any()
    _, *before = layer(x[:, :1], training=True)
    _, _, after = layer(x[:, 1:2], initial_state=before, training=True)
    assert 0.3 < (arrays(after) == arrays(before[1])).mean() < 0.7


def test_without_zoneout_nothing_is_drawn():
    layer, plain = (GRU(SIZE, seed=3, **given) for given in ({"zoneout": (0.0,)}, {}))
    assert layer.cell.share is None
    assert np.array_equal(arrays(layer(random_x(dtype="float32"), training=True)).shape, arrays(plain(random_x())).shape)


@pytest.mark.parametrize("wrap", [Bidirectional, lambda layer: Stacked(layer, 2)], ids=["Bidirectional", "Stacked"])
def test_it_trains_and_is_saved(wrap, tmp_path):
    model = keras.Sequential([keras.Input((STEPS, INPUTS)), wrap(LSTM(SIZE, zoneout=(0.05, 0.5))), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    x = random_x(dtype="float32")
    model.fit(x, np.ones((BATCH, 1)), epochs=2, verbose=0)
    model.save(tmp_path / "model.keras")
    copy = keras.saving.load_model(tmp_path / "model.keras")
    assert np.array_equal(arrays(copy(x)), arrays(model(x)))


def test_a_cell_alone_computes_the_mean_and_does_not_train():
    cell = cell_of("GRU", zoneout=0.5)
    cell.build((None, INPUTS))
    x_t = random_x(dtype="float32")[:, 0]
    cell(x_t, cell.get_initial_state(BATCH))
    with pytest.raises(ValueError, match="A cell cannot train with `zoneout`"):
        cell(x_t, cell.get_initial_state(BATCH), training=True)


@pytest.mark.parametrize(
    "rates, message", [(1.0, "below 1, got 1.0"), ((0.1,), r"one for each part of the state \(a, c\)"), ("a", "got 'a'")]
)
def test_a_rate_is_checked(rates, message):
    for cls in (LSTM, LSTMCell):
        with pytest.raises(ValueError, match=f"`zoneout` must be .*{message}"):
            cls(SIZE, zoneout=rates)
