"""Figures of predictions against what is actual."""

import keras
from keras import ops

from seqzoo.training import losses


@keras.saving.register_keras_serializable("seqzoo")
def accuracy(y, y_hat):
    """For `model.compile`: where ŷ's choice is y's, y being 0/1, soft, or class numbers `(batch,)`."""
    if y_hat.shape[-1] == 1:
        return ops.cast(ops.equal(ops.reshape(y, (-1, 1)) > 0.5, y_hat > 0.5)[:, 0], "float32")
    chosen = ops.argmax(y, axis=-1) if y.ndim == y_hat.ndim else y
    return ops.cast(ops.equal(ops.cast(chosen, "int32"), ops.cast(ops.argmax(y_hat, axis=-1), "int32")), "float32")


@keras.saving.register_keras_serializable("seqzoo")
def nats(y, z):
    """For `model.compile(weighted_metrics=...)`: -log ŷ of each step, natural, ŷ being softmax(z)."""
    return losses.of_logits(y, z)
