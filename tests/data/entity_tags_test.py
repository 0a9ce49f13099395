"""Tags and the entities that they mark: each scheme, and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqzoo.data import entity_tags
from seqzoo.data.entity_tags import Span


@st.composite
def entities(draw):
    """Entities that do not overlap, and the number of words."""
    edges = sorted(draw(st.sets(st.integers(0, 12), min_size=2)))
    found = [Span(a, b, draw(st.sampled_from(["PER", "X-Y"]))) for a, b in zip(edges, edges[1:], strict=False)]
    return [span for span in found if draw(st.booleans())], edges[-1] + draw(st.integers(0, 2))


@given(entities())
def test_tags_of_entities_mark_these_entities(given):
    spans, length = given
    for scheme in ("BIO", "BIOES"):
        tagged = entity_tags.from_spans(spans, length, scheme)
        assert len(tagged) == length
        assert entity_tags.spans(tagged) == spans
        assert entity_tags.continues_nothing(tagged) is None
        assert entity_tags.as_bio(tagged) == entity_tags.from_spans(spans, length)


@pytest.mark.parametrize(
    "tagged, bio",
    [
        ("I-A I-A O I-A B-A I-A I-B", "B-A I-A O B-A B-A I-A B-B"),  # IOB1
        ("B-A I-A B-A O", "B-A I-A B-A O"),
        ("S-A B-A E-A B-A I-A E-A S-B", "B-A B-A I-A B-A I-A I-A B-B"),  # BIOES
        ("O I-A I-B", "O B-A B-B"),
        ("B-A E-A I-A", "B-A I-A B-A"),
    ],
)
def test_every_scheme_is_read(tagged, bio):
    assert entity_tags.as_bio(tagged.split()) == bio.split()


@pytest.mark.parametrize(
    "tagged, wrong", [("B-A I-A O", None), ("O I-A", 1), ("B-A I-B", 1), ("I-A", 0), ("S-A E-A", 1), ("B-A E-A I-A", 2)]
)
def test_a_tag_that_continues_nothing_is_found(tagged, wrong):
    assert entity_tags.continues_nothing(tagged.split()) == wrong


@pytest.mark.parametrize(
    "found, are", [("O B-A", True), ("O", False), ("NOUN VERB", False), ("O B-A X", False), ("B-A", False)]
)
def test_tags_of_entities_are_told_from_others(found, are):
    assert entity_tags.are_entities(set(found.split())) == are
