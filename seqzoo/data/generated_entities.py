"""Generated English sentences with persons, organisations, places and dates: frames of ours, filled with Faker's names.

No frame and no name of one split stands in another, nor a word of a person's name (dates recur): a figure on the test part is
about sentences and names never seen. It is still a figure on generated data, and says little about newspapers.
"""

import datetime
import hashlib
import random
from collections import Counter

from faker import Faker
from faker.providers.lorem.en_US import Provider

from seqzoo.data import tags
from seqzoo.data.examples import Examples, Splits
from seqzoo.data.tokenizer import words_and_marks

KINDS = ("PERSON", "ORG", "LOCATION", "DATE")
LOCALES = ("en_US", "en_GB", "en_IN", "en_AU", "en_IE", "en_CA", "en_NZ")
SIZES = {"train": 6000, "validation": 800, "test": 1000}
NAMES = 6000  # of each kind, drawn before they are split
COMMON = 1 / 300  # a word in more of the organisations or places than that, as Ltd or North, may be shared
LOWER = 0.1  # of the sentences lose their capitals
DATES = ("%B %d, %Y", "%d %B %Y", "%d/%m/%Y", "%Y-%m-%d", "%B %Y", "%A", "%d %b %Y", "%A, %d %B")

FRAMES = """
PERSON and PERSON met in LOCATION on DATE.
PERSON and PERSON wrote a ADJECTIVE NOUN.
PERSON and PERSON discovered a ADJECTIVE NOUN, and nobody knew why.
PERSON, PERSON and PERSON founded ORG in DATE.
PERSON joined ORG as a senior NOUN on DATE.
PERSON of ORG said that the NOUN was ADJECTIVE.
On DATE, PERSON left LOCATION for good.
In LOCATION, the NOUN was ADJECTIVE all week.
The offices of ORG in LOCATION were ADVERB closed on DATE.
ORG bought ORG for a ADJECTIVE sum.
ORG announced on DATE that PERSON would VERB its NOUN in LOCATION.
He said, "PERSON was a ADJECTIVE NOUN."
He said, "PERSON was a ADJECTIVE NOUN and a ADJECTIVE NOUN."
She said, "the ADJECTIVE NOUN and the NOUN are in the NOUN".
He said, "ADJECTIVE bears are cheap this NOUN".
"We never saw such a NOUN," said PERSON, a NOUN from LOCATION.
PERSON was a ADJECTIVE NOUN.
PERSON was born in LOCATION on DATE.
Shares of ORG fell ADVERB after the NOUN of DATE.
The mayor of LOCATION thanked PERSON for the NOUN.
A spokesman for ORG declined to VERB.
Doctor PERSON works at ORG.
My friend PERSON lives in LOCATION.
Please VERB the NOUN to ORG by DATE.
Your NOUN from ORG will VERB on DATE.
Did PERSON VERB from LOCATION?
I asked PERSON whether the NOUN to LOCATION was ADJECTIVE.
Nobody at ORG can VERB PERSON.
The ADJECTIVE NOUN will VERB soon.
A ADJECTIVE NOUN and a NOUN can ADVERB VERB the NOUN.
NOUN and NOUN are ADVERB ADJECTIVE, and nobody was surprised.
We cooked NOUN and baked two ADJECTIVE NOUN.
The children sang a NOUN and went home.
Toy bears are on sale in every NOUN.
The NOUN and the NOUN invented a ADJECTIVE NOUN.
They paid a ADJECTIVE NOUN to LOCATION and to LOCATION.
From LOCATION to LOCATION it is a ADJECTIVE drive.
Judge PERSON ruled against ORG on DATE.
PERSON (ORG) and PERSON (ORG) shared the NOUN.
The NOUN between ORG and ORG ends on DATE.
Since DATE, ORG has been based in LOCATION.
PERSON 's NOUN moved to LOCATION last spring.
According to PERSON, the NOUN in LOCATION is ADJECTIVE.
Ask PERSON about the NOUN.
ORG is hiring ADJECTIVE cooks in LOCATION.
Until DATE the NOUN of LOCATION is free.
PERSON sold the NOUN to PERSON on DATE.
The winner, PERSON, trained ADVERB in LOCATION.
In DATE, PERSON and ORG agreed to VERB the NOUN.
PERSON baked the NOUN and PERSON lit the NOUN.
With PERSON away, the NOUN lost ADVERB.
Flights from LOCATION were delayed until DATE.
The NOUN to PERSON ADVERB left LOCATION.
After NOUN, PERSON drove to LOCATION with PERSON.
"ORG will not VERB," wrote PERSON on DATE.
The NOUN near LOCATION froze in the NOUN.
Both PERSON and PERSON VERB for ORG.
Meet PERSON, the ADJECTIVE NOUN of ORG.
Is LOCATION far from LOCATION?
The guests arrived ADVERB and left ADVERB.
When PERSON came to LOCATION, the NOUN was ADJECTIVE.
How ADJECTIVE is the NOUN of ORG?
Why would ORG VERB the NOUN?
ADJECTIVE NOUN can VERB a ADJECTIVE NOUN.
The NOUN of LOCATION, PERSON, will VERB on DATE.
""".strip().splitlines()

