"""What a tagger knows of "Teddy" before it has read on: `python -m examples.teddy`.

He said, "Teddy Roosevelt was a good president", or he said, "Teddy bears are on sale": up to "Teddy" the two are the same, so a
network that only reads forward must give both the same answer. Three taggers learn from the generated sentences of
`recipes.ner`, whose flags may follow: one reads forward, one also sees a word of future, and one reads both ways. Each word is
answered by itself (softmax), so that nothing but the network looks ahead.
"""

import dataclasses
import sys

from keras import ops

from recipes import ner
from seqzoo.data.batches import pad
from seqzoo.data.tokenizer import split_words
from seqzoo.errors import DataError, one_line
from seqzoo.recipe import main as command_line

PAIR = 'He said, "Teddy Roosevelt was a good president."', 'He said, "Teddy bears are on sale."'
SENTENCES = *PAIR, *(sentence.lower() for sentence in PAIR)
MODELS = {
    "forward only": {"bidirectional": False},
    "lookahead 1": {"lookahead": 1},
    "bidirectional": {},
}


def trained(config):
    """{name: model}"""
    problem, models = ner.load(config), {}
    for name, changes in MODELS.items():
        print(f"{name}:", flush=True)
        models[name], _ = ner.train_once(dataclasses.replace(config, crf=False, **changes), problem)
    return models


def person(model, words):
    """The probability of each word that it belongs to a person's name: `(words,)`."""
    inputs, mask = pad(model.sequences([words]))
    y_hat = ops.convert_to_numpy(model({"inputs": inputs, "mask": mask}))[0]
    return y_hat[:, [label.endswith("-PERSON") for label in model.labels]].sum(axis=-1)


def main(arguments=None):
    config = command_line.parse(ner.Config, arguments, "examples.teddy")
    models = trained(config)
    print(f"\n{'P(person)':24}" + "".join(f"{name:>16}" for name in models))
    for sentence in SENTENCES:
        words = split_words(sentence)
        of_models = [person(model, words) for model in models.values()]
        print(f"\n{sentence}")
        for i in (4, 5):  # Teddy, and the word after it
            print(f"    {words[i]:20}" + "".join(f"{p[i]:16.3f}" for p in of_models))


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except (DataError, command_line.UsageError, OSError) as error:
        sys.exit(f"error: {one_line(error)}")
