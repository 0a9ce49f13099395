"""Generated English sentences with persons, organisations, places and dates: frames of ours, filled with Faker's names.

No frame and no name of one split stands in another, nor a word of a person's name (dates recur): a figure on the test part is
about sentences and names never seen. It is still a figure on generated data, and says little about newspapers.
"""

import datetime
import functools
import hashlib
import random
import re
from collections import Counter
from pathlib import Path

from faker import Faker
from faker.providers.lorem.en_US import Provider

from seqzoo.data import entity_tags
from seqzoo.data.examples import Examples, Splits
from seqzoo.data.tokenizer import split_words

KINDS = ("PERSON", "ORG", "LOCATION", "DATE")
LOCALES = ("en_US", "en_GB", "en_IN", "en_AU", "en_IE", "en_CA", "en_NZ")
SIZES = {"train": 12000, "validation": 800, "test": 1000}
NAMES = 6000  # of each kind, drawn before they are split
COMMON = 1 / 300  # a word in more of the organisations or places than that, as Ltd or North, may be shared
LOWER = 0.1  # of the sentences lose their capitals
DATES = ("%B %d, %Y", "%d %B %Y", "%d/%m/%Y", "%Y-%m-%d", "%B %Y", "%A", "%d %b %Y", "%A, %d %B")

FRAMES = Path(__file__).with_name("entity_frames")  # a file for each part, a frame on each line
JOINS = (", and", ", but", " while", " because", " when", "; then", ", so", " although", " before", " after")  # of two clauses
WHOLE = 0.4  # of the training sentences have a frame of their own; the others are put together, so that no two are alike


def load(seed: int = 0) -> Splits:
    """Returns the three parts: words, and BIO tags of PERSON, ORG, LOCATION and DATE. The same for the same seed."""
    names, words, parts = _names(), _words(), {}
    for part, size in SIZES.items():
        chance = random.Random(f"{seed} {part}")
        fillings = words | {kind: of_kind[part] for kind, of_kind in names.items()}
        frames = read(part)
        drawn = [_filled(_frame(frames, part, chance), fillings, chance) for _ in range(size)]
        parts[part] = Examples([words for words, _ in drawn], [tagged for _, tagged in drawn])
    return Splits(**parts, name="generated_entities")


@functools.cache
def read(name: str) -> list[str]:
    """Returns the frames of a part; or the "openings", "clauses" and "words" that frames for training are put together from."""
    return (FRAMES / f"{name}.txt").read_text(encoding="utf-8").splitlines()


def _words() -> dict[str, list[str]]:
    """Ordinary words for the frames, by part of speech: the same in every split."""
    of_speech = Provider.parts_of_speech
    return {slot: list(of_speech[slot.lower()]) for slot in ("NOUN", "VERB", "ADJECTIVE", "ADVERB")}


def _names() -> dict[str, dict[str, list[str]]]:
    """{kind: {part: names}}, which share no word but common ones."""
    fakers = []
    for locale in LOCALES:
        fake = Faker(locale)
        fake.seed_instance(1)
        fakers.append(fake)

    def drawn(draw):
        return list(dict.fromkeys(draw(fakers[i % len(fakers)]) for i in range(NAMES)))

    first, last = (_split(drawn(draw), 1) for draw in (lambda fake: fake.first_name(), lambda fake: fake.last_name()))
    chance = random.Random(1)
    persons = {part: [f"{chance.choice(first[part])} {chance.choice(last[part])}" for _ in range(NAMES)] for part in SIZES}
    return {
        "PERSON": {part: list(dict.fromkeys(of_part)) for part, of_part in persons.items()},
        "ORG": _split(drawn(lambda fake: fake.company()), COMMON),
        "LOCATION": _split(drawn(lambda fake: fake.city()), COMMON),
        "DATE": _split_dates(),
    }


def _split(names: list[str], common_from: float) -> dict[str, list[str]]:
    counts = Counter(word for name in names for word in set(split_words(name)))
    common = {word for word, count in counts.items() if count > common_from * len(names)}
    parts = {part: [] for part in SIZES}
    for name in names:
        of_words = {_part(word) for word in split_words(name) if word not in common}
        if len(of_words) == 1:
            parts[of_words.pop()].append(name)
    return parts


def _part(word: str) -> str:
    """A hash decides: six in eight words are for training, for each of the other parts one."""
    return (*["train"] * 6, "validation", "test")[int(hashlib.sha256(word.lower().encode()).hexdigest(), 16) % 8]


def _split_dates() -> dict[str, list[str]]:
    days = [datetime.date(1950, 1, 1) + datetime.timedelta(days=37 * i) for i in range(900)]
    parts = {part: [] for part in SIZES}
    for i, day in enumerate(days):
        of_day = list(parts)[(0, 0, 1, 2)[i % 4]]
        parts[of_day] += [day.strftime(form) for form in DATES] + [str(day.year)]
    return parts


def _frame(frames: list[str], part: str, chance: random.Random) -> str:
    """A frame as it stands; for training at times one of an opening, a clause and perhaps another."""
    if part != "train" or chance.random() < WHOLE:
        return chance.choice(frames)
    opening = chance.choice(read("openings")) + " " if chance.random() < 0.5 else ""
    more = chance.choice(JOINS) + " " + _clause(chance) if chance.random() < 0.5 else ""
    return opening + _clause(chance) + more + chance.choice(("", ".", ".", ".", "!", "?"))


def _clause(chance: random.Random) -> str:
    """A clause, in which words stand for their kinds: a painter for ROLE."""
    clause, words = chance.choice(read("clauses")), _kinds_of_words()
    return re.sub("|".join(words), lambda kind: chance.choice(words[kind[0]]), clause)


@functools.cache
def _kinds_of_words() -> dict[str, list[str]]:
    return {kind: words.split(", ") for kind, words in (line.split(": ") for line in read("words"))}


def _filled(frame: str, fillings: dict[str, list[str]], chance: random.Random) -> tuple[list[str], list[str]]:
    """A frame with its slots filled, as words and tags; a person at times by the first or the last name alone."""
    words, entities = [], []
    for token in split_words(frame):
        filling = split_words(chance.choice(fillings[token])) if token in fillings else [token]
        if token == "PERSON" and chance.random() < 0.2:
            filling = [chance.choice(filling)]
        if token in KINDS:
            entities.append(entity_tags.Span(len(words), len(words) + len(filling), token))
        words += filling
    words[0] = words[0][0].upper() + words[0][1:]
    if chance.random() < LOWER:
        words = [word.lower() for word in words]
    return words, entity_tags.from_spans(entities, len(words))
