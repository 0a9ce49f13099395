"""The verses: the reader on a tiny module, the counts on the real one."""

import pytest

from seqzoo.datasets.kjv_verses import read_verses, split_of
from seqzoo.errors import DataError

MODULE = '''
from somewhere import Bible
bible = Bible(
    Version.X,
    """
In the beginning. And the
earth [was] without form.
""",
    {1001001: 1, 1001002: 19},
    {1001001: 18, 1001002: 52},
    {},
)
'''


def test_verses_are_cut_out_and_cleaned():
    first, second = read_verses(MODULE)
    assert (first.number, first.text, first.chapter) == (1001001, "In the beginning.", 1001)
    assert second.text == "And the earth was without form."


@pytest.mark.parametrize("source", ["", "x = 1", "bible = Bible(1)", "bible = Bible(1, 'a', {1: 0}, {})", "def"])
def test_another_module_is_one_line(source):
    with pytest.raises(DataError, match="expected a text, and where each verse starts and ends"):
        read_verses(source)


def test_a_chapter_is_in_one_split_and_a_tenth_tests():
    splits = [split_of(chapter) for chapter in range(1001, 3001)]
    assert 0.07 < splits.count("test") / 2000 < 0.13 and splits == [split_of(chapter) for chapter in range(1001, 3001)]
