"""Synthetic subject-verb agreement over a distance: "the cat which already ate the fish and the pears was full".

A regular grammar of about a hundred words. The subject, and each noun between subject and verb, is singular or plural at
random; only the subject determines was or were.

Limitations: the data is generated. A metric on it shows what a network can remember, and little about English.
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
    """Sentence: the text before and after the verb, whether the subject is plural, and the words between subject and verb."""

    before: str
    plural: bool
    after: str
    distance: int

    def with_verb(self, plural: bool) -> str:
        """Returns the text of the sentence with was or were."""
        return f"{self.before} {VERBS[plural]} {self.after}"


def generate(count: int, seed: int, most_between: int, held_out: bool, least_between: int = 1) -> list[Sentence]:
    """Returns generated sentences with `least_between` to `most_between` words between subject and verb, uniformly drawn.

    No held-out sentence shares the text before its verb with another sentence: a hash of that text decides.
    """
    if not 1 <= least_between <= most_between:
        raise ValueError(f"`most_between` must be an integer from {max(1, least_between)}, got {most_between}.")
    rng, generated = random.Random(seed), []
    while len(generated) < count:
        sentence = _sentence(rng.randint(least_between, most_between), rng)
        if (zlib.crc32(sentence.before.encode()) % 5 == 0) == held_out:
            generated.append(sentence)
    return generated


def sentences(count: int, seed: int, most_between: int) -> list[str]:
    """Returns the texts of training sentences."""
    return [sentence.with_verb(sentence.plural) for sentence in generate(count, seed, most_between, held_out=False)]


def pairs(count: int, seed: int, most_between: int) -> list[tuple[str, str, int]]:
    """Returns minimal pairs, `(right, wrong, distance)`: held-out sentences, the same with the other verb, and the distance."""
    held_out = generate(count, seed, most_between, held_out=True)
    return [(s.with_verb(s.plural), s.with_verb(not s.plural), s.distance) for s in held_out]


def vocabulary() -> list[str]:
    """Returns the vocabulary of the grammar."""
    listed = f"{ANIMALS} {FOOD} the which and".split()
    return [*VERBS, *listed, *ADJECTIVES, *PLACES, *NEAR, *ALONE, *DID, *ADVERBS, *STATES, ","]


def nearest_is_plural(before: str) -> bool:
    """Returns whether the last noun is plural: the prediction of a baseline that has forgotten the subject."""
    return next(word for word in reversed(before.replace(",", "").split()) if word in NOUNS) in PLURALS


def _sentence(distance: int, rng: random.Random) -> Sentence:
    adjective = rng.choice(["", *ADJECTIVES])
    subject = rng.choice(ANIMALS.split())
    before = " ".join(["the", *adjective.split(), subject, _between(distance, rng)])
    return Sentence(before, subject in PLURALS, rng.choice(STATES), distance)


def _between(words: int, rng: random.Random) -> str:
    """Returns a phrase of `words` words, to stand between a subject and its verb."""
    if words == 1:
        return rng.choice(PLACES)
    if words == 2:
        return f"which {rng.choice(ALONE)}"
    if words == 3:
        return f"{rng.choice(NEAR)} the {rng.choice(ANIMALS.split())}"
    least = {nouns: 2 + 2 * nouns + (nouns > 1) for nouns in range(1, words)}  # which ate the pear, the egg and the pie
    nouns = rng.choice([n for n in least if 0 <= words - least[n] <= n + 1])
    longer = set(rng.sample(range(nouns + 1), words - least[nouns]))  # the adverb, or which nouns have an adjective
    verb, objects = rng.choice(list(DID.items()))
    phrases = [_the(rng.choice(objects.split()), i in longer, rng) for i in range(nouns)]
    adverb = [rng.choice(ADVERBS)] if nouns in longer else []
    return " ".join(["which", *adverb, verb, " and ".join([", ".join(phrases[:-1])] * (nouns > 1) + phrases[-1:])])


def _the(noun: str, described: bool, rng: random.Random) -> str:
    return f"the {rng.choice(ADJECTIVES)} {noun}" if described else f"the {noun}"
