"""Mixed precision in training: the updates that are skipped."""

import sys

import keras


class Overflows(keras.callbacks.Callback):
    """Says after each epoch how many updates were skipped, if any were: those whose gradients were beyond float16.

    Where a model's precision is mixed_float16, Keras multiplies the loss by a scale, lest small gradients become zero. Where a
    gradient overflows, it leaves the weights as they are and halves the scale, which begins at 2^15: a few updates at the start
    are usual.
    """

    def on_epoch_begin(self, epoch, logs=None):
        self.applied, self.updates = None, 0

    def on_train_batch_begin(self, batch, logs=None):
        if self.applied is None:  # not as the epoch begins: then a checkpoint may be put back
            self.applied = int(self.model.optimizer.iterations)

    def on_train_batch_end(self, batch, logs=None):
        self.updates = batch + 1

    def on_epoch_end(self, epoch, logs=None):
        optimizer = self.model.optimizer
        if not self.updates or not isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
            return
        skipped = self.updates - (int(optimizer.iterations) - self.applied)  # `iterations` counts those that were applied
        if skipped:
            bar = "\n" if sys.stdout.isatty() else ""  # which has not ended its line
            what = f"{skipped} of {self.updates} updates skipped, gradients beyond float16"
            scale = float(optimizer.dynamic_scale)
            print(f"{bar}note: epoch {epoch + 1}: {what}; the loss scale is now {scale:g}", file=sys.stderr)
