"""Logs: the metrics of every epoch and the training speed, as a CSV file and for TensorBoard; and a profile."""

import csv
import io
import time
from pathlib import Path

import keras
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

from seqzoo import backend

PROFILED_STEPS = range(5, 15)  # by then the step is compiled, and ten are few enough to read


class Logs(keras.callbacks.Callback):
    """Callback that adds steps per second to the metrics, and writes `log.csv` and a TensorBoard event file into a folder.

    After a kill both continue: `log.csv` from the epoch that is trained again, TensorBoard with one more file.
    """

    def __init__(self, folder):
        super().__init__()
        self.path = Path(folder, "log.csv")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.rows = list(csv.DictReader(io.StringIO(self.path.read_text()))) if self.path.exists() else []

    def on_train_begin(self, logs=None):
        self.events = Events(self.path.parent)

    def on_epoch_begin(self, epoch, logs=None):
        self.steps, self.seconds, self.start = 0, 0.0, time.perf_counter()
        self.rows = self.rows[:epoch]

    def on_train_batch_end(self, batch, logs=None):
        self.steps, self.seconds = self.steps + 1, time.perf_counter() - self.start

    def on_epoch_end(self, epoch, logs=None):
        logs["steps_per_second"] = self.steps / self.seconds
        self.events.write(epoch + 1, logs)
        self.rows.append({"epoch": epoch + 1, **logs})
        self._write()

    def _write(self):
        text = io.StringIO()
        writer = csv.DictWriter(text, list(self.rows[-1]), extrasaction="ignore")
        writer.writeheader()
        writer.writerows(self.rows)
        partial = self.path.with_suffix(".part")
        partial.write_text(text.getvalue())
        partial.replace(self.path)


class Events:
    """TensorBoard event file, a new one in a folder. (TensorBoard's writer, and others, import TensorFlow or PyTorch.)"""

    def __init__(self, folder):
        self.path = Path(folder, f"events.out.tfevents.{time.time_ns()}")
        self._append(Event(wall_time=time.time(), file_version="brain.Event:2"))

    def write(self, step, metrics):
        """Appends the metrics of a step, `{name: number}`."""
        values = [Summary.Value(tag=name, simple_value=value) for name, value in metrics.items()]
        self._append(Event(wall_time=time.time(), step=step, summary=Summary(value=values)))

    def _append(self, event):
        with self.path.open("ab") as file:
            RecordWriter(file).write(event.SerializeToString())


class Profile(keras.callbacks.Callback):
    """Callback that writes a profile of `PROFILED_STEPS` into a folder: for TensorBoard, on PyTorch for chrome://tracing."""

    def __init__(self, folder):
        super().__init__()
        self.folder, self.stop = str(folder), None

    def on_train_batch_begin(self, batch, logs=None):
        if batch == PROFILED_STEPS.start and self.stop is None:
            self.stop = backend.profile(self.folder)

    def on_train_batch_end(self, batch, logs=None):
        if batch == PROFILED_STEPS.stop:
            self._end()

    def on_test_begin(self, logs=None):
        self._end()  # of a short epoch

    def _end(self):
        if self.stop:
            self.stop()
            self.stop = False
