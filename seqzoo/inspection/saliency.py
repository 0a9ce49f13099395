"""Which steps of a sequence an answer rests on: the gradient of its probability with respect to the inputs."""

import numpy as np
from keras import ops

from seqzoo import backend
from seqzoo.data.batches import Batches


def gradients(model, sequences, labels, batch_size=32):
    """dP(label)/dx<t> of each sequence: a list of arrays `(T_x, features)`, as the sequences.

    Args:
        model: it takes `{"inputs": (batch, T_x, features), "mask": (batch, T_x)}` and returns probabilities `(batch, labels)`,
            such as a `ManyToOne` of vectors.
        sequences: float arrays `(T_x, features)`.
        labels: the number of a label for each sequence, that whose probability is asked about.

    Raises:
        ValueError: the sequences hold ids, which have no gradient.
    """
    if any(np.ndim(sequence) != 2 for sequence in sequences):
        raise ValueError("`sequences` must be float arrays (T_x, features): ids have no gradient.")
    found = [None] * len(sequences)
    batches = Batches(sequences, np.arange(len(sequences)), batch_size, shuffle=False)
    for i in range(len(batches)):
        inputs, rows, _ = batches[i]  # the last batch holds copies: the same again
        chosen = np.eye(model.output_shape[-1], dtype=np.float32)[np.asarray(labels)[rows]]
        of_batch = _vjp(model, inputs, chosen)
        for row, gradient in zip(rows, of_batch, strict=True):
            found[row] = gradient[: len(sequences[row])]
    return found


def _vjp(model, inputs, chosen):
    """The gradient `(batch, T_x, features)` of Σ chosen * ŷ; no row has an influence on another."""

    def y_hat(x, mask):
        return model({"inputs": x, "mask": mask}, training=False)

    tensors = {name: ops.convert_to_tensor(array) for name, array in inputs.items()}
    upstream = ops.convert_to_tensor(chosen)
    return ops.convert_to_numpy(backend.vjp(y_hat, tensors["inputs"], tensors["mask"], upstream))


def by_step(gradients, sequences):
    """|gradient * input|, averaged over the sequences that have the step: `(longest T_x, features)`.

    Of vectors that say which base or letter a step holds, column k is what the answers owe to that letter there.
    """
    longest = max(len(sequence) for sequence in sequences)
    total, count = np.zeros((longest, sequences[0].shape[1])), np.zeros((longest, 1))
    for gradient, sequence in zip(gradients, sequences, strict=True):
        total[: len(sequence)] += np.abs(gradient * sequence)
        count[: len(sequence)] += 1
    return total / count
