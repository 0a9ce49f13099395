"""Dense baseline for DNA sequences of one length: a network without recurrence, which sees each position by itself."""

import random

import keras

from seqzoo.data.batches import Batches
from seqzoo.models import OneToOne
from seqzoo.tasks.dna.baselines import have_one_length
from seqzoo.training import fit, losses

BATCH_SIZE, MOST_EPOCHS = 128, 30


def dense_baseline(train, validation, inputs, seed=0):
    """Returns predictions of a dense network, `{name: a label for each input}`; `{}` if the sequences differ in length.

    Args:
        train, validation: `(inputs, labels)` each; the epoch with the lowest loss on validation is kept.
        inputs: arrays `(T_x, 4)`.
        seed: random seed of the weights, of dropout and of the batch order.
    """
    if not have_one_length(train[0], validation[0], inputs):
        return {}
    random.seed(seed)  # Keras draws its own seeds from `random`
    model = OneToOne(train[0][0].shape, sorted(set(train[1])), dropout=0.2, dtype="float32")
    model.compile(keras.optimizers.Adam(3e-3), losses.CrossEntropy())
    fit.fit(model, _batches(model, *train, seed), _batches(model, *validation), MOST_EPOCHS, verbose=False)
    return {"dense network": [answer.label for answer in model.answers(inputs, BATCH_SIZE)]}


def _batches(model, inputs, labels, seed=None):
    """Batches of sequences with class numbers, in an order that changes every epoch if there is a seed."""
    y = [model.labels.index(label) for label in labels]
    return Batches(model.sequences(inputs), y, BATCH_SIZE, seed=seed or 0, shuffle=seed is not None)
