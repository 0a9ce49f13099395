"""Batches in an order of the epoch's own, wherever one begins."""

import random

import keras
import numpy as np
import pytest

from seqzoo.data.batches import Batches
from seqzoo.training.epoch_order import EpochOrder


class Numbers(keras.utils.PyDataset):
    def __len__(self):
        return 7

    def __getitem__(self, index):
        return index


def read(batches, epoch, step=0):
    batches.begin_at(epoch, step)
    batches.on_epoch_begin()
    return [batches[i] for i in range(batches.num_batches)]


def ordered(seed=3, **arguments):
    random.seed(seed)
    return EpochOrder(Numbers(), **arguments)


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("epoch", range(3))
@pytest.mark.parametrize("step", range(7))
def test_the_rest_of_an_epoch_is_the_same_wherever_one_begins(shuffle, epoch, step):
    batches = ordered(shuffle=shuffle)
    epochs = [read(batches, number) for number in range(4)]
    batches = ordered(shuffle=shuffle)
    assert [read(batches, epoch, step), read(batches, epoch + 1)] == [epochs[epoch][step:], epochs[epoch + 1]]


def test_each_epoch_has_all_batches_in_an_order_of_its_own_and_of_the_seed():
    batches = ordered()
    epochs = [read(batches, number) for number in range(4)]
    assert all(sorted(epoch) == list(range(7)) for epoch in epochs) and len(set(map(tuple, epochs))) == 4
    assert read(ordered(seed=4), 0) != epochs[0] == read(ordered(), 0)
    assert read(ordered(shuffle=False), 0) == list(range(7))


def test_before_the_first_epoch_batches_lie_as_they_do_in_the_data():
    """Keras on TensorFlow looks at the first two, which `Batches` makes differ in length."""
    batches = ordered()
    assert [batches[i] for i in range(2)] == [0, 1] and batches.num_batches == 7


def test_the_order_is_that_which_keras_draws():
    random.seed(5)
    state, drawn = random.getstate(), []
    for _ in range(2):
        order = list(range(7))
        random.shuffle(order)
        drawn.append(order)
    random.setstate(state)
    batches = EpochOrder(Numbers())
    assert [read(batches, 0), read(batches, 1)] == drawn


def test_rows_too_are_those_of_the_epoch():
    sequences = [[i] * (1 + i % 5) for i in range(1, 40)]

    def rows(epoch):
        random.seed(0)
        batches = EpochOrder(Batches(sequences, np.arange(39), batch_size=4))
        return [targets.tolist() for _, targets, _ in read(batches, epoch)]

    assert rows(2) == rows(2) != rows(1)
