"""Targets of classification: labels as they are, or ratings as soft labels (negative, neutral, positive)."""

import numpy as np

from seqzoo.data import targets
from seqzoo.data.examples import Examples
from seqzoo.data.targets import Split
from seqzoo.errors import UsageError

LABELS = ("negative", "neutral", "positive")
NEUTRAL = 0.5  # the largest size of a neutral rating
SHARPNESS = {2: 2.0, 3: 8.0}  # of `of_ratings`, by the number of labels


def labels_of(examples: Examples, task: str) -> tuple[str, ...]:
    """Returns the labels to predict: those of the examples, three or two labels of ratings, or none for the rating itself.

    Args:
        task: "classes", "binary" or "rating".
    """
    if task == "rating":
        return ()
    if isinstance(examples.targets[0], float):
        return LABELS if task == "classes" else (LABELS[0], LABELS[2])
    labels = tuple(sorted(set(examples.targets)))
    if task == "binary" and len(labels) != 2:
        raise UsageError(f"--task: expected two labels in the data for binary, got {len(labels)}: {', '.join(labels[:10])}")
    return labels


def as_split(examples: Examples, labels: tuple[str, ...], source: str, train: bool = False) -> Split:
    """Returns the split of the examples, with targets for `labels`.

    With two labels of ratings, nearly neutral ratings stay in the training split only.
    """
    if not labels:
        return targets.of_numbers(examples, source)
    if isinstance(examples.targets[0], str):
        return targets.of_labels(examples, labels, source)
    if len(labels) == 2 and not train:
        examples = examples.take([i for i, rating in enumerate(examples.targets) if abs(rating) > NEUTRAL])
    return of_ratings(examples, labels, NEUTRAL, SHARPNESS[len(labels)])


def of_ratings(examples: Examples, labels: tuple[str, ...], border: float, sharpness: float) -> Split:
    """Returns a split of mean ratings with the labels (negative, positive), or (negative, neutral, positive).

    A rating is neutral where |rating| <= `border`. y is soft: raters differ, so the mean rating gives the probability of each
    label for one rater: P(positive) = σ(sharpness * (rating - border)), P(negative) likewise, and neutral has the rest. With
    two labels the border is 0.
    """
    border = border if len(labels) == 3 else 0.0
    rating = np.array(examples.targets, np.float32)
    negative, positive = (1 / (1 + np.exp(sharpness * (border + side * rating))) for side in (1, -1))
    y = [negative, 1 - negative - positive, positive] if len(labels) == 3 else [negative, positive]
    hard = [labels[-1] if r > border else labels[0] if r < -border else labels[len(labels) // 2] for r in rating]
    return Split(examples.inputs, hard, np.stack(y, axis=-1), examples.domains)
