"""Precision, recall and F1 of entities are those of nervaluate's strict scheme, and of the script conlleval of CoNLL-2000.

On ill-formed sequences of B-, I- and O all three agree: an I- that continues nothing begins an entity. They differ on E- and S-
only: conlleval takes B- after E- of one type for one entity, and knows no S-; nervaluate refuses both. Here both end an entity.
"""

import random

import pytest
from nervaluate import Evaluator

from seqzoo.tasks.tagging.metrics import entity_metrics, tagging_metrics

TYPES = ("PER", "LOC", "ORG")
NAMES = ("precision", "recall", "f1")


def random_tags(rng, length):
    """Tags in any order: about half of them O, many of the I- continue nothing."""
    return [rng.choice(("O", f"{rng.choice('BI')}-{rng.choice(TYPES[: rng.choice((1, 3))])}")) for _ in range(length)]


def corpus(seed):
    """Ten sentences with their tags, and predictions of which most tags are right."""
    rng = random.Random(seed)
    targets = [random_tags(rng, rng.randint(1, 20)) for _ in range(10)]
    predicted = [[b if rng.random() < 0.2 else a for a, b in zip(t, random_tags(rng, len(t)), strict=True)] for t in targets]
    return targets, predicted


def starts(tag, before):
    """Whether a phrase starts at a tag, by the rules of conlleval's `startOfChunk` for B, I and O."""
    (prefix, _, kind), (prefix_before, _, kind_before) = tag.partition("-"), before.partition("-")
    return prefix == "B" or (prefix_before, prefix) == ("O", "I") or (prefix != "O" and kind != kind_before)


def ends(tag, before):
    """Whether the phrase of the tag before ends, by the rules of `endOfChunk`."""
    (prefix, _, kind), (prefix_before, _, kind_before) = tag.partition("-"), before.partition("-")
    return prefix_before != "O" and (prefix in ("B", "O") or kind != kind_before)


def phrases(tags):
    """The phrases `(start, end, type)` of a sentence."""
    found, start = set(), None
    for i, (before, tag) in enumerate(zip(["O", *tags], [*tags, "O"], strict=True)):
        if ends(tag, before):
            found.add((start, i, before[2:]))
        if starts(tag, before):
            start = i
    return found


def conlleval(targets, predicted, types=TYPES):
    counts = [0, 0, 0]
    for a, b in zip(map(phrases, targets), map(phrases, predicted), strict=True):
        for i, phrases_of in enumerate((a & b, b, a)):
            counts[i] += sum(kind in types for _, _, kind in phrases_of)
    right, positive, true = counts
    precision, recall = right / positive if positive else 0, right / true if true else 0
    return precision, recall, 2 * precision * recall / (precision + recall) if right else 0


def strict(results):
    return [getattr(results["strict"], name) for name in NAMES]


def test_on_a_thousand_random_sequences_entities_are_those_of_conlleval_and_nervaluate():
    for seed in range(100):
        targets, predicted = corpus(seed)
        ours = entity_metrics(targets, predicted)
        theirs = Evaluator(targets, predicted, tags=list(TYPES), loader="list").evaluate()
        assert list(ours["all"].values()) == pytest.approx(conlleval(targets, predicted))
        assert list(ours["all"].values()) == pytest.approx(strict(theirs["overall"]))
        assert tagging_metrics(targets, predicted).items() >= ours["all"].items()
        for kind in set(ours) - {"all"}:
            assert list(ours[kind].values()) == pytest.approx(conlleval(targets, predicted, [kind]))
            assert list(ours[kind].values()) == pytest.approx(strict(theirs["entities"][kind]))


@pytest.mark.parametrize(
    "tags, expected",
    [
        ("I-PER I-PER O I-PER B-PER I-LOC", {(0, 2, "PER"), (3, 4, "PER"), (4, 5, "PER"), (5, 6, "LOC")}),
        ("B-PER B-PER I-LOC I-LOC", {(0, 1, "PER"), (1, 2, "PER"), (2, 4, "LOC")}),
        ("O O", set()),
    ],
)
def test_an_i_that_continues_nothing_begins_a_phrase(tags, expected):
    assert phrases(tags.split()) == expected
    assert entity_metrics([tags.split()], [tags.split()])["all"]["f1"] == bool(expected)
