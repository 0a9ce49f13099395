"""What the shipped tagger and the shipped sentiment model say of ordinary sentences: `python -m benchmarks.ordinary`.

The sentences in `benchmarks/ordinary/` were written for this by somebody who saw neither model nor training data. A sentence
counts as right if all its persons, organisations and places, and no others, are found.
"""

from pathlib import Path

import seqzoo
from seqzoo.tasks.tagging import conll

FOLDER = Path(__file__).with_name("ordinary")
TYPES = {"PER": "PERSON", "LOC": "LOCATION"}
KINDS = ("PERSON", "ORG", "LOCATION")


def main():
    tagger, sentiment = seqzoo.load("ner"), seqzoo.load("sentiment")
    examples = conll.read(FOLDER / "entities.bio")
    expected = [[long_name(tag) for tag in tags] for tags in examples.targets]
    for name, change in (("as written", str), ("in lower case", str.lower)):
        sentences = [[change(word) for word in words] for words in examples.inputs]
        found = [[long_name(tag) for tag in answer.labels] for answer in tagger.answers(sentences)]
        for words, tags, right in zip(sentences, found, expected, strict=True):
            print("right" if tags == right else "wrong", " ".join(_marked(words, tags)), sep="\t")
        print(f"tagger, {name}: {sum(a == b for a, b in zip(found, expected, strict=True))} of {len(expected)} sentences\n")
    lines = (FOLDER / "negations.tsv").read_text(encoding="utf-8").splitlines()
    texts, labels = zip(*(line.split("\t") for line in lines), strict=True)
    answers = [answer.label for answer in sentiment.answers(list(texts))]
    for text, label, answer in zip(texts, labels, answers, strict=True):
        print("right" if answer == label else "wrong", answer, text, sep="\t")
    print(f"sentiment, negations: {sum(a == b for a, b in zip(answers, labels, strict=True))} of {len(labels)}")


def long_name(tag):
    """A tag with the long name of its type, as in the generated data; O for other types, such as dates."""
    prefix, _, kind = tag.partition("-")
    kind = TYPES.get(kind, kind)
    return f"{prefix}-{kind}" if kind in KINDS else "O"


def _marked(words, tags):
    return (word if tag == "O" else f"{word}/{tag}" for word, tag in zip(words, tags, strict=True))


if __name__ == "__main__":
    main()
