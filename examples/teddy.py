"""Unidirectional and bidirectional taggers on two sentences with "Teddy": `python -m examples.teddy`.

The sentences are: He said, "Teddy Roosevelt was a good president", and: He said, "Teddy bears are on sale". They are equal up
to "Teddy", where a forward network must give both the same prediction. Three taggers are trained on the generated sentences of
`recipes.ner`, whose flags may follow: a forward tagger, a tagger with a lookahead of one word, and a bidirectional tagger. A
softmax predicts each word by itself, so that only the network can look ahead.
"""

import dataclasses
import sys

from keras import ops

from recipes import ner
from seqzoo.data.batches import pad
from seqzoo.data.tokenizer import split_words
from seqzoo.errors import DataError, UsageError, one_line
from seqzoo.recipe.flags import parse

PAIR = 'He said, "Teddy Roosevelt was a good president."', 'He said, "Teddy bears are on sale."'
SENTENCES = *PAIR, *(sentence.lower() for sentence in PAIR)
MODELS = {
    "forward only": {"bidirectional": False},
    "lookahead 1": {"lookahead": 1},
    "bidirectional": {},
}


def trained(config):
    """Trains the taggers. Returns {name: model}."""
    dataset, models = ner.RECIPE.dataset(config), {}
    for name, changes in MODELS.items():
        print(f"{name}:", flush=True)
        models[name], _ = ner.RECIPE.train(dataclasses.replace(config, crf=False, **changes), dataset)
    return models


def person(model, words):
    """Returns the probability of each word to be part of a person's name: `(words,)`."""
    inputs, mask = pad(model.sequences([words]))
    y_hat = ops.convert_to_numpy(model({"inputs": inputs, "mask": mask}))[0]
    return y_hat[:, [label.endswith("-PERSON") for label in model.labels]].sum(axis=-1)


def main(arguments=None):
    config = parse(ner.Config, arguments, "examples.teddy")
    models = trained(config)
    print(f"\n{'P(person)':24}" + "".join(f"{name:>16}" for name in models))
    for sentence in SENTENCES:
        words = split_words(sentence)
        probabilities = [person(model, words) for model in models.values()]
        print(f"\n{sentence}")
        for i in (4, 5):  # Teddy, and the word after it
            print(f"    {words[i]:20}" + "".join(f"{p[i]:16.3f}" for p in probabilities))


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except (DataError, UsageError, OSError) as error:
        sys.exit(f"error: {one_line(error)}")
