"""Sentences of a kitchen, generated from frames and words of ours, for the notes' question: pear or pair?

No sentence says "apple and pear salad": what is known of it is what other fruits, other dishes and pairs of things teach.
A figure on generated sentences says little about any others.
"""

import random
import re

NEVER = "apple and pear salad"
SLOT = re.compile("[A-Z]+")
MOST = 20_000  # different sentences that can be asked for

WORDS = {
    "FRUIT": "apple pear plum peach cherry fig lemon orange",
    "FRUITS": "apples pears plums peaches cherries figs lemons oranges",
    "ROOT": "carrot potato onion leek beetroot turnip",
    "ROOTS": "carrots potatoes onions leeks beetroots turnips",
    "DISH": "salad tart cake jam pie juice crumble",
    "RIPE": "ripe green sweet small fresh large",
    "TASTE": "sweet cold ready good fresh delicious",
    "WITH": "cream honey sugar butter cinnamon nuts",
    "THINGS": "pans pots bowls plates knives forks spoons scissors tongs scales gloves",
    "WORN": "gloves shoes socks glasses mittens",
    "NEW": "new clean blue good warm heavy",
    "PERSON": "she he grandmother father anna tom",
    "GUEST": "we they you i",
    "MAKES": "makes bakes serves wants loves tastes",
    "CUTS": "cuts peels washes picks eats slices",
    "BUYS": "buys needs finds brings borrows",
    "WEARS": "wears buys finds wants",
    "BASKET": "basket bowl kitchen fridge pantry garden",
    "SHELF": "shelf table drawer stove cupboard window",
    "NUMBER": "two three four five six",
    "WHEN": "today tonight tomorrow again now",
}
OF_FRUIT = (
    "the FRUIT and FRUIT DISH",
    "the FRUIT and FRUIT DISH is TASTE",
    "PERSON MAKES the FRUIT and FRUIT DISH",
    "PERSON MAKES the FRUIT and FRUIT DISH WHEN",
    "the FRUIT DISH with WITH is TASTE WHEN",
    "GUEST like the FRUIT DISH with WITH and WITH",
    "PERSON CUTS the FRUIT for the DISH",
    "PERSON CUTS a RIPE FRUIT and a RIPE FRUIT",
    "there is a RIPE FRUIT in the BASKET",
    "the FRUIT in the BASKET is RIPE",
)
OF_PAIRS = (
    "PERSON BUYS a pair of THINGS WHEN",
    "PERSON BUYS a NEW pair of THINGS for the kitchen",
    "PERSON WEARS a pair of WORN",
    "PERSON WEARS a NEW pair of WORN WHEN",
    "there is a pair of THINGS on the SHELF",
    "the NEW pair of THINGS is on the SHELF",
    "the pan and pair of THINGS on the SHELF are NEW",
    "GUEST like the NEW pair of WORN",
)
OF_THE_REST = (
    "PERSON CUTS NUMBER FRUITS and NUMBER ROOTS",
    "there are NUMBER FRUITS in the BASKET",
    "the ROOT and ROOT soup is TASTE",
    "PERSON MAKES the ROOT and ROOT soup with WITH",
    "PERSON MAKES the ROOT salad with WITH",
    "the THINGS and the THINGS are on the SHELF",
    "GUEST put the FRUITS and the ROOTS in the BASKET",
)
SHARES = (6, 1, 1)  # by which `pear`, one fruit of eight, is about as frequent as `pair`


def sentences(count: int, seed: int = 0) -> list[str]:
    """Returns different sentences in lower case, without marks: the same ones for the same seed.

    Raises:
        ValueError: `count` is above 20,000; of the shorter frames there would be no more sentences.
    """
    if not 0 <= count <= MOST:
        raise ValueError(f"`count` must be from 0 to {MOST}, got {count}.")
    chance, found = random.Random(seed), {}
    while len(found) < count:
        frames = chance.choices((OF_FRUIT, OF_PAIRS, OF_THE_REST), SHARES)[0]
        sentence = _filled(chance.choice(frames), chance)
        if NEVER not in sentence:
            found[sentence] = None
    return list(found)


def _filled(frame: str, chance: random.Random) -> str:
    """The frame with a word for each slot, no word twice."""
    words = {slot: chance.sample(WORDS[slot].split(), 2) for slot in SLOT.findall(frame)}
    return SLOT.sub(lambda slot: words[slot[0]].pop(), frame)
