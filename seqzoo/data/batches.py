"""Padded, masked batches of few shapes, from sequences of many lengths.

XLA compiles once per shape. Lengths are therefore rounded up to at most six lengths (buckets), and every batch has exactly
`batch_size` rows.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np

READERS = ThreadPoolExecutor(thread_name_prefix="reader")  # of sounds and clips
QUANTILES = (0.3, 0.6, 0.8, 0.95, 0.99, 1.0)  # lengths have long tails: with these about 3 of 4 steps are real


class Batches(keras.utils.PyDataset):
    """Data loader: batches `({"inputs", "mask"}, targets, weights)` for `model.fit` and `model.evaluate`.

    inputs `(B, T)` int32 of ids, `(B, T, ids of a step)` int32 or `(B, T, ...)` float32, padded with zeros on the right; mask
    `(B, T)` bool, True at real steps; targets `(B, ...)`; weights `(B,)` float32. With `per_step`, targets `(B, T)` int32,
    padded like the inputs, and weights `(B, T)`, zero at padding.

    Rows of one bucket share batches. The rows left over of a bucket go to the next longer bucket, so that one batch per
    epoch is short. The short batch is filled up with copies of its rows at weight 0, and every real row of the epoch weighs
    slots / rows, a bit above 1 (times its own `sample_weights`). Keras divides the loss by `batch_size`: with these weights
    the epoch's mean loss is exactly the mean over the real rows. Weighted metrics (`compile(weighted_metrics=...)`) are
    exact too; metrics under `metrics=` ignore weights and count the copies.

    Args:
        sequences: lists of ids, int arrays `(T_x, ids of a step)` or float arrays `(T_x, ...)`; or objects with a length that
            NumPy makes such an array of, such as `sounds.SoundFile`s, which are read with each batch.
        targets: one per sequence; with `per_step` a list of class numbers per sequence, one for each step.
        batch_size: rows per batch.
        seed: random seed of the order, together with the number of the epoch.
        shuffle: whether the order changes every epoch; False keeps equal lengths in the given order.
        sample_weights: one per sequence; see `class_weights`.
        buckets: lengths to pad to; chosen from the sequences if None.
        max_length: steps beyond this length are cut off.
        per_step: whether each step has a target.
    """

    def __init__(
        self,
        sequences: Sequence,
        targets: Sequence,
        batch_size: int,
        seed: int = 0,
        shuffle: bool = True,
        sample_weights: Sequence[float] | None = None,
        buckets: Sequence[int] | None = None,
        max_length: int | None = None,
        per_step: bool = False,
    ):
        super().__init__()
        if not 0 < len(sequences) == len(targets):
            raise ValueError(f"expected as many targets as sequences, got {len(targets)} for {len(sequences)}.")
        if batch_size < 1:
            raise ValueError(f"`batch_size` must be a positive integer, got {batch_size}.")
        self.sequences = [_unread(sequence, max_length) for sequence in sequences]
        self.targets = [_steps(labels)[:max_length] for labels in targets] if per_step else np.asarray(targets)
        self.per_step, self.part = per_step, slice(None)  # the rows of each batch that are read
        self.batch_size, self.seed, self.shuffle = batch_size, seed, shuffle
        self.buckets = bucket_lengths(self.sequences, buckets)
        slots = len(self) * batch_size
        self.weights = np.broadcast_to(1.0 if sample_weights is None else sample_weights, len(sequences))
        self.weights = self.weights * slots / len(sequences)
        self.start_epoch(0)

    def start_epoch(self, epoch: int) -> None:
        """Sets the order of an epoch, which depends on the seed and the epoch alone."""
        self.epoch = epoch
        rng = np.random.default_rng((self.seed, epoch)) if self.shuffle else None
        self._plan = plan(self.bucket_numbers(), self.batch_size, rng)

    def bucket_numbers(self) -> np.ndarray:
        """Returns the number of each sequence's bucket, the shortest that holds it."""
        return np.searchsorted(self.buckets, [len(sequence) for sequence in self.sequences])

    def on_epoch_end(self) -> None:
        """Sets the order of the next epoch. Keras calls this method."""
        self.start_epoch(self.epoch + 1)

    def __len__(self) -> int:
        return -(-len(self.sequences) // self.batch_size)

    def rows(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Returns the row numbers of a batch, and booleans, False for copies; both cut to the slice `part`."""
        rows, _ = self._plan[index]
        filled = np.resize(rows, self.batch_size)  # repeats from the start
        return filled[self.part], (np.arange(self.batch_size) < len(rows))[self.part]

    def __getitem__(self, index: int) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
        (rows, real), length = self.rows(index), self.buckets[self._plan[index][1]]
        inputs, mask = pad([self.sequences[i] for i in rows], length)
        weights = np.where(real, self.weights[rows], 0)
        if self.per_step:
            targets, _ = pad([self.targets[i] for i in rows], length)
            return {"inputs": inputs, "mask": mask}, targets, (weights[:, None] * mask).astype(np.float32)
        return {"inputs": inputs, "mask": mask}, self.targets[rows], weights.astype(np.float32)


def pad(sequences: Sequence, length: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Returns padded inputs and their mask: zeros on the right up to `length` (the longest sequence if None).

    inputs is `(B, T)` int32 for lists of ids, `(B, T, ...)` int32 or float32 for arrays; mask `(B, T)` is True at real
    steps. Steps beyond `length` are cut off.
    """
    arrays = list(READERS.map(_steps, sequences) if _is_unread(sequences[0]) else map(_steps, sequences))
    lengths = np.array([len(array) for array in arrays])
    length = int(lengths.max()) if length is None else length
    mask = np.arange(length) < lengths[:, None]  # (B, T)
    inputs = np.zeros((len(arrays), length, *arrays[0].shape[1:]), arrays[0].dtype)
    inputs[mask] = np.concatenate([array[:length] for array in arrays])
    return inputs, mask


def _steps(sequence: Sequence) -> np.ndarray:
    """The array of a sequence; a sound is read here."""
    array = np.asarray(sequence)
    floats = array.ndim == 1 and array.size and array.dtype.kind not in "iu"
    if array.ndim == 0 or (floats and isinstance(sequence, (list, tuple))):
        raise ValueError(f"a sequence must be a list of ids or an array (T_x, ...), got shape {array.shape}.")
    if array.ndim > 2 and array.dtype == np.uint8:
        return array
    empty_list = array.ndim == 1 and not array.size
    return array.astype(np.int32 if empty_list or array.dtype.kind in "iu" else np.float32, copy=False)


def _unread(sequence: Sequence, max_length: int | None):
    """A sequence as an array of at most `max_length` steps; without that bound a sound or a clip as it is, to be read later."""
    return sequence if _is_unread(sequence) and max_length is None else _steps(sequence)[:max_length]


def _is_unread(sequence) -> bool:
    return not isinstance(sequence, (list, tuple, np.ndarray))


def bucket_lengths(sequences: Sequence, buckets: Sequence[int] | None = None) -> list[int]:
    """Returns the bucket lengths, shortest first: `buckets`, else quantiles rounded up to multiples of 8.

    The longest sequence always fits.
    """
    lengths = [len(sequence) for sequence in sequences]
    longest = max(1, *lengths)
    if buckets is None:
        buckets = np.clip(8 * np.ceil(np.quantile(lengths, QUANTILES) / 8), 1, longest)
    return sorted({int(length) for length in (*buckets, max(longest, *buckets))})


def plan(bucket: np.ndarray, batch_size: int, rng: np.random.Generator | None) -> list[tuple[np.ndarray, int]]:
    """Returns the batch plan, `(rows, bucket number)` for each batch: row numbers by bucket, lower first, cut into batches.

    Args:
        bucket: the bucket number of each row. Rows that are left over of a bucket are batched with the next.
        rng: shuffles the rows of a bucket, then the batches.
    """
    order = np.arange(len(bucket)) if rng is None else rng.permutation(len(bucket))
    order = order[np.argsort(bucket[order], kind="stable")]
    chunks = [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
    batches = [(rows, int(bucket[rows[-1]])) for rows in chunks]  # the last row is in the highest bucket
    if rng is not None:
        rng.shuffle(batches)
    return _unlike_first(batches)


def _unlike_first(batches: list[tuple[np.ndarray, int]]) -> list[tuple[np.ndarray, int]]:
    """Moves a batch of another bucket to the second place: Keras on TensorFlow fixes a length that the first two share."""
    for i, (_, bucket) in enumerate(batches):
        if bucket != batches[0][1]:
            batches.insert(1, batches.pop(i))
            break
    return batches


def in_order(predict: Callable, sequences: Sequence, batch_size: int = 32, buckets: Sequence[int] | None = None):
    """Returns predictions `(N, ...)` for all sequences, in their order, computed in batches of few shapes.

    Args:
        predict: function from `{"inputs", "mask"}` of `batch_size` rows to an array `(batch_size, ...)`, such as
            `model.predict_on_batch`.
    """
    batches = Batches(sequences, np.arange(len(sequences)), batch_size, shuffle=False, buckets=buckets)
    loaded = [batches[i] for i in range(len(batches))]
    outputs = np.concatenate([np.asarray(predict(inputs)) for inputs, _, _ in loaded])
    rows = np.concatenate([rows for _, rows, _ in loaded])
    real = np.concatenate([weights for _, _, weights in loaded]) > 0
    return outputs[real][np.argsort(rows[real])]


def steps_in_order(predict: Callable, sequences: Sequence, batch_size: int = 32) -> list[tuple[np.ndarray, ...]]:
    """Returns a tuple of predictions for each sequence, in their order, without padding.

    Args:
        predict: as for `in_order`, but with a tuple of arrays `(batch_size, T, ...)` or `(batch_size,)`; arrays with steps
            are cut to the length of the sequence.
    """
    batches = Batches(sequences, np.arange(len(sequences)), batch_size, shuffle=False)
    predictions = [()] * len(sequences)
    for i in range(len(batches)):
        inputs, rows, weights = batches[i]
        outputs = [np.asarray(output) for output in predict(inputs)]
        for row, number in enumerate(rows):
            if weights[row]:
                length = len(batches.sequences[number])
                predictions[number] = tuple(output[row, :length] if output.ndim > 1 else output[row] for output in outputs)
    return predictions


def class_weights(targets: Sequence) -> dict:
    """Returns class weights: all classes count the same, and the mean weight of a row is 1."""
    counts = Counter(targets)
    return {target: len(targets) / (len(counts) * count) for target, count in counts.items()}
