"""Callbacks of a training step that do not wait for the device."""

from collections.abc import Mapping

import keras


class StepLogs(Mapping):
    """The metrics of a training step, `{name: number}`. Reading one waits until the device has computed the step."""

    def __init__(self, tensors):
        self.tensors = tensors

    def __getitem__(self, name):
        return float(self.tensors[name])

    def __iter__(self):
        return iter(self.tensors)

    def __len__(self):
        return len(self.tensors)


class CallbackList(keras.callbacks.CallbackList):
    """The callbacks of one `model.fit`, which get `StepLogs`. Keras's own list reads all metrics after each step.

    Args:
        callbacks: Keras callbacks.
        model: the compiled model.
        steps: number of steps of an epoch, or None.
        options: further arguments of `model.fit`, with `epochs` and `verbose`.
    """

    def __init__(self, callbacks, model, steps, options):
        shown = {"epochs": options["epochs"], "verbose": options["verbose"], "steps": steps}
        super().__init__(callbacks, add_history=True, add_progbar=options["verbose"] != 0, model=model, **shown)

    def on_train_batch_end(self, batch, logs=None):
        logs = StepLogs(logs)
        for callback in self.callbacks:
            callback.on_train_batch_end(batch, logs)
