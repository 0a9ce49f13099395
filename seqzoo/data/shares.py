"""The rows of each batch that one of several processes reads."""

import keras
import numpy as np

from seqzoo.data.errors import DataError


class Share(keras.utils.PyDataset):
    """One of so many equal shares of every batch of another data set: share k of n has the k-th n-th of the rows.

    Args:
        batches: a `keras.utils.PyDataset`, the same in all processes.
        number: of the share, from 0.
        count: of the shares.

    Raises:
        DataError: a batch is asked for that cannot be divided.
    """

    def __init__(self, batches: keras.utils.PyDataset, number: int, count: int):
        super().__init__()
        self.batches, self.number, self.count = batches, number, count

    @property
    def num_batches(self) -> int:
        return self.batches.num_batches

    def start_epoch(self, number: int) -> None:
        """As of `Ordered`."""
        getattr(self.batches, "start_epoch", lambda number: None)(number)

    def on_epoch_begin(self) -> None:
        self.batches.on_epoch_begin()

    def on_epoch_end(self) -> None:
        self.batches.on_epoch_end()

    def __getitem__(self, index: int):
        return keras.tree.map_structure(self._rows, self.batches[index])

    def _rows(self, array: np.ndarray) -> np.ndarray:
        """`(batch, ...)` -> `(batch / count, ...)`."""
        size, rest = divmod(len(array), self.count)
        if rest:
            raise DataError(f"--batch-size: expected a multiple of {self.count}, as many as share a batch, got {len(array)}")
        return array[self.number * size : (self.number + 1) * size]
