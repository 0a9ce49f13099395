"""Training that keeps the best weights, however it ends. The validation losses are dictated, so that the laws are exact."""

import os
import signal

import keras
import numpy as np
import pytest

from seqzoo.training import checkpoints
from seqzoo.training.callback_list import CallbackList
from seqzoo.training.fit import KeepBest, StopAtNaN, fit


class Script(keras.utils.PyDataset):
    """One batch an epoch; at the end of each the model's weight is set to the epoch's number, 1, 2, ..., and `error` raised
    in epoch `fails_in`."""

    def __init__(self, losses, fails_in=None, error=KeyboardInterrupt):
        super().__init__()
        self.losses, self.fails_in, self.error, self.reads = losses, fails_in, error, 0

    def __len__(self):
        return 1

    def __getitem__(self, index):
        self.reads += 1
        if self.reads == self.fails_in:
            raise self.error
        return np.ones((1, 1), "float32"), np.zeros((1, 1), "float32")


class Dictated(keras.Model):
    """ŷ = w x, whose validation loss is the next one of a list; an epoch of training adds 1 to w."""

    optimizer = None

    def __init__(self, losses):
        super().__init__()
        self.w = self.add_weight(shape=(), initializer="zeros", name="w")
        self.losses_to_come = list(losses)

    def call(self, x):
        return self.w * x

    def fit(self, train, validation_data, epochs, callbacks, initial_epoch, verbose, shuffle):
        self.stop_training = False
        callbacks.on_train_begin()
        for epoch in range(epochs):
            callbacks.on_epoch_begin(epoch)
            train[0]
            self.w.assign(epoch + 1.0)
            callbacks.on_epoch_end(epoch, {"loss": 1.0, "val_loss": self.losses_to_come[epoch]})
            if self.stop_training:
                break


def run(losses, fails_in=None, **arguments):
    model = Dictated(losses)
    history = fit(model, Script(losses, fails_in), None, epochs=len(losses), verbose=False, **arguments)
    return float(model.get_weights()[0]), [metrics["val_loss"] for metrics in history]


nan = float("nan")


def test_a_score_decides_in_place_of_the_loss():
    model, losses, scores = Dictated([3.0, 1.0, nan, 4.0, 5.0]), [3.0, 1.0, nan, 4.0, 5.0], iter([0.1, 0.2, 0.9, 0.3])
    history = fit(model, Script(losses), None, epochs=5, score=lambda model: next(scores))
    assert [metrics.get("val_score") for metrics in history] == [0.1, 0.2, None, 0.9, 0.3]
    assert float(model.get_weights()[0]) == 4


@pytest.mark.parametrize(
    "losses, best",
    [
        ([3, 2, 1], 3),
        ([1, 2, 3], 1),
        ([3, 1, 2], 2),
        ([3, nan, 1], 3),
        ([3, 1, nan], 2),
        ([nan, 2, 3], 2),
        ([nan, nan, 1], 3),
        ([float("inf"), 2, 3], 2),
    ],
)
def test_the_weights_of_the_lowest_validation_loss_come_back(losses, best):
    weight, history = run(losses, patience=9)
    assert weight == best
    np.testing.assert_array_equal(history, losses)


@pytest.mark.parametrize("patience", [1, 2, 3])
@pytest.mark.parametrize("losses", [[2, 1, 3, 4, 5, 6], [2, 1, 1, 1, 1, 1], [2, 1, nan, nan, nan, nan]])
def test_it_stops_after_so_many_epochs_without_a_lower_loss(losses, patience):
    _, history = run(losses, patience=patience)
    assert len(history) == 2 + patience


def test_it_goes_on_as_long_as_the_loss_falls():
    assert run([6, 5, 4, 3, 2, 1], patience=1) == (6, [6, 5, 4, 3, 2, 1])


@pytest.mark.parametrize("fails_in, best, epochs", [(2, 1, 1), (3, 2, 2), (4, 2, 3)])
def test_an_interrupt_keeps_the_best_weights_and_the_history(fails_in, best, epochs, capsys):
    weight, history = run([3, 1, 2, 2], fails_in=fails_in, patience=9)
    assert (weight, len(history)) == (best, epochs)
    output = capsys.readouterr()
    assert f"epoch {fails_in}" in output.err and output.out == ""


def test_an_interrupt_of_the_first_epoch_leaves_nothing_to_keep():
    with pytest.raises(KeyboardInterrupt):
        run([3, 1, 2], fails_in=1)


def test_other_errors_are_not_swallowed():
    model = Dictated([3, 1])
    with pytest.raises(ZeroDivisionError):
        fit(model, Script([3, 1], fails_in=2, error=ZeroDivisionError), None, epochs=2)


# The same, of Keras's own loop.


def line(slope=3.0, rows=16):
    x = np.random.default_rng(0).normal(size=(rows, 1)).astype("float32")
    return x, slope * x


def compiled(rate=0.1):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(rate), "mse")
    return model


