"""Generated English sentences with named entities: sentence frames of this project, filled with names from Faker.

The entities are persons, organisations, places and dates. The splits share no frame, no name and no word of a person's name
(dates recur): a metric on the test split is about unseen sentences and names.

Limitations: the data is generated. A metric on it says little about newspapers.
"""

import datetime
import functools
import hashlib
import random
import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from faker import Faker
from faker.providers.lorem.en_US import Provider

from seqzoo.data import entity_tags
from seqzoo.data.examples import Examples, Splits
from seqzoo.data.tokenizer import split_words

KINDS = ("PERSON", "ORG", "LOCATION", "DATE")
LOCALES = ("en_US", "en_GB", "en_IN", "en_AU", "en_IE", "en_CA", "en_NZ")
SIZES = {"train": 12000, "validation": 800, "test": 1000}
NAMES = 6000  # names of each kind, drawn before the split
COMMON = 1 / 300  # splits may share a word in more than this share of organisations or places, such as Ltd or North
LOWER = 0.1  # share of sentences in lower case
DATES = ("%B %d, %Y", "%d %B %Y", "%d/%m/%Y", "%Y-%m-%d", "%B %Y", "%A", "%d %b %Y", "%A, %d %B")

FRAMES = Path(__file__).with_name("entity_frames")  # a file for each split, a frame on each line
KNOWN = {"ORG": "known_organisations", "LOCATION": "known_places"}  # files of names; of none of `benchmarks/ordinary`
JOINS = (", and", ", but", " while", " because", " when", "; then", ", so", " although", " before", " after")  # of clauses
WHOLE = 0.4  # share of training sentences with a frame from the file; the others are composed of clauses, hence all different


class Forms(NamedTuple):
    """Forms of persons' names: the share that has one name alone, and the share of these after a title."""

    single: float
    titled: float


OF_PLACES = (
    *("University of {}", "{} University", "Bank of {}", "{} City Council", "{} Airlines", "{} Police", "{} Museum"),
    *("{} General Hospital", "{} Times", "{} Chamber of Commerce", "{} Railways", "Royal Society of {}", "{} Zoo"),
)
NAMESAKES = 3  # frames of each such sentence
FORMS, ORDINARY_FORMS = Forms(0.2, 0.0), Forms(0.5, 0.3)
TITLES = ("Mr.", "Mrs.", "Ms.", "Mr", "Mrs", "Miss", "Dr.", "Dr", "Professor", "Sir", "Aunt", "Uncle", "President", "Captain")


def load(seed: int = 0, ordinary: bool = False) -> Splits:
    """Returns the data set in three splits: words, and BIO tags of PERSON, ORG, LOCATION and DATE. `seed` determines all.

    Args:
        ordinary: whether the names in training are more like those of ordinary text: half of the organisations and places are
            well-known ones, other organisations are named after places, fewer after persons; half of the persons have one name
            alone, at times after a title; and words that are names elsewhere stand where they are none (Olive oil).
    """
    names, words, splits = _names(), _words(), {}
    if ordinary:
        for kind, more in _ordinary(names).items():
            names[kind]["train"] = more
    for split, size in SIZES.items():
        rng = random.Random(f"{seed} {split}")
        fillings = words | {kind: by_split[split] for kind, by_split in names.items()}
        frames = read(split) + (NAMESAKES * read("namesakes") if ordinary and split == "train" else [])
        forms = ORDINARY_FORMS if ordinary and split == "train" else FORMS
        sentences = [_filled(_frame(frames, split, rng), fillings, forms, rng) for _ in range(size)]
        splits[split] = Examples([words for words, _ in sentences], [tags for _, tags in sentences])
    return Splits(**splits, name="generated_entities")


@functools.cache
def read(name: str) -> list[str]:
    """Returns the lines of a file: the frames of a split; "openings", "clauses" or "words", the parts of composed frames; or
    names."""
    return (FRAMES / f"{name}.txt").read_text(encoding="utf-8").splitlines()


def _words() -> dict[str, list[str]]:
    """Returns ordinary words for the frames, by part of speech: the same in every split."""
    return {slot: list(Provider.parts_of_speech[slot.lower()]) for slot in ("NOUN", "VERB", "ADJECTIVE", "ADVERB")}


