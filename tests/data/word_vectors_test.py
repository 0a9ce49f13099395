"""Vectors of words from a text file: what is read, which spelling wins, what is refused."""

import gzip
import os

import numpy as np
import pytest

from seqzoo.data import word_vectors
from seqzoo.errors import DataError


def test_words_and_numbers_with_and_without_a_header(tmp_path):
    lines = "the 1 2.5\nNew York -1e-3 0\n"
    for name, text in (("glove.txt", lines), ("fast.vec", "2 2\n" + lines), ("tabs.txt", "the\t1\t2.5\nNew York\t-1e-3 0\n")):
        (tmp_path / name).write_text(text)
        vectors = word_vectors.read(tmp_path / name)
        assert vectors.words[0] == "the" and vectors.words[1].startswith("New") and vectors.size == 2
        np.testing.assert_allclose(vectors.array, [[1, 2.5], [-0.001, 0]])


def test_a_compressed_file_and_its_first_words(tmp_path):
    (tmp_path / "a.vec.gz").write_bytes(gzip.compress(b"3 1\na 1\nb 2\nc 3\n"))
    assert word_vectors.read(tmp_path / "a.vec.gz", most=2).words == ["a", "b"]


def test_lower_case_wins_then_the_first_spelling():
    vectors = word_vectors.WordVectors(["Paris", "PARIS", "Rome", "rome"], np.array([[1], [2], [3], [4]], np.float32))
    found = vectors.of(["<pad>", "paris", "rome", "oslo"], seed=1)
    assert found.dtype == np.float32 and list(found[1:3, 0]) == [1, 4]
    assert np.array_equal(found, vectors.of(["<pad>", "paris", "rome", "oslo"], seed=1))
    with pytest.raises(DataError, match="no vector for any of the 1 words"):
        vectors.of(["oslo"])


@pytest.mark.parametrize(
    "content, message",
    [
        (b"", "empty, expected a word"),
        (b"2 3\n", "empty, expected a word"),
        (b"a 1 2\nb 1\n", "a.vec:2: expected a word and 2 finite numbers, found 'b 1'"),
        (b"a 1 two\n", "a.vec:1: expected a word and 2 finite numbers"),
        (b"a 1_0 2\n", "a.vec:1: expected a word and 2 finite numbers, found '1_0 2'"),
        (b"a 1 nan\n", "a.vec:1: expected a word and 2 finite numbers"),
        (b"word\n", "a.vec:1: expected a word"),
        (b"a 1 2\nb 1 2 3\n", "a.vec:2: expected a word and 2 finite numbers"),
        (b"9 7\na 1 2\n", "a.vec:2: expected a word and 7 finite numbers"),
        (b"99999999999 1000000000\na 1 2\n", "a.vec:1: vectors of 1000000000 numbers, expected 1 to 100,000"),
        (b"2 " + b"9" * 5000 + b"\na 1 2\n", "a.vec:1: vectors of 99999999999999999999 numbers, expected 1 to 100,000"),
        (b"2 0\na 1 2\n", "a.vec:1: vectors of 0 numbers"),
        ("² ²\na 1 2\n".encode(), "a.vec:1: expected a word and 1 finite numbers"),
        ("a 1 2\n".encode("utf-16"), "byte 0xff is not UTF-8"),
        ("a 1 2\n".encode("utf-16-le"), "a.vec:1: expected a word and"),
        (b"a " + b"1 " * 2_000_000, "a.vec:1: a line of 4,000,000 characters or more"),
        (b"caf\xe9 1 2\n", "byte 0xe9 is not UTF-8"),
        (None, "No such file"),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path, content, message):
    if content is not None:
        (tmp_path / "a.vec").write_bytes(content)
    with pytest.raises(DataError, match=message) as error:
        word_vectors.read(tmp_path / "a.vec")
    assert "\n" not in str(error.value)


def test_an_absurd_number_of_vectors_is_not_believed(tmp_path):
    (tmp_path / "a.vec").write_text("99999999999 2\rthe 1 2\r\u3000 3 4\r")
    assert word_vectors.read(tmp_path / "a.vec").words == ["the", "\u3000"]


def test_a_damaged_gz_is_one_line_wherever_it_is_damaged(tmp_path):
    content = gzip.compress("".join(f"word{i} {i % 7} {i % 5}\n" for i in range(200)).encode())
    for at in range(len(content)):
        (tmp_path / "a.gz").write_bytes(content[:at] + bytes([content[at] ^ 0x55]) + content[at + 1 :])
        try:
            word_vectors.read(tmp_path / "a.gz")
        except DataError as error:
            assert str(error).startswith(str(tmp_path / "a.gz")) and "\n" not in str(error)


def test_a_pipe_is_refused_and_never_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.vec")
    with pytest.raises(DataError, match="a.vec: a pipe or a device"):
        word_vectors.read(tmp_path / "a.vec")


def test_a_file_that_is_not_compressed_is_refused(tmp_path):
    (tmp_path / "a.gz").write_text("a 1")
    with pytest.raises(DataError, match="Not a gzipped file"):
        word_vectors.read(tmp_path / "a.gz")


def test_a_byte_order_mark_is_no_part_of_a_word(tmp_path):
    (tmp_path / "a.vec").write_text("\ufeff1 2\nthe 1 2\n", encoding="utf-8")
    assert word_vectors.read(tmp_path / "a.vec").words == ["the"]


def test_a_file_without_any_of_the_words_is_refused(tmp_path):
    (tmp_path / "a.vec").write_text("the 1 2\n")
    assert word_vectors.read(tmp_path / "a.vec", wanted=["The", "cat"]).words == ["the"]
    with pytest.raises(DataError, match="no vector for any of the 1 words"):
        word_vectors.read(tmp_path / "a.vec", wanted=["chat"])
