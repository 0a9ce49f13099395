"""Keras metrics for `model.compile`: accuracy and cross-entropy in nats."""

import keras
from keras import ops

from seqzoo.training import losses


@keras.saving.register_keras_serializable("seqzoo")
def accuracy(y, y_hat):
    """Accuracy for `model.compile`: 1 where ŷ's choice is y's, else 0. y is 0/1, soft, or class numbers `(batch,)`."""
    if y_hat.shape[-1] == 1:
        return ops.cast(ops.equal(ops.reshape(y, (-1, 1)) > 0.5, y_hat > 0.5)[:, 0], "float32")
    classes = ops.argmax(y, axis=-1) if y.ndim == y_hat.ndim else y
    return ops.cast(ops.equal(ops.cast(classes, "int32"), ops.cast(ops.argmax(y_hat, axis=-1), "int32")), "float32")


@keras.saving.register_keras_serializable("seqzoo")
def nats(y, z):
    """Cross-entropy for `model.compile(weighted_metrics=...)`: -log ŷ of each step, natural, with ŷ = softmax(z)."""
    return losses.of_logits(y, z)
