"""CoNLL-style files: columns, schemes, prefixes, folders; and what is refused, with its line."""

import pytest

from seqzoo.errors import DataError
from seqzoo.tasks.tagging import conll

TWO = "Harry B-PER\nPotter I-PER\nsang O\n\nParis B-LOC\n"


def written(path, text):
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "text",
    [
        TWO,
        TWO.replace(" ", "\t"),
        TWO.replace("\n", "\r\n"),
        "-DOCSTART- O\n\n" + TWO,
        "\n\n" + TWO + "\n\n",
        TWO.replace("B-PER", "I-PER").replace("B-LOC", "I-LOC"),  # IOB1
        TWO.replace("I-PER", "E-PER").replace("B-LOC", "S-LOC"),  # BIOES
        "".join(f"en:{line}\n" if line else "\n" for line in TWO.split("\n")),  # as WikiANN writes words
    ],
)
def test_sentences_come_as_words_and_bio_tags(tmp_path, text):
    found = conll.read(written(tmp_path / "a.conll", text))
    assert found.inputs == [["Harry", "Potter", "sang"], ["Paris"]]
    assert found.targets == [["B-PER", "I-PER", "O"], ["B-LOC"]]


def test_columns_are_chosen_by_number(tmp_path):
    path = written(tmp_path / "a.txt", "1 Harry NNP B-PER\n2 sang VBD O\n")
    assert conll.read(path, 1, 2).targets == [["NNP", "VBD"]]
    assert conll.read(path, 1).inputs == [["Harry", "sang"]]


def test_a_folder_has_splits(tmp_path):
    for name in ("train", "dev.txt", "test.conll"):
        written(tmp_path / name, TWO)
    assert {split: len(examples) for split, examples in conll.read_folder(tmp_path).items()} == {
        "train": 2,
        "validation": 2,
        "test": 2,
    }


@pytest.mark.parametrize(
    "text, arguments, message",
    [
        ("Harry B-PER\nPotter\n", {}, ":2: 1 columns, expected 2"),
        ("Harry\n", {}, ":1: one column"),
        ("", {}, "empty"),
        ("\n\n", {}, "empty"),
        (TWO, {"tag_column": 2}, "--label-column 2: expected a column from 0 to 1"),
        ("a B-X\n\nb O\nc I-X\n", {"strict": True}, ":4: I-X continues nothing, expected B-X"),
    ],
)
def test_what_is_wrong_is_one_line_with_its_number(tmp_path, text, arguments, message):
    with pytest.raises(DataError, match=message) as error:
        conll.read(written(tmp_path / "a.txt", text), **arguments)
    assert "\n" not in str(error.value)


def test_bytes_that_are_no_utf8_and_missing_files_are_refused(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"caf\xe9 O\n")
    with pytest.raises(DataError, match=r"a.txt:1: byte 0xe9 is not UTF-8"):
        conll.read(tmp_path / "a.txt")
    with pytest.raises(DataError, match="expected a file with a word"):
        conll.read(tmp_path / "b.txt")
    with pytest.raises(DataError, match="expected a folder with a file train"):
        conll.read_folder(tmp_path)


def test_a_comment_is_left_out_wherever_it_stands_but_a_sign_is_a_word(tmp_path):
    (tmp_path / "a.conll").write_text("# a note\n# B-X\n12 I-X\n# another note\nis O\n")
    assert conll.read(tmp_path / "a.conll").inputs == [["#", "12", "is"]]


@pytest.mark.parametrize(
    "text, message",
    [
        ("a O\nb B-X\nc I-X\nd B\n", "a.conll:4: the tag 'B', expected O or B-"),
        ("a O\n# c\nb B-X\nc b-x\n", "a.conll:4: the tag 'b-x'"),
        ("a\tO\nb\t\n", "a.conll:2: an empty cell"),
        ("\tO\nb\tB-X\n", "a.conll:1: an empty cell"),
    ],
)
def test_a_tag_that_is_none_is_refused(tmp_path, text, message):
    (tmp_path / "a.conll").write_text(text)
    with pytest.raises(DataError, match=message):
        conll.read(tmp_path / "a.conll")


def test_words_and_tags_are_two_columns(tmp_path):
    (tmp_path / "a.conll").write_text("a O\nb B-X\n")
    with pytest.raises(DataError, match="--text-column 1 and --label-column -1 are one column"):
        conll.read(tmp_path / "a.conll", word_column=1)
