"""DNA: FASTA of all its spellings, labels from where they may come, bases as vectors, and what cannot be read."""

import os
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqzoo.errors import DataError
from seqzoo.tasks.dna import fasta
from seqzoo.tasks.dna import sequences as dna_sequences


def fasta_of(sequences, prefix="s"):
    return "".join(f">{prefix}{i} some words\n{sequence}\n" for i, sequence in enumerate(sequences))


def sequences(count, seed=0, length=20):
    rng = random.Random(seed)
    return ["".join(rng.choices("ACGT", k=length)) for _ in range(count)]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


# Vectors.


@pytest.mark.parametrize(
    "letter, vector",
    [("A", [1, 0, 0, 0]), ("T", [0, 0, 0, 1]), ("R", [0.5, 0, 0.5, 0]), ("N", [0.25] * 4), ("B", [0, 1 / 3, 1 / 3, 1 / 3])],
)
def test_a_base_is_a_vector_and_an_unknown_one_the_even_mix(letter, vector):
    np.testing.assert_allclose(dna_sequences.vectors(letter), [vector], rtol=1e-6)


@given(st.text(sorted(fasta.CODES)))
def test_vectors_are_shares_and_can_be_read_back(sequence):
    vectors = dna_sequences.vectors(sequence)
    assert vectors.shape == (len(sequence), 4) and vectors.dtype == np.float32
    np.testing.assert_allclose(vectors.sum(axis=1), 1, rtol=1e-6)
    assert dna_sequences.letters(vectors) == sequence


@pytest.mark.parametrize("sequence, mark", [("A", [1]), ("AC", [1, 1]), ("ACG", [0, 1, 0]), ("ACGTAC", [0, 0, 1, 1, 0, 0])])
def test_the_middle_can_be_marked(sequence, mark):
    marked = dna_sequences.vectors(sequence, middle=True)
    assert marked[:, 4].tolist() == mark and dna_sequences.letters(marked) == sequence
    np.testing.assert_array_equal(dna_sequences.bases(marked), dna_sequences.vectors(sequence))


# FASTA.


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_fasta_of_all_spellings(end):
    lines = ["; a comment", "", ">one first of all", "acgt", "  RYSWKM ", "", ">two", "; here too", "BDHVN ACG", "uU"]
    found = fasta.parse(b"\xef\xbb\xbf" + end.join(lines).encode(), "x.fa")
    assert found == [("one", "ACGTRYSWKM", 3), ("two", "BDHVNACGTT", 7)]


@given(st.lists(st.text("ACGTRYSWKMBDHVN", min_size=1), min_size=1), st.integers(1, 9))
def test_what_is_written_is_read_however_it_is_wrapped(written, width):
    lines = [f">{i}\n" + "\n".join(s[at : at + width] for at in range(0, len(s), width)) for i, s in enumerate(written)]
    assert [record.sequence for record in fasta.parse("\n".join(lines).encode(), "x.fa")] == written


@pytest.mark.parametrize(
    "content, where, named",
    [
        (b"", "x.fa:", "empty"),
        (b" \n\n; only a comment\n", "x.fa:", "empty"),
        (b"ACGT\n>late\nACGT\n", "x.fa:1:", "header"),
        (b">a\nACGT\n>b\n>c\nACGT\n", "x.fa:3:", "'b' is empty"),
        (b">a\nACGT\n>b\n", "x.fa:3:", "'b' is empty"),
        (b">p\nACGT\nMKVLEFIPQ\n", "x.fa:3:", "'L' is no code of a nucleotide"),
        (b">p\nACGE\n", "x.fa:2:", "a protein?"),
        (b">a\nAC-GT\n", "x.fa:2:", "a gap?"),
        (b">a\nAC1GT\n", "x.fa:2:", "'1'"),
        (b">a\n\xff\xfe\n", "x.fa:2:", "UTF-8"),
        (">a\nACGÄ\n".encode(), "x.fa:2:", "'Ä'"),
        (">a\nACGß\n".encode(), "x.fa:2:", "'ß'"),
        (">a\nACGſ\n".encode(), "x.fa:2:", "'ſ'"),  # its capital is S, a code
        (">a\nACGT\n".encode("utf-16"), "x.fa:", "UTF-16"),
        (">a\nACGT\n".encode("utf-16-be"), "x.fa:1:", "UTF-16"),
    ],
)
def test_what_is_no_dna_is_one_line(here, content, where, named):
    (here / "x.fa").write_bytes(content)
    with pytest.raises(DataError) as caught:
        fasta.read("x.fa")
    assert str(caught.value).startswith(where) and named in str(caught.value) and "\n" not in str(caught.value)


