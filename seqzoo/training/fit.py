"""Training that keeps the best weights, whether it ends, stops early or is interrupted."""

import math
import sys

import keras


def quality(figures):
    """By what the epochs of a training are compared, from their figures: the higher, the better."""
    return figures.get("val_score", -figures["val_loss"])


class KeepBest(keras.callbacks.Callback):
    """Remembers the weights of the best epoch, and every epoch's figures.

    Args:
        patience: stop after that many epochs without a better one.
        score: of `fit`.
    """

    def __init__(self, patience, score=None):
        super().__init__()
        self.patience, self.score = patience, score
        self.history, self.best, self.best_epoch, self.weights = [], -math.inf, 0, None

    def on_epoch_end(self, epoch, logs=None):
        figures = {name: float(value) for name, value in logs.items()}
        if self.score is not None and math.isfinite(figures["val_loss"]):
            figures["val_score"] = self.score(self.model)
        self.history.append(figures)
        if quality(figures) > self.best:  # never of a NaN
            self.best, self.best_epoch, self.weights = quality(figures), epoch + 1, self.model.get_weights()
        self.model.stop_training = epoch + 1 - self.best_epoch >= self.patience


def fit(model, train, validation, epochs, patience=3, callbacks=(), score=None, shuffle=True):
    """Trains, then puts back the weights of the best epoch. Ctrl-C ends it early, and no more.

    Args:
        model: compiled.
        train, validation: what `model.fit` takes.
        patience: epochs without a better one, of a lower validation loss, before it stops.
        callbacks: of Keras, called before the weights are looked at.
        score: a function of the model; if given, the best epoch is the one where it is highest. It is the figure `val_score`.
        shuffle: whether Keras may take the batches in any order; False where each goes on after the one before.

    Returns:
        One dict of figures (`loss`, `val_loss`, ...) for each epoch.

    Raises:
        FloatingPointError: no epoch ended with a validation loss that is a number.
        KeyboardInterrupt: no epoch ended at all.
    """
    best = KeepBest(patience, score)
    try:
        bar = 1 if sys.stdout.isatty() else 2
        how = {"epochs": epochs, "callbacks": [*callbacks, best], "verbose": bar, "shuffle": shuffle}
        model.fit(train, validation_data=validation, **how)
    except KeyboardInterrupt:
        if not best.history:
            raise
        print(f"\nInterrupted in epoch {len(best.history) + 1}; the best weights so far are kept.", file=sys.stderr)
    if best.weights is None:
        raise FloatingPointError("the loss is not a number: expected a lower --learning-rate or --clip-norm")
    model.set_weights(best.weights)
    return best.history
