"""Recordings of several channels, with a label at each sample; and their windows."""

from collections import Counter
from typing import NamedTuple

import numpy as np


class Recording(NamedTuple):
    """Recording: `values` float32 `(samples, channels)`, a label for each sample, whose it is, and its name."""

    values: np.ndarray
    labels: list[str]
    group: str
    name: str


class Window(NamedTuple):
    """Window of a recording: its values, the label of most of its samples, and the recording's name."""

    values: np.ndarray
    label: str
    recording: str


def windows(recording: Recording, size: int, hop: int) -> list[Window]:
    """Returns the windows of `size` samples that begin at every `hop`-th sample; one window if the recording is shorter."""
    last = max(0, len(recording.values) - size)
    return [
        Window(recording.values[begin : begin + size], majority(recording.labels[begin : begin + size]), recording.name)
        for begin in range(0, last + 1, hop)
    ]


def majority(labels: list[str]) -> str:
    """Returns the commonest label; of equally common ones the first."""
    return Counter(labels).most_common(1)[0][0]
