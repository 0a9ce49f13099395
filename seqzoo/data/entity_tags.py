"""Entity tags of words, such as B-PER I-PER O, in the schemes BIO, IOB1 and BIOES.

The project uses BIO (also called IOB2): B- begins an entity, I- continues it. IOB1 writes B- only where two entities of one
type touch. BIOES also marks ends (E-) and entities of one word (S-); BILOU writes L- and U- for these.
"""

import re
from typing import NamedTuple

OUTSIDE = "O"
PREFIXES = {"L": "E", "U": "S", "M": "I"}  # of BILOU and BMES, and those of BIOES for the same
ANY_SPELLING = re.compile(r"O|[BIESLUM]-.+", re.IGNORECASE | re.ASCII | re.DOTALL)
CONTINUES = {"B": "IE", "I": "IE"}  # {prefix: prefixes that may follow, with the same type}


class Span(NamedTuple):
    """Entity span: words `start` up to, not including, `end`, and the type."""

    start: int
    end: int
    type: str


def parts(tag: str) -> tuple[str, str]:
    """Returns prefix and type of a tag: ("B", "PER") of "B-PER", ("O", "") of "O". A tag of another form gives ("", tag)."""
    if tag == OUTSIDE:
        return tag, ""
    prefix, dash, entity_type = tag.partition("-")
    return (prefix, entity_type) if dash and entity_type and prefix in set("BIES") else ("", tag)


def spelled(tags) -> dict[str, str]:
    """Returns the project's spelling of each tag of a set: `b-PER` as `B-PER`; of BILOU `L-PER` as `E-PER`, `U-PER` as `S-PER`.

    Where one tag of the set is no tag of entities in any spelling, all tags stay as they are.
    """
    if not all(ANY_SPELLING.fullmatch(tag) for tag in tags):
        return {tag: tag for tag in tags}
    return {tag: PREFIXES.get(tag[0].upper(), tag[0].upper()) + tag[1:] for tag in tags}


def are_entities(tags) -> bool:
    """Returns whether a set of tags marks entities: it holds O, and all other tags have a prefix."""
    return OUTSIDE in tags and all(tag == OUTSIDE or parts(tag)[0] for tag in tags) and len(set(tags)) > 1


def names(sentences: list[list[str]]) -> tuple[str, ...]:
    """Returns the tag set of sentences, sorted, O first."""
    return tuple(sorted({tag for tagged in sentences for tag in tagged}, key=lambda tag: (tag != OUTSIDE, tag)))


def spans(tags: list[str]) -> list[Span]:
    """Returns the entity spans in order, for any of the three schemes. A tag that continues no entity begins one."""
    entities, start, open_type = [], None, None
    for i, tag in enumerate([*tags, OUTSIDE]):
        prefix, entity_type = parts(tag)
        is_open = start is not None and entity_type == open_type and parts(tags[i - 1])[0] in ("B", "I")
        continues = is_open and prefix in ("I", "E")
        if start is not None and not continues:
            entities.append(Span(start, i, open_type))
            start = None
        if prefix and prefix != OUTSIDE and not continues:
            start, open_type = i, entity_type
    return entities


def from_spans(entities: list[Span], length: int, scheme: str = "BIO") -> list[str]:
    """Returns the tags of `length` words, in BIO or BIOES, from entity spans."""
    tags = [OUTSIDE] * length
    for start, end, entity_type in entities:
        prefixes = ["B", *"I" * (end - start - 1)]
        if scheme == "BIOES":
            prefixes = ["S"] if len(prefixes) == 1 else [*prefixes[:-1], "E"]
        tags[start:end] = [f"{prefix}-{entity_type}" for prefix in prefixes]
    return tags


def as_bio(tags: list[str]) -> list[str]:
    """Returns tags of IOB1, BIO or BIOES as BIO tags. The scheme need not be known: `spans` reads all three alike."""
    return from_spans(spans(tags), len(tags))


def continues_nothing(tags: list[str]) -> int | None:
    """Returns the index of the first invalid BIO or BIOES tag, one that continues no entity; None if all are valid."""
    for i, (before, tag) in enumerate(zip([OUTSIDE, *tags], tags, strict=False)):
        (prefix, entity_type), (prefix_before, type_before) = parts(tag), parts(before)
        if prefix in ("I", "E") and (prefix_before not in CONTINUES or type_before != entity_type):
            return i
    return None
