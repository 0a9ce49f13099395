"""Progress of a training in a terminal: one line per epoch with a bar, time left, speed and metrics."""

import datetime
import sys
import time

import keras
from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table

REFRESH_SECONDS = 0.1  # at least, from one refresh to the next
MIN_BAR, MAX_BAR = 5, 20  # columns


class Progress(keras.callbacks.Callback):
    """Callback that shows the current epoch as one line of a terminal. The line of a finished epoch stays.

    It reads the logs of a batch only when it refreshes the line. Put it after the callbacks that add metrics. As a context
    manager it also ends the line of an epoch that an error or Ctrl-C ends.

    Args:
        train: the training data. The batches of an `EpochOrder` that an earlier process trained count as done.
        console: a `rich.console.Console`; standard output by default.
    """

    def __init__(self, train, console=None):
        super().__init__()
        self.train, self.console, self.live = train, console or Console(), None

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if self.live:
            self.live.stop()

    def on_epoch_begin(self, epoch, logs=None):
        _, self.initial_step = getattr(self.train, "next", (epoch, 0))
        self.epoch, self.batches, self.logs, self.phase = epoch, 0, {}, "train"
        self.start = time.monotonic()
        self.first_batch = self.last_batch = None  # `(number, time at its end)`
        self.live = Live(
            console=self.console, auto_refresh=False, get_renderable=self._line, redirect_stderr=sys.stderr.isatty()
        )
        self.live.start()
        self.console.show_cursor(True)  # a killed process could not show it again
        self._refresh()

    def on_train_batch_end(self, batch, logs=None):
        self.batches, now = batch + 1, time.monotonic()
        self.last_batch = self.batches, now
        self.first_batch = self.first_batch or self.last_batch
        if now - self.refreshed >= REFRESH_SECONDS:
            self.logs = logs
            self._refresh()

    def on_test_begin(self, logs=None):
        self.phase = "validation"
        self._refresh()

    def on_epoch_end(self, epoch, logs=None):
        self.logs, self.phase = logs, "end"
        self.live.stop()

    def _refresh(self):
        self.live.refresh()
        self.refreshed = time.monotonic()

    def _line(self):
        steps = self.params["steps"]
        done, total = self.initial_step + self.batches, steps and self.initial_step + steps
        epoch = f"Epoch {self.epoch + 1}/{self.params['epochs']}"
        cells = [f"{done}/{total}" if total else f"{done}", *self._times(total and total - done), *self._metrics()]
        text = "  ".join(cells)
        grid, bar = Table.grid(padding=(0, 1)), min(MAX_BAR, self.console.width - len(epoch) - len(text) - 2)
        grid.add_row(epoch, *([ProgressBar(total, done, bar)] if bar >= MIN_BAR else []), text)
        return grid

    def _times(self, steps_left):
        """Yields the time left, or of a finished epoch its duration; then steps per second."""
        speed = self._speed()
        if self.phase == "validation":
            yield self.phase
        elif self.phase == "end":
            yield _duration(time.monotonic() - self.start)
            speed = self.logs.get("steps_per_second", speed)  # as in `log.csv`
        elif speed and steps_left is not None:
            yield f"{_duration(steps_left / speed)} left"
        if speed:
            yield f"{speed:.1f} steps/s"

    def _speed(self):
        """Steps per second after the first step, which compiles; None before there are any."""
        if self.first_batch == self.last_batch:
            return None
        (first, start), (last, end) = self.first_batch, self.last_batch
        return (last - first) / max(end - start, 1e-9)

    def _metrics(self):
        names = sorted(self.logs, key=lambda name: (name.startswith("val_"), not name.endswith("loss")))  # losses first
        return [f"{name} {self.logs[name]:#.4g}" for name in names if name != "steps_per_second"]


def _duration(seconds):
    return str(datetime.timedelta(seconds=round(seconds)))
