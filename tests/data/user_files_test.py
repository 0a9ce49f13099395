"""The user's own files: what is written is read back, and what is wrong is named in one line."""

import csv
import json
import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seqzoo.data import user_files
from seqzoo.errors import STARTED, DataError

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


def lists(examples):
    """Inputs as texts or lists of numbers."""
    return [i if isinstance(i, str) else i[:, 0].astype(float).round(4).tolist() for i in examples.inputs]


@pytest.mark.parametrize(
    ("content", "inputs", "targets"),
    [
        ("id,t1,t2,t3,label\np1,1,2,3,up\np2,3,2,1,down\np3,2,3,4,up\n", [[1, 2, 3], [3, 2, 1], [2, 3, 4]], "up down up"),
        ("p1,0,1,1,up\np2,1,0,1,down\np3,1,1,0,up\np4,0,0,0,down\n", [[0, 1, 1], [1, 0, 1], [1, 1, 0], [0, 0, 0]], None),
        ("sex,t1,t2,label\nM,1,2,up\nF,3,2,down\nM,3,1,down\n", [[1, 2], [3, 2], [3, 1]], "up down down"),
        ("at,t1,t2,label\n2024-01-01 10:00,1,2,up\n2024-01-01 11:00,3,2,down\n", [[1, 2], [3, 2]], "up down"),
        ("1;2;up;\n2;3;down;\n3;2;up;\n", [[1, 2], [2, 3], [3, 2]], "up down up"),
        ("text;label;\na;x;\nb;y;\n", ["a", "b"], "x y"),
        ("Anna,23,f\nBen,30,m\nCarl,40,m\n", ["Anna", "Ben", "Carl"], "f m m"),
        ("1,good film,5,pos\n2,bad film,3,neg\n3,so so,2,neg\n", ["good film", "bad film", "so so"], "pos neg neg"),
        ("id,text,a,b,label\n1,x,1,2,up\n2,y,3,4,down\n", ["x", "y"], "up down"),
        ("id,sequence,a,b,label\ns1,ACGTACGTACGT,1,2,x\ns2,ACGTACGTACGA,3,4,y\n", ["ACGTACGTACGT", "ACGTACGTACGA"], "x y"),
    ],
)
def test_one_column_of_words_beside_numbers(tmp_path, content, inputs, targets):
    examples = user_files.read(write(tmp_path, "own.csv", content))
    assert lists(examples) == inputs and (targets is None or examples.targets == targets.split())


def test_a_list_beside_numbers_is_the_input(tmp_path):
    objects = [{"x": [1, 2], "a": 1, "b": 2, "label": "u"}, {"x": [3], "a": 2, "b": 3, "label": "v"}]
    assert lists(user_files.read(write(tmp_path, "own.json", json.dumps(objects)))) == [[1, 2], [3]]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("own.csv", "t1;t2;t3;label\n1,5;2,5;3,5;up\n3,1;2,1;1,1;down\n"),
        ("own.csv", "1,5;2,5;3,5;up\n3,1;2,1;1,1;down\n"),
        ("own.tsv", "1,5\t2,5\t3,5\tup\n3,1\t2,1\t1,1\tdown\n"),
        ("own.csv", '"1,5","2,5","3,5",up\n"3,1","2,1","1,1",down\n'),
        ("own.txt", "1,5|2,500|3,5|up\n3,100|2,1|1,1|down\n"),
    ],
)
def test_decimal_commas(tmp_path, name, content):
    assert lists(user_files.read(write(tmp_path, name, content))) == [[1.5, 2.5, 3.5], [3.1, 2.1, 1.1]]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("1,234;2,345;up\n3,456;5,678;down\n", ["1,234", "1.234 or 1234"]),
        ("1,5;2.5;up\n3,1;2.1;down\n", ["1,5", "2.5", "one of them"]),
        ("1,234,567;2;3;up\n2,234,567;3;4;down\n", ["1,234,567", "1234,5"]),
        ("1.234,5;2;3;up\n2.234,5;3;4;down\n", ["1.234,5", "1234,5"]),
    ],
)
def test_commas_in_numbers_that_may_mean_two_things(tmp_path, content, says):
    message = error(write(tmp_path, "own.csv", content))
    assert all(word in message for word in says), message


def test_underscores_are_no_part_of_a_number(tmp_path):
    content = "1_5,2,3,up\n" + "2,3,4,down\n" * 3
    assert "'1_5'" in error(write(tmp_path, "own.csv", content)).replace('"', "'")


