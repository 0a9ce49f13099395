"""Recordings of a watch and vowels: the forms of their files."""

import io
import pickle
import types

import numpy as np
import pytest

from seqzoo.data.recordings import Recording, windows
from seqzoo.datasets import japanese_vowels, watch_exercises
from seqzoo.errors import DataError


def npy(value):
    """An array of one pickled object, as NumPy wrote it with Python 2's protocol."""
    file, array = io.BytesIO(), np.array(value, object)
    np.lib.format.write_array_header_1_0(file, np.lib.format.header_data_from_array_1_0(array))
    return file.getvalue() + pickle.dumps(array, protocol=2).replace(b"numpy._core.multiarray", b"numpy.core.multiarray")


def test_recordings_of_the_watch():
    x = np.empty(2, object)
    x[0], x[1] = np.zeros((5, 6)), np.ones((7, 6))
    held = {"X": x, "y": np.array([1, 0]), "subject": np.array([3, 9]), "y_labels": np.array(["PEN", "FEL"])}
    first, second = watch_exercises.parse(npy(held))
    assert first.labels == ["FEL"] * 5 and first.group == "person 3" and second.values.shape == (7, 6)
    assert (first.name, second.name) == ("recording 1", "recording 2")


def test_a_pickle_that_runs_code_is_refused():
    class Evil:
        def __reduce__(self):
            return print, ("run",)

    for content in (npy({"X": Evil()}), npy(types.SimpleNamespace(x=1))):
        with pytest.raises(DataError, match="expected arrays alone"):
            watch_exercises.parse(content)
    with pytest.raises(DataError, match=r"watch_dataset\.npy: "):
        watch_exercises.parse(pickle.dumps({}))


VOWELS = "#comment\n@problemName x\n@data\n" + ":".join(["1,2,3"] * 12) + ":4\n" + ":".join(["5,6"] * 12) + ":9\n"


def test_vowels():
    examples = japanese_vowels.parse("train.ts", VOWELS.encode())
    assert examples.targets == ["4", "9"] and [x.shape for x in examples.inputs] == [(3, 12), (2, 12)]
    np.testing.assert_array_equal(examples.inputs[0][:, 0], [1, 2, 3])
    with pytest.raises(DataError, match=r"train\.ts:4: expected 12 lists of equally many numbers and a label"):
        japanese_vowels.parse("train.ts", VOWELS.replace("1,2,3:", "1,2:", 1).encode())
    with pytest.raises(DataError, match="no line after @data"):
        japanese_vowels.parse("train.ts", b"@data\n")


def test_windows_of_a_recording():
    recording = Recording(np.arange(10.0)[:, None], ["a"] * 5 + ["b"] * 5, "p", "r")
    found = windows(recording, 4, 2)
    assert [w.values[0, 0] for w in found] == [0, 2, 4, 6] and [w.label for w in found] == ["a", "a", "b", "b"]
    (short,) = windows(recording, 40, 20)
    assert len(short.values) == 10 and short.label == "a"
