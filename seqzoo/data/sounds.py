"""Sounds: waveforms in memory, and sound files that are read when they are used."""

import dataclasses
import os
from pathlib import Path

import numpy as np

from seqzoo.data import files
from seqzoo.errors import DataError, one_line

SUFFIXES = (".wav", ".flac", ".ogg", ".mp3")
EXPECTED = "a sound file: wav, flac, ogg or mp3"


@dataclasses.dataclass(frozen=True, eq=False)
class Waveform:
    """Waveform in memory, in 16 bits; as an array float32 `(samples,)`, -1 to 1."""

    samples: np.ndarray

    @classmethod
    def of(cls, waveform) -> "Waveform":
        """Returns the waveform of an array of floats, -1 to 1; what is beyond is clipped."""
        return cls(np.round(np.clip(waveform, -1, 1) * 32767).astype(np.int16))

    def __len__(self) -> int:
        return len(self.samples)

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        return self.samples.astype(np.float32) / 32767

    def __eq__(self, other) -> bool:
        return isinstance(other, Waveform) and np.array_equal(self.samples, other.samples)

    def __hash__(self) -> int:
        return hash(self.samples.tobytes())


@dataclasses.dataclass(frozen=True)
class SoundFile:
    """Sound file, one channel at a sampling rate; as an array float32 `(samples,)`, read anew each time.

    Args:
        path: of a file that `soundfile` reads.
        rate: the sampling rate of the array, in Hz.
        length: the number of samples of the array.
    """

    path: str
    rate: int
    length: int

    @classmethod
    def open(cls, path: str | Path, rate: int) -> "SoundFile":
        """Returns the sound file, of which the header alone is read.

        Raises:
            DataError: the file is missing, empty, or no sound file.
        """
        frames, of_file, _ = _header(path)
        if not frames:
            raise DataError(f"{path}: no samples, expected {EXPECTED}")
        return cls(str(path), rate, max(1, -(-frames * rate // of_file)))

    def __len__(self) -> int:
        return self.length

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        waveform = read(self.path, self.rate)[: self.length]
        return np.pad(waveform, (0, self.length - len(waveform)))


def read(path: str | Path, rate: int) -> np.ndarray:
    """Returns the waveform of a sound file, float32 `(samples,)`: the mean of its channels at the sampling rate `rate`.

    Raises:
        DataError: the file is missing, damaged, or no sound file.
    """
    soundfile = _soundfile()
    files.check_regular(os.path.expanduser(path), EXPECTED, path)
    try:
        waveform, of_file = soundfile.read(os.path.expanduser(path), dtype="float32", always_2d=True)
    except (soundfile.SoundFileError, OSError, RuntimeError) as error:
        raise DataError(f"{path}: {_cause(error)}: expected {EXPECTED}") from error
    waveform = waveform.mean(axis=1)
    if not np.isfinite(waveform).all():
        raise DataError(f"{path}: samples that are no finite numbers, expected {EXPECTED}")
    return resample(waveform, of_file, rate)


def resample(waveform: np.ndarray, of_file: int, rate: int) -> np.ndarray:
    """Returns a waveform `(samples,)` of the sampling rate `of_file` at the sampling rate `rate`."""
    if of_file == rate:
        return waveform
    return _soxr().resample(waveform, of_file, rate)


class Resampler:
    """Resampling of a waveform that comes in chunks: `resampler(chunk, last)` returns the samples that are ready."""

    def __init__(self, of_source: int, rate: int):
        self.stream = None if of_source == rate else _soxr().ResampleStream(of_source, rate, 1, dtype="float32")

    def __call__(self, chunk: np.ndarray, last: bool = False) -> np.ndarray:
        return chunk if self.stream is None else self.stream.resample_chunk(chunk, last)


def rate_of(path: str | Path) -> int:
    """Returns the sampling rate of a sound file, in Hz. Errors as of `read`."""
    return _header(path)[1]


def _header(path):
    soundfile = _soundfile()
    files.check_regular(os.path.expanduser(path), EXPECTED, path)
    try:
        info = soundfile.info(os.path.expanduser(path))
    except (soundfile.SoundFileError, OSError, RuntimeError) as error:
        raise DataError(f"{path}: {_cause(error)}: expected {EXPECTED}") from error
    return info.frames, info.samplerate, info.channels


def _cause(error) -> str:
    return one_line(error).rpartition(": ")[2].rstrip(".")


def _soundfile():
    try:
        import soundfile
    except (ImportError, OSError) as error:  # an OSError where libsndfile is missing
        raise DataError("sound files need the extra audio: pip install 'seqzoo[audio]'") from error
    return soundfile


def _soxr():
    try:
        import soxr
    except ImportError as error:
        raise DataError("sound files of another sampling rate need the extra audio: pip install 'seqzoo[audio]'") from error
    return soxr