def test_a_column_that_the_user_names_proves_a_header(tmp_path):
    file = write(tmp_path, "own.csv", "ticket_text,department\nit broke,repairs\nit is late,post\nit broke too,repairs\n")
    for columns in [(), ("ticket_text", "department"), ("ticket_text",), (None, "department")]:
        examples = user_files.read(file, *columns)
        assert examples.inputs == ["it broke", "it is late", "it broke too"]
        assert examples.targets == ["repairs", "post", "repairs"]
    assert "0, 1 (the file has no header)" in error(file, "ticket_text", header=False)


def test_the_only_other_column_is_the_label_whatever_its_name(tmp_path):
    file = write(tmp_path, "own.csv", "word,text\na b,x\nc,y\nd,x\n")
    assert user_files.read(file, "word").targets == ["x", "y", "x"]


# Names of classes.


@pytest.mark.parametrize("label", ["1", "1.0", "1.00", " 1.0 "])
def test_equal_whole_numbers_are_one_class(tmp_path, label):
    file = write(tmp_path, "own.csv", f"text,label\na,1\nb,{label}\nc,0\nd,0.0\ne,1.5\nf,-2.0\ng,3.10\nh,v1.0\n")
    assert user_files.read(file).targets == ["1", "1", "0", "0", "1.5", "-2", "3.10", "v1.0"]


def test_equal_whole_numbers_of_json_are_one_class(tmp_path):
    labels = [1, 1.0, "1", "1.0", 0, True, 0.5]
    lines = "\n".join(json.dumps({"text": "a", "label": label}) for label in labels)
    assert user_files.read(write(tmp_path, "own.jsonl", lines)).targets == ["1", "1", "1", "1", "0", "true", "0.5"]


def test_white_space_in_a_label_is_one_space(tmp_path):
    file = write(tmp_path, "own.csv", 'text,label\na,"x\ty"\nb,"x\r\n y"\nc,x  y\nd,z\n')
    assert user_files.read(file).targets == ["x y", "x y", "x y", "z"]


@pytest.mark.parametrize("label", ["x\0", "\x1b[31m", "\ud800", math.nan, math.inf])
def test_a_label_that_cannot_be_printed_is_refused(tmp_path, label):
    file = write(tmp_path, "own.jsonl", json.dumps({"text": "a", "label": label}) + '\n{"text": "b", "label": "y"}')
    assert error(file).startswith(":1: column label: found ")


def test_nul_in_a_text_of_json_is_read(tmp_path):
    file = write(tmp_path, "own.jsonl", '{"text": "a\\u0000b", "label": 1}\n{"text": "\\ud83d\\ude00", "label": 2}')
    assert user_files.read(file).inputs == ["a\0b", "\U0001f600"]


# The note.


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        (
            "reviews.csv",
            "id;review;date;stars\n1;so, so;may;3\n2;good, too;june;5\n3;no;july;1\n",
            'CSV (";", with a header): text "review", label "stars" (3 classes: 1, 3, 5), left out: "id", "date"',
        ),
        ("a.tsv", "good film\tpos\nbad film\tneg\n", "TSV (no header): text column 0, label column 1 (2 classes: neg, pos)"),
        (
            "a.csv",
            "a,b,c,label\n1,2,3,up\n3,2,1,down\n",
            'CSV (",", with a header): numbers "a" to "c", label "label" (2 classes: down, up)',
        ),
        (
            "a.csv",
            "p1,1,2,up\np2,2,2,up\np3,2,1,down\n",
            'CSV (",", no header): numbers columns 1, 2, label column 3 (2 classes: down, up), left out: column 0',
        ),
        ("a", '{"x": [1], "label": 1}\n{"x": [2], "label": 2}', 'JSON Lines: sequences "x", label "label" (2 classes: 1, 2)'),
        (
            "a.json",
            '[{"text": "a", "my\\nlabel": 1, "id": 7}, {"text": "b", "my\\nlabel": 2}, {"text": "c", "my\\nlabel": 1}]',
            'JSON array: text "text", label "my\\nlabel" (2 classes: 1, 2), left out: "id"',
        ),
    ],
)
def test_a_note_says_what_a_training_file_was_taken_for(tmp_path, capsys, name, content, says):
    file = write(tmp_path, name, content)
    user_files.read(file)
    assert capsys.readouterr().err == f"note: {file}: {says}\n"


def test_the_note_of_ratings_and_of_folders(tmp_path, capsys):
    for split in ("train", "test"):
        write(tmp_path, f"{split}.csv", "text,stars\na,1\nb,2.5\n")
    user_files.read_folder(tmp_path, numbers=True)
    file = tmp_path / "train.csv"
    assert capsys.readouterr().err == f'note: {file}: CSV (",", with a header): text "text", label "stars" (numbers)\n'


