"""Pairs of texts: files, and splits that share no text on either side."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqzoo.data import pairs
from seqzoo.data.examples import Examples
from seqzoo.errors import DataError


def put(folder, text, name="pairs.tsv"):
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_a_file_has_an_input_and_an_output_on_each_line(tmp_path, capsys):
    examples = pairs.read(put(tmp_path, "\ufeffgo\tva\n\n Run! \t Cours ! \tCC-BY 2.0 (France)\r\nI see.\tJe vois.\n"))
    assert (examples.inputs, examples.targets) == (["go", "Run!", "I see."], ["va", "Cours !", "Je vois."])
    assert "3 pairs, from 'go' -> 'va'" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text, message",
    [
        ("a\tb\nno tab\n", r"pairs.tsv:2: no tab in 'no tab', expected an input, a tab and its output"),
        ("a\tb\nc\t \n", r"pairs.tsv:2: the output is empty in"),
        ("a\tb\n\n\td\n", r"pairs.tsv:3: the input is empty in"),
        ("\n\n", "pairs.tsv: empty, expected an input, a tab"),
    ],
)
def test_another_file_is_one_line(tmp_path, text, message):
    with pytest.raises(DataError, match=message):
        pairs.read(put(tmp_path, text))


def test_a_folder_has_a_file_for_each_split(tmp_path):
    for name in ("train", "dev", "test"):
        put(tmp_path, f"{name}\tof {name}\n", f"{name}.tsv")
    splits = pairs.complete(pairs.read_folder(tmp_path), 0, "d")
    assert [split.inputs for split in (splits.train, splits.validation, splits.test)] == [["train"], ["dev"], ["test"]]


SIDES = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=40, max_size=80)


@settings(max_examples=60, deadline=None)
@given(rows=SIDES, seed=st.integers(0, 3))
def test_no_text_of_either_side_is_in_two_splits(rows, seed):
    examples = Examples([f"x{x}" for x, _ in rows], [f"Y {y}" for _, y in rows])
    if len(pairs.connected(examples)) < pairs.FEWEST:
        with pytest.raises(DataError, match="groups of pairs that share no text, expected 3 or more"):
            pairs.complete({"train": examples}, seed, "d")
        return
    splits = pairs.complete({"train": examples}, seed, "d")
    parts = splits.train, splits.validation, splits.test
    assert sorted(pair for part in parts for pair in zip(part.inputs, part.targets, strict=True)) == sorted(
        zip(examples.inputs, examples.targets, strict=True)
    )
    for side in ("inputs", "targets"):
        texts = [set(getattr(part, side)) for part in parts]
        assert not (texts[0] & texts[1] or texts[0] & texts[2] or texts[1] & texts[2])
    assert all(map(len, parts))


def test_capitals_and_white_space_do_not_make_another_text():
    examples = Examples(["Go  on", "go on", "stop"], ["a", "b", "B"])
    assert sorted(map(sorted, pairs.connected(examples))) == [[0, 1, 2]]


def test_the_held_out_splits_have_a_tenth_each_and_the_seed_decides():
    examples = Examples([f"x{i}" for i in range(1000)], [f"y{i}" for i in range(1000)])
    one, two, other = (pairs.complete({"train": examples}, seed, "d") for seed in (0, 0, 1))
    assert (len(one.train), len(one.validation), len(one.test)) == (800, 100, 100)
    assert one.test.inputs == two.test.inputs != other.test.inputs
