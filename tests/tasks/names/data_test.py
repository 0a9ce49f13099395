"""Lists of names, split so that none is in two splits; a file with or without classes; batches of characters and classes."""

import numpy as np
import pytest

from seqzoo.data.tokenizer import EOS
from seqzoo.datasets import first_names as datasets_first_names
from seqzoo.errors import DataError
from seqzoo.tasks.names import data


def test_no_name_is_in_two_parts_and_every_locale_is_in_each():
    splits = data.load()
    examples = [splits.train, splits.validation, splits.test]
    folded = [{name.casefold() for name in split.inputs} for split in examples]
    assert not (folded[0] & folded[1] or folded[0] & folded[2] or folded[1] & folded[2])
    assert all(set(split.targets) == set(datasets_first_names.LOCALES) for split in examples)
    total = sum(map(len, examples))
    assert total > 5000 and 0.7 < len(examples[0]) / total < 0.9
    assert data.load_test("first_names") == splits.test


@pytest.mark.parametrize("locale", ["de_DE", "en_US", "tr_TR"])
def test_the_names_of_a_locale_differ_and_are_made_of_letters(locale):
    names = datasets_first_names.names(locale)
    assert len(names) == len(set(names)) > 100
    assert all(any(character.isalpha() for character in name) and name == name.strip() for name in names)
    assert not any(character in ".~0˜" for character in "".join(names))


def test_a_file_of_names_needs_no_class(tmp_path):
    (tmp_path / "n.txt").write_text("\ufeff" + "\n".join(f" Ann{i}\n" for i in range(30)) + "\nAnn1\n", encoding="utf-8")
    splits = data.load(str(tmp_path / "n.txt"))
    found = [name for split in (splits.train, splits.validation, splits.test) for name in split.inputs]
    assert sorted(found) == sorted(f"Ann{i}" for i in range(30))
    assert set(splits.train.targets) == {""}
    assert len(data.load_test(str(tmp_path / "n.txt"))) == 30


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_only_line_ends_end_a_name(tmp_path, end):
    (tmp_path / "n.txt").write_bytes(end.join(["Ann\x1dMarie", "Bo\u2028b", *"abcdefgh"]).encode())
    assert data.load_test(str(tmp_path / "n.txt")).inputs == ["Ann\x1dMarie", "Bo\u2028b", *"abcdefgh"]


def test_a_file_of_names_and_classes(tmp_path):
    rows = [f"{name}{i},{sort}" for i in range(20) for name, sort in (("Ann", "f"), ("Bob", "m"))]
    (tmp_path / "n.csv").write_text("name,class\n" + "\n".join(rows) + "\n e\u0301A ,f\n", encoding="utf-8")
    splits = data.load(str(tmp_path / "n.csv"))
    assert set(splits.train.targets) == {"f", "m"}
    assert "\u00e9A" in data.load_test(str(tmp_path / "n.csv")).inputs
    assert all(
        name[:3] == {"f": "Ann", "m": "Bob"}[sort]
        for name, sort in zip(splits.test.inputs, splits.test.targets, strict=True)
        if name[-1].isdigit()
    )


@pytest.mark.parametrize(
    "file, text, message",
    [
        ("n.txt", "", "n.txt: empty, expected a name on each line"),
        ("n.txt", "\n \n", "n.txt: empty"),
        ("n.txt", "Ann\n" * 9, "too few different examples"),
        ("n.txt", "\n".join([*"abcdefgh", "x" * 41]), "has 41 characters, expected a name of 1 to 40"),
        ("n.csv", "a,b,class\n" + "".join(f"{i},2,x\n{i},3,y\n" for i in range(9)), "expected names and their classes"),
        ("n.csv", "name,class\n ,x\n" + "".join(f"Ann{i},x\n Bo{i},y\n" for i in range(9)), "'' has 0 characters"),
    ],
)
def test_what_is_none_is_one_line(tmp_path, file, text, message):
    (tmp_path / file).write_text(text)
    with pytest.raises(DataError, match=message) as caught:
        data.load(str(tmp_path / file))
    assert "\n" not in str(caught.value) and file in str(caught.value)


def test_no_file_and_bytes_that_are_no_text_are_one_line(tmp_path):
    (tmp_path / "n.txt").write_bytes(b"Ann\nJos\xe9\n")
    for path in (tmp_path / "n.txt", tmp_path / "none.txt"):
        with pytest.raises(
            DataError,
            match="n.txt:2: byte 0xe9 is not UTF-8: expected a file with a name|No such file.* expected a file with a name",
        ):
            data.load(str(path))


def test_characters_and_their_ids_there_and_back():
    names = ["Ann", "Anna", "Bob", "Ëve", "Ëva"]
    tokenizer = data.tokenizer(names)
    for name, ids in zip(names, data.sequences(tokenizer, names), strict=True):
        assert len(ids) == len(name) + 1 and ids[-1] == EOS
    assert tokenizer.decode(data.sequences(tokenizer, ["Anna"])[0]) == "Anna"


@pytest.mark.parametrize("shuffle", [False, True])
def test_each_row_has_what_comes_next_and_its_own_class(shuffle):
    chance = np.random.default_rng(0)
    classes = chance.integers(0, 3, 50)
    sequences = [[4 + number] * length + [EOS] for number, length in zip(classes, chance.integers(1, 20, 50), strict=True)]
    batches, seen = data.NextCharacters(sequences, classes, 8, shuffle=shuffle), 0
    for _ in range(2):
        for i in range(len(batches)):
            given, y, weights = batches[i]
            assert given["label"].shape == (8,) and (y[:, 0] == 4 + given["label"]).all()
            later = weights[:, 1:] > 0
            assert (given["inputs"][:, 0] == 0).all() and (given["inputs"][:, 1:][later] == y[:, :-1][later]).all()
            ends = (weights > 0).sum(axis=1)
            real = ends > 0
            assert (y[real, ends[real] - 1] == EOS).all()
            seen += real.sum()
        batches.on_epoch_end()
    assert seen == 100


def test_without_classes_there_is_no_label():
    given, _, _ = data.NextCharacters([[4, EOS], [5, EOS]], None, 2)[0]
    assert set(given) == {"inputs"}
