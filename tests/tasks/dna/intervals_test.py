"""Intervals: BED, GFF3 and GTF of all spellings, a label for each base, splits that share nothing, and what cannot be."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqzoo.errors import DataError
from seqzoo.tasks.dna import intervals, sequences

GFF = "{0}\tme\t{1}\t{2}\t{3}\t.\t-\t.\tID=1\n"


def random_bases(length, seed=0):
    return "".join(random.Random(seed).choices("ACGT", k=length))


def put(folder, lengths, lines, name="x.bed"):
    """A FASTA file of sequences s0, s1, ... and a file of intervals."""
    records = [f">s{i} some words\n{random_bases(length, i)}\n" for i, length in enumerate(lengths)]
    (folder / "x.fa").write_text("".join(records))
    (folder / name).write_text("".join(lines))


def labels_of(features=None, name="x.bed"):
    """The labels of the first sequence, as their first letters."""
    labels, labelled = intervals.label_bases("x.fa", name, features)
    return "".join(labels[number][0] for number in labelled[0].numbers)


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


# Files.


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("tab", ["\t", " "])
def test_bed_of_all_spellings(here, end, tab):
    lines = ['track name="t"', "browser position x", "# note", "", "a 0 3 exon 0 +", "b 2 4", "c 1 2 ."]
    (here / "x.bed").write_bytes(b"\xef\xbb\xbf" + end.join(line.replace(" ", tab) for line in lines).encode())
    found = intervals.read("x.bed")
    assert found == [("a", 0, 3, "exon", 5), ("b", 2, 4, "positive", 6), ("c", 1, 2, "positive", 7)]


def test_a_sequence_may_be_named_track(here):
    (here / "x.bed").write_text("track name=t\ntrack\t0\t5\tgene\nbrowser 2 4 exon\ntrack\n")
    assert intervals.read("x.bed") == [("track", 0, 5, "gene", 2), ("browser", 2, 4, "exon", 3)]
    (here / "x.gff").write_text("track name=t\n" + GFF.format("track", "gene", 1, 3))
    assert intervals.read("x.gff") == [("track", 0, 3, "gene", 2)]


@pytest.mark.parametrize("name", ["x.gff", "x.GFF3", "x.gtf", "x.txt"])
def test_gff_counts_from_one_with_its_last_base(here, name):
    rest = "##FASTA\n>a\nACGT\n"
    (here / name).write_text(
        "##gff-version 3\n#!note\n" + GFF.format("a", "gene", 1, 3) + "\n" + GFF.format("b", "CDS", 2, 2) + rest
    )
    assert intervals.read(name) == [("a", 0, 3, "gene", 3), ("b", 1, 2, "CDS", 5)]


def test_without_a_suffix_a_line_of_nine_columns_of_bed_is_bed(here):
    (here / "x.txt").write_text("a\t0\t3\texon\t0\t+\t0\t3\t0\n")
    assert intervals.read("x.txt") == [("a", 0, 3, "exon", 1)]


@pytest.mark.parametrize(
    "name, line, where, named",
    [
        ("x.bed", "", "x.bed:", "no interval"),
        ("x.bed", "# note\ntrack x\n", "x.bed:", "no interval"),
        ("x.bed", "a\t1\n", "x.bed:1:", "too few columns (2)"),
        ("x.bed", "#\na\t1.5\t3\n", "x.bed:2:", "'1.5'"),
        ("x.bed", "a\t1\tx\n", "x.bed:1:", "'x'"),
        ("x.bed", "a\t1\t" + "9" * 5000 + "\n", "x.bed:1:", "integer"),
        ("x.bed", "a\t-1\t3\n", "x.bed:1:", "start -1"),
        ("x.bed", "a\t3\t3\n", "x.bed:1:", "start 3, end 3"),
        ("x.bed", "a\t1\t3\tnone\n", "x.bed:1:", "'none'"),
        ("x.gff", GFF.format("a", "gene", 0, 3), "x.gff:1:", "start 0"),
        ("x.gff", GFF.format("a", "gene", 4, 3), "x.gff:1:", "start 4, end 3"),
        ("x.gff", GFF.format("a", "", 1, 3), "x.gff:1:", "''"),
        ("x.gff", "a\t0\t3\tgene\n", "x.gff:1:", "too few columns (4)"),
        ("none.bed", None, "none.bed:", "expected a BED or GFF file"),
    ],
)
def test_what_is_no_interval_is_one_line(here, name, line, where, named):
    if line is not None:
        (here / name).write_text(line)
    with pytest.raises(DataError) as caught:
        intervals.read(name)
    assert str(caught.value).startswith(where) and named in str(caught.value) and "\n" not in str(caught.value)


def test_bytes_that_are_no_text_are_one_line(here):
    (here / "x.bed").write_bytes(b"a\t1\t3\nb\t1\t3\t\xff\n")
    with pytest.raises(DataError, match="^x.bed:2: .*UTF-8: expected BED or GFF"):
        intervals.read("x.bed")


def test_only_a_line_of_fasta_alone_ends_the_intervals(here):
    protein = "##Protein 1\n##FASTAKLVW\n##end-Protein\n"
    (here / "x.gff").write_text(GFF.format("c", "CDS", 1, 60) + protein + GFF.format("c", "CDS", 101, 160))
    assert intervals.read("x.gff") == [("c", 0, 60, "CDS", 1), ("c", 100, 160, "CDS", 5)]
    (here / "x.gff").write_text(GFF.format("c", "CDS", 1, 60) + "##FASTA \n>c\nACGT\n")
    assert intervals.read("x.gff") == [("c", 0, 60, "CDS", 1)]


def test_blocks_of_bed_are_the_intervals(here):
    (here / "x.bed").write_text("s0\t2\t20\te\t0\t+\t2\t20\t0\t2\t3,4,\t0,14,\ns0 1 2 e 0 + 1 2 0 1 1 0\n")
    assert intervals.read("x.bed") == [("s0", 2, 5, "e", 1), ("s0", 16, 20, "e", 1), ("s0", 1, 2, "e", 2)]
    (here / "x.bed").write_text("s0\t2\t20\te\t0\t+\t2\t20\t0\t7\t0.5\t0.7\n")  # other columns than those of blocks
    assert intervals.read("x.bed") == [("s0", 2, 20, "e", 1)]


@pytest.mark.parametrize("blocks", ["3\t3,4\t0,14", "2\t3,4\t0", "1\t19\t0", "1\t0\t0", "1\t" + "9" * 18 + "\t0"])
def test_blocks_that_do_not_fit_are_one_line(here, blocks):
    (here / "x.bed").write_text(f"# note\ns0\t2\t20\te\t0\t+\t2\t20\t0\t{blocks}\n")
    with pytest.raises(DataError, match="^x.bed:2: . blocks, lengths .* expected as many of each, inside the interval"):
        intervals.read("x.bed")


def circular(*rows, says="Is_circular=true"):
    return [f"s0\tme\tregion\t1\t200\t.\t+\t.\tID=r;{says}\n", *(GFF.format("s0", *row) for row in rows)]


def test_on_a_circular_sequence_an_interval_goes_on_at_the_start(here):
    put(here, [200], circular(("CDS", 190, 220)), "x.gff3")
    assert labels_of(name="x.gff3") == "C" * 20 + "n" * 169 + "C" * 11
    put(here, [200], circular(("CDS", 190, 220), says="Note=none"), "x.gff3")
    with pytest.raises(DataError, match="x.gff3:2: end 220, but 's0' of x.fa has 200 bases"):
        labels_of("CDS", name="x.gff3")
    put(here, [200], circular(("CDS", 190, 601)), "x.gff3")
    with pytest.raises(DataError, match="x.gff3:2: end 401, but 's0'"):
        labels_of(name="x.gff3")


def test_names_of_gff_are_decoded_where_no_sequence_has_them_as_they_are(here):
    (here / "x.fa").write_text(">p|1\nACGTACGTACGT\n")
    (here / "x.gff3").write_text(GFF.format("p%7C1", "CDS", 1, 9))
    assert labels_of(name="x.gff3") == "CCCCCCCCCnnn"
    (here / "x.fa").write_text(">p%7C1\nACGTACGTACGT\n")
    assert labels_of(name="x.gff3") == "CCCCCCCCCnnn"
    (here / "x.gff3").write_text(GFF.format("p%7C2", "CDS", 1, 9))
    with pytest.raises(DataError, match="x.gff3:1: no sequence of x.fa is named 'p|2'"):
        labels_of(name="x.gff3")


# Labels.


def test_intervals_label_bases_and_one_label_becomes_one_interval(here):
    put(here, [10, 5], ["s0\t1\t3\te\n", "s0\t3\t4\te\n", "s0\t2\t4\te\n", "s0\t6\t10\tf\n"])
    labels, (first, second) = intervals.label_bases("x.fa", "x.bed")
    assert labels == ("none", "e", "f") and labels_of() == "neeennffff"
    assert intervals.runs(first.numbers) == [(1, 4, 1), (6, 10, 2)] and intervals.runs(second.numbers) == []
    assert first.sequence == random_bases(10)


@given(st.lists(st.integers(0, 3), min_size=1))
def test_runs_are_the_labels(numbers):
    read_back = np.zeros(len(numbers), int)
    found = intervals.runs(np.array(numbers))
    for start, end, number in found:
        read_back[start:end] = number
    assert read_back.tolist() == numbers and all(a[1] < b[0] or a[2] != b[2] for a, b in zip(found, found[1:], strict=False))


def test_features_choose_and_the_first_one_counts(here):
    lines = [GFF.format("s0", *row) for row in (("gene", 1, 9), ("exon", 1, 4), ("CDS", 3, 4), ("exon", 7, 9))]
    put(here, [10], lines, "x.gff")
    assert labels_of("CDS,exon", "x.gff") == "eeCCnneeen"
    assert labels_of("exon, CDS", "x.gff") == "eeeenneeen"
    assert labels_of("CDS,exon,gene", "x.gff") == "eeCCggeeen"
    assert labels_of("gene", "x.gff") == "gggggggggn"


@pytest.mark.parametrize(
    "lines, features, named",
    [
        (["s0\t1\t3\te\n", "s0\t2\t4\tf\n"], None, "x.bed:2: 'f' overlaps 'e' of line 1, .* --features f,e"),
        (["s0\t1\t3\te\n", "s0\t9\t11\te\n"], None, "x.bed:2: end 11, but 's0' of x.fa has 10 bases"),
        (["s0\t1\t3\te\n", "s9\t9\t11\te\n"], None, "x.bed:2: no sequence of x.fa is named 's9'"),
        (["s0\t1\t3\te\n"], "e,g", "--features: 'g' is no label of x.bed"),
        (["s0\t1\t3\te\n"], "", "--features: '' is no label"),
        ([f"s0\t0\t3\te{i}\n" for i in range(11)], None, "x.bed: 11 intervals, 11 labels"),
    ],
)
def test_intervals_that_do_not_fit_are_one_line(here, lines, features, named):
    put(here, [10], lines)
    with pytest.raises(DataError, match=f"^{named}"):
        intervals.label_bases("x.fa", "x.bed", features)


def test_another_file_has_the_labels_of_the_model(here):
    put(here, [10], ["s0\t1\t3\te\n"])
    test = intervals.load_test("x.fa", "x.bed", None, ("none", "d", "e"))
    assert test.y[0].tolist() == [0, 2, 2, 0, 0, 0, 0, 0, 0, 0]
    with pytest.raises(DataError, match="^x.bed:1: label 'e' is unknown to the model, expected d"):
        intervals.load_test("x.fa", "x.bed", None, ("none", "d"))


# Splits.


def letters(split):
    return [sequences.letters(array) for array in split.inputs]


def test_whole_sequences_are_held_out_and_the_others_cut_into_windows(here):
    put(here, [95] * 40, [f"s{i}\t10\t30\n" for i in range(40)])
    dataset = intervals.load("x.fa", "x.bed", max_length=40)
    whole = {random_bases(95, i) for i in range(40)}
    assert set(letters(dataset.test)) < whole and len(dataset.test.inputs) == 4
    assert {len(numbers) for numbers in dataset.train.y} == {31, 32} and len(dataset.train.inputs) == 32 * 3
    assert all(array.shape == (len(y), 4) for array, y in zip(dataset.train.inputs, dataset.train.y, strict=True))
    assert len(intervals.load("x.fa", "x.bed", max_length=40, most=5).train.inputs) == 5


def test_of_a_chromosome_stretches_are_held_out(here):
    put(here, [1000], [f"s0\t{i}\t{i + 5}\n" for i in range(0, 1000, 20)])
    dataset = intervals.load("x.fa", "x.bed", max_length=30, seed=1)
    assert [len(numbers) for numbers in dataset.test.y] == [100]
    held_out = "".join(letters(dataset.validation))
    assert len(held_out) == 100 and held_out in random_bases(1000) and letters(dataset.test)[0] in random_bases(1000)
    assert sum(map(len, dataset.train.y)) == 800


def test_a_large_sequence_is_cut_though_there_are_many_small_ones(here):
    put(here, [5000] + [50] * 20, ["s0\t10\t4000\n"])
    for seed in range(5):
        dataset = intervals.load("x.fa", "x.bed", seed=seed)
        assert 450 <= sum(map(len, dataset.test.y)) <= 1200 and sum(map(len, dataset.train.y)) >= 3600


def test_copies_stay_in_one_split_and_the_seed_decides(here):
    put(here, [60] * 30, [f"copy{i}\t10\t30\n" for i in range(60)])
    copies = [f">copy{2 * i + j}\n{random_bases(60, i)}\n" for i in range(30) for j in range(2)]
    (here / "x.fa").write_text("".join(copies))
    dataset = intervals.load("x.fa", "x.bed", seed=3)
    train, validation, test = (set(letters(split)) for split in (dataset.train, dataset.validation, dataset.test))
    assert not train & validation and not train & test and not validation & test
    assert letters(dataset.test) == letters(intervals.load("x.fa", "x.bed", seed=3).test)
    assert letters(dataset.test) != letters(intervals.load("x.fa", "x.bed", seed=4).test)


@pytest.mark.parametrize(
    "lengths, lines, named",
    [
        ([10] * 9, [f"s{i}\t0\t10\te\n" for i in range(9)], "x.bed: every base of x.fa is 'e'"),
        ([2], ["s0\t0\t1\n"], "x.fa: too little to split"),
    ],
)
def test_what_cannot_be_learnt_is_one_line(here, lengths, lines, named):
    put(here, lengths, lines)
    with pytest.raises(DataError, match=f"^{named}"):
        intervals.load("x.fa", "x.bed")


def test_a_label_that_only_what_is_held_out_shows_is_one_line(here):
    lines = [f"s{i}\t0\t10\te\n" for i in range(10)]
    put(here, [20] * 10, lines)
    (tested,) = letters(intervals.load("x.fa", "x.bed").test)
    number = next(i for i in range(10) if random_bases(20, i) == tested)
    put(here, [20] * 10, [*lines, f"s{number}\t15\t20\trare\n"])
    with pytest.raises(DataError, match="^x.bed: 'rare' is too rare"):
        intervals.load("x.fa", "x.bed")