class Batches(keras.utils.PyDataset):
    def __init__(self, x, y):
        super().__init__()
        self.x, self.y = x, y

    def __len__(self):
        return 2

    def __getitem__(self, index):
        half = slice(index * len(self.x) // 2, (index + 1) * len(self.x) // 2)
        return self.x[half], self.y[half]


class CtrlC(keras.callbacks.Callback):
    """Interrupts in the second batch of the third epoch: from the main thread, where Python raises it, and not from one that
    reads ahead, for it may then come while the main thread runs what ignores errors, such as a destructor."""

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_begin(self, batch, logs=None):
        if (self.epoch, batch) == (2, 1):
            os.kill(os.getpid(), signal.SIGINT)


def test_keras_loop_returns_one_dict_of_plain_numbers_for_each_epoch():
    model = compiled()
    history = fit(model, Batches(*line()), Batches(*line()), epochs=3)
    assert [set(metrics) for metrics in history] == [{"loss", "val_loss"}] * 3
    assert {type(value) for metrics in history for value in metrics.values()} == {float}
    assert history[0]["loss"] > history[-1]["loss"]


def test_a_model_that_gets_worse_ends_as_its_best_epoch_was():
    model = compiled(rate=30.0)  # diverges
    history = fit(model, Batches(*line()), Batches(*line()), epochs=9, patience=2)
    losses = [metrics["val_loss"] for metrics in history]
    assert len(history) == 3 and losses == sorted(losses)
    assert float(model.evaluate(*line(), batch_size=8, verbose=0)) == pytest.approx(losses[0], rel=1e-5)


def test_an_interrupted_batch_ends_the_training_and_no_more():
    model = compiled()
    history = fit(model, Batches(*line()), Batches(*line()), epochs=9, callbacks=[CtrlC()])
    assert len(history) == 2
    assert float(model.evaluate(*line(), batch_size=8, verbose=0)) == pytest.approx(history[-1]["val_loss"], rel=1e-5)
    if keras.backend.backend() != "jax":  # there Keras leaves the optimizer without its variables
        assert len(fit(model, Batches(*line()), Batches(*line()), epochs=2)) == 2


def test_nan_from_the_start_is_an_error_that_says_where_and_what_to_try():
    x, y = line()
    with pytest.raises(FloatingPointError, match="in step 1 of epoch 1 .*--learning-rate.*--clip-norm"):
        fit(compiled(), Batches(x, y * nan), Batches(x, y * nan), epochs=9, patience=2)


def test_nan_later_on_keeps_the_best_weights(capsys):
    class Breaks(Batches):
        reads = 0

        def __getitem__(self, index):
            self.reads += 1
            x, y = super().__getitem__(index)
            return x, y * (nan if self.reads > 9 else 1)

    model = compiled()
    history = fit(model, Breaks(*line()), Batches(*line()), epochs=9)
    assert 1 < len(history) < 9 and all(np.isfinite(metrics["loss"]) for metrics in history)
    assert f"of epoch {len(history) + 1} the loss is not a number" in capsys.readouterr().err
    assert float(model.evaluate(*line(), batch_size=8, verbose=0)) == pytest.approx(history[-1]["val_loss"], rel=1e-5)


@pytest.mark.parametrize("bad", [0, 3, 7])
def test_nan_names_its_step_and_leaves_no_checkpoint(bad, tmp_path):
    class Breaks(Batches):
        def __len__(self):
            return 8

        def __getitem__(self, index):
            return self.x, self.y * (nan if index == bad else 1)

    with pytest.raises(FloatingPointError, match=f"in step {bad + 1} of epoch 1 "):
        fit(compiled(), Breaks(*line()), Batches(*line()), 2, shuffle=False, folder=tmp_path, checkpoint_seconds=0)
    kept = checkpoints.read(tmp_path / "checkpoint.npz")
    assert kept is None if bad == 0 else all(np.isfinite(values).all() for values in kept.values)


def test_the_loss_of_a_step_is_read_after_the_next_began():
    """A GPU then computes a step while the host prepares the next."""
    events = []

    class Loss:
        def __init__(self, step):
            self.step = step

        def __float__(self):
            events.append(f"{self.step} read")
            return 0.0

    stop = StopAtNaN(None)
    model = compiled()
    callbacks = CallbackList([stop], model, 3, {"epochs": 1, "verbose": 0})
    callbacks.on_train_begin()
    callbacks.on_epoch_begin(0)
    for step in range(3):
        events.append(f"{step} computed")
        callbacks.on_train_batch_end(step, {"loss": Loss(step)})
    callbacks.on_test_begin()
    callbacks.on_epoch_end(0)
    assert events == ["0 computed", "1 computed", "0 read", "2 computed", "1 read", "2 read"]


def test_what_is_remembered_is_a_copy():
    model = compiled()
    best = KeepBest(patience=3)
    best.set_model(model)
    before = model.get_weights()
    best.on_epoch_end(0, {"loss": 1.0, "val_loss": 1.0})
    model.fit(*line(), epochs=1, verbose=0)
    for a, b in zip(before, best.weights, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("shuffle", [True, False])
def test_batches_that_go_on_from_each_other_stay_in_order(shuffle):
    """Keras would take them in any order."""
    seen = []

    class InOrder(keras.utils.PyDataset):
        def __len__(self):
            return 20

        def __getitem__(self, index):
            seen.append(index)
            return np.zeros((2, 1)), np.zeros((2, 1))

    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    fit(model, InOrder(), (np.zeros((2, 1)), np.zeros((2, 1))), epochs=1, shuffle=shuffle)
    last_epoch = seen[-20:]
    assert sorted(last_epoch) == list(range(20)) and (last_epoch == list(range(20))) is not shuffle
