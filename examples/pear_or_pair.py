"""Which sentence was said: `python -m examples.pear_or_pair`.

"The apple and pear salad" and "the apple and pair salad" sound the same; the more probable one is likelier to be what was said.
One language model learns from generated sentences of a kitchen, in which this one does not occur, and is asked about the pair.
Another learns sentences such as "the cats which already ate the pear were full", and is asked about 200 pairs, with at most
five words between the subject and the verb, that begin as none of those that it learnt from. Flags of `recipes.language_model`
may follow.
"""

import dataclasses
import sys

from recipes import language_model
from seqzoo.datasets import agreement
from seqzoo.errors import DataError, one_line
from seqzoo.recipe import main as command_line

PAIR = "the apple and pear salad", "the apple and pair salad"
PAIRS, MOST_BETWEEN = 200, 5
DEFAULTS = language_model.Config(units=128, embedding=64, vocabulary=1000, epochs=8)


def trained(config, data):
    """A model of generated sentences."""
    config = dataclasses.replace(config, data=data)
    print(f"{data}:", flush=True)
    return language_model.train_once(config, language_model.load(config))[0]


def main(arguments=None):
    config = command_line.parse(language_model.Config, arguments, "examples.pear_or_pair", DEFAULTS)
    scored = trained(config, "kitchen").score(PAIR)
    print("\nlog P of the generated kitchen's model:")
    for text in sorted(scored, key=lambda text: -text.log_p.sum()):
        print(f"  {text.log_p.sum():8.3f}  {text.text}")
    rights, wrongs, _ = zip(*agreement.pairs(PAIRS, config.seed + 1, MOST_BETWEEN), strict=True)
    model = trained(config, "agreement")
    right, wrong = ([text.log_p.sum() for text in model.score(texts)] for texts in (rights, wrongs))
    share = sum(r > w for r, w in zip(right, wrong, strict=True)) / PAIRS
    print(f"\nof {PAIRS} pairs such as {rights[0]!r} and {wrongs[0]!r}\nthe right one is more probable in {share:.1%}")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except (DataError, command_line.UsageError, OSError) as error:
        sys.exit(f"error: {one_line(error)}")
