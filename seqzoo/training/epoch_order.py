"""Batches in an order that depends on a seed and the epoch alone, from any one of them on."""

import random

import keras


class EpochOrder(keras.utils.PyDataset):
    """The batches of another data set, for a training that can go on where another one was cut off.

    Keras draws the order of an epoch when it gets there. Here it is drawn from Python's `random` as it was when the object was
    made, so that epoch e has the same order whether or not those before it were trained in this process.

    Args:
        batches: a `keras.utils.PyDataset`. Its `start_epoch(number)` is called, if it has one, with 1 for the first epoch.
        shuffle: whether batches change places.
    """

    def __init__(self, batches: keras.utils.PyDataset, shuffle: bool = True):
        super().__init__()
        self.batches, self.shuffle, self.chance = batches, shuffle, random.getstate()
        self.begin_at(0, 0)

    def begin_at(self, epoch: int, step: int) -> None:
        """What is read next is this epoch, from one of its batches on; both from 0. Until it begins nothing is shuffled."""
        self.next, self.step, self.order = (epoch, step), 0, list(range(self.batches.num_batches))

    def on_epoch_begin(self) -> None:
        """Keras calls this before it reads, on JAX once more before the first epoch."""
        epoch, self.step = self.next
        getattr(self.batches, "start_epoch", lambda number: None)(epoch + 1)
        self.order = self._shuffled(epoch) if self.shuffle else self.order

    def _shuffled(self, epoch: int) -> list[int]:
        chance = random.Random()
        chance.setstate(self.chance)
        for _ in range(epoch + 1):  # as if all epochs had been trained
            order = list(range(self.batches.num_batches))
            chance.shuffle(order)
        return order

    @property
    def num_batches(self) -> int:
        """What is left of the epoch; before it begins, what will be left then."""
        return len(self.order) - max(self.step, self.next[1])

    def __getitem__(self, index: int):
        return self.batches[self.order[self.step + index]]
