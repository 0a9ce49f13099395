"""Ranking sentences with a language model, pear or pair: `python -m examples.pear_or_pair`.

"The apple and pear salad" and "the apple and pair salad" sound the same; a speech recogniser picks the more probable sentence.
One language model is trained on generated sentences of a kitchen, without these two, and scores both. A second model is trained
on sentences such as "the cats which already ate the pear were full". It scores 200 minimal pairs with at most five words
between subject and verb; no training sentence begins like one of the pairs. Flags of `recipes.language_model` may follow.
"""

import dataclasses
import sys

from recipes import language_model
from seqzoo.datasets import agreement
from seqzoo.errors import DataError, UsageError, one_line
from seqzoo.recipe.flags import parse

PAIR = "the apple and pear salad", "the apple and pair salad"
PAIRS, MOST_BETWEEN = 200, 5
DEFAULTS = language_model.Config(units=128, embedding=64, vocabulary=1000, epochs=8)


def trained(config, data):
    """Returns a language model trained on generated sentences."""
    config = dataclasses.replace(config, data=data)
    print(f"{data}:", flush=True)
    return language_model.RECIPE.train(config, language_model.RECIPE.dataset(config))[0]


def main(arguments=None):
    config = parse(language_model.Config, arguments, "examples.pear_or_pair", DEFAULTS)
    scored = trained(config, "kitchen").score(PAIR)
    print("\nlog P under the model of kitchen sentences:")
    for score in sorted(scored, key=lambda score: -score.log_p.sum()):
        print(f"  {score.log_p.sum():8.3f}  {score.text}")
    rights, wrongs, _ = zip(*agreement.pairs(PAIRS, config.seed + 1, MOST_BETWEEN), strict=True)
    model = trained(config, "agreement")
    right, wrong = ([text.log_p.sum() for text in model.score(texts)] for texts in (rights, wrongs))
    share = sum(r > w for r, w in zip(right, wrong, strict=True)) / PAIRS
    print(f"\nof {PAIRS} pairs such as {rights[0]!r} and {wrongs[0]!r}\nthe right sentence is more probable in {share:.1%}")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except (DataError, UsageError, OSError) as error:
        sys.exit(f"error: {one_line(error)}")
