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
SIZES = {"train": 8000, "validation": 800, "test": 1000}
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

# Frames of the training part are also put together, an opening, a clause and perhaps another, so that no two are alike.
OPENINGS = """
She told us that
I think that
We heard that
It is true that
Nobody knew that
A NOUN wrote that
They say
Perhaps
However,
In the end
Some days ago
This morning
As a ADJECTIVE NOUN said,
On DATE
In LOCATION,
According to ORG,
My NOUN believes that
"No," said PERSON,
""".strip().splitlines()

CLAUSES = """
PERSON sings in the choir
PERSON forgot the NOUN
the NOUN belongs to PERSON
nobody believed PERSON
PERSON will VERB the NOUN
a NOUN was named after PERSON
the NOUN of PERSON was ADJECTIVE
PERSON is a ADJECTIVE NOUN
PERSON has always been ADJECTIVE
the teacher praised PERSON
PERSON gave PERSON a NOUN
we met PERSON at the NOUN
a ADJECTIVE NOUN for PERSON came ADVERB
PERSON, a ADJECTIVE NOUN, waited outside
even PERSON laughed
the idea came from PERSON
PERSON is older than PERSON
PERSON and PERSON are cousins
the NOUN by PERSON was ADJECTIVE
her brother PERSON slept ADVERB
the singer PERSON left ADVERB
thanks to PERSON the NOUN was saved
PERSON walked to LOCATION
a NOUN found PERSON near LOCATION
PERSON moved the NOUN to LOCATION
PERSON trusts ORG
it was ADVERB PERSON who can VERB
the road to LOCATION is closed
it rained in LOCATION
LOCATION is a ADJECTIVE town
we drove through LOCATION
they love LOCATION
the people of LOCATION can VERB
a storm hit LOCATION
the NOUN near LOCATION is ADJECTIVE
LOCATION lies north of LOCATION
they left LOCATION ADVERB
fog covered LOCATION
the bus from LOCATION was ADJECTIVE
she was raised in LOCATION
visitors reached LOCATION by boat
the NOUN between LOCATION and LOCATION is ADJECTIVE
ORG sells ADJECTIVE NOUN
the owners of ORG met
ORG hired a ADJECTIVE NOUN
an offer from ORG came ADVERB
ORG sued ORG
the staff of ORG can VERB
he leads ORG
the company ORG grew ADVERB
ORG sold its NOUN
she was praised by ORG
customers of ORG will VERB
ORG gave PERSON a NOUN in LOCATION
the NOUN ended on DATE
since DATE nothing has changed
DATE was a ADJECTIVE day
from DATE on the NOUN is free
until DATE we can VERB
by DATE it was over
the NOUN of DATE was ADJECTIVE
on DATE they will VERB the NOUN
the NOUN is ADVERB ADJECTIVE
two NOUN and a NOUN stood there
a ADJECTIVE NOUN can VERB
we VERB the NOUN ADVERB
they saw a ADJECTIVE NOUN and a NOUN
nothing is as ADJECTIVE as a NOUN
""".strip().splitlines()

JOINS = (", and", ", but", " while", " because", " when", "; then", ", so", " although", " before", " after")

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
    names, words = _names(), _words()
    parts = {}
    for part, size in SIZES.items():
        chance = random.Random(f"{seed} {part}")
        fillings = words | {kind: of_kind[part] for kind, of_kind in names.items()}
        drawn = [_filled(_frame(part, chance), fillings, chance) for _ in range(size)]
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


def _frame(part: str, chance: random.Random) -> str:
    """A whole frame; for training also one that is put together."""
    if part != "train" or chance.random() < 0.3:
        return chance.choice(FRAMES if part == "train" else HELD_OUT[part])
    opening = chance.choice(OPENINGS) + " " if chance.random() < 0.5 else ""
    more = chance.choice(JOINS) + " " + chance.choice(CLAUSES) if chance.random() < 0.5 else ""
    return opening + chance.choice(CLAUSES) + more + chance.choice(("", ".", ".", ".", "!", "?"))


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
