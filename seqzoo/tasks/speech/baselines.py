"""Baselines of speech: the most frequent transcript, a model without recurrence, and the mean spectrum of a sound."""

import random
from collections import Counter

import keras
import numpy as np
from keras import ops

from seqzoo.data.batches import Batches
from seqzoo.layers import LogMel
from seqzoo.models import SpeechRecognizer

MOST, MOST_QUICK, EPOCHS, BATCH = 1000, 250, 8, 32  # of the model without recurrence


def transcripts_of_baselines(dataset, tokenizer, bands, seed, quick=False):
    """Returns `{baseline: a text for each test sound}`.

    The model without recurrence is linear at each step, and learns from `MOST` training sounds for `EPOCHS` epochs; with
    --quick from `MOST_QUICK`.
    """
    frequent = Counter(dataset.train.targets).most_common(1)[0][0]
    most = MOST_QUICK if quick else MOST
    linear = linear_recognizer(dataset, tokenizer, bands, seed, most).transcripts(dataset.test.inputs)
    return {
        "most frequent": [frequent] * len(dataset.test),
        "linear, frame by frame": [transcript.text for transcript in linear],
    }


def linear_recognizer(dataset, tokenizer, bands, seed, most=MOST):
    """Returns a `SpeechRecognizer` without recurrent layers, trained on `most` sounds."""
    random.seed(seed)  # Keras draws its own seeds from `random`
    train = dataset.train.take(list(range(min(most, len(dataset.train)))))
    model = SpeechRecognizer(sample_rate=dataset.rate, bands=bands, depth=0, tokenizer=tokenizer)
    model.adapt(map(np.asarray, train.inputs[:200]))
    model.compile(keras.optimizers.Adam(1e-2))
    model.fit(Batches(train.inputs, model.targets(train.targets), BATCH, seed), epochs=EPOCHS, verbose=0)
    return model


def spectra(inputs, rate, bands):
    """Returns the log-mel spectrogram of each sound, `(frames, bands)`, as linear baselines take them."""
    layer = LogMel(rate, bands)
    return [ops.convert_to_numpy(layer.decibels(np.asarray(sound)[None]))[0] for sound in inputs]
