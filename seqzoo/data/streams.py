"""A long text, read a window at a time."""

from collections.abc import Sequence

import keras
import numpy as np

from seqzoo.data.tokenizer import PAD


class Windows(keras.utils.PyDataset):
    """Batches `({"inputs", "goes_on"}, targets, weights)` of a stream of ids, for `training.carried.Carried`.

    The stream is cut into `batch_size` rows of one length, which are read side by side, `steps` tokens at a time: a batch goes
    on where the one before it ended. Hence they must come in their order (`fit(shuffle=False)`).

    inputs, y<t-1>, and targets, y<t>, are `(batch, steps)` int32; y<0> of the stream is 0. goes_on `(batch,)` is False in the
    first batch, True after it; weights `(batch, steps)` are zero beyond the end of a row.
    """

    def __init__(self, ids: Sequence[int], batch_size: int, steps: int):
        super().__init__()
        stream = np.asarray(ids, np.int32)
        batch_size = min(batch_size, max(1, len(stream)))
        self.steps, length = steps, -(-len(stream) // batch_size)
        filled = -(-length // steps) * steps
        y, y_prev, weights = (np.zeros((batch_size, filled), kind) for kind in (np.int32, np.int32, np.float32))
        for row in range(batch_size):
            piece = stream[row * length : (row + 1) * length]
            y[row, : len(piece)], weights[row, : len(piece)] = piece, 1
            before = stream[row * length - 1] if row else PAD
            y_prev[row, : len(piece)] = [before, *piece[:-1]] if len(piece) else []
        self.y, self.y_prev, self.weights, self.row = y, y_prev, weights, length

    def __len__(self) -> int:
        return self.y.shape[1] // self.steps

    def __getitem__(self, index: int) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
        columns = slice(index * self.steps, (index + 1) * self.steps)
        goes_on = np.full(len(self.y), index > 0)
        return {"inputs": self.y_prev[:, columns], "goes_on": goes_on}, self.y[:, columns], self.weights[:, columns]
