"""Equal data have equal digests, and all else has another one."""

import copy
import dataclasses

import numpy as np
import pytest

from seqzoo.data.digest import digest, row_numbers


def test_other_data_have_another_digest():
    arrays = np.arange(6), {"mask": np.ones((2, 3), bool)}, None
    others = np.arange(6), {"mask": np.ones((3, 2), bool)}, None
    assert digest(arrays) == digest(copy.deepcopy(arrays)) != digest(others)
    assert len({digest(np.zeros(2, dtype)) for dtype in ("int64", "float64")}) == 2
    assert digest({"a": arrays[0]}) != digest({"b": arrays[0]})


def test_texts_are_not_joined():
    values = [["ab", "c"], ["a", "bc"], ["abc"], "abc", ["a", ["bc"]], [1, 2], [[1], 2], [12], {"1": 2}, None, [], [None]]
    values += ["1", 1, 1.5]
    assert len({digest(value) for value in values}) == len(values)


def test_dataclasses_bytes_and_numbers_of_numpy_count():
    @dataclasses.dataclass
    class Piece:
        keys: np.ndarray

    assert digest(Piece(np.zeros(2))) != digest(Piece(np.ones(2)))
    assert digest(b"a") != digest(b"b") and digest(np.float32(1.5)) == digest(1.5)
    with pytest.raises(TypeError, match="has no digest"):
        digest({1}.union)


def test_rows_are_the_same_with_other_capitals_and_white_space():
    rows = row_numbers(["A good  film", "a good film\n", "a good films", ["a", "good", "film"], np.ones((2, 1), "float32")])
    assert rows.dtype == np.uint64 and rows[0] == rows[1] == rows[3] and len(set(rows.tolist())) == 3
    assert len(row_numbers([])) == 0
