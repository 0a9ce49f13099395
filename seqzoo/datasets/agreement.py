"""Sentences whose verb agrees with a subject far before it: "the cat which already ate the fish and the pears was full".

A small regular grammar, of about a hundred words. The subject is singular or plural, and so is each noun between it and the
verb, by chance; nothing but the subject tells was from were. It is generated, so figures on it say what a network can keep in
mind, and little about English.
"""

import random
import zlib
from typing import NamedTuple

VERBS = ("was", "were")
ANIMALS = "cat cats dog dogs mouse mice goose geese horse horses sheepdog sheepdogs fox foxes wolf wolves owl owls pony ponies"
FOOD = "apple apples pear pears loaf loaves cake cakes carrot carrots cherry cherries egg eggs potato potatoes pie pies"
ADJECTIVES = ["old", "small", "brown", "lovely", "cold", "strange", "big", "red"]
PLACES = ["outside", "inside", "upstairs", "nearby"]
NEAR = ["near", "behind", "beside"]
ALONE = ["slept", "waited", "ran", "fell", "sang"]
DID = {"ate": FOOD, "found": FOOD, "wanted": FOOD, "smelled": FOOD, "saw": ANIMALS, "met": ANIMALS, "chased": ANIMALS}
ADVERBS = ["already", "often", "quickly"]
STATES = ["full", "hungry", "tired", "happy", "sad", "wet", "clever", "quiet", "lost", "ready"]
PLURALS = set(f"{ANIMALS} {FOOD}".split()[1::2])
NOUNS = set(f"{ANIMALS} {FOOD}".split())


class Sentence(NamedTuple):
    """What stands before the verb and after it, whether the subject is plural, and how many words stand between."""

    before: str
    plural: bool
    after: str
    distance: int

    def with_verb(self, plural: bool) -> str:
        """The sentence with was or were."""
        return f"{self.before} {VERBS[plural]} {self.after}"


def generate(count: int, seed: int, most_between: int, held_out: bool, least_between: int = 1) -> list[Sentence]:
    """Returns sentences with `least_between` to `most_between` words between subject and verb, each number as likely.

    What stands before the verb in a held out one is never that of another: a hash decides.
    """
    if not 1 <= least_between <= most_between:
        raise ValueError(f"`most_between` must be an integer from {max(1, least_between)}, got {most_between}.")
    chance, found = random.Random(seed), []
    while len(found) < count:
        sentence = _sentence(chance.randint(least_between, most_between), chance)
        if (zlib.crc32(sentence.before.encode()) % 5 == 0) == held_out:
            found.append(sentence)
    return found


def sentences(count: int, seed: int, most_between: int) -> list[str]:
    """Returns whole sentences to learn from."""
    return [sentence.with_verb(sentence.plural) for sentence in generate(count, seed, most_between, held_out=False)]


def pairs(count: int, seed: int, most_between: int) -> list[tuple[str, str, int]]:
    """Returns `(right, wrong, distance)`: held out sentences, the same with the other verb, and the words between."""
    held_out = generate(count, seed, most_between, held_out=True)
    return [(each.with_verb(each.plural), each.with_verb(not each.plural), each.distance) for each in held_out]


def vocabulary() -> list[str]:
    """Returns all words of the grammar."""
    listed = f"{ANIMALS} {FOOD} the which and".split()
    return [*VERBS, *listed, *ADJECTIVES, *PLACES, *NEAR, *ALONE, *DID, *ADVERBS, *STATES, ","]


def nearest_is_plural(before: str) -> bool:
    """Whether the last noun is plural: what a reader says who has forgotten the subject."""
    return next(word for word in reversed(before.replace(",", "").split()) if word in NOUNS) in PLURALS


def _sentence(distance: int, chance: random.Random) -> Sentence:
    adjective = chance.choice(["", *ADJECTIVES])
    subject = chance.choice(ANIMALS.split())
    before = " ".join(["the", *adjective.split(), subject, _between(distance, chance)])
    return Sentence(before, subject in PLURALS, chance.choice(STATES), distance)


def _between(words: int, chance: random.Random) -> str:
    """So many words between a subject and its verb."""
    if words == 1:
        return chance.choice(PLACES)
    if words == 2:
        return f"which {chance.choice(ALONE)}"
    if words == 3:
        return f"{chance.choice(NEAR)} the {chance.choice(ANIMALS.split())}"
    least = {nouns: 2 + 2 * nouns + (nouns > 1) for nouns in range(1, words)}  # which ate the pear, the egg and the pie
    nouns = chance.choice([n for n in least if 0 <= words - least[n] <= n + 1])
    longer = set(chance.sample(range(nouns + 1), words - least[nouns]))  # the adverb, or which nouns have an adjective
    did, things = chance.choice(list(DID.items()))
    listed = [_the(chance.choice(things.split()), i in longer, chance) for i in range(nouns)]
    adverb = [chance.choice(ADVERBS)] if nouns in longer else []
    return " ".join(["which", *adverb, did, " and ".join([", ".join(listed[:-1])] * (nouns > 1) + listed[-1:])])


def _the(noun: str, described: bool, chance: random.Random) -> str:
    return f"the {chance.choice(ADJECTIVES)} {noun}" if described else f"the {noun}"
