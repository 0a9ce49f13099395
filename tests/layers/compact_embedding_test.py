"""The compact embedding: what a file holds, and what comes back."""

import keras
import numpy as np
import pytest
from keras import ops

from seqzoo.layers.compact_embedding import CompactEmbedding, CompactReversibleEmbedding, to_int8


@pytest.mark.parametrize("scale", [1e-30, 1e-3, 1.0, 7e4])
def test_numbers_move_by_half_a_scale_at_most_and_then_no_more(scale):
    rows = (scale * np.random.default_rng(0).normal(size=(500, 33))).astype("float32")
    numbers, scales = to_int8(rows)
    assert numbers.dtype == np.int8 and np.abs(numbers).max() <= 127
    rounded = numbers * scales
    assert (np.abs(rounded - rows) <= 0.5001 * scales).all() and (
        scales <= 1.01 * np.abs(rows).max(1, keepdims=True) / 127
    ).all()
    again, scales_again = to_int8(rounded)
    np.testing.assert_array_equal(again * scales_again, rounded)


def test_one_matrix_is_tied():
    with pytest.raises(ValueError, match="tie_weights"):
        CompactReversibleEmbedding(5, 3, tie_weights=False)


def test_zeros_stay():
    numbers, scales = to_int8(np.zeros((2, 3), np.float32))
    assert not numbers.any() and np.isfinite(scales).all()


@pytest.mark.parametrize("kind", [CompactEmbedding, CompactReversibleEmbedding])
def test_a_file_is_a_quarter_and_a_rounded_layer_comes_back_bit_for_bit(tmp_path, kind):
    inputs = keras.Input((None,), dtype="int32")
    layer = kind(5000, 64)
    model = keras.Model(inputs, layer(inputs))
    before = ops.convert_to_numpy(layer.embeddings)
    layer.round()
    after = ops.convert_to_numpy(layer.embeddings)
    assert 0 < np.abs(after - before).max() <= np.abs(before).max() / 254 * 1.01
    model.save(tmp_path / "model.keras")
    assert (tmp_path / "model.keras").stat().st_size < 1.2 * 5000 * 64
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.get_weights()[0], after)
    ids = np.arange(10)[None]
    np.testing.assert_array_equal(loaded.predict_on_batch(ids), model.predict_on_batch(ids))
