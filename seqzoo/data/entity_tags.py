"""Tags of words, such as B-PER I-PER O, and the entities that they mark.

Within the project tags are BIO (also called IOB2): B- begins an entity, I- continues it. IOB1 writes B- only where two entities
of a type touch; BIOES also marks ends (E-) and entities of one word (S-).
"""

from typing import NamedTuple

OUTSIDE = "O"
CONTINUES = {"B": "IE", "I": "IE"}  # what may follow, with the same type


class Span(NamedTuple):
    """An entity: words `start` to `end`, which is the first word after it."""

    start: int
    end: int
    type: str


def parts(tag: str) -> tuple[str, str]:
    """Returns ("B", "PER") of "B-PER", ("O", "") of "O". A tag of another form, as a part of speech, is ("", tag)."""
    if tag == OUTSIDE:
        return tag, ""
    prefix, dash, kind = tag.partition("-")
    return (prefix, kind) if dash and kind and prefix in set("BIES") else ("", tag)


def are_entities(tags) -> bool:
    """Returns whether a set of tags marks entities: O, and prefixes on all the others."""
    return OUTSIDE in tags and all(tag == OUTSIDE or parts(tag)[0] for tag in tags) and len(set(tags)) > 1


def names(sentences: list[list[str]]) -> tuple[str, ...]:
    """Returns all tags of sentences, O first."""
    return tuple(sorted({tag for tagged in sentences for tag in tagged}, key=lambda tag: (tag != OUTSIDE, tag)))


def spans(tags: list[str]) -> list[Span]:
    """Returns the entities, in order, whatever the scheme. A tag that continues nothing begins an entity."""
    found, start, kind = [], None, None
    for i, tag in enumerate([*tags, OUTSIDE]):
        prefix, its_kind = parts(tag)
        continues = start is not None and prefix in ("I", "E") and its_kind == kind and parts(tags[i - 1])[0] in ("B", "I")
        if start is not None and not continues:
            found.append(Span(start, i, kind))
            start = None
        if prefix and prefix != OUTSIDE and not continues:
            start, kind = i, its_kind
    return found


def from_spans(entities: list[Span], length: int, scheme: str = "BIO") -> list[str]:
    """Returns the tags of `length` words, in BIO or BIOES."""
    tags = [OUTSIDE] * length
    for start, end, kind in entities:
        marks = ["B", *"I" * (end - start - 1)]
        if scheme == "BIOES":
            marks = ["S"] if len(marks) == 1 else [*marks[:-1], "E"]
        tags[start:end] = [f"{mark}-{kind}" for mark in marks]
    return tags


def as_bio(tags: list[str]) -> list[str]:
    """Returns the same entities as BIO tags. IOB1, BIO and BIOES need no telling apart: they differ in marks, not in what
    touches what."""
    return from_spans(spans(tags), len(tags))


def continues_nothing(tags: list[str]) -> int | None:
    """Returns the first word whose BIO or BIOES tag continues an entity that is not there; None where all is well."""
    for i, (before, tag) in enumerate(zip([OUTSIDE, *tags], tags, strict=False)):
        (prefix, kind), (prefix_before, kind_before) = parts(tag), parts(before)
        if prefix in ("I", "E") and (prefix_before not in CONTINUES or kind_before != kind):
            return i
    return None
