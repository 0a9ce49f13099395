"""Generated sentences: the same for the same seed, tags that fit, and parts that share neither a frame nor a name."""

import random

import pytest

from benchmarks import ordinary
from seqzoo.data import entity_tags
from seqzoo.data.tokenizer import split_words
from seqzoo.datasets import generated_entities
from seqzoo.tasks.tagging import conll


@pytest.fixture(scope="module")
def splits():
    return generated_entities.load(0)


def test_the_same_seed_gives_the_same_sentences(splits):
    assert generated_entities.load(0) == splits
    assert generated_entities.load(1).train != splits.train


def test_tags_are_valid_and_of_all_kinds(splits):
    for part, size in generated_entities.SIZES.items():
        examples = getattr(splits, part)
        assert len(examples) == size
        assert all(len(words) == len(tagged) for words, tagged in zip(examples.inputs, examples.targets, strict=True))
        assert all(entity_tags.continues_nothing(tagged) is None for tagged in examples.targets)
        assert {span.type for tagged in examples.targets for span in entity_tags.spans(tagged)} == set(generated_entities.KINDS)


def test_no_part_shares_a_frame_or_a_name():
    frames = [frame for part in (*generated_entities.SIZES, "openings", "clauses") for frame in generated_entities.read(part)]
    assert len(set(frames)) == len(frames)
    for kind, parts in generated_entities._names().items():
        if kind == "DATE":  # a Monday is a Monday
            continue
        names = [set(of_part) for of_part in parts.values()]
        assert all(len(of_part) >= 200 for of_part in names), kind
        assert sum(map(len, names)) == len(set.union(*names)), kind


def test_no_frame_put_together_is_one_of_those_held_out():
    held_out = {bare(frame) for part in ("validation", "test") for frame in generated_entities.read(part)}
    chance = random.Random(0)
    assert held_out.isdisjoint({bare(generated_entities._frame(["?"], "train", chance)) for _ in range(20_000)})


def bare(frame):
    return "".join(filter(str.isalpha, frame.lower()))


def test_persons_of_different_parts_share_no_word():
    words = [
        {word for name in of_part for word in split_words(name)} for of_part in generated_entities._names()["PERSON"].values()
    ]
    assert sum(map(len, words)) == len(set.union(*words))


def test_words_and_marks_are_cut_as_a_reader_would():
    text = 'Harry\'s "new" spell, 3/4/2020 (U.S.) Smith-Jones.'
    expected = ["Harry's", '"', "new", '"', "spell", ",", "3/4/2020", "(", "U.S", ".", ")", "Smith-Jones", "."]
    assert split_words(text) == expected
    assert split_words('הרמטכ"ל אמר: "שלום"') == ['הרמטכ"ל', "אמר", ":", '"', "שלום", '"']


def test_names_of_ordinary_text(splits):
    found = generated_entities.load(0, ordinary=True)
    assert found.test == splits.test and found.validation == splits.validation
    names = {kind: [] for kind in generated_entities.KINDS}
    for words, tags in zip(found.train.inputs, found.train.targets, strict=True):
        for span in entity_tags.spans(tags):
            names[span.type].append((words[span.start - 1] if span.start else "", " ".join(words[span.start : span.end])))
    for kind, file in generated_entities.KNOWN.items():
        known = set(generated_entities.read(file))
        assert 0.3 < sum(name in known for _, name in names[kind]) / len(names[kind]) < 0.6
    assert 0.4 < sum(" " not in name for _, name in names["PERSON"]) / len(names["PERSON"]) < 0.6
    titled = [before in generated_entities.TITLES for before, name in names["PERSON"] if " " not in name]
    assert 0.2 < sum(titled) / len(titled) < 0.4
    namesakes = [
        tags for words, tags in zip(found.train.inputs, found.train.targets, strict=True) if words[:2] == ["Olive", "oil"]
    ]
    assert namesakes and not any(entity_tags.spans(tags) for tags in namesakes)


def test_no_well_known_name_is_in_the_sentences_that_measure_the_tagger():
    examples = conll.read(ordinary.FOLDER / "entities.bio")
    tagged = zip(examples.inputs, examples.targets, strict=True)
    names = {" ".join(words[span.start : span.end]) for words, tags in tagged for span in entity_tags.spans(tags)}
    assert not any(names & set(generated_entities.read(file)) for file in generated_entities.KNOWN.values())
