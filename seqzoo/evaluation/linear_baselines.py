"""What a model must beat: computed on the same split, in the same run."""

from collections import Counter

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

STRENGTHS = (1, 3, 10)  # C of logistic regression, 1 / alpha of ridge regression


def classification_baselines(train, validation, inputs):
    """{name: a label for each input}: the most frequent label, and logistic regression.

    Args:
        train, validation: `(inputs, labels)` each; the latter chooses the strength of the regularisation.
        inputs: texts, taken as TF-IDF of words and word pairs; or arrays `(T_x, features)`, as mean, spread, first and last.
    """
    regressions = [LogisticRegression(C=strength, tol=1e-3, max_iter=1000) for strength in STRENGTHS]
    majority = Counter(train[1]).most_common(1)[0][0]
    return {"majority": [majority] * len(inputs)} | linear_predictions(
        "logistic regression", regressions, train, validation, inputs
    )


def regression_baselines(train, validation, inputs):
    """{name: a number for each input}: the mean, and ridge regression. Arguments as for `of_labels`."""
    regressions = [Ridge(1 / strength) for strength in STRENGTHS]
    mean = float(np.mean(train[1]))
    return {"mean": [mean] * len(inputs)} | linear_predictions("ridge regression", regressions, train, validation, inputs)


def linear_predictions(name, regressions, train, validation, inputs, features=None):
    """The predictions of the regression that does best on the validation part; none where texts have nothing in common."""
    source, features = features or _features(train[0])
    try:
        x = features.fit_transform(train[0])
    except ValueError:  # an empty vocabulary
        return {}
    held_out = features.transform(validation[0]), validation[1]
    models = [regression.fit(x, train[1]) for regression in regressions]
    best = max(models, key=lambda model: model.score(*held_out))
    return {f"{source} + {name}": list(best.predict(features.transform(inputs)))}


def _features(inputs):
    if isinstance(inputs[0], str):
        least = 2 if len(inputs) > 1000 else 1  # texts that a word, or a pair, must stand in
        return "TF-IDF", TfidfVectorizer(ngram_range=(1, 2), min_df=least, sublinear_tf=True, token_pattern=r"(?u)\w+|[^\w\s]")
    return "summary", make_pipeline(FunctionTransformer(_summaries), StandardScaler())


def _summaries(sequences):
    """`(N, 4 * features)`."""
    return np.stack([np.concatenate([s.mean(axis=0), s.std(axis=0), s[0], s[-1]]) for s in sequences])
