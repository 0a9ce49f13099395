"""Hand movements of Libras, from a file of the same form."""

import numpy as np
import pytest

from seqzoo.datasets import hand_movements
from seqzoo.errors import DataError


def line(value, label):
    return ",".join([str(value)] * 90 + [label])


def test_lines_become_curves():
    examples = hand_movements.parse("\n".join([line(0.25, "1"), line(1, "15.0")]).encode())
    assert examples.targets == ["1", "15"] and examples.inputs[0].shape == (45, 2)
    np.testing.assert_array_equal(examples.inputs[1], 1)


@pytest.mark.parametrize("text", [line(0.5, "16"), line("x", "3"), "1,2,3", line(0.5, "3") + ",4"])
def test_other_lines_are_named(text):
    with pytest.raises(DataError, match=r"movement_libras.dat:2: expected 90 numbers and a class from 1 to 15"):
        hand_movements.parse("\n".join([line(0.5, "2"), text]).encode())
