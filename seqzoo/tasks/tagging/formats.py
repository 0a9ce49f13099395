"""Text formats of tagged sentences: entities in brackets, word/tag, the notes' two forms, JSON."""

import json

from seqzoo.data import entity_tags
from seqzoo.data.tokenizer import split_words

PLAIN_FORMS = ("text", "bio")  # of tags that mark no entities
FORMS = (*PLAIN_FORMS, "binary", "spans", "json")


def format_tags(form, line, tags):
    """The tags of a line in a format: "text" (`in_brackets`), "bio" (word/tag), "binary", "spans" or "json".

    The notes' two forms, "binary" and "spans", count the line's words between spaces, marks and all. "binary" has 1 for each
    word that an entity touches. "spans" has `start-end TYPE` for each entity, `end` being the first word after the entity.
    "json" has the words, their tags and the spans.
    """
    words = split_words(line)
    if form == "text":
        return in_brackets(words, tags)
    if form == "bio":
        return _words_and_tags(words, tags)
    entities = _spans_of_spaced_words(line, tags)
    if form == "binary":
        return " ".join(str(int(any(e.start <= i < e.end for e in entities))) for i in range(len(line.split())))
    if form == "spans":
        return ", ".join(f"{start}-{end} {type}" for start, end, type in entities)
    spans = [{"start": start, "end": end, "type": type} for start, end, type in entities]
    return json.dumps({"words": words, "tags": tags, "spans": spans}, ensure_ascii=False)


def in_brackets(words, tags):
    """The words with their entities in brackets, `[PERSON Harry Potter]`; word/tag where the tags mark no entities."""
    if not all(entity_tags.parts(tag)[0] for tag in tags):
        return _words_and_tags(words, tags)
    texts = list(words)
    for start, end, type in entity_tags.spans(tags):
        texts[start] = f"[{type} {texts[start]}"
        texts[end - 1] += "]"
    return " ".join(texts)


def _words_and_tags(words, tags):
    return " ".join(f"{word}/{tag}" for word, tag in zip(words, tags, strict=True))


def _spans_of_spaced_words(line, tags):
    """The entities, counted in words between spaces."""
    number = [i for i, word in enumerate(line.split()) for _ in split_words(word)]
    return [entity_tags.Span(number[start], number[end - 1] + 1, type) for start, end, type in entity_tags.spans(tags)]