HELD_OUT = {
    "validation": """
PERSON and PERSON painted the old fence.
Yesterday ORG opened a branch in LOCATION.
The speech of PERSON on DATE was short.
PERSON asked ORG for a refund on DATE.
She told him that PERSON had been a fine singer.
Snow fell on LOCATION all through the night.
Two students and a nurse were waiting outside.
As of DATE, ORG no longer sells bicycles.
"I miss LOCATION," said PERSON.
A letter from ORG reached PERSON in LOCATION.
""".strip().splitlines(),
    "test": """
PERSON and PERSON repaired a broken clock together.
Last week PERSON flew to LOCATION to meet PERSON.
The board of ORG dismissed PERSON on DATE.
When PERSON left, ORG lost its best designer.
Farmers near LOCATION expect a dry summer.
ORG and PERSON settled their dispute on DATE.
She replied, "PERSON is an excellent doctor."
The parcel went from LOCATION to LOCATION on DATE.
Three dogs chased a ball across the wet grass.
On DATE the council of LOCATION voted for a new school.
Why did PERSON never mention ORG?
PERSON, who grew up in LOCATION, now runs ORG.
Old bears sleep in the warm cave.
""".strip().splitlines(),
}


def load(seed: int = 0) -> Splits:
    """Returns the three parts: words, and BIO tags of PERSON, ORG, LOCATION and DATE. The same for the same seed."""
    frames, names, words = {"train": FRAMES} | HELD_OUT, _names(), _words()
    parts = {}
    for part, size in SIZES.items():
        chance = random.Random(f"{seed} {part}")
        fillings = words | {kind: of_kind[part] for kind, of_kind in names.items()}
        drawn = [_filled(chance.choice(frames[part]), fillings, chance) for _ in range(size)]
        parts[part] = Examples([words for words, _ in drawn], [tagged for _, tagged in drawn])
    return Splits(**parts, name="generated_entities")


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
    draw = {
        "PERSON": lambda fake: f"{fake.first_name()} {fake.last_name()}",
        "ORG": lambda fake: fake.company(),
        "LOCATION": lambda fake: fake.city(),
    }
    names = {}
    for kind, of_kind in draw.items():
        drawn = dict.fromkeys(of_kind(fakers[i % len(fakers)]) for i in range(NAMES))
        names[kind] = _split(list(drawn), 1 if kind == "PERSON" else COMMON)
    return names | {"DATE": _split_dates()}


def _split(names: list[str], common_from: float) -> dict[str, list[str]]:
    counts = Counter(word for name in names for word in set(words_and_marks(name)))
    common = {word for word, count in counts.items() if count > common_from * len(names)}
    parts = {part: [] for part in SIZES}
    for name in names:
        of_words = {_part(word) for word in words_and_marks(name) if word not in common}
        if len(of_words) == 1:
            parts[of_words.pop()].append(name)
    return parts


def _part(word: str) -> str:
    """A hash decides: two in four words are for training, for each of the other parts one."""
    return ("train", "train", "validation", "test")[int(hashlib.sha256(word.lower().encode()).hexdigest(), 16) % 4]


def _split_dates() -> dict[str, list[str]]:
    days = [datetime.date(1950, 1, 1) + datetime.timedelta(days=37 * i) for i in range(900)]
    parts = {part: [] for part in SIZES}
    for i, day in enumerate(days):
        of_day = list(parts)[(0, 0, 1, 2)[i % 4]]
        parts[of_day] += [day.strftime(form) for form in DATES] + [str(day.year)]
    return parts


def _filled(frame: str, fillings: dict[str, list[str]], chance: random.Random) -> tuple[list[str], list[str]]:
    """A frame with its slots filled, as words and tags; a person at times by the first or the last name alone."""
    words, entities = [], []
    for token in words_and_marks(frame):
        filling = words_and_marks(chance.choice(fillings[token])) if token in fillings else [token]
        if token == "PERSON" and chance.random() < 0.2:
            filling = [chance.choice(filling)]
        if token in KINDS:
            entities.append(tags.Span(len(words), len(words) + len(filling), token))
        words += filling
    words[0] = words[0][0].upper() + words[0][1:]
    if chance.random() < LOWER:
        words = [word.lower() for word in words]
    return words, tags.from_spans(entities, len(words))
