"""Linear baselines: majority or mean, and linear models on simple features."""

from collections import Counter

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

STRENGTHS = (1, 3, 10)  # inverse regularisation: C of logistic regression, 1 / alpha of ridge regression


def classification_baselines(train, validation, inputs):
    """Returns predictions of classification baselines, `{name: a label for each input}`: majority and logistic regression.

    Args:
        train, validation: `(inputs, labels)` each; validation chooses the strength of the regularisation.
        inputs: texts, with TF-IDF features of words and word pairs; or arrays `(T_x, features)`, with mean, standard deviation,
            first and last step as features.
    """
    regressions = [LogisticRegression(C=strength, tol=1e-3, max_iter=1000) for strength in STRENGTHS]
    majority = Counter(train[1]).most_common(1)[0][0]
    return {"majority": [majority] * len(inputs)} | linear_predictions(
        "logistic regression", regressions, train, validation, inputs
    )


def regression_baselines(train, validation, inputs):
    """Returns predictions of regression baselines, `{name: a number for each input}`: mean and ridge regression.

    Arguments are those of `classification_baselines`, with numbers for labels.
    """
    regressions = [Ridge(1 / strength) for strength in STRENGTHS]
    mean = float(np.mean(train[1]))
    return {"mean": [mean] * len(inputs)} | linear_predictions("ridge regression", regressions, train, validation, inputs)


def linear_predictions(name, regressions, train, validation, inputs, features=None):
    """Returns predictions of the regression that is best on the validation split; `{}` if texts share no word."""
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
        least = 2 if len(inputs) > 1000 else 1  # the lowest document frequency of a word or a pair
        return "TF-IDF", TfidfVectorizer(ngram_range=(1, 2), min_df=least, sublinear_tf=True, token_pattern=r"(?u)\w+|[^\w\s]")
    return "summary", make_pipeline(FunctionTransformer(_summaries), StandardScaler())


def _summaries(sequences):
    """Returns summary features `(N, 4 * features)`: mean, standard deviation, first and last step."""
    return np.stack([np.concatenate([s.mean(axis=0), s.std(axis=0), s[0], s[-1]]) for s in sequences])
