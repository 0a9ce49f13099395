"""Scores of names, their log-probabilities: by a trained model, and by n-grams."""

import functools

import numpy as np
from scipy.special import log_softmax

from seqzoo.data.batches import steps_in_order
from seqzoo.evaluation.n_grams import NGrams
from seqzoo.tasks.names import data

ORDER = 5  # of the n-grams, in characters
CLASS_WEIGHTS = (0.3, 0.5, 0.7, 0.8, 0.9)  # of a class's own n-grams beside those of all names


def model_scores(model, names):
    """Scores by a model, the natural log P(name | class), with the end of the name: `(names, classes)`.

    Where there are no classes, the array has one column.
    """
    y = data.sequences(model.tokenizer, names)
    classes = range(max(len(model.labels), 1))
    log_p = [steps_in_order(functools.partial(_step_scores, model, number), y, batch_size=256) for number in classes]
    return np.array([[steps.sum() for (steps,) in by_name] for by_name in log_p]).T


def _step_scores(model, number, batch):
    """log P of each character, given the characters before and the class: `(batch, T)`."""
    y = batch["inputs"]
    inputs = {"inputs": np.pad(y, ((0, 0), (1, 0)))[:, :-1]}
    if model.labels:
        inputs["label"] = np.full(len(y), number, np.int32)
    z = log_softmax(model.predict_on_batch(inputs), axis=-1)
    return (np.take_along_axis(z, y[..., None], axis=-1)[..., 0],)


def n_gram_scores(dataset, names):
    """Scores by n-grams, `{baseline: scores}`: n-grams of all names; with classes those of each class, and a mixture of both.

    The mixture has the weights that are best on the validation split.
    """
    tokenizer = data.tokenizer(dataset.train.inputs)
    models = _fit_n_grams(dataset, tokenizer)
    log_p = _log_probabilities(models, data.sequences(tokenizer, names))
    if not dataset.labels:
        return {f"{ORDER}-grams": np.array([steps.sum(axis=1) for steps in log_p])}
    validation = _log_probabilities(models, data.sequences(tokenizer, dataset.validation.inputs))
    best = max(CLASS_WEIGHTS, key=lambda weight: own_scores(_mixture(weight, validation), dataset.validation).sum())
    by_class = np.array([steps[1:].sum(axis=1) for steps in log_p])
    return {f"{ORDER}-grams of the class": by_class, f"mixed, {best} and {1 - best:.1f} of all": _mixture(best, log_p)}


def _fit_n_grams(dataset, tokenizer):
    """N-grams of all names, then of each class."""
    y, vocabulary = data.sequences(tokenizer, dataset.train.inputs), tokenizer.size - 2  # neither <pad> nor <bos>
    by_class = ([y[i] for i in np.flatnonzero(column)] for column in np.transpose(dataset.train.y))
    return [NGrams(ORDER).fit(sequences, vocabulary) for sequences in (y, *by_class)]


def _log_probabilities(models, sequences):
    """For each name log P of its characters by each of the models: `(models, T)`."""
    return [np.array([model.log_probabilities(y) for model in models]) for y in sequences]


def _mixture(weight, log_p):
    """log P of each name under each class: `(names, classes)`."""
    weighted = ((np.log(1 - weight) + steps[0], np.log(weight) + steps[1:]) for steps in log_p)
    return np.array([np.logaddexp(all_names, by_class).sum(axis=1) for all_names, by_class in weighted])


def own_scores(scores, split):
    """Each name's score under its own class: `(names,)`."""
    return scores[np.arange(len(scores)), split.y.argmax(axis=1)] if len(split.y) else scores[:, 0]


def bits_per_character(scores, split):
    """Bits a character, where the end of a name counts as a character."""
    characters = sum(len(name) + 1 for name in split.inputs)
    return float(-own_scores(scores, split).sum() / characters / np.log(2))
