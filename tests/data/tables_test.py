"""Tables: JSON or delimited rows, the delimiter, and whether the first row is a header."""

import json
import random

import pytest

from seqzoo.data import tables
from seqzoo.errors import DataError


def table(tmp_path, name, content, **options):
    (tmp_path / name).write_text(content, encoding="utf-8", newline="")
    return tables.read(tmp_path / name, **options)


def cells(read):
    return [row for _, row in read.rows]


# JSON.

OBJECTS = [{"text": "late, again", "label": "neg"}, {"text": "fine; ok", "label": "pos"}]
ROWS = [["late, again", "neg"], ["fine; ok", "pos"]]
LINES = "\n".join(map(json.dumps, OBJECTS))


@pytest.mark.parametrize("content", [LINES, LINES.replace("\n", "\r"), "\n\n" + LINES.replace("\n", "\r\n\r\n")])
@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.txt", "a.csv", "a.tsv", "a"])
def test_json_lines_are_told_by_their_content(tmp_path, name, content):
    read = table(tmp_path, name, content)
    assert (read.names, cells(read), read.format) == (["text", "label"], ROWS, "JSON Lines")


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("name", ["a.json", "a.txt", "a"])
def test_an_array_of_objects_is_a_table(tmp_path, name, indent):
    read = table(tmp_path, name, json.dumps(OBJECTS, indent=indent))
    assert (read.names, cells(read), read.format) == (["text", "label"], ROWS, "JSON array")
    assert [line for line, _ in read.rows] == ([2, 6] if indent else [1, 1])


@pytest.mark.parametrize("line", ["{hello} world", "[1] world", "{}", '{"a": 1}', "[{a"])
def test_a_text_with_brackets_is_no_json(tmp_path, line):
    assert cells(table(tmp_path, "a.tsv", f"{line}\tpos\nbye\tneg\n"))[0] == [line, "pos"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('[{"text": "a", "label": 1}, {"text": "b", "la', [":1:", "broken JSON"]),
        ('[{"text": "a", "label": 1},\n{"text": "b", "label": 2}', [":2:", "does not end"]),
        ('[{"text": "a", "label": 1}\n{"text": "b", "label": 2}]', [":1:", "without a comma"]),
        ('[{"text": "a", "label": 1}, 2]', [":1:", "int"]),
        ('[{"text": "a", "label": 1}] x', [":1:", "broken JSON"]),
        ("[]", ["no object"]),
        ('"a"', ["str"]),
        ('{"text": "a", "text": "b", "label": 1}', [":1:", '"text" twice']),
        ('{"text": "a", "label": 1,\n{"text": "b", "label": 2}', [":1:", "broken JSON"]),
        ('{"text": ' + "[" * 100_000 + "]" * 100_000 + "}", [":1:", "broken JSON", "depth"]),
    ],
)
@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
def test_broken_json_is_named(tmp_path, name, content, says):
    with pytest.raises(DataError) as caught:
        table(tmp_path, name, content)
    assert all(word in str(caught.value) for word in says) and "\n" not in str(caught.value), caught.value


# Delimiters.


@pytest.mark.parametrize(
    ("content", "delimiter", "first"),
    [
        ("text, German;label\nnice, but late;neg\ngood, cheap;pos\n", ";", ["nice, but late", "neg"]),
        ("nice, but late|neg\ngood, cheap|pos\n", "|", ["nice, but late", "neg"]),
        ("one, two\tneg\nthree, four\tpos\n", "\t", ["one, two", "neg"]),
        ("fine; really,pos\nno; never,neg\nso; so,neg\n", ",", ["fine; really", "pos"]),
        ("I paid 5,99;pos\nwell, fine;neg\n", ";", ["I paid 5,99", "pos"]),
        ("text,label\na; b,neg\nc,pos\n", ",", ["a; b", "neg"]),
        ('"a;b","c"\n"d;e","f"\n', ",", ["a;b", "c"]),
        ('"a\n,b";c\n"d,e";f\n', ";", ["a\n,b", "c"]),
        ("a, b, neg\nc, d, pos\n", ",", ["a", " b", " neg"]),
        ("1,5;2,5;up\n3,1;2,1;down\n", ";", ["1,5", "2,5", "up"]),
        ("text;label;\na, b;neg;\nc;pos;\n", ";", ["a, b", "neg", ""]),
        ("text,label\n\na,neg\n   \nc,pos\n  \n", ",", ["a", "neg"]),
        ("text,label\ra,neg\rb,pos\r", ",", ["a", "neg"]),
    ],
)
@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.txt"])
def test_the_delimiter_divides_every_line(tmp_path, name, content, delimiter, first):
    read = table(tmp_path, name, content)
    assert cells(read)[0] == first
    assert read.format.startswith("TSV" if delimiter == "\t" else f'CSV ("{delimiter}"')


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "SEP=;", "\ufeffsep=;"])
def test_the_first_line_of_excel_names_the_delimiter(tmp_path, first, end):
    read = table(tmp_path, "a.csv", end.join([first, "text;label", "a, b;x", "c, d;y", ""]))
    assert (read.names, read.rows) == (["text", "label"], [(3, ["a, b", "x"]), (4, ["c, d", "y"])])


def test_rows_that_no_delimiter_divides_are_named(tmp_path):
    with pytest.raises(DataError, match=r":3: 3 cells, expected 2 as in line 1; a cell with the delimiter ';'"):
        table(tmp_path, "a.csv", "text, long;label\na, b;x\nc;d;y\n")


