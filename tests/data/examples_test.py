"""Splitting: laws that hold for every set of examples."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from seqzoo.data.examples import Examples, hold_out
from seqzoo.datasets.labeled import complete
from seqzoo.errors import DataError


def split(examples, seed, name="data"):
    return complete({"train": examples}, seed, name)


ROWS = st.lists(st.tuples(st.text("ab ", max_size=5), st.sampled_from("xyz")), min_size=8, max_size=80)


def rows(examples):
    return Counter(zip(examples.inputs, examples.targets, strict=True))


@settings(deadline=None)
@given(ROWS, st.integers(0, 3))
def test_every_example_is_in_one_split_and_no_input_in_two(pairs, seed):
    examples = Examples(*map(list, zip(*pairs, strict=True)))
    try:
        splits = split(examples, seed)
    except DataError:
        assume(False)
    parts = [splits.train, splits.validation, splits.test]
    assert sum(map(rows, parts), Counter()) == rows(examples)
    folded = [{" ".join(text.split()) for text in part.inputs} for part in parts]
    assert len(set.union(*folded)) == sum(map(len, folded))


def test_eighty_ten_ten_of_every_class():
    examples = Examples([f"text {i}" for i in range(1000)], ["rare" if i % 10 == 0 else "usual" for i in range(1000)])
    splits = split(examples, seed=1)
    for part, count in ((splits.train, 800), (splits.validation, 100), (splits.test, 100)):
        assert Counter(part.targets) == {"usual": 0.9 * count, "rare": 0.1 * count}


def test_the_seed_decides():
    examples = Examples([f"text {i}" for i in range(100)], ["a", "b"] * 50)
    assert split(examples, 1) == split(examples, 1) != split(examples, 2)


def test_a_class_of_one_stays_in_train():
    examples = Examples([*"abcdefgh", "alone"], ["x"] * 8 + ["y"])
    assert all("y" in split(examples, seed).train.targets for seed in range(10))


def test_arrays_and_ratings_and_domains():
    inputs = [np.full((i % 3 + 1, 2), i // 2, np.float32) for i in range(60)]
    examples = Examples(inputs, [float(i) for i in range(60)], ["d"] * 60)
    kept, held = hold_out(examples, seed=0, share=0.1)
    assert len(held) == 6 and len(kept.domains) == len(kept) == 54


def test_too_few_to_split():
    with pytest.raises(DataError, match="own.csv: too few"):
        split(Examples(["a", "b"], ["x", "y"]), 0, "own.csv")
