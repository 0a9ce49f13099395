"""Metrics of tags and of whole entities."""

from collections import Counter

import numpy as np

from seqzoo.data import entity_tags


def tagging_metrics(targets, predicted):
    """Metrics of tagging, `{metric: 0..1}`: tag accuracy, and precision, recall and F1 where the tags mark entities.

    A predicted entity is right if its first word, its last word and its type are. Counts are summed over types, as in
    CoNLL-2003.
    """
    pairs = [pair for sentence in zip(targets, predicted, strict=True) for pair in zip(*sentence, strict=True)]
    metrics = {"tag_accuracy": float(np.mean([a == b for a, b in pairs]))}
    if not entity_tags.are_entities({tag for tag, _ in pairs}):
        return metrics
    return entity_metrics(targets, predicted)["all"] | metrics


def entity_metrics(targets, predicted):
    """Metrics of whole entities, `{type: {"precision", "recall", "f1"}}`, and those of "all" types together."""
    right, positive, true = (Counter() for _ in range(3))  # both, predicted and reference entities of each type
    for a, b in zip(targets, predicted, strict=True):
        a, b = set(entity_tags.spans(a)), set(entity_tags.spans(b))
        for counter, entities in ((true, a), (positive, b), (right, a & b)):
            counter.update(entity.type for entity in entities)
            counter["all"] += len(entities)
    types = ["all", *sorted(set(true) | set(positive) - {"all"})]
    return {kind: _precision_recall_f1(right[kind], positive[kind], true[kind]) for kind in dict.fromkeys(types)}


def _precision_recall_f1(right, positive, true):
    precision, recall = right / max(positive, 1), right / max(true, 1)
    return {"precision": precision, "recall": recall, "f1": 2 * right / max(positive + true, 1)}
