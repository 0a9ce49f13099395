"""Tagged sentences by path and by name, in three splits."""

import pytest

from seqzoo.errors import DataError
from seqzoo.tasks.tagging import data as tagging_data


def sentences(count, tag="B-X"):
    return "\n".join(f"word{i} {tag}\nand O\n" for i in range(count))


def test_a_file_is_split_and_its_copies_stay_together(tmp_path):
    (tmp_path / "a.conll").write_text(sentences(40) + "\n" + sentences(40))
    splits = tagging_data.load(str(tmp_path / "a.conll"))
    texts = [{" ".join(words) for words in split.inputs} for split in (splits.train, splits.validation, splits.test)]
    assert [len(split) for split in texts] == [32, 4, 4]
    assert len(set.union(*texts)) == 40
    assert all(tagged == ["B-X", "O"] for tagged in splits.train.targets)


def test_a_folder_keeps_its_own_split(tmp_path):
    for name, count in (("train", 20), ("dev", 3), ("test", 2)):
        (tmp_path / name).write_text(sentences(count))
    splits = tagging_data.load(str(tmp_path))
    assert [len(split) for split in (splits.train, splits.validation, splits.test)] == [20, 3, 2]
    assert len(tagging_data.load_test(str(tmp_path / "train"))) == 20


def test_a_tag_that_train_never_shows_is_refused(tmp_path):
    (tmp_path / "train").write_text(sentences(20))
    (tmp_path / "test").write_text(sentences(2, "B-Y"))
    with pytest.raises(DataError, match="the test split has the tag 'B-Y', which the train split never shows"):
        tagging_data.load(str(tmp_path))


def test_one_tag_alone_is_refused(tmp_path):
    (tmp_path / "a.txt").write_text(sentences(20, "O"))
    with pytest.raises(DataError, match="every tag is 'O'"):
        tagging_data.load(str(tmp_path / "a.txt"))


def test_a_name_that_nobody_knows_is_refused(tmp_path):
    with pytest.raises(DataError, match="no_such_set: no such file or data set"):
        tagging_data.load("no_such_set", str(tmp_path))
    with pytest.raises(DataError, match="no.conll: No such file"):
        tagging_data.load("no.conll")
