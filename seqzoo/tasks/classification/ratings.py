"""Labels of rated texts: a mean rating as a distribution over (negative, neutral, positive)."""

import numpy as np

from seqzoo.data.examples import Examples
from seqzoo.data.targets import Split


def of_ratings(examples: Examples, labels: tuple[str, ...], border: float, sharpness: float) -> Split:
    """A mean rating as (negative, positive) or (negative, neutral, positive), the latter where |rating| <= `border`.

    y is soft: raters differ, so the mean says how likely each label is to one of them: P(positive) = σ(sharpness * (rating -
    border)), P(negative) likewise, and neutral has the rest. With two labels the border is 0.
    """
    border = border if len(labels) == 3 else 0.0
    rating = np.array(examples.targets, np.float32)
    negative, positive = (1 / (1 + np.exp(sharpness * (border + side * rating))) for side in (1, -1))
    y = [negative, 1 - negative - positive, positive] if len(labels) == 3 else [negative, positive]
    targets = [labels[-1] if r > border else labels[0] if r < -border else labels[len(labels) // 2] for r in rating]
    return Split(examples.inputs, targets, np.stack(y, axis=-1), examples.domains)
