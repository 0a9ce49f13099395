"""Adding and copying: a reader that sees everything solves both."""

import numpy as np
import pytest

from seqzoo.datasets import adding_and_copying


@pytest.mark.parametrize("steps", [2, 7, 40])
def test_one_marker_in_each_half_and_the_sum_of_both(steps):
    x, y = adding_and_copying.adding(200, steps, np.random.default_rng(0))
    assert x.shape == (200, steps, 2) and y.shape == (200, 1) and x.dtype == np.float32
    numbers, markers = x[:, :, 0], x[:, :, 1]
    assert set(np.unique(markers)) <= {0, 1} and 0 <= numbers.min() <= numbers.max() < 1
    np.testing.assert_array_equal(markers[:, : steps // 2].sum(axis=1), 1)
    np.testing.assert_array_equal(markers[:, steps // 2 :].sum(axis=1), 1)
    np.testing.assert_allclose(
        y[:, 0], [row[marked == 1].sum() for row, marked in zip(numbers, markers, strict=True)], rtol=1e-6
    )


def test_always_one_errs_by_two_twelfths():
    _, y = adding_and_copying.adding(20000, 10, np.random.default_rng(0))
    assert np.mean((y - 1) ** 2) == pytest.approx(2 / 12, abs=0.005)


@pytest.mark.parametrize("blanks", [1, 25])
def test_the_letters_then_blanks_a_cue_and_room_to_answer(blanks):
    x, y = adding_and_copying.copying(300, blanks, np.random.default_rng(0))
    assert x.shape == (300, blanks + 20, adding_and_copying.SYMBOLS) and y.shape == (300, 10)
    np.testing.assert_array_equal(x.sum(axis=2), 1)
    ids = x.argmax(axis=2)
    np.testing.assert_array_equal(ids[:, :10] - 1, y)
    assert set(y.flat) == set(range(adding_and_copying.LETTERS))
    np.testing.assert_array_equal(ids[:, 10:-11], adding_and_copying.BLANK)
    np.testing.assert_array_equal(ids[:, -11], adding_and_copying.CUE)
    np.testing.assert_array_equal(ids[:, -10:], adding_and_copying.BLANK)


def test_sizes_that_cannot_be():
    with pytest.raises(ValueError, match="`steps` must be at least 2, got 1"):
        adding_and_copying.adding(1, 1, np.random.default_rng(0))
    with pytest.raises(ValueError, match="`blanks` must be a positive integer, got 0"):
        adding_and_copying.copying(1, 0, np.random.default_rng(0))
