"""Clips: videos become arrays, anything else one line."""

import av
import numpy as np
import pytest

from seqzoo.data import clips
from seqzoo.data.clips import Clip
from seqzoo.errors import DataError


def video(path, frames=10, width=48, height=32, codec="mpeg4"):
    """A video that grows brighter, whose left half is red."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=10)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for i in range(frames):
            pixels = np.full((height, width, 3), 20 * i, np.uint8)
            pixels[:, : width // 2, 0] = 250
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    return str(path)


def test_frames_lie_at_equal_distances_in_the_middle_square(tmp_path):
    clip = Clip(video(tmp_path / "a.mp4"), 4, 16)
    found = np.asarray(clip)
    assert found.shape == clip.shape == (4, 16, 16, 3) and found.dtype == np.uint8 and len(clip) == 4
    np.testing.assert_allclose(found[:, :, 12:, 1].mean(axis=(1, 2)), [0, 60, 120, 180], atol=12)
    assert found[0, :, :6, 0].mean() > 200 > 60 > found[0, :, 10:, 0].mean()  # the square's left half is red


def test_a_short_video_and_shades_of_grey(tmp_path):
    found = np.asarray(Clip(video(tmp_path / "a.avi", frames=2), 5, 8, 1))
    assert found.shape == (5, 8, 8, 1)
    levels = found.mean(axis=(1, 2, 3))
    assert levels[0] == levels[1] < levels[3] == levels[4]


def test_folders_of_labels(tmp_path):
    for name in ("run/b.mp4", "run/a.mp4", "walk/a.avi", ".cache/a.mp4"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "notes.txt").write_text("")
    paths, labels = clips.read_folder(tmp_path)
    assert labels == ["run", "run", "walk"] and [path[-5:] for path in paths] == ["a.mp4", "b.mp4", "a.avi"]


@pytest.mark.parametrize("content", [b"", b"no video", b"\x00\x00\x00\x18ftypmp42" + bytes(40)])
def test_what_is_no_video_gets_one_line(tmp_path, content):
    (tmp_path / "a.mp4").write_bytes(content)
    with pytest.raises(DataError, match="a.mp4: .*: expected a video file") as error:
        np.asarray(Clip(str(tmp_path / "a.mp4"), 4, 16))
    assert "\n" not in str(error.value)


def test_faults_of_folders(tmp_path):
    with pytest.raises(DataError, match="none: No such file or directory"):
        clips.read_folder(tmp_path / "none")
    (tmp_path / "run").mkdir()
    with pytest.raises(DataError, match="found 1 folders"):
        clips.read_folder(tmp_path)
    (tmp_path / "walk").mkdir()
    with pytest.raises(DataError, match="run: no clip of this label in it"):
        clips.read_folder(tmp_path)


def test_a_missing_file(tmp_path):
    with pytest.raises(DataError, match="b.mp4: No such file or directory"):
        clips.read(tmp_path / "b.mp4", 4, 8)
