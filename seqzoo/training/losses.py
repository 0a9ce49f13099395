"""Cross-entropy loss, as in the notes: l<t> summed over the steps of a sequence, averaged over the batch."""

import keras
from keras import ops

from seqzoo import backend

SMALLEST = 1e-7  # probability, because the log of 0 is infinite
UNREAL = -1e8  # log-probability below which a logit is masked


@keras.saving.register_keras_serializable("seqzoo")
class CrossEntropy(keras.losses.Loss):
    """Cross-entropy loss: L = Σ_t l<t> over the real steps of each sequence, then the mean over the batch.

    l = -y log ŷ for a softmax. With `sigmoid=True`, l = -y log ŷ - (1-y) log(1-ŷ), summed over the outputs. With `logits=True`
    the input is the logits, before softmax or sigmoid: faster for large vocabularies, and never infinite. With
    `label_smoothing` ε the target of a softmax is 1 - ε for the class y, and ε shared by all classes (Szegedy et al. 2016); a
    logit that is masked, -1e9, has no share.

    Shapes: ŷ, probabilities, `(batch, classes)` or `(batch, T_y, classes)`; y the same (0/1, or soft), or class numbers without
    the last axis. `sample_weight`, `(batch,)` or `(batch, T_y)`, weighs the rows or the steps: 0 for padding.
    """

    def __init__(self, sigmoid=False, logits=False, label_smoothing=0.0, name="cross_entropy", **kwargs):
        super().__init__(name=name, **kwargs)
        if label_smoothing and (sigmoid or not logits):
            raise ValueError("`label_smoothing` is for the logits of a softmax: `logits=True` and no `sigmoid`.")
        self.sigmoid, self.logits, self.label_smoothing = sigmoid, logits, label_smoothing

    def __call__(self, y, y_hat, sample_weight=None):
        loss = self.call(ops.convert_to_tensor(y), ops.convert_to_tensor(y_hat))  # (batch,) or (batch, T_y)
        if sample_weight is not None:
            weight = ops.cast(sample_weight, loss.dtype)
            loss = loss * (ops.expand_dims(weight, -1) if weight.ndim < loss.ndim else weight)
        return backend.mean_of_batch(ops.sum(loss, axis=tuple(range(1, loss.ndim))))

    def call(self, y, y_hat):
        if self.label_smoothing:
            return smoothed(y, y_hat, self.label_smoothing)
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
        return super().get_config() | {"sigmoid": self.sigmoid, "logits": self.logits, "label_smoothing": self.label_smoothing}


@keras.saving.register_keras_serializable("seqzoo")
def of_logits(y, z, sigmoid=False):
    """Cross-entropy l of each row or step from logits z: ŷ = softmax(z) or σ(z). Shapes as `CrossEntropy`; float32 at least."""
    z = _wide(z)
    if sigmoid:
        return ops.sum(ops.binary_crossentropy(ops.cast(y, z.dtype), z, from_logits=True), axis=-1)
    if y.ndim == z.ndim:
        return ops.categorical_crossentropy(ops.cast(y, z.dtype), z, from_logits=True)
    return ops.sparse_categorical_crossentropy(ops.cast(y, "int32"), z, from_logits=True)


def smoothed(y, z, label_smoothing):
    """Cross-entropy of each row or step from logits z, with smoothed targets: see `CrossEntropy`. y is class numbers."""
    log_p = ops.log_softmax(_wide(z))
    real = log_p > UNREAL
    mean = ops.sum(ops.where(real, log_p, 0), axis=-1) / ops.sum(ops.cast(real, log_p.dtype), axis=-1)
    return (1 - label_smoothing) * of_logits(y, z) - label_smoothing * mean


def _wide(a):
    """Casts to float32 at least. In lower precision 1 - SMALLEST is 1, and a sum over many steps drops the last ones."""
    return ops.cast(a, backend.at_least_float32(a.dtype))
