"""The user's own files: what is written is read back, and what is wrong is named in one line."""

import csv
import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seqzoo.data import user_files
from seqzoo.errors import DataError

LAW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), min_size=1)


def write(tmp_path, name, content):
    file = tmp_path / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def error(file, *args, **kwargs) -> str:
    with pytest.raises(DataError) as caught:
        user_files.read(file, *args, **kwargs)
    message = str(caught.value)
    assert "\n" not in message and message.startswith(str(file))
    return message.removeprefix(str(file))


# Round trips.


@LAW
@given(rows=st.lists(st.tuples(TEXT, st.sampled_from(["good", "bad"])), min_size=1), label_first=st.booleans())
def test_csv_as_the_csv_module_writes_it(tmp_path, rows, label_first):
    rows = rows + [("x", "good"), ("y", "bad")]
    with open(tmp_path / "own.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["label", "text"] if label_first else ["text", "label"])
        writer.writerows(row[::-1] if label_first else row for row in rows)
    examples = user_files.read(tmp_path / "own.csv")
    assert list(zip(examples.inputs, examples.targets, strict=True)) == rows


@LAW
@given(rows=st.lists(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=3, max_size=3)))
def test_rows_of_numbers(tmp_path, rows):
    rows = rows + [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]
    labels = ["up" if i % 2 else "down" for i in range(len(rows))]
    with open(tmp_path / "own.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([*row, label] for row, label in zip(rows, labels, strict=True))
    examples = user_files.read(tmp_path / "own.csv", label_column=3)
    assert examples.targets == labels
    for sequence, row in zip(examples.inputs, rows, strict=True):
        assert sequence.dtype == np.float32
        np.testing.assert_array_equal(sequence, np.array(row, np.float32)[:, None])


@LAW
@given(rows=st.lists(TEXT, min_size=2))
def test_jsonl_texts(tmp_path, rows):
    objects = [{"content": text, "label": i % 2} for i, text in enumerate(rows)]
    file = write(tmp_path, "own.jsonl", "\n".join(map(json.dumps, objects)))
    examples = user_files.read(file)
    assert examples.inputs == rows and examples.targets == [str(i % 2) for i in range(len(rows))]


# Dialects.


def test_every_line_of_an_unquoted_tsv_counts(tmp_path):
    lines = ['"hello\t1', "a plain line\t0", 'say "\t1', "it's\t0", '" \t1']
    examples = user_files.read(write(tmp_path, "own.tsv", "\n".join(lines)))
    assert examples.inputs == [line.split("\t")[0] for line in lines]
    assert examples.targets == ["1", "0", "1", "0", "1"]


def test_a_quoted_tsv_is_unquoted(tmp_path):
    examples = user_files.read(write(tmp_path, "own.tsv", '"two\nlines"\tpos\n"a ""word"""\tneg\n'))
    assert examples.inputs == ["two\nlines", 'a "word"']


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(("name", "delimiter"), [("a.csv", ","), ("a.csv", ";"), ("a.tsv", "\t"), ("a.txt", "\t")])
def test_delimiters_marks_and_line_ends(tmp_path, name, delimiter, mark, end):
    rows = [("text", "label"), ("très bien", "1"), ("", "0"), ("mal", "0")]
    content = end.join(delimiter.join(row) for row in rows) + end + end
    examples = user_files.read(write(tmp_path, name, mark + content.encode()))
    assert examples.inputs == ["très bien", "", "mal"] and examples.targets == ["1", "0", "0"]


def test_a_long_text_is_read_whole(tmp_path):
    text = "word " * 40_000
    assert user_files.read(write(tmp_path, "own.csv", f'"{text}",1\nb,0\n')).inputs == [text, "b"]


# What is the header, and which column is what.


@pytest.mark.parametrize(
    ("content", "inputs", "targets"),
    [
        ("good film\tpos\nbad film\tneg\n", ["good film", "bad film"], ["pos", "neg"]),
        ("pos\tgood film\nneg\tbad film\n", ["good film", "bad film"], ["pos", "neg"]),
        ("Review\tStars\nfine\t5\nno\t1\n", ["fine", "no"], ["5", "1"]),
        ("wort\tklasse\nfein gemacht\t1\nnaja so\t0\n", ["fein gemacht", "naja so"], ["1", "0"]),
        ("id\ttext\tlabel\n1\ta b\tx\n2\tc d\ty\n", ["a b", "c d"], ["x", "y"]),
        ("a review\treview\na comment\tother\nmore\treview\n", ["a review", "a comment", "more"], None),
        ("web\tok yes\tpos\nweb\tno no\tneg\nweb\tso so\tneg\n", ["ok yes", "no no", "so so"], ["pos", "neg", "neg"]),
        ("u1\ta long text\t0\nu2\tanother text\t1\nu3\ta third one\t1\n", ["a long text", "another text", None], None),
        ("label\ttext\n1\t1984\n0\t2001\n1\t300\n", ["1984", "2001", "300"], ["1", "0", "1"]),
    ],
)
def test_columns_are_found(tmp_path, content, inputs, targets):
    examples = user_files.read(write(tmp_path, "own.tsv", content))
    assert all(want is None or got == want for got, want in zip(examples.inputs, inputs, strict=True))
    assert targets is None or examples.targets == targets


def test_columns_and_header_as_told(tmp_path):
    file = write(tmp_path, "own.csv", "a,b,c\nx,long text,1\ny,other text,0\n")
    assert user_files.read(file, "c", "a").inputs == ["1", "0"]
    assert user_files.read(file, 1, "0").targets == ["x", "y"]
    assert user_files.read(file, "1", "2", header=False).inputs == ["b", "long text", "other text"]
    assert len(user_files.read(file, header=True)) == 2


@pytest.mark.parametrize(
    "content",
    ["0,1.5,2,up\n1,2.5,3,down\n2,1,1,up\n3,0,0,down\n", "id,t1,t2,class\n0,1.5,2,7\n1,2.5,3,8\n2,1,1,7\n3,0,0,8\n"],
)
def test_numbers_are_a_sequence(tmp_path, content):
    examples = user_files.read(write(tmp_path, "own.csv", content))
    assert {len(sequence) for sequence in examples.inputs} == {3 if content[0] == "0" else 2}  # without the id
    assert len(set(examples.targets)) == 2


def test_jsonl_sequences_of_many_lengths(tmp_path):
    objects = [{"x": [1, 2.5, 3], "label": "a"}, {"x": [4], "label": "b"}]
    examples = user_files.read(write(tmp_path, "own.jsonl", "\n".join(map(json.dumps, objects))))
    assert [sequence.shape for sequence in examples.inputs] == [(3, 1), (1, 1)]
    objects = [{"label": "a", "x": [[1, 2], [3, 4], [5, 6]]}, {"label": "b", "x": [[7, 8]], "note": None}]
    examples = user_files.read(write(tmp_path, "own.jsonl", "\n".join(map(json.dumps, objects))))
    np.testing.assert_array_equal(examples.inputs[0], np.array([[1, 2], [3, 4], [5, 6]], np.float32))
    assert examples.inputs[1].shape == (1, 2)


# What is wrong.

NAN_ROWS = "".join(f"1,2,{label}\n" for label in "abab")


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("own.csv", "", ["empty"]),
        ("own.csv", " \n\n", ["empty"]),
        ("own.csv", "text,label\n", ["only a header (text, label)"]),
        ("own.csv", b"good,1\nbad,0\ncaf\xe9,1\n", [":3:", "0xe9", "UTF-8"]),
        ("own.csv", "good,1\nbad,0".encode("utf-16"), [":1:", "UTF-8"]),
        ("own.csv", "good,1\nbad, very,0\n", [":2:", "3 cells, expected 2"]),
        ("own.csv", '"two\nlines",1\nbad,0,0\n', [":3:", "3 cells"]),
        ("own.csv", 'good,1\n"bad,0\n', [":2:", "quote"]),
        ("own.csv", "good,1\nbad,0\nso so,\n", [":3:", "empty label"]),
        ("own.csv", "good,1\nbad,1\n", ["'1'", "two or more classes"]),
        ("own.csv", "good\nbad\n", ["one column"]),
        ("own.csv", NAN_ROWS + "1,nan,a\n", [":5:", "column 1", "nan", "finite"]),
        ("own.csv", NAN_ROWS + "inf,2,a\n", [":5:", "column 0", "inf", "finite"]),
        ("own.csv", NAN_ROWS + "1,1e39,a\n", [":5:", "1e39"]),
        ("own.csv", NAN_ROWS + "1,two,a\n", [":5:", "column 1", "two"]),
        ("own.csv", NAN_ROWS + ",2,a\n", [":5:", "column 0", '""']),
        ("own.jsonl", '{"text": "a", "label": 1}\n{"text": "b"\n', [":2:", "JSON"]),
        ("own.jsonl", '{"text": "a", "label": 1}\n\n[1]\n', [":3:", "list"]),
        ("own.jsonl", '{"text": "a", "label": 1}\n{"text": "b"}\n', [":2:", "label", "null"]),
        ("own.jsonl", '{"text": "a", "label": 1}\n{"label": 2}\n', [":2:", "text", "null"]),
        ("own.jsonl", '{"text": "a", "label": 1}\n{"text": "\\ud800", "label": 2}\n', [":2:", "ud800"]),
        ("own.jsonl", '{"x": [1], "label": 1}\n{"x": [NaN], "label": 2}\n', [":2:", "NaN"]),
        ("own.jsonl", '{"x": [1], "label": 1}\n{"x": [], "label": 2}\n', [":2:", "[]"]),
        ("own.jsonl", '{"x": [1], "label": 1}\n{"x": [null], "label": 2}\n', [":2:", "null"]),
        ("own.jsonl", '{"x": [1], "label": 1}\n{"x": ["a"], "label": 2}\n', [":2:", "'a'"]),
        ("own.jsonl", '{"x": [1], "label": 1}\n{"x": "a", "label": 2}\n', [":2:", "a text", "1 numbers"]),
        ("own.jsonl", '{"x": [1], "label": 1}\n{"x": [[1, 2]], "label": 2}\n', [":2:", "2 numbers per step"]),
        ("own.jsonl", '{"x": [[1, 2], [3]], "label": 1}\n', [":1:", "equally many"]),
        ("own.jsonl", '{"x": [[[1]]], "label": 1}\n', [":1:", "rows"]),
        ("own.jsonl", '{"x": [1' + "0" * 400 + '], "label": 1}\n', [":1:"]),
        ("own.jsonl", "[" * 100_000, [":1:", "JSON"]),
    ],
)
def test_what_is_wrong_is_named(tmp_path, name, content, says):
    message = error(write(tmp_path, name, content))
    assert all(word in message for word in says), message


