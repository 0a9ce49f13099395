"""More sentences to learn from: their types, their names, and what is refused."""

import pytest

from seqzoo.data import entity_tags
from seqzoo.errors import DataError
from seqzoo.tasks import tagging
from tests.tasks.tagging.data_test import sentences


def test_generated_sentences_take_the_names_of_types_that_the_file_has(tmp_path):
    for name, tags in (("long", ("B-PERSON", "B-ORG")), ("short", ("B-PER", "B-MISC"))):
        (tmp_path / name).write_text("\n".join(sentences(20, tag) for tag in tags))
        splits = tagging.load(str(tmp_path / name))
        more = tagging.augmented(splits, 50, 0, seed=0)
        assert more.validation is splits.validation and more.train.inputs[: len(splits.train)] == splits.train.inputs
        added = {tag for tagged in more.train.targets[len(splits.train) :] for tag in tagged}
        expected = {"long": {"B-PERSON", "I-PERSON", "B-ORG", "I-ORG"}, "short": {"B-PER", "I-PER"}}[name]
        assert added == {"O", *expected} and len(more.train) == len(splits.train) + 50
        assert tagging.augmented(splits, 0, 0, seed=0) is splits


def test_generated_sentences_of_no_type_of_the_file_are_refused(tmp_path):
    (tmp_path / "a").write_text(sentences(20))
    with pytest.raises(DataError, match="--generated: no type of PERSON, ORG, LOCATION, DATE in .*, found X"):
        tagging.augmented(tagging.load(str(tmp_path / "a")), 5, 0, seed=0)


def spans(examples):
    """Of each sentence the names, and the words that are in none."""
    for words, tags in zip(examples.inputs, examples.targets, strict=True):
        entities = entity_tags.spans(tags)
        inside = {i for span in entities for i in range(span.start, span.end)}
        names = [(span.type, " ".join(words[span.start : span.end])) for span in entities]
        yield names, [word for i, word in enumerate(words) if i not in inside]


def test_copies_have_other_names_of_the_same_types(tmp_path):
    (tmp_path / "a").write_text(
        "".join(f"Ann{i}\tB-PER\nvan\tI-PER\nsaw\tO\nYork{i}\tB-LOC\nand\tO\nBo{i}\tB-PER\n\n" for i in range(30))
    )
    splits = tagging.load(str(tmp_path / "a"))
    more, count = tagging.augmented(splits, 0, 40, seed=0), len(splits.train)
    assert len(more.train) == count + 40 and more.train.inputs[:count] == splits.train.inputs
    assert more == tagging.augmented(splits, 0, 40, seed=0) != tagging.augmented(splits, 0, 40, seed=1)
    own, copies = list(spans(splits.train)), list(spans(more.train.take(range(count, count + 40))))
    known = {name for names, _ in own for name in names}
    assert all([kind for kind, _ in names] == ["PER", "LOC", "PER"] and rest == ["saw", "and"] for names, rest in copies)
    assert all(name in known for names, _ in copies for name in names)
    assert len({tuple(names) for names, _ in copies}) > 30
    with_generated = tagging.augmented(splits, 100, 40, seed=0)
    last = list(spans(with_generated.train.take(range(count + 100, count + 140))))
    assert any(name not in known for names, _ in last for name in names)


def test_sentences_without_entities_cannot_be_renamed(tmp_path):
    (tmp_path / "a").write_text("the\tDET\ncat\tNOUN\n\n" * 3 + "a\tDET\ndog\tNOUN\n\n" * 3 + "one\tDET\nfish\tNOUN\n\n" * 3)
    with pytest.raises(DataError, match="--renamed: no entities in "):
        tagging.augmented(tagging.load(str(tmp_path / "a")), 0, 5, seed=0)
