"""Sound files: any usual form becomes one waveform, anything else one line."""

import shutil

import numpy as np
import pytest
import soundfile

from seqzoo.data import sounds
from seqzoo.data.sounds import Resampler, SoundFile, Waveform
from seqzoo.errors import DataError

RATE = 8000
SINE = 0.5 * np.sin(2 * np.pi * 440 / RATE * np.arange(4000))


def written(path, waveform=SINE, rate=RATE, **options):
    soundfile.write(path, waveform, rate, **options)
    return str(path)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW"])
def test_every_form_of_wav_is_read(tmp_path, subtype):
    sound = SoundFile.open(written(tmp_path / "a.wav", subtype=subtype), RATE)
    assert len(sound) == 4000 and np.asarray(sound).dtype == np.float32
    np.testing.assert_allclose(np.asarray(sound), SINE, atol=0.02)


@pytest.mark.parametrize("suffix", ["flac", "ogg"])
def test_other_formats(tmp_path, suffix):
    sound = np.asarray(SoundFile.open(written(tmp_path / f"a.{suffix}"), RATE))
    assert np.corrcoef(sound[:4000], SINE)[0, 1] > 0.98


def test_an_mp3_that_is_named_wav_is_read_as_what_it_is(tmp_path):
    sound = np.asarray(SoundFile.open(written(tmp_path / "a.wav", format="MP3"), RATE))
    assert max(np.corrcoef(sound[i : i + 3000], SINE[:3000])[0, 1] for i in range(0, len(sound) - 3000, 2)) > 0.98


def test_stereo_is_the_mean_of_its_channels(tmp_path):
    path = written(tmp_path / "a.wav", np.stack([SINE, 0 * SINE], axis=1), subtype="FLOAT")
    np.testing.assert_allclose(np.asarray(SoundFile.open(path, RATE)), SINE / 2, atol=1e-6)


@pytest.mark.parametrize("of_file", [44_100, 16_000, 11_025, 4000])
def test_another_sampling_rate_is_resampled(tmp_path, of_file):
    tone = 0.5 * np.sin(2 * np.pi * 440 / of_file * np.arange(of_file // 2))
    sound = SoundFile.open(written(tmp_path / "a.wav", tone, of_file), RATE)
    assert len(np.asarray(sound)) == len(sound) == pytest.approx(4000, abs=2)
    np.testing.assert_allclose(np.asarray(sound)[200:-200], SINE[200 : len(sound) - 200], atol=0.01)


@pytest.mark.parametrize("size", [1, 700, 5000])
def test_chunks_are_resampled_as_the_whole(size):
    tone, resample = np.sin(np.arange(8000) / 30).astype("float32"), Resampler(16_000, RATE)
    parts = [resample(tone[i : i + size], i + size >= len(tone)) for i in range(0, len(tone), size)][:9000]
    np.testing.assert_allclose(np.concatenate(parts), sounds.resample(tone, 16_000, RATE), atol=1e-3)


def test_a_waveform_in_memory_has_16_bits():
    waveform = Waveform.of([0.0, 0.5, -1.0, 2.0])
    assert waveform.samples.dtype == np.int16 and len(waveform) == 4
    np.testing.assert_allclose(np.asarray(waveform), [0, 0.5, -1, 1], atol=1e-4)


def test_a_silent_file_is_a_sound(tmp_path):
    assert not np.asarray(SoundFile.open(written(tmp_path / "a.wav", 0 * SINE), RATE)).any()


def test_a_truncated_file_is_read_as_far_as_it_goes(tmp_path):
    path = written(tmp_path / "a.wav")
    content = (tmp_path / "a.wav").read_bytes()
    (tmp_path / "a.wav").write_bytes(content[: len(content) // 2])
    assert len(np.asarray(SoundFile.open(path, RATE))) == len(SoundFile.open(path, RATE))


@pytest.mark.parametrize(
    "content, message",
    [
        (b"", "a.wav: "),
        (b"ID3\x03" + bytes(500), "a.wav: "),
        (b"RIFF\x10\x00\x00\x00WAVE", "a.wav: "),
        (b"not a sound at all", "Format not recogni[sz]ed: expected a sound file: wav, flac, ogg or mp3"),
    ],
)
def test_what_is_no_sound_gets_one_line(tmp_path, content, message):
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(DataError, match=message) as error:
        SoundFile.open(tmp_path / "a.wav", RATE)
    assert "\n" not in str(error.value) and "expected a sound file" in str(error.value)


def test_missing_and_empty_files(tmp_path):
    with pytest.raises(DataError, match="none.wav: No such file"):
        SoundFile.open(tmp_path / "none.wav", RATE)
    with pytest.raises(DataError, match="a.wav: no samples"):
        SoundFile.open(written(tmp_path / "a.wav", np.zeros(0)), RATE)


def test_a_file_that_goes_after_it_was_opened(tmp_path):
    (tmp_path / "d").mkdir()
    sound = SoundFile.open(written(tmp_path / "d/a.wav"), RATE)
    shutil.rmtree(tmp_path / "d")
    with pytest.raises(DataError, match="No such file"):
        np.asarray(sound)
