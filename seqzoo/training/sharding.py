"""The rows of each batch that one of several processes reads."""

import copy

import keras
import numpy as np

from seqzoo.data.batches import Batches
from seqzoo.errors import DataError


class ShardedBatches(keras.utils.PyDataset):
    """One of so many equal shares of every batch of another data set: share k of n has the k-th n-th of the rows.

    Args:
        batches: a `keras.utils.PyDataset`, the same in all processes, whose batches have axis 0 for their rows.
        number: of the share, from 0.
        count: of the shares.
        pieces: into how many each share is divided again, on the devices of a process.
        numbers: whether truth values become 0 and 1.

    Raises:
        DataError: batches cannot be divided.
    """

    def __init__(self, batches: keras.utils.PyDataset, number: int, count: int, pieces: int = 1, numbers: bool = False):
        super().__init__()
        self.batches, self.number, self.count, self.pieces, self.numbers = batches, number, count, pieces, numbers
        self.cut = not isinstance(batches, Batches)
        if not self.cut:  # it reads no more than the share
            self.batches = copy.copy(batches)
            self.batches.part = self._part(batches.batch_size)

    @property
    def num_batches(self) -> int:
        return self.batches.num_batches

    def start_epoch(self, number: int) -> None:
        """As `Ordered` calls it."""
        getattr(self.batches, "start_epoch", lambda number: None)(number)

    def on_epoch_begin(self) -> None:
        self.batches.on_epoch_begin()

    def on_epoch_end(self) -> None:
        self.batches.on_epoch_end()

    def __getitem__(self, index: int):
        return keras.tree.map_structure(self._shared, self.batches[index])

    def _shared(self, array: np.ndarray) -> np.ndarray:
        """`(batch, ...)`, or what was read of it, -> `(batch / count, ...)`."""
        rows = array[self._part(len(array))] if self.cut else array
        return rows.astype(np.int32) if self.numbers and rows.dtype == bool else rows

    def _part(self, rows: int) -> slice:
        parts = self.count * self.pieces
        if rows % parts:
            raise DataError(f"--batch-size: expected a multiple of {parts}, as many as share a batch, found {rows}")
        size = rows // self.count
        return slice(self.number * size, (self.number + 1) * size)
