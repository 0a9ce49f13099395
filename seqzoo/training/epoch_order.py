"""Batch order: a shuffle that depends on the seed and the epoch alone, so that a training can resume at any batch."""

import random

import keras


class EpochOrder(keras.utils.PyDataset):
    """Data set that yields the batches of another one in an order that depends on the seed and the epoch alone.

    Keras draws the order of an epoch when the epoch begins. This class draws it from the state that Python's `random` had when
    the object was made. So epoch e has the same order whether or not this process trained the epochs before it.

    Args:
        batches: a `keras.utils.PyDataset`. Its method `start_epoch(number)`, if any, is called, with 1 for the first epoch.
        shuffle: whether batches change places.
    """

    def __init__(self, batches: keras.utils.PyDataset, shuffle: bool = True):
        super().__init__()
        self.batches, self.shuffle, self.rng_state = batches, shuffle, random.getstate()
        self.begin_at(0, 0)

    def begin_at(self, epoch: int, step: int) -> None:
        """Sets the next epoch and its first batch to read, both from 0. Until the epoch begins nothing is shuffled."""
        self.next, self.step, self.order = (epoch, step), 0, list(range(self.batches.num_batches))

    def on_epoch_begin(self) -> None:
        """Keras calls this before it reads an epoch; on JAX it calls this twice before the first epoch."""
        epoch, self.step = self.next
        getattr(self.batches, "start_epoch", lambda number: None)(epoch + 1)
        self.order = self._shuffled(epoch) if self.shuffle else self.order

    def _shuffled(self, epoch: int) -> list[int]:
        rng = random.Random()
        rng.setstate(self.rng_state)
        for _ in range(epoch + 1):  # as if all epochs had been trained
            order = list(range(self.batches.num_batches))
            rng.shuffle(order)
        return order

    @property
    def num_batches(self) -> int:
        """Number of batches that are left in the epoch, or will be left when it begins."""
        return len(self.order) - max(self.step, self.next[1])

    def __getitem__(self, index: int):
        return self.batches[self.order[self.step + index]]
