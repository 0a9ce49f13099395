"""Training loop: `model.fit` with early stopping, best weights, checkpoints and resuming after a kill."""

import contextlib
import math
import sys
from pathlib import Path

import keras

from seqzoo.layers import Compact
from seqzoo.training import distribution, launcher, logs, loss_scale, progress, resume
from seqzoo.training.callback_list import CallbackList
from seqzoo.training.epoch_order import EpochOrder

NAN_LOSS = "the loss is not a number: expected a lower --learning-rate or --clip-norm"


def quality(metrics):
    """The number by which epochs are compared, from the metrics of an epoch: the higher, the better."""
    return metrics.get("val_score", -metrics["val_loss"])


class KeepBest(keras.callbacks.Callback):
    """Callback for early stopping: keeps the weights of the best epoch, and the metrics of all epochs.

    Args:
        patience: number of epochs without a better one after which training stops.
        score: see `fit`.
    """

    def __init__(self, patience, score=None):
        super().__init__()
        self.patience, self.score = patience, score
        self.history, self.best, self.best_epoch, self.weights = [], -math.inf, 0, []

    def on_epoch_end(self, epoch, logs=None):
        if self.score is not None and math.isfinite(logs["val_loss"]):
            logs["val_score"] = self.score(self.model)
        metrics = {name: float(value) for name, value in logs.items()}
        self.history.append(metrics)
        if quality(metrics) > self.best:  # False for a NaN
            self.best, self.best_epoch, self.weights = quality(metrics), epoch + 1, self.model.get_weights()
        self.model.stop_training = epoch + 1 - self.best_epoch >= self.patience


class StopAtNaN(keras.callbacks.Callback):
    """Callback that raises a `FloatingPointError`, which names the step. (Not with a loss scale, which skips such steps.)

    It reads the loss of a step after the next one began, so that the device never waits for the host.
    """

    def __init__(self, train):
        super().__init__()
        self.train = train

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch, self.unread = epoch, None

    def on_train_batch_end(self, batch, logs=None):
        self.check()
        self.unread = batch, logs

    def on_test_begin(self, logs=None):
        self.check()

    def on_epoch_end(self, epoch, logs=None):
        self.check()

    def check(self):
        """Raises the error if the loss of the last step is not a number."""
        (batch, logs), self.unread = self.unread or (0, {"loss": 0.0}), None
        if not math.isfinite(logs["loss"]) and not isinstance(self.model.optimizer, keras.optimizers.LossScaleOptimizer):
            step = getattr(self.train, "step", 0) + batch + 1
            raise FloatingPointError(f"in step {step} of epoch {self.epoch + 1} {NAN_LOSS}")


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
    checkpoint_seconds=30.0,
    profile=False,
    verbose=True,
):
    """Trains a model, then restores the weights of the best epoch. Ctrl-C ends the training early, and nothing else.

    Args:
        model: a compiled model.
        train, validation: what `model.fit` takes; with a `folder`, `train` must be a `keras.utils.PyDataset`.
        patience: number of epochs without a better one, which is one of lower validation loss, after which training stops.
        callbacks: Keras callbacks. They run before `KeepBest` reads the weights.
        score: a function of the model. If given, the best epoch is that of the highest score; its metric is `val_score`.
        shuffle: whether batches may come in any order; False if each batch continues the one before.
        folder: the folder of checkpoints and logs. If it holds a checkpoint, the training resumes from there; on a CPU it ends
            with the weights of a training that was never interrupted.
        checkpoint_seconds: time between two checkpoints, longer on a slow disk; 0 for a checkpoint after each step.
        profile: whether to write a profile of steps 5 to 15 beside the logs.
        verbose: whether to show progress.

    Returns:
        A list with one dict of metrics (`loss`, `val_loss`, ...) for each epoch.

    Raises:
        FloatingPointError: the loss was not a number before the first epoch ended.
        KeyboardInterrupt: Ctrl-C before the first epoch ended.
        DataError: a checkpoint cannot be written, or is one of another model.
    """
    best = KeepBest(patience, score)
    launcher.check()
    distribution.adapt(model, shuffle)
    train, validation = distribution.shard(train), distribution.shard(validation)
    callbacks, checkpoints = [*callbacks, best], None
    if isinstance(train, keras.utils.PyDataset):
        train = EpochOrder(train, shuffle)
        callbacks += [resume.TrackEpoch(train)]
    nan = StopAtNaN(train)
    callbacks += [nan]
    if folder is not None:
        tokenizer = getattr(model, "tokenizer", None)
        checkpoints = resume.Checkpoints(Path(folder, "checkpoint.npz"), checkpoint_seconds, train, best, nan.check, tokenizer)
        callbacks += [checkpoints]
    if folder is not None and distribution.is_first():
        callbacks += [logs.Logs(folder), *([logs.Profile(folder)] if profile else [])]
    if not (checkpoints and checkpoints.previous and checkpoints.previous.ended):
        with distribution.first_worker_output():
            _train(model, train, validation, epochs, callbacks, best, checkpoints, verbose)
    if not best.weights:
        raise FloatingPointError(NAN_LOSS)
    model.set_weights(best.weights)
    for layer in model._flatten_layers():
        if isinstance(layer, Compact):
            layer.round()  # to what a file holds
    return best.history


def _train(model, train, validation, epochs, callbacks, best, checkpoints, verbose):
    verbose = verbose and distribution.is_first()
    bar = progress.Progress(train) if verbose and sys.stdout.isatty() else None
    callbacks = [*callbacks, *([bar] if bar else []), loss_scale.Overflows()]  # its note follows the line of the epoch
    options = {"validation_data": validation, "epochs": epochs, "shuffle": False, "verbose": 2 if verbose and not bar else 0}
    checkpoint, epoch, continues = checkpoints and checkpoints.previous, 0, True
    try:
        with bar or contextlib.nullcontext():
            if checkpoint:
                epoch, continues = resume.finish_epoch(model, train, callbacks, checkpoint, options)
            if continues and epoch < epochs:
                listed = CallbackList(callbacks, model, getattr(train, "num_batches", None), options)
                model.fit(train, callbacks=listed, initial_epoch=epoch, **options)
    except (KeyboardInterrupt, FloatingPointError) as error:
        if not best.weights:
            raise
        reason = error if str(error) else f"interrupted in epoch {len(best.history) + 1}"
        print(f"\n{reason}; the best weights so far, of epoch {best.best_epoch}, are kept", file=sys.stderr)
    if checkpoints and distribution.is_first():
        checkpoints.write(len(best.history), 0, [], ended=True)
