"""Lines from files, folders and names; their ids; a stream in windows."""

import itertools
import os

import numpy as np
import pytest

from seqzoo.data.tokenizer import EOS, UNK, Tokenizer
from seqzoo.data.windows import StreamWindows
from seqzoo.datasets import catalog
from seqzoo.errors import DataError
from seqzoo.tasks.language_modeling import corpus, texts

LINES = [f"line {i} of many lines" for i in range(100)]


def test_a_file_keeps_its_order_and_its_last_fifth_apart(tmp_path):
    (tmp_path / "a.txt").write_text("\n".join(LINES) + "\n", encoding="utf-8-sig", newline="\r\n")
    found = texts.load(str(tmp_path / "a.txt"))
    assert [*found.train, *found.validation, *found.test] == LINES
    assert 9 <= len(found.test) <= 12 and 9 <= len(found.validation) <= 12


@pytest.mark.parametrize(
    "names", [("train", "valid", "test"), ("ptb.train", "ptb.valid", "ptb.test"), ("train", "dev", "test")]
)
def test_a_folder_keeps_its_parts(tmp_path, names):
    for name in names:
        (tmp_path / f"{name}.txt").write_text(f"{name} text\n")
    (tmp_path / "README.md").write_text("no part")
    found = texts.load(str(tmp_path))
    assert list(found) == [[f"{name} text"] for name in names]


def test_a_file_whose_name_has_two_splits_is_one_line(tmp_path):
    for name in ("train.txt", "train.test.txt"):
        (tmp_path / name).write_text("text\n")
    with pytest.raises(DataError, match="train.test.txt: a name of the train and the test split, expected that of one split"):
        texts.load(str(tmp_path))


@pytest.mark.parametrize("text", ["the cat sat on the mat " * 40, "猫が" * 200, "the cat sat\non the mat " * 4])
def test_a_stream_needs_no_lines(tmp_path, text):
    (tmp_path / "a.txt").write_text(text, encoding="utf-8")
    found = texts.load(str(tmp_path / "a.txt"), stream=True)
    parts = ["\n".join(lines) for lines in found]
    assert "".join(parts) == text or "\n".join(parts) == text
    assert all(0.05 < len(part) / len(text) < 0.15 for part in parts[1:])
    assert " " not in text or all(part[0] in "tcsom" for part in parts)  # no word is cut
    with pytest.raises(DataError, match="lines, expected 10 or more"):
        texts.load(str(tmp_path / "a.txt"))


def test_a_stream_that_is_too_short_is_one_line_and_one_with_many_lines_is_not_cut(tmp_path):
    (tmp_path / "a.txt").write_text("too short")
    with pytest.raises(DataError, match="a.txt: 9 characters, expected a longer text"):
        texts.load(str(tmp_path / "a.txt"), stream=True)
    (tmp_path / "a.txt").write_text("\n".join(LINES))
    assert texts.load(str(tmp_path / "a.txt"), stream=True) == texts.load(str(tmp_path / "a.txt"))


def test_only_line_ends_end_a_line_and_a_pipe_is_never_waited_for(tmp_path):
    (tmp_path / "a.txt").write_bytes("a\x1cb\rc\u2028d\x85e\r\nf".encode())
    assert texts.read(tmp_path / "a.txt") == ["a\x1cb", "c\u2028d\x85e", "f"]
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="pipe: a pipe or a device: expected a text"):
        texts.load(str(tmp_path / "pipe"))


@pytest.mark.parametrize("name", ["kitchen", "agreement"])
def test_generated_parts_share_no_sentence_and_a_seed_decides_them(monkeypatch, name):
    monkeypatch.setattr(texts, "SIZES", {"train": 300, "validation": 40, "test": 40})
    found = texts.load(name, seed=1)
    assert not set(found.train) & set(found.test) and not set(found.validation) & set(found.test)
    assert found == texts.load(name, seed=1) != texts.load(name, seed=2)


