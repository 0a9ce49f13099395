"""Stream of a many-to-one model: after the last step of a window it says what the model says of the window."""

import numpy as np
import pytest

from seqzoo.layers.standardization import Standardization
from seqzoo.models import ManyToOne, ManyToOneStream, WindowStream

WINDOW, HOP, LABELS = 8, 4, ("a", "b", "c")


def model_of(**options):
    encoder = Standardization(features=3)
    encoder.adapt(np.random.default_rng(0).normal(size=(50, 3)) * 2 + 1)
    model = ManyToOne(encoder=encoder, labels=LABELS, units=5, depth=2, **options)
    rng = np.random.default_rng(1)
    for weight in model.trainable_weights:
        weight.assign(rng.normal(size=weight.shape))
    return model


@pytest.mark.parametrize("pooling", ["last", "mean", "max", "both"])
@pytest.mark.parametrize("cell", ["gru", "lstm-peephole"])
def test_a_stream_says_what_the_model_says_of_windows(pooling, cell):
    model = model_of(pooling=pooling, cell=cell, dense=(4,))
    x = np.random.default_rng(2).normal(size=(30, 3)).astype("float32")
    stream, windows = ManyToOneStream(model, WINDOW, HOP), 0
    for t in range(30):
        answer, steps = stream.push(x[t])
        expected = model.answers([x[t + 1 - steps : t + 1]])[0]
        assert answer.label == expected.label
        np.testing.assert_allclose(answer.score, expected.score, rtol=1e-4)
        windows += steps == WINDOW
    assert windows == 6  # the ones that end at 7, 11, ..., 27
    first = model_of(pooling=pooling, cell=cell).answers([x])
    assert len(first) == 1
    stream.reset()
    assert stream.push(x[0])[1] == 1


def test_a_bidirectional_model_reads_its_last_window_anew():
    model, x = model_of(bidirectional=True), np.random.default_rng(2).normal(size=(30, 3)).astype("float32")
    stream = WindowStream(model, WINDOW, HOP)
    for t in range(30):
        answer, steps = stream.push(x[t])
        end = (t + 1) // HOP * HOP or 1
        expected = model.answers([x[max(0, end - WINDOW) : end]])[0]
        assert answer.label == expected.label and steps == min(end, WINDOW)
        np.testing.assert_allclose(answer.score, expected.score, rtol=1e-4)


def test_what_cannot_stream():
    with pytest.raises(ValueError, match="bidirectional"):
        ManyToOneStream(model_of(bidirectional=True), WINDOW, HOP)
    with pytest.raises(ValueError, match="multiple"):
        ManyToOneStream(model_of(), 8, 3)
