"""Generated kitchen sentences, from frames and words of this project, for the notes' question: pear or pair?

No sentence contains "apple and pear salad": a model has to generalise from other fruits, other dishes and pairs of things.

Limitations: the data is generated. A metric on it says little about other sentences.
"""

import random
import re

EXCLUDED = "apple and pear salad"
SLOT = re.compile("[A-Z]+")
MOST = 20_000  # largest number of different sentences

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
FRUIT_FRAMES = (
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
PAIR_FRAMES = (
    "PERSON BUYS a pair of THINGS WHEN",
    "PERSON BUYS a NEW pair of THINGS for the kitchen",
    "PERSON WEARS a pair of WORN",
    "PERSON WEARS a NEW pair of WORN WHEN",
    "there is a pair of THINGS on the SHELF",
    "the NEW pair of THINGS is on the SHELF",
    "the pan and pair of THINGS on the SHELF are NEW",
    "GUEST like the NEW pair of WORN",
)
OTHER_FRAMES = (
    "PERSON CUTS NUMBER FRUITS and NUMBER ROOTS",
    "there are NUMBER FRUITS in the BASKET",
    "the ROOT and ROOT soup is TASTE",
    "PERSON MAKES the ROOT and ROOT soup with WITH",
    "PERSON MAKES the ROOT salad with WITH",
    "the THINGS and the THINGS are on the SHELF",
    "GUEST put the FRUITS and the ROOTS in the BASKET",
)
SHARES = (6, 1, 1)  # frequencies of the three lists: `pear`, one fruit of eight, is about as frequent as `pair`


def sentences(count: int, seed: int = 0) -> list[str]:
    """Returns `count` different sentences in lower case, without punctuation; the same seed gives the same sentences.

    Raises:
        ValueError: `count` is above 20,000, where the shorter frames have no more sentences.
    """
    if not 0 <= count <= MOST:
        raise ValueError(f"`count` must be from 0 to {MOST}, got {count}.")
    rng, generated = random.Random(seed), {}
    while len(generated) < count:
        frames = rng.choices((FRUIT_FRAMES, PAIR_FRAMES, OTHER_FRAMES), SHARES)[0]
        sentence = _filled(rng.choice(frames), rng)
        if EXCLUDED not in sentence:
            generated[sentence] = None
    return list(generated)


def _filled(frame: str, rng: random.Random) -> str:
    """Returns a frame with a word for each slot, no word twice."""
    words = {slot: rng.sample(WORDS[slot].split(), 2) for slot in SLOT.findall(frame)}
    return SLOT.sub(lambda slot: words[slot[0]].pop(), frame)
