"""Padded batches of pairs of sequences, for a model that reads one and writes the other."""

from collections.abc import Sequence

import numpy as np

from seqzoo.data.batches import QUANTILES, Batches, pad
from seqzoo.data.tokenizer import BOS


class PairBatches(Batches):
    """Data loader for an `EncoderDecoder`: batches `({"inputs", "mask", "y_prev"}, y, weights)`; see `Batches`.

    inputs `(B, T_x)` int32 and mask `(B, T_x)` bool are the sources; y `(B, T_y)` int32 the targets; y_prev `(B, T_y)` the
    targets a step later, after `<bos>`; weights `(B, T_y)` float32, 0 at padding. A bucket has a length for each side.

    Args:
        sources: lists of ids.
        targets: lists of ids, one for each source, with `<eos>` at the end.
        batch_size, seed, shuffle: as for `Batches`.
    """

    def __init__(self, sources: Sequence, targets: Sequence, batch_size: int, seed: int = 0, shuffle: bool = True):
        self.lengths = np.array([[len(source), len(target)] for source, target in zip(sources, targets, strict=True)])
        self.pair_buckets = bucket_pairs(self.lengths)
        self.outputs = [np.asarray(target, np.int32) for target in targets]
        super().__init__(sources, np.arange(len(sources)), batch_size, seed, shuffle)

    def bucket_numbers(self) -> np.ndarray:
        """Returns the number of each pair's bucket, the first that holds both sides."""
        sides = zip(np.transpose(self.pair_buckets), self.lengths.T, strict=True)
        return np.max([np.searchsorted(buckets, lengths) for buckets, lengths in sides], axis=0)

    def __getitem__(self, index: int):
        (rows, real), (of_source, of_target) = self.rows(index), self.pair_buckets[self._plan[index][1]]
        inputs, mask = pad([self.sequences[i] for i in rows], of_source)
        y, counts = pad([self.outputs[i] for i in rows], of_target)
        y_prev = np.concatenate([np.full_like(y[:, :1], BOS), y[:, :-1]], axis=1)
        weights = np.where(real, self.weights[rows], 0)[:, None] * counts
        return {"inputs": inputs, "mask": mask, "y_prev": y_prev}, y, weights.astype(np.float32)


def bucket_pairs(lengths: np.ndarray) -> list[tuple[int, int]]:
    """Returns buckets `(T_x, T_y)`, smallest first: the same quantiles of both sides, rounded up to multiples of 8.

    Two buckets differ on both sides, or a side has one length in all of them: Keras on TensorFlow fixes a length that two
    batches share.

    Args:
        lengths: `(N, 2)`.
    """
    longest = np.maximum(lengths.max(axis=0), 1)
    quantiles = np.clip(8 * np.ceil(np.quantile(lengths, QUANTILES, axis=0) / 8), 1, longest).astype(int)
    varies, buckets = quantiles[0] < longest, [longest]
    for bucket in np.where(varies, quantiles, longest)[::-1]:
        if varies.any() and (bucket < buckets[0])[varies].all():
            buckets.insert(0, bucket)
    return [(int(x), int(y)) for x, y in buckets]
