"""Metrics of tags and of whole entities, and the baseline of each word's most frequent tag."""

from collections import Counter, defaultdict

import numpy as np

from seqzoo.data import entity_tags


def tagging_metrics(targets, predicted):
    """Precision, recall and F1 of whole entities, where the tags mark any, and the accuracy of the tags: {name: 0..1}.

    An entity counts where its first word, its last word and its type are right (as CoNLL-2003 counts, summed over types).
    """
    pairs = [pair for tags_of in zip(targets, predicted, strict=True) for pair in zip(*tags_of, strict=True)]
    figures = {"tag_accuracy": float(np.mean([a == b for a, b in pairs]))}
    if not entity_tags.are_entities({tag for tag, _ in pairs}):
        return figures
    return entity_metrics(targets, predicted)["all"] | figures


def entity_metrics(targets, predicted):
    """{type: {"precision", "recall", "f1"}} of whole entities, and the same of "all" types together."""
    right, found, there = (Counter() for _ in range(3))
    for a, b in zip(targets, predicted, strict=True):
        a, b = set(entity_tags.spans(a)), set(entity_tags.spans(b))
        for counter, entities in ((there, a), (found, b), (right, a & b)):
            counter.update(entity.type for entity in entities)
            counter["all"] += len(entities)
    types = ["all", *sorted(set(there) | set(found) - {"all"})]
    return {kind: _precision_recall_f1(right[kind], found[kind], there[kind]) for kind in dict.fromkeys(types)}


def _precision_recall_f1(right, found, there):
    precision, recall = right / max(found, 1), right / max(there, 1)
    return {"precision": precision, "recall": recall, "f1": 2 * right / max(found + there, 1)}


def most_frequent_tags(train, inputs):
    """{name: tags of the words of each input}: each word's most frequent tag in `train`, (inputs, tags); O, or what is most
    frequent, for words not in it."""
    counts, of_all = defaultdict(Counter), Counter()
    for words, tagged in zip(*train, strict=True):
        of_all.update(tagged)
        for word, tag in zip(words, tagged, strict=True):
            counts[word][tag] += 1
    usual = {word: of_word.most_common(1)[0][0] for word, of_word in counts.items()}
    rest = entity_tags.OUTSIDE if entity_tags.OUTSIDE in of_all else of_all.most_common(1)[0][0]
    return {"most frequent tag": [[usual.get(word, rest) for word in words] for words in inputs]}
