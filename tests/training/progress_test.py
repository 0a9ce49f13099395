"""The progress of a training: what stays in a terminal, what is shown on the way, and what a log gets."""

import contextlib
import io
import re
import sys
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from rich.console import Console

from seqzoo.training import distribution, progress
from seqzoo.training.fit import fit

LOGS = {"accuracy": 0.5, "loss": 0.25}
STEPS = 5


def lines(text):
    """What stays of the lines of a terminal."""
    return [re.sub(r"\x1b\[[?0-9;]*[a-zA-Z]|━|╸|╺", "", line.split("\x1b[2K")[-1]).rstrip() for line in text.split("\n")]


def frames(text):
    """All versions of the lines, one after the other."""
    return [line for version in text.replace("\n", "\x1b[2K").split("\x1b[2K") for line in lines(version) if line]


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: now[0]))
    return now


@pytest.fixture
def bar(clock):
    """A callback, as a function of the terminal's width and the training data."""

    def make(width=120, train=None, steps=STEPS, epochs=3):
        console = Console(file=io.StringIO(), force_terminal=True, width=width, color_system=None)
        callback = progress.Progress(train, console)
        callback.set_params({"epochs": epochs, "steps": steps})
        return callback, console.file.getvalue

    return make


def test_the_line_of_a_running_epoch_has_counts_time_left_speed_and_metrics(bar, clock):
    bar, text = bar(steps=10)
    bar.on_epoch_begin(0)
    assert frames(text())[-1].split() == ["Epoch", "1/3", "0/10"]
    for batch, seconds in enumerate([60.0, 2.0, 2.0]):  # the first one compiles
        clock[0] += seconds
        bar.on_train_batch_end(batch, LOGS)
    assert "━" in text() and frames(text())[-1].split(maxsplit=2)[2] == (
        "3/10  0:00:14 left  0.5 steps/s  loss 0.2500  accuracy 0.5000"
    )
    bar.on_test_begin()
    assert "3/10  validation  0.5 steps/s" in frames(text())[-1]


def test_the_line_of_a_finished_epoch_has_its_time_and_all_metrics(bar, clock):
    bar, text = bar()
    for epoch in range(2):
        bar.on_epoch_begin(epoch)
        for batch in range(STEPS):
            clock[0] += 1
            bar.on_train_batch_end(batch, LOGS)
        clock[0] += 95
        bar.on_epoch_end(epoch, LOGS | {"val_loss": 1 / 3, "val_accuracy": 0.0, "steps_per_second": 0.75})
    metrics = "loss 0.2500  accuracy 0.5000  val_loss 0.3333  val_accuracy 0.000"
    assert [line.split(maxsplit=2)[2] for line in lines(text())[:-1]] == [f"5/5  0:01:40  0.8 steps/s  {metrics}"] * 2
    assert [line[:9] for line in lines(text())] == ["Epoch 1/3", "Epoch 2/3", ""]


def test_refreshes_are_ten_a_second_at_most_and_no_metric_is_read_between_them(bar, clock):
    class Counted(dict):
        reads = 0

        def __getitem__(self, name):
            self.reads += name == "loss"
            return super().__getitem__(name)

    logs, (bar, text) = Counted(LOGS), bar(steps=1000)
    bar.on_epoch_begin(0)
    for batch in range(1000):
        clock[0] += 0.001
        bar.on_train_batch_end(batch, logs)
    assert 8 <= logs.reads == len(frames(text())) - 1 <= 10


def test_batches_of_an_earlier_process_count_as_done(bar, clock):
    bar, text = bar(train=SimpleNamespace(next=(1, 3)), steps=2)
    bar.on_epoch_begin(1)
    assert frames(text())[-1].split() == ["Epoch", "2/3", "3/5"]
    clock[0] += 1
    bar.on_train_batch_end(0, LOGS)
    assert "4/5  loss" in frames(text())[-1]


def test_without_a_known_number_of_steps_it_counts(bar, clock):
    bar, text = bar(steps=None)
    bar.on_epoch_begin(0)
    for batch in range(2):
        clock[0] += 1
        bar.on_train_batch_end(batch, LOGS)
    assert frames(text())[-1].split(maxsplit=2)[2] == "2  1.0 steps/s  loss 0.2500  accuracy 0.5000"


