"""Two models that people have, with their recurrent layers replaced by ours: the same weights, the same losses.

A bidirectional text classifier and a character-level sequence to sequence model, on the text of Python's own documentation.
"""

import functools
import pydoc_data.topics

import keras
import numpy as np
import pytest
from extent import compiled, without
from keras import ops

from seqzoo.layers import conversion

pytestmark = compiled
STEPS, BATCH = 50, 16
RECURRENT = keras.layers.RNN, keras.layers.Bidirectional


@functools.cache
def words():
    return " ".join(pydoc_data.topics.topics.values()).lower().split()


def swapped(model):
    """The same model with our layers: converted ones for the recurrent ones, copies of all others."""

    def ours(layer):
        return conversion.from_keras(layer) if isinstance(layer, RECURRENT) else type(layer).from_config(layer.get_config())

    copy = keras.models.clone_model(model, clone_function=ours)
    for mine, theirs in zip(copy.layers, model.layers, strict=True):
        if not isinstance(theirs, RECURRENT):
            mine.set_weights(theirs.get_weights())
    return copy


def classifier(vocabulary=500, length=40):
    """Is a passage from the first or the second half of the documentation?"""
    ids = keras.Input((None,), dtype="int32")
    x = keras.layers.Embedding(vocabulary, 32)(ids)
    x = keras.layers.Bidirectional(keras.layers.LSTM(24, return_sequences=True))(x)
    x = keras.layers.Bidirectional(keras.layers.LSTM(24))(x)
    model = keras.Model(ids, keras.layers.Dense(1, activation="sigmoid")(x))
    numbers = {word: i % vocabulary for i, word in enumerate(dict.fromkeys(words()))}
    text = np.array([numbers[word] for word in words()])
    text = text[: len(text) // length * length].reshape(-1, length)
    halves = (np.arange(len(text)) >= len(text) // 2).astype("float32")[:, None]
    return model, "binary_crossentropy", text, halves


def sequence_to_sequence(units=48, length=10):
    """From the letters of a word to those of the next; the decoder is given the letter before."""
    letters = sorted({letter for word in words() for letter in word})[:60]
    encoded, decoded = keras.Input((None, len(letters) + 1)), keras.Input((None, len(letters) + 1))
    _, *state = keras.layers.LSTM(units, return_state=True)(encoded)
    outputs, *_ = keras.layers.LSTM(units, return_sequences=True, return_state=True)(decoded, initial_state=state)
    model = keras.Model([encoded, decoded], keras.layers.Dense(len(letters) + 1, activation="softmax")(outputs))

    def one_hot(word):
        numbers = [letters.index(letter) + 1 if letter in letters else 0 for letter in word[:length].ljust(length)]
        return np.eye(len(letters) + 1, dtype="float32")[numbers]

    first, second = (np.stack([one_hot(word) for word in words()[i : i + STEPS * BATCH]]) for i in (0, 1))
    before = np.concatenate([np.zeros_like(second[:, :1]), second[:, :-1]], axis=1)
    return model, "categorical_crossentropy", [first, before], second


def losses(model, loss, x, y):
    """Those of 50 steps, and a last one that no step followed."""
    model.compile(keras.optimizers.Adam(0.005), loss)
    order = np.random.default_rng(0).permutation(len(y))[: STEPS * BATCH].reshape(STEPS, BATCH)
    batches = [([a[rows] for a in x] if isinstance(x, list) else x[rows], y[rows]) for rows in order]
    return [float(ops.convert_to_numpy(model.train_on_batch(*batch))) for batch in batches]


@pytest.mark.parametrize("task", without([sequence_to_sequence], [classifier, sequence_to_sequence]))
def test_a_model_trains_to_the_same_losses_with_our_layers(task):
    model, *rest = task()
    copy = swapped(model)
    assert {type(layer).__module__.split(".")[0] for layer in copy.layers if isinstance(layer, RECURRENT)} == {"seqzoo"}
    theirs, ours = losses(model, *rest), losses(copy, *rest)
    assert np.abs(np.subtract(ours, theirs)).max() <= 1e-4
    assert np.mean(theirs[-10:]) < np.mean(theirs[:10])
