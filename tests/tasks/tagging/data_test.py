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


def test_rare_tags_go_to_train(tmp_path):
    for rare in range(0, 200, 7):
        (tmp_path / "a.conll").write_text(sentences(200).replace(f"word{rare} B-X", f"word{rare} B-RARE"))
        splits = tagging_data.load(str(tmp_path / "a.conll"))
        assert ["B-RARE", "O"] in splits.train.targets
        assert [len(split) for split in (splits.train, splits.validation, splits.test)] in ([160, 20, 20], [161, 20, 19])
        words = [words[0] for split in (splits.train, splits.validation, splits.test) for words in split.inputs]
        assert sorted(words) == sorted(f"word{i}" for i in range(200))


def test_a_given_test_split_stays_whole_where_rare_tags_go_to_train(tmp_path):
    (tmp_path / "train").write_text(sentences(30).replace("word3 B-X", "word3 B-RARE"))
    (tmp_path / "test").write_text(sentences(5))
    for seed in range(20):
        splits = tagging_data.load(str(tmp_path), seed=seed)
        assert len(splits.test) == 5 and ["B-RARE", "O"] in splits.train.targets


def test_copies_of_a_sentence_with_a_rare_tag_stay_together(tmp_path):
    for seed in range(12):
        (tmp_path / "a.conll").write_text(sentences(10) + "\nW9 B-RARE\nand O\n\nw9 B-RARE\nand O\n")
        splits = tagging_data.load(str(tmp_path / "a.conll"), seed=seed)
        assert splits.train.targets.count(["B-RARE", "O"]) == 2


def test_sentences_whose_tags_all_differ_are_one_line(tmp_path):
    (tmp_path / "a.conll").write_text("\n".join(f"word{i} B-{i}\nand O\n" for i in range(10)))
    with pytest.raises(DataError, match="too few different examples"):
        tagging_data.load(str(tmp_path / "a.conll"))


@pytest.mark.parametrize(
    "tags, noted",
    [
        (["B-LOC", "O", "B-ORG"], "2 types of entities (LOC, ORG)"),
        (["B_LOC", "O", "B_ORG"], "3 tags (B_LOC, O, B_ORG), taken as plain tags"),
        (["LOC-B", "0", "ORG-B"], "3 tags (LOC-B, 0, ORG-B), taken as plain tags"),
        (["POS", "DT", "NN"], "3 tags (POS, DT, NN), taken as plain tags"),
        ([f"T{i}" for i in range(12)], "12 tags (T0, T1, T2, T3, T4, T5, T6, T7, T8, T9, ...), taken as plain tags"),
    ],
)
def test_a_note_says_what_a_file_was_taken_for(tmp_path, capsys, tags, noted):
    lines = [f"w{i} {i} {tag}\n" for i, tag in enumerate(tags)]
    for name in ("a.txt", "train", "test"):
        (tmp_path / name).write_text("\n".join(["".join(lines).replace("w", f"{letter}w") for letter in "abcdefghijkl"]))
    for load, source, path in [
        (tagging_data.load, "a.txt", "a.txt"),
        (tagging_data.load_test, "a.txt", "a.txt"),
        (tagging_data.load, "", "train"),
    ]:
        load(str(tmp_path / source))
        counts = "12 sentences, words in column 0, tags in column 2"
        assert capsys.readouterr().err == f"note: {tmp_path / path}: {counts}: {noted}\n"
