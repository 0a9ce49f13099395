"""Training that keeps the best weights, whether it ends, stops early or is interrupted, and goes on after it was killed."""

import contextlib
import math
import sys
from pathlib import Path

import keras

from seqzoo.training import distribution, launcher, logs, loss_scale, progress, resume
from seqzoo.training.epoch_order import EpochOrder

NOT_A_NUMBER = "the loss is not a number: expected a lower --learning-rate or --clip-norm"


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
        self.history, self.best, self.best_epoch, self.weights = [], -math.inf, 0, []

    def on_epoch_end(self, epoch, logs=None):
        if self.score is not None and math.isfinite(logs["val_loss"]):
            logs["val_score"] = self.score(self.model)
        figures = {name: float(value) for name, value in logs.items()}
        self.history.append(figures)
        if quality(figures) > self.best:  # never of a NaN
            self.best, self.best_epoch, self.weights = quality(figures), epoch + 1, self.model.get_weights()
        self.model.stop_training = epoch + 1 - self.best_epoch >= self.patience


class StopAtNaN(keras.callbacks.Callback):
    """Raises a `FloatingPointError` that names the step. (Not under a loss scale, which skips such steps.)"""

    def __init__(self, train):
        super().__init__()
        self.train = train

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if not math.isfinite(logs["loss"]) and not isinstance(self.model.optimizer, keras.optimizers.LossScaleOptimizer):
            step = getattr(self.train, "step", 0) + batch + 1
            raise FloatingPointError(f"in step {step} of epoch {self.epoch + 1} {NOT_A_NUMBER}")


def fit(
    model,
    train,
    validation,
    epochs,
    patience=3,
    callbacks=(),
    score=None,
    shuffle=True,
    folder=None,
    seconds=30.0,
    profile=False,
    verbose=True,
):
    """Trains, then puts back the weights of the best epoch. Ctrl-C ends it early, and no more.

    Args:
        model: compiled.
        train, validation: what `model.fit` takes; with a `folder`, `train` is a `keras.utils.PyDataset`.
        patience: epochs without a better one, of a lower validation loss, before it stops.
        callbacks: of Keras, called before the weights are looked at.
        score: a function of the model; if given, the best epoch is the one where it is highest. It is the figure `val_score`.
        shuffle: whether batches may come in any order; False where each goes on after the one before.
        folder: where to keep checkpoints and logs. If there is a checkpoint in it, the training goes on from there, and
            on a CPU ends with the weights with which it would have ended undisturbed.
        seconds: from one checkpoint to the next, or more where the disk is slow; 0 for one after each step.
        profile: whether to write a profile of steps 5 to 15 beside the logs.
        verbose: whether to show progress.

    Returns:
        One dict of figures (`loss`, `val_loss`, ...) for each epoch.

    Raises:
        FloatingPointError: the loss was not a number, and no epoch had ended by then.
        KeyboardInterrupt: no epoch ended at all.
        DataError: a checkpoint cannot be written, or is not of this model.
    """
    best = KeepBest(patience, score)
    launcher.check()
    distribution.adapt(model, shuffle)
    train, validation = distribution.share(train), distribution.share(validation)
    watched, kept = [*callbacks, best], None
    if isinstance(train, keras.utils.PyDataset):
        train = EpochOrder(train, shuffle)
        watched += [resume.TrackEpoch(train)]
    watched += [StopAtNaN(train)]
    if folder is not None:
        kept = resume.Checkpoints(Path(folder, "checkpoint.npz"), seconds, train, best)
        watched += [kept]
    if folder is not None and distribution.is_first():
        watched += [logs.Logs(folder), *([logs.Profile(folder)] if profile else [])]
    if not (kept and kept.found and kept.found.ended):
        with distribution.shown():
            _train(model, train, validation, epochs, watched, best, kept, verbose)
    if not best.weights:
        raise FloatingPointError(NOT_A_NUMBER)
    model.set_weights(best.weights)
    return best.history


def _train(model, train, validation, epochs, callbacks, best, kept, verbose):
    verbose = verbose and distribution.is_first()
    bar = progress.Progress(train) if verbose and sys.stdout.isatty() else None
    callbacks = [*callbacks, *([bar] if bar else []), loss_scale.Overflows()]  # whose note follows the line of the epoch
    how = {"validation_data": validation, "epochs": epochs, "shuffle": False, "verbose": 2 if verbose and not bar else 0}
    try:
        with bar or contextlib.nullcontext():
            epoch, continues = resume.end_epoch(model, train, callbacks, kept.found, how) if kept and kept.found else (0, True)
            if continues and epoch < epochs:
                model.fit(train, callbacks=callbacks, initial_epoch=epoch, **how)
    except (KeyboardInterrupt, FloatingPointError) as error:
        if not best.weights:
            raise
        what = error if str(error) else f"interrupted in epoch {len(best.history) + 1}"
        print(f"\n{what}; the best weights so far, of epoch {best.best_epoch}, are kept", file=sys.stderr)
    if kept and distribution.is_first():
        kept.write(len(best.history), 0, [], ended=True)
