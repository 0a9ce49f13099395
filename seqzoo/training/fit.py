"""Training that keeps the best weights, whether it ends, stops early or is interrupted."""

import math
import sys

import keras


class KeepBest(keras.callbacks.Callback):
    """Remembers the weights of the epoch with the lowest validation loss, and every epoch's figures.

    Args:
        patience: stop after that many epochs without a better one.
    """

    def __init__(self, patience):
        super().__init__()
        self.patience = patience
        self.history, self.best, self.best_epoch, self.weights = [], math.inf, 0, None

    def on_epoch_end(self, epoch, logs=None):
        self.history.append({name: float(value) for name, value in logs.items()})
        if logs["val_loss"] < self.best:  # never of a NaN
            self.best, self.best_epoch, self.weights = float(logs["val_loss"]), epoch + 1, self.model.get_weights()
        self.model.stop_training = epoch + 1 - self.best_epoch >= self.patience


def fit(model, train, validation, epochs, patience=3, callbacks=()):
    """Trains, then puts back the weights of the best epoch. Ctrl-C ends it early, and no more.

    Args:
        model: compiled.
        train, validation: what `model.fit` takes.
        patience: epochs without a lower validation loss before it stops.
        callbacks: of Keras, called before the weights are looked at.

    Returns:
        One dict of figures (`loss`, `val_loss`, ...) for each epoch.

    Raises:
        FloatingPointError: no epoch ended with a validation loss that is a number.
        KeyboardInterrupt: no epoch ended at all.
    """
    best = KeepBest(patience)
    try:
        bar = 1 if sys.stdout.isatty() else 2
        model.fit(train, validation_data=validation, epochs=epochs, callbacks=[*callbacks, best], verbose=bar)
    except KeyboardInterrupt:
        if not best.history:
            raise
        print(f"\nInterrupted in epoch {len(best.history) + 1}; the best weights so far are kept.", file=sys.stderr)
    if best.weights is None:
        raise FloatingPointError("the loss is not a number: expected a lower --learning-rate or --clip-norm")
    model.set_weights(best.weights)
    return best.history
