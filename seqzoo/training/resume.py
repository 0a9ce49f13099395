"""Callbacks by which a training goes on after a kill, from a step in the middle of an epoch."""

import time

import keras

from seqzoo.errors import DataError
from seqzoo.training import checkpoints, distribution

MOST = 0.05  # of the time, for writing checkpoints


class TrackEpoch(keras.callbacks.Callback):
    """Tells the `Ordered` batches which epoch it is; not where in it, if a training goes on from there."""

    def __init__(self, train):
        super().__init__()
        self.train = train

    def on_epoch_begin(self, epoch, logs=None):
        if self.train.next[0] != epoch:
            self.train.begin_at(epoch, 0)


def variables(model):
    """All that a step of training changes, each once: also the random states, the optimizer's and the metrics' variables."""
    every = [*model.variables, *model.optimizer.variables, *model.metrics_variables]
    return list({id(variable): variable for variable in every}.values())


def values_of(model):
    """Those of its `variables`, as arrays."""
    return [keras.ops.convert_to_numpy(variable) for variable in variables(model)]


class Checkpoints(keras.callbacks.Callback):
    """Writes a training's state every few seconds, between two steps, and begins with the state that it finds.

    Args:
        path: of the file.
        seconds: between two checkpoints, and more where to write one takes over a twentieth of that; 0 for one after each step.
        train: the `Ordered` batches.
        best: the `KeepBest`.
    """

    def __init__(self, path, seconds, train, best):
        super().__init__()
        self.path, self.seconds, self.train, self.best = path, seconds, train, best
        self.found, self.due = distribution.broadcast_from_first(lambda: checkpoints.read(path)), time.monotonic() + seconds
        if self.found:
            best.history, best.best, best.best_epoch, best.weights = (
                getattr(self.found, name) for name in ("history", "best", "best_epoch", "weights")
            )

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch
        if self.found and not self.found.ended:
            self._restore()
        elif epoch > 0:
            self._write_if_due()

    def on_train_batch_end(self, batch, logs=None):
        if batch + 2 < self.train.num_batches:  # near the end not: Keras wants to see two batches, and then judges the epoch
            self._write_if_due(self.train.step + batch + 1)

    def _restore(self):
        """Puts the variables back, once."""
        found, self.found, every = self.found, None, variables(self.model)
        shapes = [[tuple(of.shape) for of in each] for each in (found.values, every)]
        if shapes[0] != shapes[1] or found.steps != self.train.batches.num_batches:
            raise DataError(f"{self.path}: expected a checkpoint of this model on this data, found another's")
        for variable, value in zip(every, found.values, strict=True):
            variable.assign(value)

    def _write_if_due(self, step=0):
        if distribution.is_first() and time.monotonic() >= self.due:
            began = time.monotonic()
            getattr(self.model, "jax_state_sync", lambda: None)()
            self.write(self.epoch, step, values_of(self.model))
            ended = time.monotonic()
            self.due = ended + (max(self.seconds, (ended - began) / MOST) if self.seconds else 0)

    def write(self, epoch, step, values, ended=False):
        best = self.best
        remembered = best.history, best.best, best.best_epoch, values, best.weights
        checkpoints.write(self.path, checkpoints.Checkpoint(epoch, step, self.train.batches.num_batches, ended, *remembered))


class StopAfterEpoch(keras.callbacks.Callback):
    """Stops a `fit` after an epoch as if another one followed: what `fit` does to the variables at its end can be undone."""

    def on_epoch_end(self, epoch, logs=None):
        self.values = values_of(self.model)
        self.stopped, self.model.stop_training = self.model.stop_training, True

    def put_back(self):
        for variable, value in zip(variables(self.model), self.values, strict=True):
            variable.assign(value)


def end_epoch(model, train, callbacks, found, how):
    """Trains the rest of the epoch in which a checkpoint was written. Returns the next epoch, and whether there is to be one.

    Keras gives all epochs of a `fit` the same number of steps.
    """
    model.train_on_batch(*train[0])  # makes the variables of optimizer and metrics; then all get the values that were found
    train.begin_at(found.epoch, found.step)
    if found.step == 0:
        return found.epoch, True
    rest = StopAfterEpoch()
    model.fit(train, callbacks=[*callbacks, rest], initial_epoch=found.epoch, **how)
    rest.put_back()
    train.begin_at(found.epoch + 1, 0)
    return found.epoch + 1, not rest.stopped