def test_a_file_that_is_missing_or_a_folder_is_one_line(here):
    for path in ("none.fa", "."):
        with pytest.raises(DataError, match="expected a FASTA file"):
            fasta.read(path)


# Labels.


@pytest.mark.parametrize(
    "table",
    [
        "s0\tx\ns1\ty\ns2\tx\ns3\ty\n",
        "name\tlabel\ns3\ty\ns2\tx\ns1\ty\ns0\tx\n",
        "sequence\tfamily\r\ns0\tx\r\ns1\ty\r\ns2\tx\r\ns3\ty\r\n",
        "s0 some words\tx\n>s1\ty\ns2\tx\ns3\ty\n",
    ],
    ids=["no header", "header", "another header", "whole headers"],
)
def test_labels_come_by_name(here, table):
    (here / "x.fa").write_text(fasta_of(sequences(4)))
    (here / "labels.tsv").write_text(table)
    found = dna_sequences.read("x.fa", labels="labels.tsv")
    assert found.inputs == sequences(4) and found.targets == ["x", "y", "x", "y"]


def test_a_class_has_one_name_however_the_table_spells_it(here):
    (here / "x.fa").write_text(fasta_of(sequences(4)))
    (here / "labels.tsv").write_text("s0\t1\ns1\t1.0\ns2\ta b\ns3\ta  b \n")
    assert dna_sequences.read("x.fa", labels="labels.tsv").targets == ["1", "1", "a b", "a b"]


@pytest.mark.parametrize(
    "table, where, named",
    [
        ("s0\tx\ns1\ty\n", "x.fa:5:", "'s2' has no label"),
        ("s0\tx\ns1\ty\ns2\tx\ns9\ty\n", "labels.tsv:4:", "'s9'"),
        ("s9\tx\ns0\tx\ns1\ty\ns2\tx\n", "labels.tsv:1:", "'s9'"),
        ("s0\tx\ns1\ty\ns2\tx\ns0\ty\n", "labels.tsv:4:", "'s0'"),
        ("s0\tx\ns1\t\ns2\tx\n", "labels.tsv:2:", "'s1'"),
        ("s0\ns1\ns2\n", "labels.tsv:1:", "NAME TAB LABEL"),
        ("", "labels.tsv:", "empty"),
    ],
)
def test_labels_that_do_not_match_are_one_line(here, table, where, named):
    (here / "x.fa").write_text(fasta_of(sequences(3)))
    (here / "labels.tsv").write_text(table)
    with pytest.raises(DataError) as caught:
        dna_sequences.read("x.fa", labels="labels.tsv")
    assert str(caught.value).startswith(where) and named in str(caught.value) and "\n" not in str(caught.value)


def test_two_sequences_of_one_name_are_one_line(here):
    (here / "x.fa").write_text(">a\nACGT\n>a\nACGG\n")
    (here / "labels.tsv").write_text("a\tx\n")
    with pytest.raises(DataError, match="x.fa: two sequences are named 'a'"):
        dna_sequences.read("x.fa", labels="labels.tsv")


def test_a_pair_of_files_is_positive_and_negative(here):
    (here / "p.fa").write_text(fasta_of(sequences(20)))
    (here / "n.fa").write_text(fasta_of(sequences(20, seed=1)))
    splits = dna_sequences.load("p.fa", negative="n.fa")
    of = dict(zip(sequences(20) + sequences(20, seed=1), ["positive"] * 20 + ["negative"] * 20, strict=True))
    examples = [getattr(splits, split) for split in ("train", "validation", "test")]
    assert [len(split) for split in examples] == [32, 4, 4]
    assert {s: label for split in examples for s, label in zip(split.inputs, split.targets, strict=True)} == of


@pytest.mark.parametrize("end", ["\n", "\r"])
def test_one_file_is_not_two_classes(here, end):
    (here / "p.fa").write_text(fasta_of(sequences(20)))
    (here / "copy.fa").write_text(fasta_of(sequences(20), "n").lower().replace("\n", end))
    for negative in ("p.fa", "./p.fa", "copy.fa"):
        with pytest.raises(DataError, match=f"^{negative}: the same sequences as p.fa, expected those of another class"):
            dna_sequences.load("p.fa", negative=negative)
    with pytest.raises(DataError, match="p.fa: the same sequences as copy.fa, expected"):
        dna_sequences.load(".")


