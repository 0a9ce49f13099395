"""A checkpoint's file: whole or not there, and what happens when the disk is full."""

import resource
import signal

import numpy as np
import pytest

from seqzoo.errors import DataError
from seqzoo.training import checkpoints
from seqzoo.training.checkpoints import Checkpoint


def some(seed=0, size=50):
    rng = np.random.default_rng(seed)
    values = [rng.normal(size=(size, 3)).astype("float32"), np.array(7), rng.integers(0, 2**32, 2, dtype="uint32")]
    weights = [rng.normal(size=size)]
    return Checkpoint(2, 5, 10, False, [{"loss": 0.1, "val_loss": float("inf")}], 1 / 3, 1, values, weights)


def same(a, b):
    arrays = zip(a.values + a.weights, b.values + b.weights, strict=True)
    fields = [checkpoint._replace(values=[], weights=[]) for checkpoint in (a, b)]
    return fields[0] == fields[1] and all(x.dtype == y.dtype and np.array_equal(x, y) for x, y in arrays)


def test_what_is_written_comes_back_to_the_bit(tmp_path):
    checkpoints.write(tmp_path / "new" / "a.npz", some())
    assert same(checkpoints.read(tmp_path / "new" / "a.npz"), some())
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.npz"]


def test_without_a_file_there_is_none(tmp_path):
    assert checkpoints.read(tmp_path / "a.npz") is None


def test_a_file_that_is_cut_anywhere_is_damaged(tmp_path):
    path = tmp_path / "a.npz"
    checkpoints.write(path, some(size=5))
    whole = path.read_bytes()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        with pytest.raises(DataError, match="damaged"):
            checkpoints.read(path)


def test_a_byte_that_is_not_what_it_was_is_found(tmp_path):
    path = tmp_path / "a.npz"
    checkpoints.write(path, some())
    whole = bytearray(path.read_bytes())
    whole[whole.index(b"values/0.npy") + 300] ^= 1
    path.write_bytes(whole)
    with pytest.raises(DataError, match="damaged"):
        checkpoints.read(path)


@pytest.fixture
def small_files():
    """No file can grow beyond 4 kB."""
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


def test_a_full_disk_is_one_line_and_keeps_the_checkpoint_before(tmp_path, small_files):
    path = tmp_path / "a.npz"
    checkpoints.write(path, some(size=5))
    with pytest.raises(DataError, match=r"a\.npz: cannot be written \(File too large\); .*--resume$"):
        checkpoints.write(path, some(size=5000))
    assert same(checkpoints.read(path), some(size=5))
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]


def test_a_full_disk_from_the_start_says_that_there_is_none(tmp_path, small_files):
    with pytest.raises(DataError, match="there was none before it$"):
        checkpoints.write(tmp_path / "a.npz", some(size=5000))
    assert list(tmp_path.iterdir()) == []


def test_of_every_bit_that_flips_it_is_refused_or_comes_back_bit_for_bit(tmp_path):
    """Also in the zip file's directory, which has no checksum: a name that changed there loses an array in silence."""
    path, rng = tmp_path / "a.npz", np.random.default_rng(0)
    checkpoints.write(path, some(size=5))
    whole = path.read_bytes()
    directory = whole.index(b"PK\x01\x02")
    bits = [*rng.integers(0, 8 * len(whole), 300), *rng.integers(8 * directory, 8 * len(whole), 300)]
    refused = 0
    for bit in bits:
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        try:
            assert same(checkpoints.read(path), some(size=5))
        except DataError as error:
            assert "damaged" in str(error) and "\n" not in str(error)
            refused += 1
    assert refused > len(bits) / 2


def test_arrays_that_were_left_out_are_missed(tmp_path):
    path = tmp_path / "a.npz"
    checkpoints.write(path, some())
    with np.load(path) as file:
        np.savez(path, **{name: file[name] for name in file.files if name != "values/2"})
    with pytest.raises(DataError, match="not those that were written"):
        checkpoints.read(path)
