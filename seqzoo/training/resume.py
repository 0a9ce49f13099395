"""Resuming: callbacks that write checkpoints, and continue a killed training in the middle of an epoch."""

import time

import keras

from seqzoo.data.digest import digest
from seqzoo.errors import DataError
from seqzoo.training import checkpoints, distribution
from seqzoo.training.callback_list import CallbackList

MAX_TIME_SHARE = 0.05  # of the training time, for writing checkpoints


class TrackEpoch(keras.callbacks.Callback):
    """Callback that sets the epoch of an `EpochOrder`; not the step, if a training resumes in that epoch."""

    def __init__(self, train):
        super().__init__()
        self.train = train

    def on_epoch_begin(self, epoch, logs=None):
        if self.train.next[0] != epoch:
            self.train.begin_at(epoch, 0)


def variables(model):
    """All variables that a training step changes, each once: model, random states, optimizer and metrics."""
    every = [*model.variables, *model.optimizer.variables, *model.metrics_variables]
    return list({id(variable): variable for variable in every}.values())


def values_of(model):
    """The values of `variables(model)`, as arrays."""
    return [keras.ops.convert_to_numpy(variable) for variable in variables(model)]


class Checkpoints(keras.callbacks.Callback):
    """Callback that writes a checkpoint every few seconds, between two steps, and restores the one that exists at the start.

    `previous` is the `Checkpoint` that exists at the start: None if there is none, and after it is restored.

    Args:
        path: the file.
        checkpoint_seconds: time between two checkpoints, longer if writing one takes more than a twentieth of it; 0 for a
            checkpoint after each step.
        train: an `EpochOrder`.
        best: the `KeepBest`.
        before_write: called before a checkpoint is written in an epoch; it raises an error if the model is not worth keeping.
        tokenizer: the model's, if it has one.
    """

    def __init__(self, path, checkpoint_seconds, train, best, before_write, tokenizer=None):
        super().__init__()
        self.path, self.checkpoint_seconds, self.train, self.best = path, checkpoint_seconds, train, best
        self.before_write = before_write
        self.vocabulary = digest(tokenizer.tokens) if tokenizer else ""
        self.previous = distribution.broadcast_from_first(lambda: checkpoints.read(path))
        self.due = time.monotonic() + checkpoint_seconds
        if self.previous:
            self._check(self.previous.vocabulary == self.vocabulary)
            for name in ("history", "best", "best_epoch", "weights"):
                setattr(best, name, getattr(self.previous, name))

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch
        if self.previous and not self.previous.ended:
            self._restore()
        elif epoch > 0:
            self._write_if_due()

    def on_train_batch_end(self, batch, logs=None):
        if batch + 2 < self.train.num_batches:  # not near the end: Keras needs two batches, and then evaluates the epoch
            self._write_if_due(self.train.step + batch + 1)

    def _check(self, same):
        if not same:
            raise DataError(f"{self.path}: expected a checkpoint of this model on this data, got another's")

    def _restore(self):
        """Assigns the values of the checkpoint to the variables, once."""
        checkpoint, self.previous, targets = self.previous, None, variables(self.model)
        shapes = [[tuple(array.shape) for array in arrays] for arrays in (checkpoint.values, targets)]
        self._check(shapes[0] == shapes[1] and checkpoint.steps == self.train.batches.num_batches)
        for variable, value in zip(targets, checkpoint.values, strict=True):
            variable.assign(value)

    def _write_if_due(self, step=0):
        if distribution.is_first() and time.monotonic() >= self.due:
            self.before_write()
            start = time.monotonic()
            getattr(self.model, "jax_state_sync", lambda: None)()
            self.write(self.epoch, step, values_of(self.model))
            end = time.monotonic()
            pause = max(self.checkpoint_seconds, (end - start) / MAX_TIME_SHARE)
            self.due = end + (pause if self.checkpoint_seconds else 0)

    def write(self, epoch, step, values, ended=False):
        """Writes a checkpoint; `epoch`, `step`, `values` and `ended` as in `Checkpoint`."""
        best = self.best
        state = best.history, best.best, best.best_epoch, values, best.weights
        steps = self.train.batches.num_batches
        checkpoints.write(self.path, checkpoints.Checkpoint(epoch, step, steps, ended, *state, self.vocabulary))


class StopAfterEpoch(keras.callbacks.Callback):
    """Callback that stops `fit` after one epoch, and can undo what `fit` does to the variables at its end."""

    def on_epoch_end(self, epoch, logs=None):
        self.values = values_of(self.model)
        self.stopped, self.model.stop_training = self.model.stop_training, True

    def restore(self):
        """Assigns the values of the end of the epoch, as if another epoch followed."""
        for variable, value in zip(variables(self.model), self.values, strict=True):
            variable.assign(value)


def finish_epoch(model, train, callbacks, checkpoint, options):
    """Trains the rest of the epoch of a checkpoint. Returns the next epoch, and whether to train it.

    This needs a `fit` of its own, because Keras gives all epochs of a `fit` the same number of steps.

    Args:
        model: the compiled model.
        train: an `EpochOrder`.
        callbacks: of `model.fit`, with a `Checkpoints`, which restores the variables.
        options: further arguments of `model.fit`.
    """
    model.train_on_batch(*train[0])  # creates the variables of optimizer and metrics; then all are restored
    train.begin_at(checkpoint.epoch, checkpoint.step)
    if checkpoint.step == 0:
        return checkpoint.epoch, True
    stop = StopAfterEpoch()
    listed = CallbackList([*callbacks, stop], model, train.num_batches, options)
    model.fit(train, callbacks=listed, initial_epoch=checkpoint.epoch, **options)
    stop.restore()
    train.begin_at(checkpoint.epoch + 1, 0)
    return checkpoint.epoch + 1, not stop.stopped