def test_in_a_narrow_terminal_the_bar_yields_to_the_metrics(bar, clock):
    bar, text = bar(width=50)
    bar.on_epoch_begin(0)
    clock[0] += 1
    bar.on_epoch_end(0, LOGS | {"val_loss": 1.0})
    stays = lines(text())
    assert max(map(len, stays)) <= 50
    expected = ["Epoch 1/3", "0/5", "0:00:01", "loss 0.2500", "accuracy 0.5000", "val_loss 1.000"]
    assert " ".join(stays).split() == " ".join(expected).split()


def test_what_others_print_stands_above_the_line(bar):
    bar, text = bar()
    with bar:
        bar.on_epoch_begin(0)
        print("hello")
        bar.on_epoch_end(0, LOGS)
    assert [line.split("  ")[0] for line in lines(text())] == ["hello", "Epoch 1/3", ""]


# By `fit`.


class Data(keras.utils.PyDataset):
    def __len__(self):
        return STEPS

    def __getitem__(self, index):
        x = np.random.default_rng(index).normal(size=(4, 1)).astype("float32")
        return x, 3 * x


class Raise(keras.callbacks.Callback):
    """Raises an error after a batch of an epoch."""

    def __init__(self, error, epoch, batch):
        super().__init__()
        self.error, self.at = error, (epoch, batch)

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_begin(self, batch, logs=None):
        if (self.epoch, batch) == self.at:
            raise self.error


class Killed(BaseException):
    pass


def train(*callbacks, **options):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    return fit(model, Data(), Data(), epochs=3, callbacks=callbacks, **options)


@pytest.fixture
def terminal(monkeypatch):
    """`train` in a terminal of 120 columns: a function that returns the history, and one that returns the text so far."""
    file = io.StringIO()
    file.isatty = lambda: True
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("TERM", "xterm-256color")

    def run(*callbacks, **options):
        file.truncate(file.seek(0))
        with contextlib.redirect_stdout(file):
            try:
                return train(*callbacks, **options)
            finally:
                assert sys.stdout is file

    return run, file.getvalue


def test_in_a_terminal_each_epoch_leaves_one_line(terminal, tmp_path):
    train, text = terminal
    history = train(folder=tmp_path)
    *epochs, rest = lines(text())
    assert len(epochs) == 3 and rest == ""
    for number, (line, metrics) in enumerate(zip(epochs, history, strict=True), 1):
        assert re.match(rf"Epoch {number}/3 +5/5  0:00:\d\d  \d+\.\d steps/s  loss ", line)
        assert line.endswith(f"loss {metrics['loss']:#.4g}  val_loss {metrics['val_loss']:#.4g}")


def test_an_interrupt_ends_the_line_and_gives_the_terminal_back(terminal, capsys):
    train, text = terminal
    train(Raise(KeyboardInterrupt, 1, 2))
    first, second, rest = lines(text())
    assert first.startswith("Epoch 1/3") and second.startswith("Epoch 2/3") and rest == ""
    assert " 2/5  " in second and "val_loss" not in second
    assert "interrupted in epoch 2" in capsys.readouterr().err
    assert text().rindex("\x1b[?25h") > text().rindex("\x1b[?25l"), "the cursor is back"


def test_a_resumed_training_counts_from_the_step_of_its_checkpoint(terminal, tmp_path):
    train, text = terminal
    with pytest.raises(Killed):
        train(Raise(Killed, 1, 2), folder=tmp_path, checkpoint_seconds=0)
    train(folder=tmp_path)
    assert [line.split()[:3] for line in lines(text())[:-1]] == [["Epoch", f"{n}/3", "5/5"] for n in (2, 3)]
    assert frames(text())[0].split() == ["Epoch", "2/3", "2/5"]


def test_a_log_gets_the_lines_of_keras(capsys):
    train()
    out = capsys.readouterr().out.splitlines()
    assert out[::2] == ["Epoch 1/3", "Epoch 2/3", "Epoch 3/3"] and all(line.startswith("5/5 - ") for line in out[1::2])


def test_only_the_first_process_shows_it(terminal, monkeypatch):
    train, text = terminal
    monkeypatch.setattr(distribution, "is_first", lambda: False)
    train()
    assert text() == ""


def test_nothing_is_shown_where_that_is_wanted(terminal):
    train, text = terminal
    train(verbose=False)
    assert text() == ""
