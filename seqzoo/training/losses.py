"""Cross-entropy loss, as in the notes: l<t> summed over the steps of a sequence, averaged over the batch."""

import keras
from keras import ops

from seqzoo import backend

SMALLEST = 1e-7  # probability, because the log of 0 is infinite


@keras.saving.register_keras_serializable("seqzoo")
class CrossEntropy(keras.losses.Loss):
    """Cross-entropy loss: L = Σ_t l<t> over the real steps of each sequence, then the mean over the batch.

    l = -y log ŷ for a softmax. With `sigmoid=True`, l = -y log ŷ - (1-y) log(1-ŷ), summed over the outputs. With `logits=True`
    the input is the logits, before softmax or sigmoid: faster for large vocabularies, and never infinite.

    Shapes: ŷ, probabilities, `(batch, classes)` or `(batch, T_y, classes)`; y the same (0/1, or soft), or class numbers without
    the last axis. `sample_weight`, `(batch,)` or `(batch, T_y)`, weighs the rows or the steps: 0 for padding.
    """

    def __init__(self, sigmoid=False, logits=False, name="cross_entropy", **kwargs):
        super().__init__(name=name, **kwargs)
        self.sigmoid, self.logits = sigmoid, logits

    def __call__(self, y, y_hat, sample_weight=None):
        loss = self.call(ops.convert_to_tensor(y), ops.convert_to_tensor(y_hat))  # (batch,) or (batch, T_y)
        if sample_weight is not None:
            weight = ops.cast(sample_weight, loss.dtype)
            loss = loss * (ops.expand_dims(weight, -1) if weight.ndim < loss.ndim else weight)
        return backend.mean_of_batch(ops.sum(loss, axis=tuple(range(1, loss.ndim))))

    def call(self, y, y_hat):
        if self.logits:
            return of_logits(y, y_hat, self.sigmoid)
        y_hat = ops.clip(_wide(y_hat), SMALLEST, 1 - SMALLEST)
        if y.ndim < y_hat.ndim:
            y = ops.expand_dims(y, -1) if self.sigmoid else ops.one_hot(ops.cast(y, "int32"), y_hat.shape[-1])
        y = ops.cast(y, y_hat.dtype)
        loss = y * ops.log(y_hat)
        if self.sigmoid:
            loss = loss + (1 - y) * ops.log(1 - y_hat)
        return -ops.sum(loss, axis=-1)

    def get_config(self):
        return super().get_config() | {"sigmoid": self.sigmoid, "logits": self.logits}


@keras.saving.register_keras_serializable("seqzoo")
def of_logits(y, z, sigmoid=False):
    """Cross-entropy l of each row or step from logits z: ŷ = softmax(z) or σ(z). Shapes as `CrossEntropy`; float32 at least."""
    z = _wide(z)
    if sigmoid:
        return ops.sum(ops.binary_crossentropy(ops.cast(y, z.dtype), z, from_logits=True), axis=-1)
    if y.ndim == z.ndim:
        return ops.categorical_crossentropy(ops.cast(y, z.dtype), z, from_logits=True)
    return ops.sparse_categorical_crossentropy(ops.cast(y, "int32"), z, from_logits=True)


def _wide(a):
    """Casts to float32 at least. In lower precision 1 - SMALLEST is 1, and a sum over many steps drops the last ones."""
    return ops.cast(a, keras.backend.result_type(a.dtype, "float32"))
