"""Metrics of classification and regression."""

import numpy as np
from scipy import stats
from sklearn import metrics


def classification_metrics(targets, predicted):
    """Returns accuracy and macro F1, the mean of the classes' F1: `{metric: number in 0..1}`."""
    return {
        "accuracy": float(metrics.accuracy_score(targets, predicted)),
        "macro_f1": float(metrics.f1_score(targets, predicted, average="macro", zero_division=0)),
    }


def regression_metrics(targets, predicted):
    """Returns the mean absolute error, in the unit of the targets, and Pearson's r (0 for constant predictions or targets)."""
    r = stats.pearsonr(targets, predicted).statistic if np.ptp(predicted) > 0 and np.ptp(targets) > 0 else 0.0
    return {"mean_absolute_error": float(metrics.mean_absolute_error(targets, predicted)), "pearson_r": float(r)}
