"""Speech recognizer: its loss against the enumeration of paths, padding, streams, saving."""

import itertools

import keras
import numpy as np
import pytest
from keras import ops

from seqzoo import presets
from seqzoo.data.batches import Batches
from seqzoo.data.tokenizer import Tokenizer
from seqzoo.decoding import ctc
from seqzoo.errors import DataError
from seqzoo.models import SpeechRecognizer, SpeechStream

RATE = 1000  # Hz: a step is 30 samples
TEXTS = ["ab", "aab", "b"]


def waveform(samples, seed=0):
    return (np.random.default_rng(seed).normal(size=samples) * 0.1).astype("float32")


def recognizer(**options):
    tokenizer = Tokenizer.train(TEXTS, "char", 10, lowercase=False)
    model = SpeechRecognizer(sample_rate=RATE, bands=4, units=5, tokenizer=tokenizer, **options)
    model.adapt([waveform(3000)])
    rng = np.random.default_rng(1)
    for weight in model.trainable_weights:
        weight.assign(rng.normal(size=weight.shape, scale=0.7))
    return model


def enumerated(log_p, text):
    """-log P(text), by all paths."""
    paths = itertools.product(range(log_p.shape[1]), repeat=len(log_p))
    collapsed = (path for path in paths if [token for token, _ in itertools.groupby(path) if token] == text)
    return -np.logaddexp.reduce([sum(log_p[t, token] for t, token in enumerate(path)) for path in collapsed])


@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
def test_the_loss_is_that_of_the_enumeration_with_masks_and_weights(dtype):
    model, sounds = recognizer(dtype=dtype), [waveform(n, n) for n in (150, 130, 60)]
    texts = ["ab", "aab", "b"]
    inputs, y, _ = Batches(sounds, model.targets(texts, sounds), 3, shuffle=False)[0]
    order = [texts.index("".join(model.names[i] for i in row)) for row in y]
    z = model(inputs)
    assert keras.backend.standardize_dtype(z.dtype) == "float32"
    log_p = ops.convert_to_numpy(ops.log_softmax(z)).astype(np.float64)
    expected = []
    for row, number in enumerate(order):
        steps = model.encoder.steps(len(sounds[number]))
        expected.append(enumerated(log_p[row, :steps], [int(i) for i in y[row] if i]))
    weights = np.array([1.0, 0.5, 2.0], "float32")
    found = model.compute_loss(inputs, ops.convert_to_tensor(y), z, ops.convert_to_tensor(weights))
    np.testing.assert_allclose(float(found), np.mean(weights * expected), atol=1e-5)


def test_a_target_that_no_path_has_counts_nothing():
    model = recognizer()
    inputs = {"inputs": np.zeros((2, 90), "float32"), "mask": np.arange(90) < np.array([[40], [90]])}
    y = np.array([[1, 1, 1], [1, 2, 0]])
    whole = float(model.compute_loss(inputs, y, model(inputs)))
    first = {name: a[1:] for name, a in inputs.items()}
    assert np.isfinite(whole) and whole == pytest.approx(float(model.compute_loss(first, y[1:], model(first))) / 2, abs=1e-5)


@pytest.mark.parametrize("bidirectional", [False, True])
def test_a_sound_in_a_batch_is_the_sound_alone(bidirectional):
    model, sounds = recognizer(bidirectional=bidirectional, depth=2), [waveform(n, n) for n in (700, 31, 400)]
    together = model.log_probabilities(sounds)
    for sound, log_p in zip(sounds, together, strict=True):
        assert log_p.shape == (model.encoder.steps(len(sound)), 3)
        np.testing.assert_allclose(model.log_probabilities([sound], 1)[0], log_p, atol=1e-5)


@pytest.mark.parametrize("options", [{"bidirectional": False}, {"lookahead": 0}, {"lookahead": 3}], ids=str)
@pytest.mark.parametrize("chunks", [(1000,), (7, 90), (30,)])
def test_a_stream_is_the_whole_sound(options, chunks):
    model = recognizer(depth=2, cell="lstm", **options)
    stream = SpeechStream(model)
    for samples in (5, 612):  # one after the other, on one stream
        sound = waveform(samples, 9)
        whole, found, tokens, start = model.log_probabilities([sound])[0], [], [], 0
        for size in itertools.cycle(chunks):
            found.append(stream.push(sound[start : start + size]))
            tokens += stream.tokens(found[-1])
            start += size
            if start >= samples:
                break
        found.append(stream.finish())
        tokens += stream.tokens(found[-1])
        np.testing.assert_allclose(np.concatenate(found), whole, atol=1e-5)
        assert tokens == [aligned.token for aligned in ctc.greedy(whole)]
        stream.reset()


def test_what_a_stream_keeps_does_not_grow():
    stream, sizes = SpeechStream(recognizer(lookahead=2)), []
    for _ in range(4):
        stream.push(waveform(500))
        sizes.append((len(stream.waiting) < stream.window, [tuple(part.shape) for part in stream.state]))
    assert len(set(map(str, sizes))) == 1


def test_a_whole_bidirectional_model_cannot_stream():
    with pytest.raises(ValueError, match="cannot stream"):
        SpeechStream(recognizer())


def test_transcripts_with_times_and_beams(tmp_path):
    model, sounds = recognizer(), [waveform(900, 1), waveform(300, 2)]
    for width in (1, 4):
        for transcript, sound in zip(model.transcripts(sounds, width), sounds, strict=True):
            assert transcript.text == "".join(token for token, _, _ in transcript.times)
            assert 0 < transcript.score <= 1
            flat = [second for _, begin, end in transcript.times for second in (begin, end)]
            assert flat == sorted(flat) and (not flat or flat[-1] <= len(sound) / RATE + 0.03)
    assert model.transcripts([]) == []
    presets.save(model, tmp_path)
    again = presets.load(tmp_path)
    assert again.transcripts(sounds, 4) == model.transcripts(sounds, 4)


def test_the_probability_of_a_transcript_is_that_of_the_loss():
    model, sounds = recognizer(), [waveform(600, seed) for seed in range(5)]
    for log_p, beam in zip(model.log_probabilities(sounds), model.transcripts(sounds, 300), strict=True):
        ids = [model.names.index(token) for token, _, _ in beam.times]
        loss = ops.ctc_loss(np.array([ids or [0]]), log_p[None], np.array([len(ids)]), np.array([len(log_p)]), mask_index=0)
        assert beam.log_p == pytest.approx(-float(ops.convert_to_numpy(loss)[0]), abs=0.01)


def test_a_model_without_recurrence_sees_each_step_alone():
    model, sound = recognizer(depth=0), waveform(600)
    other = sound.copy()
    other[300:] = 0
    whole, changed = (model.log_probabilities([x])[0] for x in (sound, other))
    np.testing.assert_allclose(whole[:9], changed[:9], atol=1e-6)


@pytest.mark.parametrize(
    "text, samples, message",
    [
        ("abc", 900, "input 1: the transcript 'abc' has 'c', expected ab alone"),
        (" ", 900, "is empty"),
        ("aab", 90, "needs 4 steps of 30 ms, the sound has 3"),
    ],
)
def test_a_target_that_cannot_be_learnt(text, samples, message):
    with pytest.raises(DataError, match=message):
        recognizer().targets([text], [waveform(samples)])


def test_lookahead_needs_two_directions():
    with pytest.raises(ValueError, match="`lookahead` needs"):
        recognizer(bidirectional=False, lookahead=2)
