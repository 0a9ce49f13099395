"""Spoken strings of digits and letters: mixed from recordings of one synthetic voice.

Source: the package captcha 0.7.1 (BSD licence, Hsiaoming Yang), which has one recording for each of 0-9 and A-Z.

Each character is said at a speed, a pitch and a loudness of its own; pauses lie between them, and noise over all.

Limitations: the data is generated, and the voice is one synthetic voice. A model that is trained on it knows no other voice,
and no words but the names of digits and letters.
"""

import dataclasses
import functools
import io
import os
import random
import string
import wave
from pathlib import Path

import numpy as np
from scipy import signal

from seqzoo.data import release_files
from seqzoo.data.examples import Examples, Splits
from seqzoo.data.sounds import Waveform
from seqzoo.errors import DataError

NAME = "spoken_strings"
RELEASE = release_files.ReleaseFile(
    project="captcha",
    version="0.7.1",
    sha256="8b73b5aba841ad1e5bdb856205bf5f09560b728ee890eb9dae42901219c8c599",
    binary=True,
)
RATE = 8000  # Hz, of the recordings
DOMAINS = {"digits": string.digits, "letters": string.digits + string.ascii_uppercase}
SIZES = {"train": 4000, "validation": 400, "test": 600}


@dataclasses.dataclass(frozen=True)
class Mixture:
    """How strings are mixed: ranges from which each value is drawn."""

    characters: tuple[int, int] = (3, 8)
    speed: tuple[float, float] = (0.8, 1.25)
    """Of a character, where 1 is the recording's."""
    pitch: tuple[float, float] = (0.8, 1.25)
    gain: tuple[float, float] = (-6.0, 6.0)
    """Of a character, in dB."""
    pause: tuple[float, float] = (0.0, 0.3)
    """Before, between and after the characters, in seconds."""
    noise: tuple[float, float] = (5.0, 30.0)
    """Signal-to-noise ratio, in dB; the noise is between white and brown."""


def load(data_dir: str | None = None, seed: int = 0, sizes: dict = SIZES) -> Splits:
    """Returns the data set in three splits; a target is the text, its domain is "digits", or "letters" for both.

    `seed` determines all. No text is in two splits.
    """
    voices, splits, used = read(data_dir), {}, set()
    for split, count in sizes.items():
        splits[split] = mixed(voices, f"{seed} {split}", count, avoid=used)
        used |= set(splits[split].targets)
    return Splits(**splits, name=NAME)


def mixed(voices: dict, seed: str, count: int, mixture: Mixture = Mixture(), domains=tuple(DOMAINS), avoid=frozenset()):
    """Returns `count` examples, of the domains in turn, without the texts to avoid."""
    rng, rows = random.Random(seed), []
    while len(rows) < count:
        domain = domains[len(rows) % len(domains)]
        text = "".join(rng.choices(DOMAINS[domain], k=rng.randint(*mixture.characters)))
        if text not in avoid:
            rows.append((Waveform.of(say(voices, text, rng, mixture)), text, domain))
    return Examples(*map(list, zip(*rows, strict=True)))


def read(data_dir: str | None = None) -> dict[str, np.ndarray]:
    """Returns the recordings `{character: waveform (samples,)}`, as loud as each other."""
    folder = Path(os.path.expanduser(data_dir or "~/tensorflow_datasets"), "downloads")
    return _recordings(RELEASE.fetch(folder))


@functools.cache
def _recordings(archive: Path) -> dict[str, np.ndarray]:
    recordings = {}
    for name, content in release_files.members(archive, "captcha/data/?/default.wav"):
        with wave.open(io.BytesIO(content)) as file:
            if file.getparams()[:3] != (1, 1, RATE):
                raise DataError(f"{archive}: {name}: expected 8 bits, one channel and {RATE} Hz")
            samples = np.frombuffer(file.readframes(file.getnframes()), np.uint8).astype(np.float32) / 128 - 1
        recordings[Path(name).parent.name] = _trimmed(samples / samples.std())
    if set(recordings) != set(DOMAINS["letters"]):
        raise DataError(f"{archive}: expected a recording of each digit and letter, found {''.join(sorted(recordings))}")
    return recordings


def _trimmed(samples: np.ndarray) -> np.ndarray:
    """Returns a recording without the silence at its ends."""
    loud = np.flatnonzero(np.abs(samples) > 0.1)
    return samples[loud[0] : loud[-1] + 1]


def say(voices: dict, text: str, rng: random.Random, mixture: Mixture = Mixture()) -> np.ndarray:
    """Returns the waveform of a string, float32 `(samples,)`, -1 to 1."""
    parts = [_pause(rng, mixture)]
    for character in text:
        speed, pitch, gain = rng.uniform(*mixture.speed), rng.uniform(*mixture.pitch), rng.uniform(*mixture.gain)
        resampled = signal.resample(voices[character], round(len(voices[character]) / pitch))
        parts += [stretch(resampled, pitch / speed) * 10 ** (gain / 20), _pause(rng, mixture)]
    speech = np.concatenate(parts)
    level = np.sqrt(np.mean(np.concatenate(parts[1::2]) ** 2) * 10 ** (-rng.uniform(*mixture.noise) / 10))
    noisy = speech + level * _noise(rng, len(speech))
    return (noisy / np.abs(noisy).max() * 10 ** (-rng.uniform(0, 20) / 20)).astype(np.float32)


def _pause(rng, mixture):
    return np.zeros(round(rng.uniform(*mixture.pause) * RATE), np.float32)


def _noise(rng: random.Random, count: int) -> np.ndarray:
    """Returns noise of mean square 1, whose power falls by up to 6 dB an octave."""
    white, tilt = np.random.default_rng(rng.getrandbits(64)).normal(size=count), rng.uniform(0, 1)
    bins = np.maximum(np.arange(count // 2 + 1), count / RATE * 20)  # flat below 20 Hz
    coloured = np.fft.irfft(np.fft.rfft(white) * bins**-tilt, count)
    return coloured / coloured.std()


def stretch(samples: np.ndarray, factor: float, frame: int = 200, search: int = 60) -> np.ndarray:
    """Returns a waveform `factor` times as long, of the same pitch: overlapping frames, each where it fits the last one best.

    Method: WSOLA (W. Verhelst and M. Roelands, ICASSP 1993).
    """
    hop, window = frame // 2, np.hanning(frame + 1)[:-1]
    length = max(frame, round(len(samples) * factor))
    padded = np.pad(samples, (search, 2 * frame + search))
    stretched, start = np.zeros(length + 2 * frame), search
    for out in range(0, length, hop):
        stretched[out : out + frame] += window * padded[start : start + frame]
        expected = padded[start + hop : start + hop + frame]  # what would follow without a jump
        near = min(round((out + hop) / factor), len(samples)) + search
        region = padded[near - search : near + search + frame]
        start = min(
            near - search + int(np.argmax(np.correlate(region, expected[: len(region)], "valid"))), len(samples) + search
        )
    return stretched[:length]