def test_a_pipe_is_refused_and_never_waited_for(here):
    os.mkfifo("x.fa")
    with pytest.raises(DataError, match="^x.fa: a pipe or a device: expected a FASTA file"):
        dna_sequences.load("x.fa", negative="x.fa")


def test_a_folder_has_a_file_for_each_class(here):
    for seed, name in enumerate(("exon.fasta", "intron.fa", "other.fna")):
        (here / name).write_text(fasta_of(sequences(5, seed)))
    (here / "notes.md").write_text("notes")
    found = dna_sequences.read(".")
    assert found.targets == ["exon"] * 5 + ["intron"] * 5 + ["other"] * 5 and dna_sequences.is_fasta(".")
    (here / "exon.fa").write_text(fasta_of(sequences(5)))
    with pytest.raises(DataError, match="exon.fa and exon.fasta"):
        dna_sequences.read(".")


def test_copies_of_a_sequence_stay_in_one_split(here):
    (here / "p.fa").write_text(fasta_of(sequences(15) * 3))
    (here / "n.fa").write_text(fasta_of(sequences(15, seed=1) * 3))
    splits = dna_sequences.load("p.fa", negative="n.fa")
    train, validation, test = (set(split.inputs) for split in (splits.train, splits.validation, splits.test))
    assert not train & validation and not train & test and not validation & test


@pytest.mark.parametrize(
    "arguments, named",
    [
        ({"source": "x.fa"}, "x.fa: FASTA has no labels, expected --labels FILE, --negative FILE"),
        ({"source": "x.fa", "labels": "l.tsv", "negative": "x.fa"}, "--labels l.tsv: expected either"),
        ({"source": "none.fa", "negative": "x.fa"}, "none.fa:"),
        ({"source": "x.fa", "negative": "none.fa"}, "none.fa:"),
        ({"source": "x.fa", "labels": "none.tsv"}, "none.tsv:"),
        ({"source": "x.fa", "labels": "one.tsv"}, "x.fa: every label is 'x'"),
        ({"source": "numbers.csv"}, "numbers.csv: expected a column of DNA"),
        ({"source": "texts.csv"}, "texts.csv: sequence "),
        ({"source": "none"}, "none: no such file or data set"),
    ],
)
def test_what_cannot_be_loaded_is_one_line(here, arguments, named):
    (here / "x.fa").write_text(fasta_of(sequences(3)))
    (here / "one.tsv").write_text("s0\tx\ns1\tx\ns2\tx\n")
    (here / "numbers.csv").write_text("a,b,label\n" + "".join(f"{i},2,{'xy'[i % 2]}\n" for i in range(20)))
    (here / "texts.csv").write_text("text,label\n" + "".join(f"hello {i},{'xy'[i % 2]}\n" for i in range(20)))
    with pytest.raises(DataError) as caught:
        dna_sequences.load(**arguments)
    assert str(caught.value).startswith(named) and "\n" not in str(caught.value)


def test_a_table_of_sequences_is_read_too(here):
    lines = [f"{sequence.lower()},{'xy'[i % 2]}" for i, sequence in enumerate(sequences(20))]
    (here / "t.csv").write_text("\n".join(["sequence,label", *lines]))
    splits = dna_sequences.load("t.csv")
    assert set(splits.train.inputs) < set(sequences(20)) and len(splits.train) == 16
    assert sorted(dna_sequences.load_test("t.csv").inputs) == sorted(sequences(20))


def test_copies_in_a_table_stay_in_one_split_however_they_are_spelled(here):
    lines = []
    for i, sequence in enumerate(sequences(20)):
        spellings = (sequence, sequence.replace("T", "U"), f"{sequence[:10]} {sequence[10:]}", sequence.lower())
        lines += [f"{spelling},{'xy'[i % 2]}" for spelling in spellings]
    (here / "t.csv").write_text("\n".join(["sequence,label", *lines]))
    for seed in range(5):
        splits = dna_sequences.load("t.csv", seed=seed)
        train, validation, test = (set(split.inputs) for split in (splits.train, splits.validation, splits.test))
        assert [len(train), len(validation), len(test)] == [16, 2, 2] and len(train | validation | test) == 20