def _names() -> dict[str, dict[str, list[str]]]:
    """Returns `{kind: {split: names}}`; the splits share only common words."""
    fakers = []
    for locale in LOCALES:
        fake = Faker(locale)
        fake.seed_instance(1)
        fakers.append(fake)

    def drawn(draw):
        return list(dict.fromkeys(draw(fakers[i % len(fakers)]) for i in range(NAMES)))

    first, last = (_split(drawn(draw), 1) for draw in (lambda fake: fake.first_name(), lambda fake: fake.last_name()))
    rng = random.Random(1)
    persons = {split: [f"{rng.choice(first[split])} {rng.choice(last[split])}" for _ in range(NAMES)] for split in SIZES}
    return {
        "PERSON": {split: list(dict.fromkeys(names)) for split, names in persons.items()},
        "ORG": _split(drawn(lambda fake: fake.company()), COMMON),
        "LOCATION": _split(drawn(lambda fake: fake.city()), COMMON),
        "DATE": _split_dates(),
    }


def _ordinary(names: dict[str, dict[str, list[str]]]) -> dict[str, list[str]]:
    """Returns organisations and places for training, about half of them well-known."""
    organisations, places = (read(KNOWN[kind]) for kind in ("ORG", "LOCATION"))
    firms = [name for name in names["ORG"]["train"] if not re.search("-| and ", name)]  # else it is made of surnames alone
    named_after = [OF_PLACES[i % len(OF_PLACES)].format(place) for i, place in enumerate(places)]
    towns = names["LOCATION"]["train"]
    return {"ORG": firms + named_after + 3 * organisations, "LOCATION": towns + places * (len(towns) // len(places))}


def _split(names: list[str], common_from: float) -> dict[str, list[str]]:
    """Returns `{split: names}`; a name whose rarer words are of several splits is left out."""
    counts = Counter(word for name in names for word in set(split_words(name)))
    common = {word for word, count in counts.items() if count > common_from * len(names)}
    splits = {split: [] for split in SIZES}
    for name in names:
        of_words = {_split_of(word) for word in split_words(name) if word not in common}
        if len(of_words) == 1:
            splits[of_words.pop()].append(name)
    return splits


def _split_of(word: str) -> str:
    """Returns the split of a word, by a hash: "train" for six in eight words, "validation" and "test" for one each."""
    return (*["train"] * 6, "validation", "test")[int(hashlib.sha256(word.lower().encode()).hexdigest(), 16) % 8]


def _split_dates() -> dict[str, list[str]]:
    days = [datetime.date(1950, 1, 1) + datetime.timedelta(days=37 * i) for i in range(900)]
    splits = {split: [] for split in SIZES}
    for i, day in enumerate(days):
        split = list(splits)[(0, 0, 1, 2)[i % 4]]
        splits[split] += [day.strftime(form) for form in DATES] + [str(day.year)]
    return splits


def _frame(frames: list[str], split: str, rng: random.Random) -> str:
    """Returns one of `frames`, or for training at times a composed one: an opening, a clause, perhaps a second clause."""
    if split != "train" or rng.random() < WHOLE:
        return rng.choice(frames)
    opening = rng.choice(read("openings")) + " " if rng.random() < 0.5 else ""
    more = rng.choice(JOINS) + " " + _clause(rng) if rng.random() < 0.5 else ""
    return opening + _clause(rng) + more + rng.choice(("", ".", ".", ".", "!", "?"))


def _clause(rng: random.Random) -> str:
    """Returns a random clause with its word kinds replaced by words, such as a painter for ROLE."""
    clause, words = rng.choice(read("clauses")), _kinds_of_words()
    return re.sub("|".join(words), lambda kind: rng.choice(words[kind[0]]), clause)


@functools.cache
def _kinds_of_words() -> dict[str, list[str]]:
    return {kind: words.split(", ") for kind, words in (line.split(": ") for line in read("words"))}


def _filled(frame: str, fillings: dict, forms: Forms, rng: random.Random) -> tuple[list[str], list[str]]:
    """Returns words and tags of a frame with its slots filled, persons in one of the forms."""
    words, entities = [], []
    for token in split_words(frame):
        filling = split_words(rng.choice(fillings[token])) if token in fillings else [token]
        if token == "PERSON" and rng.random() < forms.single:
            filling = [rng.choice(filling)]
            if forms.titled and rng.random() < forms.titled:
                words.append(rng.choice(TITLES))
        if token in KINDS:
            entities.append(entity_tags.Span(len(words), len(words) + len(filling), token))
        words += filling
    words[0] = words[0][0].upper() + words[0][1:]
    if rng.random() < LOWER:
        words = [word.lower() for word in words]
    return words, entity_tags.from_spans(entities, len(words))
