"""Data sharding: the rows of each batch that one of several processes reads."""

import copy

import keras
import numpy as np

from seqzoo.data.batches import Batches
from seqzoo.errors import DataError


class ShardedBatches(keras.utils.PyDataset):
    """Data set of one shard of every batch of another one: shard k of n has the k-th n-th of the rows.

    Args:
        batches: a `keras.utils.PyDataset`, the same in all processes, whose batches have their rows on axis 0.
        index: number of the shard, from 0.
        count: number of shards.
        devices: number of devices of a process, among which a shard is divided again.
        cast_bool: whether booleans become 0 and 1.

    Raises:
        DataError: batches cannot be divided.
    """

    def __init__(self, batches: keras.utils.PyDataset, index: int, count: int, devices: int = 1, cast_bool: bool = False):
        super().__init__()
        self.batches, self.index, self.count, self.devices, self.cast_bool = batches, index, count, devices, cast_bool
        self.slices = not isinstance(batches, Batches)
        if not self.slices:  # `Batches` reads no more than the shard
            self.batches = copy.copy(batches)
            self.batches.part = self._rows(batches.batch_size)

    @property
    def num_batches(self) -> int:
        return self.batches.num_batches

    def start_epoch(self, number: int) -> None:
        """Starts an epoch of the other data set, as `EpochOrder` does."""
        getattr(self.batches, "start_epoch", lambda number: None)(number)

    def on_epoch_begin(self) -> None:
        self.batches.on_epoch_begin()

    def on_epoch_end(self) -> None:
        self.batches.on_epoch_end()

    def __getitem__(self, index: int):
        return keras.tree.map_structure(self._shard, self.batches[index])

    def _shard(self, array: np.ndarray) -> np.ndarray:
        """The shard of an array: `(batch, ...)`, or `(batch / count, ...)` from `Batches`, -> `(batch / count, ...)`."""
        rows = array[self._rows(len(array))] if self.slices else array
        return rows.astype(np.int32) if self.cast_bool and rows.dtype == bool else rows

    def _rows(self, batch_size: int) -> slice:
        shards = self.count * self.devices
        if batch_size % shards:
            raise DataError(f"--batch-size: expected a multiple of {shards}, as many as share a batch, found {batch_size}")
        size = batch_size // self.count
        return slice(self.index * size, (self.index + 1) * size)
