"""The record of a training's data: what belongs to it."""

import os

import numpy as np
import pytest

from recipes import dna, ner, sentiment
from seqzoo.errors import DataError
from seqzoo.recipe.training_data import TrainingData


def test_word_vectors_belong_to_the_data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    data, config = TrainingData("digest", np.zeros(0, np.uint64)), ner.Config(data="d.conll", embeddings="v.txt")
    digests = set()
    for vectors in ("a 1 2", "a 1 3"):
        (tmp_path / "v.txt").write_text(vectors)
        digests.add(data.with_files(config))
    assert len(digests) == 2 and "digest" not in digests
    assert data.with_files(ner.Config()) == "digest"
    assert config.files() == "d.conll, v.txt"
    os.remove("v.txt")
    with pytest.raises(DataError, match=r"v\.txt: No such file"):
        data.with_files(config)


def test_the_files_of_a_training_are_named():
    assert dna.Config(data="x.fa", labels="l.tsv").files() == "x.fa, l.tsv"
    assert sentiment.Config().files() == "rated_sentences"


def test_rows_without_a_record_are_not_counted():
    assert TrainingData(None, None).count(["a", "b"]) == (0, 2)
