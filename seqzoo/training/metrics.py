"""Figures of predictions against what is actual."""

from collections import Counter

import keras
import numpy as np
from keras import ops
from scipy import stats
from sklearn import metrics

from seqzoo.data import tags
from seqzoo.training import losses


@keras.saving.register_keras_serializable("seqzoo")
def accuracy(y, y_hat):
    """For `model.compile`: where ŷ's choice is y's, y being 0/1, soft, or class numbers `(batch,)`."""
    if y_hat.shape[-1] == 1:
        return ops.cast(ops.equal(ops.reshape(y, (-1, 1)) > 0.5, y_hat > 0.5)[:, 0], "float32")
    chosen = ops.argmax(y, axis=-1) if y.ndim == y_hat.ndim else y
    return ops.cast(ops.equal(ops.cast(chosen, "int32"), ops.cast(ops.argmax(y_hat, axis=-1), "int32")), "float32")


@keras.saving.register_keras_serializable("seqzoo")
def nats(y, z):
    """For `model.compile(weighted_metrics=...)`: -log ŷ of each step, natural, ŷ being softmax(z)."""
    return losses.of_logits(y, z)


def of_labels(actual, predicted):
    """Accuracy, and the mean of the classes' F1: {name: figure in 0..1}."""
    return {
        "accuracy": float(metrics.accuracy_score(actual, predicted)),
        "macro_f1": float(metrics.f1_score(actual, predicted, average="macro", zero_division=0)),
    }


def of_tags(actual, predicted):
    """Precision, recall and F1 of whole entities, where the tags mark any, and the accuracy of the tags: {name: 0..1}.

    An entity counts where its first word, its last word and its type are right (as CoNLL-2003 counts, summed over types).
    """
    pairs = [pair for tags_of in zip(actual, predicted, strict=True) for pair in zip(*tags_of, strict=True)]
    figures = {"tag_accuracy": float(np.mean([a == b for a, b in pairs]))}
    if not tags.are_entities({tag for tag, _ in pairs}):
        return figures
    return of_entities(actual, predicted)["all"] | figures


def of_entities(actual, predicted):
    """{type: {"precision", "recall", "f1"}} of whole entities, and the same of "all" types together."""
    right, found, there = (Counter() for _ in range(3))
    for a, b in zip(actual, predicted, strict=True):
        a, b = set(tags.spans(a)), set(tags.spans(b))
        for counter, entities in ((there, a), (found, b), (right, a & b)):
            counter.update(entity.type for entity in entities)
            counter["all"] += len(entities)
    types = ["all", *sorted(set(there) | set(found) - {"all"})]
    return {kind: _precision_recall_f1(right[kind], found[kind], there[kind]) for kind in dict.fromkeys(types)}


def _precision_recall_f1(right, found, there):
    precision, recall = right / max(found, 1), right / max(there, 1)
    return {"precision": precision, "recall": recall, "f1": 2 * right / max(found + there, 1)}


def of_numbers(actual, predicted):
    """Mean absolute error, in the numbers' units, and Pearson's r (0 for a constant)."""
    r = stats.pearsonr(actual, predicted).statistic if np.ptp(predicted) > 0 and np.ptp(actual) > 0 else 0.0
    return {"mean_absolute_error": float(metrics.mean_absolute_error(actual, predicted)), "pearson_r": float(r)}
