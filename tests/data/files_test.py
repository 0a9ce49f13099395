"""Files that cannot be read are one line, and none is waited for."""

import os

import pytest

from seqzoo.data import files
from seqzoo.errors import DataError


def error(path) -> str:
    with pytest.raises(DataError) as caught:
        files.read_text(path, "a text")
    message = str(caught.value)
    assert "\n" not in message and message.startswith(str(path))
    return message.removeprefix(str(path))


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/null"])
def test_a_device_is_not_read(path):
    assert error(path) == ": a pipe or a device: expected a text in a regular file"


def test_a_pipe_that_nobody_writes_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    assert "a pipe" in error(tmp_path / "pipe.csv")


def test_a_name_is_not_taken_for_a_home(tmp_path, monkeypatch):
    """`~nobody/x` of a path that the command line wrote is a folder `~nobody`."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "~nobody").mkdir()
    (tmp_path / "~nobody" / "a").write_text("a")
    files.check_regular("~nobody/a", "a file")


def test_what_is_no_file(tmp_path):
    assert error(tmp_path) == ": Is a directory: expected a text"
    assert error(tmp_path / "no") == ": No such file or directory: expected a text"
    assert "null byte" in error(f"{tmp_path}/a\0b")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("a\nb".encode("utf-16"), [":1:", "UTF-16", "saved as UTF-8"]),
        (b"\xfe\xff" + "a\nb".encode("utf-16-be"), [":1:", "UTF-16", "saved as UTF-8"]),
        ("a\nb".encode("utf-16-le"), [":1:", "NUL", "saved as UTF-8"]),
        (b"a\nb\0", [":2:", "NUL"]),
        (b"a\n\nb\xe9", [":3:", "0xe9", "saved as UTF-8"]),
    ],
)
def test_what_is_no_text(tmp_path, content, says):
    (tmp_path / "a.txt").write_bytes(content)
    message = error(tmp_path / "a.txt")
    assert all(word in message for word in says), message


def test_a_text_is_read_whole_without_its_mark(tmp_path):
    (tmp_path / "a.txt").write_bytes("\ufeffa\r\nß\r".encode())
    assert files.read_text(tmp_path / "a.txt", "a text") == "a\r\nß\r"