@pytest.mark.parametrize(
    "content, message",
    [
        (b"", "a.txt: empty, expected a text"),
        (b" \n \n", "a.txt: empty, expected a text"),
        (b"\xff\xfe\xfa", "a.txt:1: saved as UTF-16, not UTF-8: expected a text, saved as UTF-8"),
        (b"one\ntwo\xfa\n", "a.txt:2: byte 0xfa is not UTF-8: expected a text, saved as UTF-8"),
        ("one\ntwo\n".encode("utf-16-le"), "a.txt:1: a NUL character, as in UTF-16"),
        (b"one\ntwo\n", "a.txt: 2 lines, expected 10 or more to hold some out"),
    ],
)
def test_a_file_that_is_no_text_is_one_line(tmp_path, content, message):
    (tmp_path / "a.txt").write_bytes(content)
    with pytest.raises(DataError, match=message) as error:
        texts.load(str(tmp_path / "a.txt"))
    assert "\n" not in str(error.value)


def test_missing_files_and_folders_without_parts_are_one_line(tmp_path):
    for source, message in (("./none.txt", "No such file"), (str(tmp_path), "expected a folder with train.txt in it")):
        with pytest.raises(DataError, match=message):
            texts.load(source)
    for name in ("train.txt", "a.train.txt"):
        (tmp_path / name).write_text("x")
    with pytest.raises(DataError, match="expected one file of the train split"):
        texts.load(str(tmp_path))


def test_a_data_set_with_a_name_needs_a_text(monkeypatch, tmp_path):
    with pytest.raises(DataError, match="mnist: expected a Text feature, found image, label"):
        texts.load("mnist", str(tmp_path))
    assert "kjv_verses" in catalog.OURS


def of(lines, level="word", carried=False, ends=True):
    return corpus.encode(lines, Tokenizer.train(lines.train, level, 54), level, carried, ends, "a.txt")


def test_lines_end_with_eos_and_unknown_words_are_counted():
    found = of(texts.Lines(["The cat sat", "", "the dog"], ["a cat"], ["the cat", "a dog slept"]))
    assert len(found.train.inputs) == 2  # an empty line says nothing where lines begin anew
    assert all(ids[-1] == EOS for split in (found.train, found.test) for ids in split.y)
    assert found.known == 1 - 2 / 7 and found.test.y[1][0] == UNK
    assert found.possible == found.tokenizer.size - 2
    assert all(EOS not in ids for ids in of(found[3:4] and texts.Lines(["a b"], ["a"], ["b"]), ends=False).train.y)


def test_a_stream_of_characters_counts_every_character_once():
    text = "ab\n\ncd e\n"
    lines = texts.Lines(*[text.removesuffix("\n").split("\n")] * 3)
    found = of(lines, "char", carried=True)
    assert len(corpus.stream(found.train)) == len(text)
    assert corpus.stream(found.train).count(EOS) == text.count("\n") and found.order == 5


def test_a_part_without_text_is_one_line():
    with pytest.raises(DataError, match="a.txt: a split without any text"):
        of(texts.Lines(["a"], [" "], ["b"]))


@pytest.mark.parametrize("length, batch, steps", itertools.product([1, 7, 40, 41], [1, 3, 8], [1, 5, 100]))
def test_windows_hold_each_token_once_after_the_one_before(length, batch, steps):
    ids = np.arange(4, 4 + length)
    windows = StreamWindows(ids, batch, steps)
    inputs, targets, weights = zip(*(windows[i] for i in range(len(windows))), strict=True)
    y, weight = np.concatenate(targets, axis=1), np.concatenate(weights, axis=1)
    y_prev = np.concatenate([of_one["inputs"] for of_one in inputs], axis=1)
    assert y[weight > 0].tolist() == ids.tolist()
    assert y_prev[weight > 0].tolist() == [0, *ids[:-1]]
    assert [bool(of_one["continues"].all()) for of_one in inputs] == [False] + [True] * (len(windows) - 1)
    assert {of_one["inputs"].shape for of_one in inputs} == {(batch, steps)}
