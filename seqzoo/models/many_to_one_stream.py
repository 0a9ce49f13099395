"""Many to one, as the sequence goes: the prediction of a `ManyToOne` model after each step, from the last steps."""

import numpy as np
from keras import ops, tree

from seqzoo import backend
from seqzoo.models.many_to_one import to_answer


class ManyToOneStream:
    """Predictions after each step of a sequence without end, of vectors and by a model in one direction.

    Windows of `window` steps begin at every `hop`-th step; each is read step by step. A prediction is that of the oldest window
    that is not over: after its last step it is the model's own of the whole window. Memory does not grow.

    Args:
        model: a `ManyToOne` of vectors, with or without an `encoder` that takes single steps, such as `Standardization`; see
            `fits`.
        window, hop: steps; `hop` divides `window`.
    """

    def __init__(self, model, window, hop):
        self.layers, self.hidden, self.y_hat = model.upper_layers()
        if not self.fits(model):
            raise ValueError("A model that is bidirectional, or whose encoder reads several steps, cannot go a step at a time.")
        if window < 1 or hop < 1 or window % hop:
            raise ValueError(f"`window` must be a multiple of `hop`, got {window} and {hop}.")
        self.model, self.window, self.hop = model, window, hop
        self.pooling = model.get_config()["pooling"]
        self._run = backend.jit(self._step, model.variables)
        self.reset()

    @staticmethod
    def fits(model):
        """Whether a model can go a step at a time: it reads in one direction, and its encoder single steps."""
        one_way = not model.get_config()["bidirectional"]
        return one_way and (model.encoder is None or getattr(model.encoder, "by_step", False))

    def reset(self):
        """Begins another sequence."""
        count = self.window // self.hop
        units, zeros = self.layers[-1].units, [layer.get_initial_state(count) for layer in self.layers]
        pooled = ops.zeros((count, units)), ops.full((count, units), float("-inf"))  # the sum and the maximum
        self.empty = self.state = zeros, pooled
        self.step, self.first = 0, np.arange(count) * self.hop  # the step at which each window begins

    def push(self, x):
        """Reads a vector `(features,)`. Returns the `Answer`, and the number of steps that it is from."""
        self.first = np.where(self.step - self.first >= self.window, self.step, self.first)
        begins, steps = self.first == self.step, self.step - self.first + 1  # below 1: the window has not begun
        rows = np.broadcast_to(np.asarray(x, np.float32), (len(begins), len(x)))
        arrays = map(ops.convert_to_tensor, (rows, begins, np.maximum(steps, 1).astype(np.float32)))
        y_hat, self.state = self._run(*arrays, self.state, self.empty)
        self.step += 1
        oldest = int(np.argmax(steps))
        return to_answer(ops.convert_to_numpy(y_hat)[oldest], self.model.labels, self.model.answer), int(steps[oldest])

    def _step(self, x, begins, steps, state, empty):
        """ŷ of each window after one more step, `(windows, labels)`, and the states; `begins`: which of them begin with it."""
        states, (total, largest) = tree.map_structure(lambda a, b: ops.where(begins[:, None], a, b), empty, state)
        if self.model.encoder is not None:
            x = self.model.encoder(x)
        for i, layer in enumerate(self.layers):
            x, states[i] = layer.step(x, states[i])
        wide = ops.cast(x, total.dtype)
        total, largest = total + wide, ops.maximum(largest, wide)
        mean = total / steps[:, None]
        pooled = {"last": [wide], "mean": [mean], "max": [largest], "both": [mean, largest]}[self.pooling]
        y_hat = ops.cast(ops.concatenate(pooled, axis=-1), x.dtype)
        for layer in (*self.hidden, self.y_hat):
            y_hat = layer(y_hat)
        return y_hat, (states, (total, largest))


class WindowStream:
    """Predictions after each step of a sequence without end by any model of vectors, which reads the last `window` steps anew
    every `hop` steps.

    Args:
        model: a `ManyToOne` of vectors, with or without an `encoder`.
        window, hop: steps.
    """

    def __init__(self, model, window, hop):
        self.model, self.window, self.hop = model, window, hop
        self.reset()

    def reset(self):
        """Begins another sequence."""
        self.rows, self.step, self.answer = None, 0, None

    def push(self, x):
        """Reads a vector `(features,)`. Returns the last `Answer`, and the number of steps that it is from."""
        if self.rows is None:
            self.rows = np.zeros((self.window, len(x)), np.float32)
        self.rows[self.step % self.window] = x
        self.step += 1
        if self.answer is None or self.step % self.hop == 0:
            count, first = min(self.step, self.window), max(0, self.step - self.window) % self.window
            inputs, mask = np.roll(self.rows, -first, axis=0)[None], np.arange(self.window)[None] < count
            (y_hat,) = self.model.predict_on_batch({"inputs": inputs, "mask": mask})
            self.answer = to_answer(y_hat, self.model.labels, self.model.answer), count
        return self.answer