def test_the_processes_that_a_command_starts_do_not_repeat_its_note(tmp_path, capsys, monkeypatch):
    file = write(tmp_path, "a.csv", "text,label\na,1\nb,2\n")
    user_files.read(file, like="a")  # a test file too
    assert 'label "label" (2 classes: 1, 2)' in capsys.readouterr().err
    monkeypatch.setenv(STARTED, "1")
    user_files.read(file)
    assert capsys.readouterr().err == ""


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


# Typed sequences.


@pytest.mark.parametrize("line", ["1, 2.5, 3", "1,2.5,3", "1 2.5  3", "[1, 2.5, 3]"])
def test_a_typed_sequence(line):
    assert user_files.sequence(line)[:, 0].tolist() == [1, 2.5, 3]


@pytest.mark.parametrize("line", ["1,5 2,5", "1;2", "a", "", "[1, 2", "[" * 100_000])
def test_a_line_that_is_no_sequence(line):
    with pytest.raises(DataError, match="numbers"):
        user_files.sequence(line)


# What a stranger's program writes.


def read_rows(tmp_path, content, name="a.csv", **arguments):
    examples = user_files.read(write(tmp_path, name, content), **arguments)
    return list(zip(examples.inputs, examples.targets, strict=True))


@pytest.mark.parametrize(
    "content",
    [
        'id, text, label\n0, "good, film", "pos"\n1, "bad film", "neg"\n',
        "'text';'label'\n'good, film';'pos'\n'bad film';'neg'\n",
        '"text","label"\n"good, film","pos"\n"bad film","neg"\n,\n,\n',
    ],
    ids=["space before a quote", "single quotes", "empty rows"],
)
def test_quotes_are_no_part_of_a_cell(tmp_path, content):
    assert read_rows(tmp_path, content) == [("good, film", "pos"), ("bad film", "neg")]


def test_an_apostrophe_is_no_quote(tmp_path):
    assert read_rows(tmp_path, "'tis good,pos\nbad ol',neg\n")[0] == ("'tis good", "pos")


@pytest.mark.parametrize("content", ["0,1\ngood film,pos\nbad film,neg\n", ",0,1\n0,good film,pos\n1,bad film,neg\n"])
def test_columns_that_are_numbered_have_a_header(tmp_path, content):
    assert read_rows(tmp_path, content) == [("good film", "pos"), ("bad film", "neg")]


@pytest.mark.parametrize("name", ["Unnamed: 0", "row_id", "CustomerId", "rownames", "user id", "PassengerID", "ID"])
def test_numbers_of_rows_are_no_inputs(tmp_path, name):
    rows = read_rows(tmp_path, f"{name},a,b,label\n7,5,2,x\n8,4,3,y\n9,7,1,x\n")
    assert [inputs[:, 0].tolist() for inputs, _ in rows] == [[5, 2], [4, 3], [7, 1]]


def test_names_that_end_like_ids_are_inputs(tmp_path):
    rows = read_rows(tmp_path, "humid,acid,label\n5,2,x\n4,3,y\n")
    assert rows[0][0].shape == (2, 1)


def test_a_column_with_empty_cells_is_not_guessed_as_the_label(tmp_path):
    table = "".join(f"{'neg' if i % 2 else 'pos'},{'late' if i % 2 else ''},the flight {i} was so\n" for i in range(20))
    assert {label for _, label in read_rows(tmp_path, f"feeling,reason,words\n{table}")} == {"pos", "neg"}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"text,label\na,1\nb,2\ntext,label\nc,1\n", [":4:", "header", "again"]),
        (b"| text | label |\n|---|---|\n| good film | pos |\n| bad film | neg |\n", ["Markdown"]),
        (b"PK\x03\x04\x00\x00", [":1:", "ZIP", "Excel"]),
        (b"text,label\na,\\N\nb,2\n", [":2:", "label"]),
    ],
)
def test_what_is_no_table_of_rows(tmp_path, content, says):
    with pytest.raises(DataError) as error:
        user_files.read(write(tmp_path, "a.csv", content))
    assert all(word in str(error.value) for word in says) and "\n" not in str(error.value)


def test_the_note_names_the_classes(tmp_path, capsys):
    read_rows(tmp_path, '"text","label"\n"good film","pos"\n"bad film",NA\n"so so","pos"\n')
    assert "(2 classes: NA, pos)" in capsys.readouterr().err
