"""Layers of sounds: the log-mel spectrogram against a NumPy oracle, SpecAugment, and the laws of padding."""

import keras
import numpy as np
import pytest
from backends import arrays
from keras import ops

from seqzoo.layers import LogMel, SoundEncoder, SpecAugment

RATE, WINDOW, HOP, BANDS = 8000, 256, 80, 20


def waveform(samples, seed=0):
    return (np.random.default_rng(seed).normal(size=samples) * 0.1).astype("float32")


def oracle(samples):
    """The definition of `LogMel.decibels`, frame by frame and band by band, in float64."""
    mel_of, hertz_of = (lambda f: 2595 * np.log10(1 + f / 700)), (lambda m: 700 * (10 ** (m / 2595) - 1))
    centres = hertz_of(np.linspace(0, mel_of(RATE / 2), BANDS + 2))
    window, padded = np.hanning(WINDOW + 1)[:-1], np.append(samples.astype(np.float64), np.zeros(WINDOW))
    frames = []
    for start in range(0, len(samples), HOP):
        power = np.abs(np.fft.rfft(window * padded[start : start + WINDOW])) ** 2 / (WINDOW / 4) ** 2
        energies = []
        for low, centre, high in zip(centres, centres[1:], centres[2:], strict=False):
            f = np.arange(WINDOW // 2 + 1) * RATE / WINDOW
            rising, falling = (f - low) / (centre - low), (high - f) / (high - centre)
            energies.append(np.sum(power * np.maximum(0, np.minimum(rising, falling))))
        frames.append(10 * np.log10(np.maximum(energies, 1e-8)))
    return np.array(frames)


@pytest.mark.parametrize("samples", [1, 79, 80, 81, 1234])
def test_the_spectrogram_is_the_oracle_s(samples):
    layer, x = LogMel(RATE, BANDS), waveform(samples)
    found = ops.convert_to_numpy(layer.decibels(x[None]))[0]
    assert found.shape == (-(-samples // HOP), BANDS)
    np.testing.assert_allclose(found, oracle(x), atol=2e-3)


def test_a_sine_at_full_scale_has_0_dB_and_silence_80_less():
    sine = np.sin(2 * np.pi * 1000 / RATE * np.arange(2000)).astype("float32")
    found = ops.convert_to_numpy(LogMel(RATE, BANDS).decibels(np.stack([sine, 0 * sine])))
    assert abs(found[0, 5:15].max() - 0) < 2 and np.all(found[1] == pytest.approx(-80))


def test_adapted_frames_have_mean_0_and_deviation_1():
    layer, sounds = LogMel(RATE, BANDS), [waveform(4000, seed) for seed in range(3)]
    layer.adapt(sounds)
    frames = np.concatenate([ops.convert_to_numpy(layer(x[None]))[0] for x in sounds])
    np.testing.assert_allclose(frames.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(frames.std(axis=0), 1, atol=1e-4)


@pytest.mark.parametrize("stack", [1, 3])
def test_padding_and_neighbours_change_nothing(stack):
    encoder, lengths = SoundEncoder(RATE, BANDS, stack=stack), (1900, 700, 1)
    encoder.adapt([waveform(4000)])
    sounds = [waveform(n, n) for n in lengths]
    mask = np.arange(2500) < np.array(lengths)[:, None]
    batch = np.where(mask, np.stack([np.pad(x, (0, 2500 - len(x))) for x in sounds]), 7.0).astype("float32")
    found = ops.convert_to_numpy(encoder(batch, mask=ops.convert_to_tensor(mask)))
    steps = ops.convert_to_numpy(encoder.steps_mask(mask)).sum(axis=1)
    assert list(steps) == [encoder.steps(n) for n in lengths]
    for row, x in enumerate(sounds):
        alone = ops.convert_to_numpy(encoder(x[None], mask=np.ones((1, len(x)), bool)))[0]
        np.testing.assert_allclose(found[row, : steps[row]], alone, atol=1e-5)
        assert not found[row, steps[row] :].any()


def test_a_later_sound_changes_no_earlier_frame():
    layer, x = LogMel(RATE, BANDS), waveform(3000)
    louder = x.copy()
    louder[2000:] *= 50
    before, after = (ops.convert_to_numpy(layer.decibels(wave[None]))[0] for wave in (x, louder))
    whole = (2000 - WINDOW) // HOP + 1
    np.testing.assert_array_equal(before[:whole], after[:whole])


def test_spec_augment_hides_spans_in_training_alone():
    layer, x = SpecAugment(1, 0.5, 1, 0.5, seed=1), np.ones((40, 20, 10), "float32")
    mask = np.arange(20) < np.r_[np.full(20, 20), np.full(20, 8)][:, None]
    assert arrays([layer(x, mask=mask)])[0].all()
    hidden = arrays([layer(x, mask=mask, training=True)])[0] == 0
    spans, bands = hidden.all(axis=2).sum(axis=1), hidden.all(axis=1).sum(axis=1)
    assert spans[:20].max() <= 10 and spans[20:].max() <= 4 and bands.max() <= 5
    assert spans.max() > 3 and bands.max() > 2 and len({tuple(row) for row in hidden.all(axis=2)}) > 10
    for row in hidden[20:].all(axis=2):
        assert not row[8:].any()  # no span is spent on padding


def test_they_are_saved_with_their_statistics(tmp_path):
    encoder = SoundEncoder(RATE, BANDS, stack=2, augment=True)
    encoder.adapt([waveform(4000)])
    inputs = keras.Input((None,))
    model = keras.Model(inputs, encoder(inputs))
    model.save(tmp_path / "m.keras")
    loaded = keras.saving.load_model(tmp_path / "m.keras")
    x = waveform(1000)[None]
    np.testing.assert_array_equal(*(ops.convert_to_numpy(m(x)) for m in (model, loaded)))
    assert loaded.output.shape == (None, None, 40)


def test_under_a_mixed_policy_the_spectrogram_is_float32():
    layer, mixed = LogMel(RATE, BANDS), LogMel(RATE, BANDS, dtype="mixed_bfloat16")
    x = waveform(2000)[None]
    outputs = layer(x), mixed(x)
    assert [keras.backend.standardize_dtype(y.dtype) for y in outputs] == ["float32", "bfloat16"]
    plain, rounded = (ops.convert_to_numpy(ops.cast(y, "float32")) for y in outputs)
    np.testing.assert_allclose(rounded, plain, rtol=2**-8)


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: LogMel(0), "`sample_rate` must be a positive integer, got 0"),
        (lambda: LogMel(8000, hop=0.05), "`hop` must be a sample at least and `window` at most"),
        (lambda: LogMel(8000, bands=100), "`bands` must be fewer"),
        (lambda: SoundEncoder(8000, stack=0), "`stack` must be a positive integer"),
        (lambda: SpecAugment(time_share=2), "`time_share` must be from 0 to 1"),
        (lambda: SpecAugment(band_masks=-1), "`band_masks` must be a positive integer"),
    ],
)
def test_bad_arguments(make, message):
    with pytest.raises(ValueError, match=message):
        make()