def test_missing_file_and_folder(tmp_path):
    assert "No such file" in error(tmp_path / "no.csv")
    assert "directory" in error(tmp_path)


def test_a_column_that_is_not_there(tmp_path):
    file = write(tmp_path, "own.csv", "text,label\na,1\nb,0\n")
    assert all(word in error(file, "txt") for word in ("txt", "--text-column", "text, label"))
    assert "--label-column" in error(file, None, 2)
    assert "both" in error(file, "text", 0)


# Folders.


def test_a_folder_keeps_its_parts(tmp_path):
    write(tmp_path, "train.tsv", "good one\t1\nbad one\t0\n")
    write(tmp_path, "dev.tsv", "1\t1\n")
    parts = user_files.read_folder(tmp_path)
    assert {part: len(examples) for part, examples in parts.items()} == {"train": 2, "validation": 1}
    assert parts["validation"].inputs == ["1"]  # the columns are those of train


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({}, ["train.csv", "nothing"]),
        ({"data.csv": ""}, ["train.csv", "data.csv"]),
        ({"train.csv": "", "train.tsv": ""}, ["one train file", "train.csv, train.tsv"]),
        ({"train.csv": "text,label\na,1\nb,0\n", "test.csv": "text,klass\na,1\n"}, ["test.csv", "text, klass"]),
        ({"train.csv": "1,2,a\n2,3,b\n", "test.csv": "x,2,a\n"}, ["test.csv:1", "x"]),
    ],
)
def test_folders_that_do_not_fit(tmp_path, files, says):
    for name, content in files.items():
        write(tmp_path, name, content)
    with pytest.raises(DataError) as caught:
        user_files.read_folder(tmp_path)
    assert all(word in str(caught.value) for word in says), str(caught.value)
