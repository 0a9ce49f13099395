"""Saliency of the steps of a sequence: the gradient of a predicted probability with respect to the inputs."""

import numpy as np
from keras import ops

from seqzoo import backend
from seqzoo.data.batches import Batches


def gradients(model, sequences, labels, batch_size=32):
    """Returns the saliency dP(label)/dx<t> of each sequence, a list of arrays `(T_x, features)`.

    Args:
        model: a model from `{"inputs": (batch, T_x, features), "mask": (batch, T_x)}` to probabilities `(batch, labels)`, such
            as a `ManyToOne` of vectors.
        sequences: float arrays `(T_x, features)`.
        labels: for each sequence the number of the label whose probability is differentiated.
        batch_size: sequences per batch.

    Raises:
        ValueError: the sequences are ids, which have no gradient.
    """
    if any(np.ndim(sequence) != 2 for sequence in sequences):
        raise ValueError("`sequences` must be float arrays (T_x, features): ids have no gradient.")
    saliencies = [None] * len(sequences)
    batches = Batches(sequences, np.arange(len(sequences)), batch_size, shuffle=False)
    for i in range(len(batches)):
        inputs, rows, _ = batches[i]  # the last batch may hold copies, with equal gradients
        chosen = np.eye(model.output_shape[-1], dtype=np.float32)[np.asarray(labels)[rows]]
        for row, gradient in zip(rows, _vjp(model, inputs, chosen), strict=True):
            saliencies[row] = gradient[: len(sequences[row])]
    return saliencies


def _vjp(model, inputs, chosen):
    """Returns the gradient `(batch, T_x, features)` of Σ chosen * ŷ; rows are independent of each other."""

    def y_hat(x, mask):
        return model({"inputs": x, "mask": mask}, training=False)

    tensors = {name: ops.convert_to_tensor(array) for name, array in inputs.items()}
    upstream = ops.convert_to_tensor(chosen)
    return ops.convert_to_numpy(backend.vjp(y_hat, tensors["inputs"], tensors["mask"], upstream))


def by_step(gradients, sequences):
    """Returns the mean saliency of each step, |gradient * input|, `(longest T_x, features)`.

    The mean is over the sequences that have the step. For one-hot vectors of bases or letters, column k is the contribution of
    letter k at that step.
    """
    longest = max(len(sequence) for sequence in sequences)
    total, count = np.zeros((longest, sequences[0].shape[1])), np.zeros((longest, 1))
    for gradient, sequence in zip(gradients, sequences, strict=True):
        total[: len(sequence)] += np.abs(gradient * sequence)
        count[: len(sequence)] += 1
    return total / count
