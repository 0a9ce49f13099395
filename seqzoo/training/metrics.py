"""Figures of predictions against what is actual."""

import keras
import numpy as np
from keras import ops
from scipy import stats
from sklearn import metrics


@keras.saving.register_keras_serializable("seqzoo")
def accuracy(y, y_hat):
    """For `model.compile`: where ŷ's choice is y's, y being 0/1, soft, or class numbers `(batch,)`."""
    if y_hat.shape[-1] == 1:
        return ops.cast(ops.equal(ops.reshape(y, (-1, 1)) > 0.5, y_hat > 0.5)[:, 0], "float32")
    chosen = ops.argmax(y, axis=-1) if y.ndim == y_hat.ndim else y
    return ops.cast(ops.equal(ops.cast(chosen, "int32"), ops.cast(ops.argmax(y_hat, axis=-1), "int32")), "float32")


def of_labels(actual, predicted):
    """Accuracy, and the mean of the classes' F1: {name: figure in 0..1}."""
    return {
        "accuracy": float(metrics.accuracy_score(actual, predicted)),
        "macro_f1": float(metrics.f1_score(actual, predicted, average="macro", zero_division=0)),
    }


def of_numbers(actual, predicted):
    """Mean absolute error, in the numbers' units, and Pearson's r (0 for a constant)."""
    r = stats.pearsonr(actual, predicted).statistic if np.ptp(predicted) > 0 and np.ptp(actual) > 0 else 0.0
    return {"mean_absolute_error": float(metrics.mean_absolute_error(actual, predicted)), "pearson_r": float(r)}
