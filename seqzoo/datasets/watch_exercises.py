"""Exercises of the shoulder, recorded by a watch: acceleration and rotation along three axes each, 50 times a second.

Source: D.M. Burns et al., Shoulder physiotherapy exercise recognition: machine learning the inertial signals from a
smartwatch, Physiological Measurement 39 (2018), as `watch_dataset.npy` inside the release seglearn 1.2.5 (BSD licence): 140
recordings of ten persons, seven exercises with either arm, twenty repetitions each.
"""

import io
import pickle
from pathlib import Path

import numpy as np

from seqzoo.data import release_files
from seqzoo.data.recordings import Recording
from seqzoo.errors import DataError, boundary

RELEASE = release_files.ReleaseFile(
    project="seglearn",
    version="1.2.5",
    sha256="ec6b952c85c9627050102854b372d85951563d3b990df677d7c55547e87413dd",
    binary=True,
)
NAME, MEMBER, RATE = "watch_exercises", "seglearn/data/watch_dataset.npy", 50  # Hz
CHANNELS = ("acceleration x", "acceleration y", "acceleration z", "rotation x", "rotation y", "rotation z")
ALLOWED = {  # what the pickled arrays are made of
    ("numpy.core.multiarray", "_reconstruct"): np._core.multiarray._reconstruct,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
}


def read(folder: str | Path) -> list[Recording]:
    """Returns the recordings, float32 `(samples, 6)`; `group` is the person.

    Args:
        folder: where the release file is, or is fetched to.

    Raises:
        DataError: the file cannot be fetched, or has another form.
    """
    return parse(release_files.read(RELEASE.fetch(folder), MEMBER))


def parse(content: bytes) -> list[Recording]:
    """Returns the recordings of the file: an array of one pickled dict, of which no code is run but that of arrays."""
    with boundary(MEMBER):
        file = io.BytesIO(content)
        np.lib.format.read_magic(file)
        np.lib.format.read_array_header_1_0(file)
        held = _Arrays(file).load().item()
        labels, persons = [held["y_labels"][int(i)] for i in held["y"]], held["subject"]
        return [
            Recording(np.asarray(values, np.float32), [str(label)] * len(values), f"person {int(person)}", f"recording {i}")
            for i, (values, label, person) in enumerate(zip(held["X"], labels, persons, strict=True), start=1)
        ]


class _Arrays(pickle.Unpickler):
    """Reads arrays of numbers and texts, and nothing that could run code."""

    def find_class(self, module, name):
        if (module, name) == ("_codecs", "encode"):  # of the bytes of an array, which protocol 2 keeps as text
            return lambda text, encoding: text.encode("latin1")
        if (module, name) not in ALLOWED:
            raise DataError(f"{MEMBER}: {module}.{name}: expected arrays alone")
        return ALLOWED[module, name]
