"""Rated sentences: the reader and the split on a tiny archive, the counts on the real one."""

import dataclasses
import hashlib
import io
import os
import subprocess
import sys
import tarfile
import textwrap
import zipfile
from collections import Counter

import pytest
from extent import full
from network import fetching

from seqzoo.datasets import labeled, rated_sentences
from seqzoo.datasets.rated_sentences import normalised, read_ratings, split
from seqzoo.errors import DataError

LINES = {
    "movie": [f"{i}\t{i % 9 - 4}\tMovie sentence number {i}." for i in range(1, 60)],
    "amazon": [f"{i}_{j}\t0.5\tdocument {i} says {j}" for i in range(1, 20) for j in range(1, 4)],
    "nyt": [f"{i}_{j}\t-0.5\tAll  agree." for i in range(1, 20) for j in range(1, 3)],
    "tweets": [f"{i}\t1.25\tcafé &amp; co {i} :)" for i in range(1, 40)],
}


def inner_archive(lines=LINES) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as tar:
        for domain, name in rated_sentences.FILES.items():
            content = "\r\n".join(lines[domain]).encode("utf-8-sig")
            info = tarfile.TarInfo(f"hutto_ICWSM_2014/{name}_GroundTruth.txt")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return file.getvalue()


def put_release(folder) -> str:
    """Writes a tiny release into a download folder and returns its sha256."""
    folder.mkdir(parents=True)
    archive = folder / "vaderSentiment-0.5.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr(rated_sentences.INNER_ARCHIVE, inner_archive())
    return hashlib.sha256(archive.read_bytes()).hexdigest()


def test_reads_every_line_without_mark_entity_or_line_end():
    rows = read_ratings(inner_archive())
    assert Counter(row.domain for row in rows) == {domain: len(lines) for domain, lines in LINES.items()}
    assert (rows[0].line, rows[0].rating, rows[0].sentence) == ("1", -3.0, "Movie sentence number 1.")
    assert rows[-1].sentence == "café & co 39 :)"


def test_no_document_and_no_sentence_in_two_splits():
    splits = split(read_ratings(inner_archive()))
    assert all(splits.values())
    for of in (lambda row: row.group, lambda row: normalised(row.sentence)):
        kept = [{of(row) for row in rows if row.domain != "nyt"} for rows in splits.values()]
        assert not kept[0] & kept[1] and not kept[0] & kept[2] and not kept[1] & kept[2]
    with_copies = [name for name, rows in splits.items() if any(row.domain == "nyt" for row in rows)]
    assert with_copies == ["test"]  # the sentence of every nyt document


def test_the_split_of_a_row_does_not_depend_on_the_others():
    whole = split(read_ratings(inner_archive()))
    half = split(read_ratings(inner_archive(LINES | {"movie": LINES["movie"][:30]})))
    for name, rows in half.items():
        assert set(rows) <= set(whole[name])


def test_load_gives_ratings_and_domains(tmp_path, monkeypatch):
    sha256 = put_release(tmp_path / "downloads")
    monkeypatch.setattr(rated_sentences, "RELEASE", dataclasses.replace(rated_sentences.RELEASE, sha256=sha256))
    splits = labeled.load("rated_sentences", data_dir=str(tmp_path))
    rows = split(read_ratings(inner_archive()))
    for name in rows:
        part = getattr(splits, name)
        expected = sorted((row.sentence, row.rating, row.domain) for row in rows[name])
        assert sorted(zip(part.inputs, part.targets, part.domains, strict=True)) == expected
        assert all(isinstance(target, float) for target in part.targets)


def test_tensorflow_is_not_imported(tmp_path):
    sha256 = put_release(tmp_path / "downloads")
    script = f"""
        import dataclasses, sys
        from seqzoo.datasets import labeled, rated_sentences
        from seqzoo.data.batches import Batches
        from seqzoo.data.tokenizer import Tokenizer
        rated_sentences.RELEASE = dataclasses.replace(rated_sentences.RELEASE, sha256="{sha256}")
        for _ in range(2):  # built, then read from disk
            train = labeled.load("rated_sentences", data_dir={str(tmp_path)!r}).train
        Batches(Tokenizer.train(train.inputs).encode_all(train.inputs), train.targets, 8)[0]
        assert "tensorflow" not in sys.modules
    """
    env = os.environ | {"KERAS_BACKEND": "jax", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""


def test_no_network_and_no_copy_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(DataError, match="^vaderSentiment 0.5: .*no network") as caught:
        labeled.load("rated_sentences", data_dir=str(tmp_path))
    assert "\n" not in str(caught.value)


def test_a_damaged_download_is_one_line(tmp_path):
    put_release(tmp_path / "downloads")
    with pytest.raises(DataError, match="delete the file"):
        labeled.load("rated_sentences", data_dir=str(tmp_path))


def test_a_damaged_data_set_is_one_line(tmp_path, monkeypatch):
    sha256 = put_release(tmp_path / "downloads")
    monkeypatch.setattr(rated_sentences, "RELEASE", dataclasses.replace(rated_sentences.RELEASE, sha256=sha256))
    labeled.load("rated_sentences", data_dir=str(tmp_path))
    (shard,) = tmp_path.glob("rated_sentences/*/*train*")
    whole = shard.read_bytes()
    for content in (whole[: len(whole) // 2], whole[:100] + bytes(20) + whole[120:]):
        shard.write_bytes(content)
        with pytest.raises(DataError):
            labeled.load("rated_sentences", data_dir=str(tmp_path))
    (tmp_path / "rated_sentences/1.0.0/dataset_info.json").write_text("{")
    with pytest.raises(DataError):
        labeled.load("rated_sentences", data_dir=str(tmp_path))


@full
def test_the_real_release(tmp_path):
    """The one test of this folder that uses the network (2.4 MB); skipped where there is none."""
    with fetching():
        splits = labeled.load("rated_sentences", data_dir=str(tmp_path))
    assert [len(splits.train), len(splits.validation), len(splits.test)] == [18798, 2442, 2459]
    assert Counter(splits.test.domains) == {"movie": 1048, "nyt": 631, "tweets": 404, "amazon": 376}
    assert all(-4 <= target <= 4 for target in splits.train.targets)
