"""Files of weights: those of Keras's layers are refused, ours are known by their mark, and old ones by an argument."""

import keras
import numpy as np
import pytest
import reference
from backends import arrays
from keras import layers as theirs
from units import INPUTS, SIZE, random_x, randomise

from seqzoo import layers as ours
from seqzoo.layers import conversion, weight_mark

LAYERS = {
    "SimpleRNN": lambda module: module.SimpleRNN(SIZE),
    "GRU": lambda module: module.GRU(SIZE, reset_after=False),
    "GRU by default": lambda module: module.GRU(SIZE),
    "reset-after GRU": lambda module: module.GRU(SIZE, reset_after=True),
    "LSTM": lambda module: module.LSTM(SIZE),
    "Bidirectional": lambda module: module.Bidirectional(module.LSTM(SIZE)),
    "RNN": lambda module: theirs.RNN(module.LSTMCell(SIZE)),
}
every_layer = pytest.mark.parametrize("make", LAYERS.values(), ids=LAYERS)


def model_of(layer, seed=0):
    model = keras.Sequential([keras.Input((None, INPUTS)), layer, theirs.Dense(2)])
    return randomise(model, seed)


def unmarked(model, path, monkeypatch):
    """The file that an old version would have written."""
    with monkeypatch.context() as patch:
        patch.setattr(weight_mark, "write", lambda store, unit: None)
        (model.save if path.suffix == ".keras" else model.save_weights)(path)
    return path


@every_layer
def test_a_file_of_keras_is_refused_and_says_what_to_do(make, tmp_path):
    model_of(make(theirs)).save_weights(tmp_path / "theirs.weights.h5")
    mine, before = model_of(make(ours), 1), model_of(make(ours), 1).get_weights()
    with pytest.raises(ValueError, match=r"no mark of seqzoo.*conversion.from_keras\(model\).*unmarked=True"):
        mine.load_weights(tmp_path / "theirs.weights.h5")
    assert all(np.array_equal(*pair) for pair in zip(mine.layers[0].get_weights(), before[:-2], strict=True))


def test_a_whole_model_of_keras_is_no_file_of_our_weights(tmp_path):
    model_of(theirs.LSTM(SIZE)).save(tmp_path / "theirs.keras")
    with pytest.raises(ValueError, match="no mark of seqzoo"):
        model_of(ours.LSTM(SIZE)).load_weights(tmp_path / "theirs.keras")


def test_a_file_in_pieces_is_refused_too(tmp_path):
    model_of(theirs.LSTM(SIZE)).save_weights(tmp_path / "theirs.weights.json", max_shard_size=1)
    with pytest.raises(ValueError, match="no mark of seqzoo"):
        model_of(ours.LSTM(SIZE)).load_weights(tmp_path / "theirs.weights.json")


@pytest.mark.parametrize("by_name", [False, True])
def test_a_file_of_keras_2_is_refused_too(by_name, tmp_path):
    layer = ours.LSTM(SIZE, name="lstm")
    model_of(theirs.LSTM(SIZE, name="lstm")).save(tmp_path / "theirs.h5")
    with pytest.raises(ValueError, match="no mark of seqzoo"):
        model_of(layer).load_weights(tmp_path / "theirs.h5", **({"by_name": True} if by_name else {}))
    model_of(layer).save(tmp_path / "ours.h5")
    conversion.load_weights(model_of(layer, 1), tmp_path / "ours.h5", unmarked=True)
    copy = keras.saving.load_model(tmp_path / "ours.h5", compile=False)
    assert all(np.array_equal(*pair) for pair in zip(copy.get_weights(), model_of(layer).get_weights(), strict=True))


@every_layer
def test_a_file_of_ours_is_read_to_the_bit(make, tmp_path):
    model, copy = model_of(make(ours)), model_of(make(ours), 1)
    for name in ("ours.weights.h5", "ours.keras"):
        (model.save if name.endswith("keras") else model.save_weights)(tmp_path / name)
        copy.load_weights(tmp_path / name)
        assert all(np.array_equal(*pair) for pair in zip(copy.get_weights(), model.get_weights(), strict=True))
        randomise(copy, 1)


@every_layer
def test_keras_does_not_read_a_file_of_ours(make, tmp_path):
    model_of(make(ours)).save_weights(tmp_path / "ours.weights.h5")
    with pytest.raises(ValueError, match="expected . variables"):
        model_of(make(theirs)).load_weights(tmp_path / "ours.weights.h5")


def test_weights_of_another_unit_of_the_same_shapes_are_refused(tmp_path):
    model_of(ours.GRU(SIZE, use_bias=False)).save_weights(tmp_path / "notes.weights.h5")
    with pytest.raises(ValueError, match="weights of `equations.GRU`, and this cell computes `equations.ResetAfterGRU`"):
        model_of(ours.GRU(SIZE, use_bias=False, reset_after=True)).load_weights(tmp_path / "notes.weights.h5")


def test_an_old_file_of_ours_is_read_where_that_is_said(tmp_path, monkeypatch):
    model, copy = model_of(ours.LSTM(SIZE)), model_of(ours.LSTM(SIZE), 1)
    old = unmarked(model, tmp_path / "old.weights.h5", monkeypatch)
    with pytest.raises(ValueError, match="no mark of seqzoo"):
        conversion.load_weights(copy, old)
    conversion.load_weights(copy, old, unmarked=True)
    assert all(np.array_equal(*pair) for pair in zip(copy.get_weights(), model.get_weights(), strict=True))
    with pytest.raises(ValueError, match="no mark of seqzoo"):  # the argument holds for one call
        copy.load_weights(old)


def test_an_old_model_of_ours_is_known_by_its_classes(tmp_path, monkeypatch):
    model = model_of(ours.LSTM(SIZE))
    copy = keras.saving.load_model(unmarked(model, tmp_path / "old.keras", monkeypatch))
    assert all(np.array_equal(*pair) for pair in zip(copy.get_weights(), model.get_weights(), strict=True))


@pytest.mark.parametrize("both", [False, True], ids=["forward", "both"])
@pytest.mark.parametrize("name", ["SimpleRNN", "GRU", "LSTM"])
def test_the_way_that_the_message_names_gives_the_same_outputs(name, both, tmp_path):
    def theirs_of(seed):
        layer = getattr(theirs, name)(SIZE)
        return model_of(theirs.Bidirectional(layer) if both else layer, seed)

    trained, x = theirs_of(0), random_x(dtype="float32")
    trained.save_weights(tmp_path / "theirs.weights.h5")
    model = theirs_of(1)
    model.load_weights(tmp_path / "theirs.weights.h5")
    mine = conversion.from_keras(model.layers[0])
    assert reference.distance(arrays(model.layers[1](mine(x))), arrays(trained(x))) <= 1e-6
    for copy, weight in zip(conversion.to_keras(mine).get_weights(), trained.layers[0].get_weights(), strict=True):
        assert copy.tobytes() == weight.tobytes()
