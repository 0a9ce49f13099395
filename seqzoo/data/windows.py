"""Stream batches for truncated backpropagation: a long text, one window of steps at a time."""

from collections.abc import Sequence

import keras
import numpy as np

from seqzoo.data.tokenizer import PAD


class StreamWindows(keras.utils.PyDataset):
    """Batches `({"inputs", "continues"}, targets, weights)` of a stream of ids, for `training.truncated_bptt.TruncatedBPTT`.

    The stream is cut into `batch_size` rows of one length. The rows are read in parallel, `steps` tokens at a time: a batch
    continues where the previous batch ended. Batches must therefore stay in order (`fit(shuffle=False)`).

    inputs, y<t-1>, and targets, y<t>, are `(batch, steps)` int32; y<0> of the stream is 0. continues `(batch,)` is False in the
    first batch, True after it; weights `(batch, steps)` are zero beyond the end of a row.
    """

    def __init__(self, ids: Sequence[int], batch_size: int, steps: int):
        super().__init__()
        self.steps, self.row = steps, -(-len(ids) // batch_size)  # tokens of a row
        self.y, self.y_prev = (self._rows(stream, batch_size) for stream in (ids, [PAD, *ids[:-1]]))
        self.weights = self._rows(np.ones(len(ids)), batch_size).astype(np.float32)

    def _rows(self, stream: Sequence[int], batch_size: int) -> np.ndarray:
        """Returns a stream as rows `(batch, T)`, T a multiple of `steps`, with zeros after the last token of each row."""
        filled = np.zeros(batch_size * self.row, np.int32)
        filled[: len(stream)] = stream
        return np.pad(filled.reshape(batch_size, self.row), ((0, 0), (0, -self.row % self.steps)))

    def __len__(self) -> int:
        return self.y.shape[1] // self.steps

    def __getitem__(self, index: int) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
        columns = slice(index * self.steps, (index + 1) * self.steps)
        continues = np.full(len(self.y), index > 0)
        return {"inputs": self.y_prev[:, columns], "continues": continues}, self.y[:, columns], self.weights[:, columns]
