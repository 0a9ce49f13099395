"""Generated sentences beside one's own: their types, and what is refused."""

import pytest

from seqzoo.errors import DataError
from seqzoo.tasks import tagging
from tests.tasks.tagging.data_test import sentences


def test_generated_sentences_take_the_names_of_types_that_the_file_has(tmp_path):
    for name, tags in (("long", ("B-PERSON", "B-ORG")), ("short", ("B-PER", "B-MISC"))):
        (tmp_path / name).write_text("\n".join(sentences(20, tag) for tag in tags))
        splits = tagging.load(str(tmp_path / name))
        more = tagging.with_generated(splits, 50, seed=0)
        assert more.validation is splits.validation and more.train.inputs[: len(splits.train)] == splits.train.inputs
        added = {tag for tagged in more.train.targets[len(splits.train) :] for tag in tagged}
        expected = {"long": {"B-PERSON", "I-PERSON", "B-ORG", "I-ORG"}, "short": {"B-PER", "I-PER"}}[name]
        assert added == {"O", *expected} and len(more.train) == len(splits.train) + 50
        assert tagging.with_generated(splits, 0, seed=0) is splits


def test_generated_sentences_of_no_type_of_the_file_are_refused(tmp_path):
    (tmp_path / "a").write_text(sentences(20))
    with pytest.raises(DataError, match="--generated: no type of PERSON, ORG, LOCATION, DATE in .*, found X"):
        tagging.with_generated(tagging.load(str(tmp_path / "a")), 5, seed=0)
