"""Baseline of a tagger: each word's most frequent tag."""

from collections import Counter, defaultdict

from seqzoo.data import entity_tags


def most_frequent_tags(train, inputs):
    """Returns predictions of the baseline, `{name: tags of each input}`: each word's most frequent tag in the training split.

    Other words have the tag O, or the most frequent tag where the training split has no O.

    Args:
        train: `(inputs, tags)` of the training split.
    """
    counts, all_tags = defaultdict(Counter), Counter()
    for words, tagged in zip(*train, strict=True):
        all_tags.update(tagged)
        for word, tag in zip(words, tagged, strict=True):
            counts[word][tag] += 1
    usual = {word: tags.most_common(1)[0][0] for word, tags in counts.items()}
    rest = entity_tags.OUTSIDE if entity_tags.OUTSIDE in all_tags else all_tags.most_common(1)[0][0]
    return {"most frequent tag": [[usual.get(word, rest) for word in words] for words in inputs]}
