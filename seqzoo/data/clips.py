"""Clips: video files that are read when they are used, and folders of them."""

import dataclasses
import functools
import os
from pathlib import Path

import numpy as np
from PIL import Image

from seqzoo.data import files
from seqzoo.errors import DataError, one_line

SUFFIXES = (".mp4", ".avi", ".mov", ".mkv", ".webm", ".mpg", ".mpeg", ".gif", ".m4v")
EXPECTED = "a video file, such as mp4 or avi"
CACHE_BYTES = 2**31  # of decoded clips


@dataclasses.dataclass(frozen=True)
class Clip:
    """Video file; as an array uint8 `(frames, size, size, channels)`: frames at equal distances, their middle square.

    Args:
        path: of a file that PyAV reads.
        frames: the number of frames of the array.
        size: their height and width, in pixels.
        channels: 3, or 1 for shades of grey.
    """

    path: str
    frames: int
    size: int
    channels: int = 3

    def __len__(self) -> int:
        return self.frames

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        kept = _cached(self.frames * self.size**2 * self.channels)
        return kept(_version(self.path), self.path, self.frames, self.size, self.channels)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the array."""
        return self.frames, self.size, self.size, self.channels


@functools.cache
def _cached(clip_bytes: int):
    """A function of a version of a file and of the arguments of `read` that keeps its last clips, up to `CACHE_BYTES`."""
    return functools.lru_cache(max(1, CACHE_BYTES // clip_bytes))(lambda version, *arguments: read(*arguments))


def _version(path: str):
    """What differs between two files at a path; None if there is none."""
    file = os.path.expanduser(path)
    stat = os.stat(file) if os.path.exists(file) else None
    return stat and (stat.st_dev, stat.st_ino, stat.st_mtime_ns)


def read(path: str | Path, frames: int, size: int, channels: int = 3) -> np.ndarray:
    """Returns a clip, uint8 `(frames, size, size, channels)`; of a shorter video some frames twice.

    Raises:
        DataError: the file is missing, damaged, or no video.
    """
    av = _av()
    file = os.path.expanduser(path)
    files.check_regular(file, EXPECTED, path)
    try:
        with av.open(file) as container:
            if not container.streams.video:
                raise DataError(f"{path}: no pictures in it, expected {EXPECTED}")
            decoded = [_square(frame, size, channels) for frame in container.decode(video=0)]
    except (av.FFmpegError, OSError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{path}: {one_line(error)}: expected {EXPECTED}") from error
    if not decoded:
        raise DataError(f"{path}: no frame in it, expected {EXPECTED}")
    return np.stack([decoded[i] for i in _places(len(decoded), frames)])


def sampled(clip: np.ndarray, frames: int, size: int) -> np.ndarray:
    """Returns so many frames of a clip `(T_x, height, width, 3)` uint8, at equal distances; their middle squares, scaled."""
    _, height, width, _ = clip.shape
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    squares = clip[_places(len(clip), frames), top : top + side, left : left + side]
    return np.stack([np.asarray(Image.fromarray(square).resize((size, size), Image.Resampling.BOX)) for square in squares])


def _places(count: int, frames: int) -> np.ndarray:
    return np.linspace(0, count - 1, frames).round().astype(int)


def _square(frame, size: int, channels: int) -> np.ndarray:
    """A frame of PyAV, scaled so that its shorter side is `size`, and cut in the middle."""
    scale = size / min(frame.width, frame.height)
    width, height = max(size, round(frame.width * scale)), max(size, round(frame.height * scale))
    pixels = frame.reformat(width, height, format="gray" if channels == 1 else "rgb24").to_ndarray()
    top, left = (height - size) // 2, (width - size) // 2
    return pixels.reshape(height, width, channels)[top : top + size, left : left + size]


def read_folder(folder: str | Path) -> tuple[list[str], list[str]]:
    """Returns the paths and the labels of the clips of a folder that has a folder for each label.

    Raises:
        DataError: there is no such folder, or a label has no clip.
    """
    folder = Path(os.path.expanduser(folder))
    try:
        classes = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    except OSError as error:
        raise DataError(f"{folder}: {error.strerror}: expected a folder with a folder of clips for each label") from error
    if len(classes) < 2:
        raise DataError(f"{folder}: expected a folder of clips for each of two labels or more, found {len(classes)} folders")
    paths, labels = [], []
    for path in classes:
        found = sorted(file for file in path.iterdir() if file.suffix.lower() in SUFFIXES)
        if not found:
            raise DataError(f"{path}: no clip of this label in it: expected {EXPECTED}")
        paths += map(str, found)
        labels += [path.name] * len(found)
    return paths, labels


def _av():
    try:
        import av
    except ImportError as error:
        raise DataError("video files need the extra video: pip install 'seqzoo[video]'") from error
    av.logging.set_level(av.logging.PANIC)  # FFmpeg prints lines of its own
    return av
