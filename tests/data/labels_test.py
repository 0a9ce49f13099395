"""Labels that look the same are one class."""

import pytest

from seqzoo.data.labels import class_name
from seqzoo.errors import DataError


@pytest.mark.parametrize(
    ("cells", "name"),
    [
        (["caf\u00e9", "cafe\u0301", " café ", "caf\u00e9\u200b", "\ufeffcafé"], "caf\u00e9"),
        (["1", "1.0", 1, 1.0, " 1 "], "1"),
        (["a b", "a\tb", "a \n b"], "a b"),
        (["👩\u200d🚀"], "👩\u200d🚀"),  # the joiner makes an astronaut of a woman and a rocket
    ],
)
def test_one_class(cells, name):
    assert {class_name("a.csv:1", cell) for cell in cells} == {name}


@pytest.mark.parametrize("cell", [None, "", " ", r"\N", "\u200b", [1], {}, float("nan"), "a\x07", "a\ud800"])
def test_what_is_no_label(cell):
    with pytest.raises(DataError, match="^a.csv:1: "):
        class_name("a.csv:1", cell)
