"""Callback for loss scaling in mixed precision: the number of skipped updates."""

import sys

import keras

from seqzoo.training import distribution


class Overflows(keras.callbacks.Callback):
    """Callback that prints after each epoch how many updates were skipped, if any, because their gradients exceed float16.

    In a model whose precision is mixed_float16, Keras multiplies the loss by a scale, because small gradients would become
    zero. If a gradient overflows, Keras leaves the weights as they are and halves the scale. The scale starts at 2^15, so a few
    skipped updates at the start are usual.
    """

    def on_train_begin(self, logs=None):
        self.scaled = isinstance(self.model.optimizer, keras.optimizers.LossScaleOptimizer) and distribution.is_first()

    def on_epoch_begin(self, epoch, logs=None):
        self.before, self.updates = None, 0

    def on_train_batch_begin(self, batch, logs=None):
        if self.scaled and self.before is None:  # not when the epoch begins: a checkpoint may be restored then
            self.before = self._applied()

    def on_train_batch_end(self, batch, logs=None):
        self.updates = batch + 1

    def on_epoch_end(self, epoch, logs=None):
        if not self.scaled or not self.updates:
            return
        skipped = self.updates - (self._applied() - self.before)
        if skipped:
            counts = f"{skipped} of {self.updates} updates skipped, gradients beyond float16"
            scale = float(keras.ops.convert_to_numpy(self.model.optimizer.dynamic_scale))
            print(f"note: epoch {epoch + 1}: {counts}; the loss scale is now {scale:g}", file=sys.stderr)

    def _applied(self):
        """Number of updates that were not skipped, since the training began."""
        return int(keras.ops.convert_to_numpy(self.model.optimizer.iterations))