# Headers.

HEADERS = ["ticket_text,department", "Nachricht,Abteilung", "utterance,skill", "phrase,kind", "frage,antwort_typ", "v1,v2"]
HEADERS += ["input,output", "Satz,Art", "texto,clase", "文,类", "Kommentar,Betreff der Mail"]
NUMBERED = ["t1,t2,t3,t4,klasse", "0,1,2,3,klasse", "a,b,c,d,outcome", "jan,feb,mar,apr,kind", "2001,2002,2003,2004,country"]
WITH_ID = ["ref,message_body,queue", "nr,satz,art", "user,utterance,lang"]
WORDS = ["the", "service", "was", "slow", "and", "nobody", "answered", "my", "call", "thanks", "a", "lot", "great", "film"]
NAMES = ["Anna", "Ben", "Carla", "Dora", "Emil", "Fritz", "Gerda", "Hans", "Ida", "Jan", "Karl", "Lena", "Max", "Nora"]


def sentences(rng, shortest, longest, labels, count=30):
    return [[" ".join(rng.choices(WORDS, k=rng.randint(shortest, longest))), labels[i % len(labels)]] for i in range(count)]


def files(rng):
    """`{kind: rows}` of files without a header."""
    labels = ["billing", "repairs", "post"]
    texts = sentences(rng, 2, 9, labels)
    return {
        "two classes": sentences(rng, 2, 9, labels[:2]),
        "many classes": sentences(rng, 2, 9, [f"kind {i}" for i in range(12)]),
        "short texts": sentences(rng, 1, 3, labels),
        "single words": [[rng.choice(NAMES), labels[i % 2]] for i in range(30)],
        "few": [["it broke", "repairs"], ["it is late", "post"], ["it broke too", "repairs"]],
        "label first": [row[::-1] for row in texts],
        "numbers": [[*(f"{rng.random():.2f}" for _ in range(4)), labels[i % 2]] for i in range(30)],
        "whole numbers": [[*(str(rng.randint(5, 99)) for _ in range(4)), labels[i % 2]] for i in range(30)],
        "numbers as labels": [[text, str(i % 3)] for i, (text, _) in enumerate(texts)],
        "number ids": [[str(i), *row] for i, row in enumerate(texts)],
        "word ids": [[f"u{i}", *row] for i, row in enumerate(texts)],
        "a rare class": [*texts, ["such a long text about a thing that nobody else writes about", "rare"]],
    }


def test_files_without_a_header_keep_their_first_row(tmp_path):
    for seed in range(20):
        rng = random.Random(seed)
        for kind, rows in files(rng).items():
            rng.shuffle(rows)
            assert not table(tmp_path, "a.csv", "\n".join(map(",".join, rows))).header, (kind, rows[0])


@pytest.mark.parametrize("kind", list(files(random.Random(0))))
def test_a_header_with_unknown_names(tmp_path, kind):
    rows = files(random.Random(1))[kind]
    headers = {2: HEADERS, 3: WITH_ID, 5: NUMBERED}[len(rows[0])]
    for header in headers:
        if kind == "label first":
            header = ",".join(header.split(",")[::-1])
        read = table(tmp_path, "a.csv", "\n".join([header, *map(",".join, rows)]))
        assert read.header and read.names == header.split(","), header


@pytest.mark.parametrize(
    "content",
    ["vorname,land\nAnna,DE\nBen,UK\nCarl,DE\n", "first_name,country\na,DE\nb,UK\nc,DE\n", "Der_Name,X\na,DE\nb,UK\nc,DE\n"],
)
def test_a_header_written_in_another_way_than_few_single_words(tmp_path, content):
    assert table(tmp_path, "a.csv", content).header


def test_a_label_that_stands_in_the_first_row_alone_is_data_where_one_class_were_left(tmp_path):
    rows = [["u0 u0", "odd"], *([f"text {i}", "usual"] for i in range(20))]
    assert not table(tmp_path, "a.csv", "\n".join(map(",".join, rows))).header


@pytest.mark.parametrize("missing", ["", "?", "NA", "n/a", "-", "null"])
def test_a_missing_number_in_the_first_row_is_data(tmp_path, missing):
    assert not table(tmp_path, "a.csv", f"good film,{missing}\nbad film,1\nso so,0\n").header
    assert table(tmp_path, "b.csv", ",satz,art\n0,good film,x\n1,bad film,y\n").header  # as pandas writes it


def test_a_number_in_the_first_row_is_data(tmp_path):
    assert not table(tmp_path, "a.csv", "x,2,up\n1,3,down\n4,5,up\n").header


def test_a_column_that_the_user_names_proves_a_header(tmp_path):
    content = "a,b\nx,y\nz,y\n"
    assert not table(tmp_path, "a.csv", content).header
    assert table(tmp_path, "a.csv", content, named=["b"]).names == ["a", "b"]
    assert not table(tmp_path, "a.csv", content, named=["b"], header=False).header
    assert not table(tmp_path, "a.csv", content, named=["1", "c"]).header


def test_two_columns_of_one_name_are_refused(tmp_path):
    for content in ("text,text,label\na,b,x\nc,d,y\n", "sep=,\ntext, label,label\na,b,x\n", "q,q,kind\n1,2,x\n3,4,y\n"):
        with pytest.raises(DataError, match=r"columns \d and \d are both named '\w+', expected different names"):
            table(tmp_path, "a.csv", content)
    assert table(tmp_path, "a.csv", "text;label;;\na;x;;\n").names == ["text", "label", "", ""]
