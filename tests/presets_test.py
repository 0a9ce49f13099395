"""A saved model comes back as it was, tokenizer included; what cannot be read is one line."""

import json
import os
import shutil
import zipfile

import keras
import numpy as np
import pytest

from seqzoo import presets
from seqzoo.backend import xla
from seqzoo.data.tokenizer import Tokenizer
from seqzoo.errors import DataError
from seqzoo.models import ManyToOne, model_file
from seqzoo.models.recurrent_stack import CELLS

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


@pytest.mark.parametrize("cell", CELLS)
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


# The file of a model, and the tokenizer that belongs to it.


def changed_config(folder, **values):
    """The model file with other values in its config, and a smaller file where the config is compressed."""
    path = folder / "model.keras"
    with zipfile.ZipFile(path) as file:
        members = {name: file.read(name) for name in file.namelist()}
    config = json.loads(members["config.json"])
    config["config"] |= values
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in (members | {"config.json": json.dumps(config).encode()}).items():
            file.writestr(name, content)


@pytest.mark.parametrize(
    "values",
    [{"depth": 100_000}, {"units": 10**6}, {"vocabulary": 10**9}, {"embedding": 10**8}, {"dense": [10**9]}, {"depth": "x"}],
)
def test_a_model_that_declares_more_than_it_holds_is_not_built(folder, values):
    changed_config(folder, **values)
    assert "model.keras" in error_of(folder)


@pytest.mark.parametrize("size", [2**24 + 1, 2**27])
def test_a_config_that_is_a_bomb_is_not_read(folder, size):
    changed_config(folder, name=size * "x")
    assert "config" in error_of(folder)


def test_a_config_of_many_brackets_is_one_line(folder):
    with zipfile.ZipFile(folder / "model.keras", "a") as file, pytest.warns(UserWarning, match="Duplicate"):
        file.writestr("config.json", "[" * 100_000)
    assert "RecursionError" in error_of(folder)


def test_the_tokenizer_of_another_save_is_refused(tmp_path, folder):
    other = Tokenizer.train([text.replace("good", "fine") for text in TEXTS])  # of the same size
    assert other.size == presets.load(folder).tokenizer.size
    other.save(folder / "tokenizer.json")
    assert "expected the tokenizer with which the model was saved" in error_of(folder)
    (folder / "tokenizer.json").unlink()
    assert "tokenizer.json" in error_of(folder)


def test_a_tokenizer_beside_a_model_without_one_is_refused(tmp_path):
    saved(ManyToOne(features=2, labels=("a", "b"), units=3), tmp_path)
    Tokenizer.train(TEXTS).save(tmp_path / "tokenizer.json")
    assert "expected none" in error_of(tmp_path)


def without_digest(folder):
    """As models were saved before there were digests."""
    with zipfile.ZipFile(folder / "model.keras") as file:
        members = {name: file.read(name) for name in file.namelist() if name != model_file.TOKENIZER}
    with zipfile.ZipFile(folder / "model.keras", "w") as file:
        for name, content in members.items():
            file.writestr(name, content)


def test_a_model_without_a_digest_loads_with_a_note_if_sizes_agree(folder, capsys):
    without_digest(folder)
    presets.load(folder)
    assert "saved without a digest of its tokenizer" in capsys.readouterr().err
    Tokenizer.train(["other words than these"]).save(folder / "tokenizer.json")
    assert "tokens, as many as the model has" in error_of(folder)


def test_line_ends_and_spaces_of_the_tokenizers_file_do_not_count(folder):
    path = folder / "tokenizer.json"
    path.write_bytes(json.dumps(json.loads(path.read_text()), indent=1).replace("\n", "\r\n").encode())
    assert presets.load(folder).answers(TEXTS)


def test_a_folder_that_is_replaced_while_it_is_loaded_is_loaded_again(folder, tmp_path_factory, monkeypatch):
    """Else the old model would read texts with the new tokenizer."""
    tokenizer = Tokenizer.train(["other words", "and more of them"])
    other = ManyToOne(vocabulary=tokenizer.size, embedding=2, units=2, labels=("x", "y"), tokenizer=tokenizer)
    new = saved(other, tmp_path_factory.mktemp("new"))
    load, times = presets._load_model, []

    def replaced_after(path):
        model = load(path)
        if not times:
            shutil.rmtree(folder)
            shutil.copytree(new, folder)
        times.append(path)
        return model

    monkeypatch.setattr(presets, "_load_model", replaced_after)
    model = presets.load(folder)
    assert len(times) == 2 and model.labels == ("x", "y") and model.tokenizer == tokenizer


def test_weights_that_are_no_numbers_are_refused(tmp_path):
    model = of_texts()
    model.set_weights([np.full_like(weights, np.nan) for weights in model.get_weights()])
    saved(model, tmp_path)
    assert "NaN" in error_of(tmp_path)


def test_a_byte_order_mark_before_the_tokenizer_does_not_count(folder):
    path = folder / "tokenizer.json"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert presets.load(folder).answers(TEXTS)
