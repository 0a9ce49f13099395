"""A saved model comes back as it was, tokenizer included; what cannot be read is one line."""

import os

import keras
import numpy as np
import pytest

from seqzoo import presets
from seqzoo.backend import xla
from seqzoo.data.tokenizer import Tokenizer
from seqzoo.errors import DataError
from seqzoo.models import ManyToOne

TEXTS = ["a good film", "bad", "", "nothing of this film is good or bad, :)"]


@pytest.fixture(autouse=True)
def _plain_path():
    with xla(False):
        yield


def of_texts(**arguments):
    tokenizer = Tokenizer.train(TEXTS)
    labels = ("bad", "good") if arguments.get("answer") != "number" else ()
    shape = {"vocabulary": tokenizer.size, "embedding": 3, "units": 4, "tokenizer": tokenizer, "labels": labels}
    return ManyToOne(**shape | arguments)


def saved(model, folder):
    folder.mkdir(exist_ok=True)
    presets.save(model, folder)
    return folder


@pytest.fixture(scope="module")
def preset(tmp_path_factory):
    """The bytes of a preset's files."""
    keras.utils.set_random_seed(0)
    folder = saved(of_texts(), tmp_path_factory.mktemp("preset"))
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def folder(tmp_path, preset):
    """A preset of its own."""
    for name, content in preset.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


@pytest.mark.parametrize("cell", ["rnn", "gru", "gru-simplified", "lstm", "lstm-peephole"])
def test_the_same_answers_bit_for_bit(tmp_path, cell):
    model = of_texts(cell=cell, bidirectional=True, pooling="both", max_length=6, dropout=0.5)
    copy = presets.load(saved(model, tmp_path))
    assert copy.answers(TEXTS) == model.answers(TEXTS)
    assert copy.max_length == 6 and copy.labels == model.labels
    assert [copy.tokenizer.encode(text) for text in TEXTS] == [model.tokenizer.encode(text) for text in TEXTS]


def test_the_same_numbers_bit_for_bit(tmp_path):
    model = of_texts(answer="number")
    assert presets.load(saved(model, tmp_path)).answers(TEXTS) == model.answers(TEXTS)


def test_a_model_of_vectors_has_no_tokenizer(tmp_path):
    model = ManyToOne(features=2, labels=("a", "b"), units=3)
    given = [np.ones((3, 2), "float32"), np.zeros((1, 2), "float32")]
    copy = presets.load(saved(model, tmp_path))
    assert os.listdir(tmp_path) == ["model.keras"]
    assert copy.tokenizer is None and copy.answers(given) == model.answers(given)


def test_the_optimizer_is_not_saved(tmp_path):
    model = of_texts(units=40)
    saved(model, tmp_path / "before")
    model.compile("adam", "categorical_crossentropy")
    batch = {"inputs": np.ones((2, 3), "int32"), "mask": np.ones((2, 3), bool)}
    model.train_on_batch(batch, np.eye(2, dtype="float32"))
    saved(model, tmp_path / "after")
    copy = presets.load(tmp_path / "after")
    assert getattr(copy, "optimizer", None) is None and copy.answers(TEXTS) == model.answers(TEXTS)
    sizes = [(tmp_path / name / "model.keras").stat().st_size for name in ("before", "after")]
    assert abs(sizes[0] - sizes[1]) < 200


def test_saving_leaves_the_model_as_it_was(tmp_path):
    model = of_texts()
    model.compile("adam", "categorical_crossentropy")
    before, optimizer = model.get_weights(), model.optimizer
    saved(model, tmp_path)
    assert model.optimizer is optimizer and model.tokenizer is not None
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_loaded_model_can_be_trained_on(folder):
    model = presets.load(folder)
    model.compile("sgd", "categorical_crossentropy")
    batch = {"inputs": np.ones((2, 3), "int32"), "mask": np.ones((2, 3), bool)}
    assert np.isfinite(float(model.train_on_batch(batch, np.eye(2, dtype="float32"))))


def error_of(name):
    with pytest.raises(DataError) as caught:
        presets.load(name)
    message = str(caught.value)
    assert "\n" not in message and len(message) < 1000
    return message


def test_a_missing_folder_is_one_line(tmp_path):
    assert str(tmp_path / "none") in error_of(tmp_path / "none")
    assert "no-such-model" in error_of("no-such-model")


def test_a_folder_without_a_model_is_one_line(tmp_path):
    assert "model.keras" in error_of(tmp_path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"not a model", b"\x00" * 5000], ids=["empty", "zip", "text", "zeros"])
def test_something_else_for_a_model_is_one_line(folder, content):
    (folder / "model.keras").write_bytes(content)
    assert str(folder / "model.keras") in error_of(folder)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_cut_model_is_one_line(folder, share):
    content = (folder / "model.keras").read_bytes()
    (folder / "model.keras").write_bytes(content[: int(share * len(content))])
    assert str(folder / "model.keras") in error_of(folder)


@pytest.mark.parametrize("at", [0.01, 0.05, 0.1, 0.3, 0.5, 0.8, 0.95, 0.99])
def test_a_damaged_model_is_one_line(folder, at):
    content = bytearray((folder / "model.keras").read_bytes())
    start = int(at * len(content))
    content[start : start + 40] = bytes(255 - byte for byte in content[start : start + 40])
    (folder / "model.keras").write_bytes(content)
    assert str(folder / "model.keras") in error_of(folder)


@pytest.mark.parametrize("content", ["", "{}", "[]", "not json", '{"model": {}}'])
def test_a_broken_tokenizer_is_one_line(folder, content):
    (folder / "tokenizer.json").write_text(content)
    assert "tokenizer.json" in error_of(folder)


def test_the_models_that_ship_have_names(monkeypatch, tmp_path, preset):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "model.keras").write_bytes(preset["model.keras"])
    (tmp_path / "empty").mkdir()
    monkeypatch.setattr(presets, "SHIPPED", tmp_path)
    assert presets.names() == ["mine"]
    assert presets.find("mine") == tmp_path / "mine"
    assert "mine" in error_of("empty")
