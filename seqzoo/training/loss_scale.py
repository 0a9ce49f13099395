"""Mixed precision in training: the updates that are skipped."""

import sys

import keras

from seqzoo.training import distribution


class Overflows(keras.callbacks.Callback):
    """Says after each epoch how many updates were skipped, if any were: those whose gradients were beyond float16.

    Where a model's precision is mixed_float16, Keras multiplies the loss by a scale, lest small gradients become zero. Where a
    gradient overflows, it leaves the weights as they are and halves the scale, which begins at 2^15: a few updates at the start
    are usual.
    """

    def on_train_begin(self, logs=None):
        self.scaled = isinstance(self.model.optimizer, keras.optimizers.LossScaleOptimizer) and distribution.is_first()

    def on_epoch_begin(self, epoch, logs=None):
        self.before, self.updates = None, 0

    def on_train_batch_begin(self, batch, logs=None):
        if self.scaled and self.before is None:  # not as the epoch begins: then a checkpoint may be put back
            self.before = self._applied()

    def on_train_batch_end(self, batch, logs=None):
        self.updates = batch + 1

    def on_epoch_end(self, epoch, logs=None):
        if not self.scaled or not self.updates:
            return
        skipped = self.updates - (self._applied() - self.before)
        if skipped:
            what = f"{skipped} of {self.updates} updates skipped, gradients beyond float16"
            scale = float(keras.ops.convert_to_numpy(self.model.optimizer.dynamic_scale))
            print(f"note: epoch {epoch + 1}: {what}; the loss scale is now {scale:g}", file=sys.stderr)

    def _applied(self):
        return int(keras.ops.convert_to_numpy(self.model.optimizer.iterations))
