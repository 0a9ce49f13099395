"""CoNLL-style files: columns, schemes, prefixes, folders; and what is refused, with its line."""

import os

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
        ("Harry\nHarry B-PER\nsang O\n", {}, ":1: 1 columns, expected 2 as in most lines"),
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
        ("a O\n# c\nb B-X\nc b_x\n", "a.conll:4: the tag 'b_x'"),
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


@pytest.mark.parametrize(
    "text, columns, words, tags",
    [
        ("a DT\n# SYM\n5 CD\n", (0, -1), ["a", "#", "5"], ["DT", "SYM", "CD"]),
        ("# news\nThe DT\ncat NN\n# NN\n# #\n", (0, -1), ["The", "cat", "#", "#"], ["DT", "NN", "NN", "#"]),
        ("#\thttp://a.b [1]\n1\ta\tO\tO\n2\t#b\tB-X\tO\n", (1, 2), ["a", "#b"], ["O", "B-X"]),  # as of GermEval
        ("#begin document (a/b); part 000\n#id1\na O\n#b B-X\n#end document\n", (0, -1), ["a", "#b"], ["O", "B-X"]),
        ("#a\tO\n#b\tB-X\n# c\n", (0, -1), ["#a", "#b"], ["O", "B-X"]),
        ("a B-LOC\xa0\nb\tO \u3000\n".replace(" B", "\tB"), (0, -1), ["a", "b"], ["B-LOC", "O"]),
        ("We O PRON\n# B-ORG SYM\nAcme I-ORG NOUN\n", (0, 1), ["We", "#", "Acme"], ["O", "B-ORG", "I-ORG"]),
        ("a O\n# O\n# note\n# a note\nb B-X\n", (0, -1), ["a", "#", "b"], ["O", "O", "B-X"]),
        ("# a b\n1\ta\tO\n# c d e\n2\tb\tB-X\n", (1, -1), ["a", "b"], ["O", "B-X"]),  # another delimiter
        ("北 B-LOC\n京 I-LOC\n\u3000 O\n", (0, -1), ["北", "京", "\u3000"], ["B-LOC", "I-LOC", "O"]),
        ("10\xa0000 O\nAcme B-ORG\n", (0, -1), ["10\xa0000", "Acme"], ["O", "B-ORG"]),
        ("\u3000\tO\n10 000\tB-X\n", (0, -1), ["\u3000", "10 000"], ["O", "B-X"]),
        ("a\x1cb O\nc\u2028d B-X\n\x85 O\n", (0, -1), ["a\x1cb", "c\u2028d", "\x85"], ["O", "B-X", "O"]),
        ("a O\rb B-X\r", (0, -1), ["a", "b"], ["O", "B-X"]),
    ],
)
def test_only_tabs_and_spaces_divide_and_a_line_of_all_columns_is_a_word(tmp_path, text, columns, words, tags):
    (tmp_path / "a.conll").write_bytes(text.encode())
    found = conll.read(tmp_path / "a.conll", *columns)
    assert found.inputs == [words] and found.targets == [tags]


def test_docstart_ends_a_sentence_wherever_it_stands(tmp_path):
    found = conll.read(written(tmp_path / "a.conll", "EU B-ORG\nsays O\n-DOCSTART- O\n\nAcme B-ORG\n-DOCSTART- -X- O\nx O\n"))
    assert found.inputs == [["EU", "says"], ["Acme"], ["x"]]


RANGES = "1-2\tdel\t_\t_\n1\tde\t_\tADP\n2\tel\t_\tDET\n2.1\tes\t_\t_\n"


def test_ranges_and_empty_nodes_of_conllu_are_no_words(tmp_path):
    found = conll.read(written(tmp_path / "a.conllu", f"# text = del\n{RANGES}\n{RANGES}"), 1, 3)
    assert found.inputs == [["de", "el"]] * 2 and found.targets == [["ADP", "DET"]] * 2
    with pytest.raises(DataError, match="a.conllu: --text-column 0: numbers of words .* expected the column of words"):
        conll.read(tmp_path / "a.conllu", 0, 3)
    scores = "0.5 a O\n0.7 b B-X\n1-2 c O\n"  # a first column with other numbers
    assert conll.read(written(tmp_path / "b.conll", scores), 1).inputs == [["a", "b", "c"]]


@pytest.mark.parametrize(
    "tags",
    [
        ["b-PER", "i-PER", "o", "b-LOC"],
        ["B-PER", "L-PER", "O", "U-LOC"],  # BILOU
        ["B-PER", "E-PER", "O", "s-LOC"],
        ["B-PER", "M-PER", "o", "S-LOC"],  # BMES
    ],
)
def test_prefixes_of_every_spelling_mark_entities(tmp_path, tags):
    lines = [f"{word} {tag}" for word, tag in zip("abcd", tags, strict=True)]
    found = conll.read(written(tmp_path / "a.conll", "\n".join(lines)))
    assert found.targets == [["B-PER", "I-PER", "O", "B-LOC"]]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le"])
def test_utf16_is_one_line(tmp_path, encoding):
    (tmp_path / "a.conll").write_bytes(TWO.encode(encoding))
    with pytest.raises(DataError, match="a.conll.*UTF-16.* saved as UTF-8") as error:
        conll.read(tmp_path / "a.conll")
    assert "\n" not in str(error.value)


def test_a_pipe_is_refused_and_never_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.conll")
    with pytest.raises(DataError, match="a.conll: a pipe or a device: expected a file with a word"):
        conll.read(tmp_path / "a.conll")
