"""Windows of time series for a forecaster: the history before an origin, known covariates, and the values that follow."""

from collections.abc import Sequence

import keras
import numpy as np

from seqzoo.data.time_series import Series

LEAST_BATCHES = 50  # of an epoch
LEAST_SHARE = 1 / 8  # of a window, or of the longest series, that is observed before an origin from which a model learns


def read_windows(
    series: Sequence[Series], known: Sequence[np.ndarray], ends: Sequence[int], window: int, horizon: int, shifts=True
):
    """Returns the rows before each end as inputs of a `Forecaster`, without origins; and the shift of each target.

    The first value that is there is subtracted from a target, in float64: float32 has no digits to spare for a level.

    Args:
        shifts: whether to subtract anything.
        series, known, ends: of each window its series, the covariates `(T + horizon, features)` and the row after its last.
    """
    batch = len(ends)
    target, subtracted = np.full((batch, window), np.nan), np.zeros(batch)
    past = np.full((batch, window, series[0].past.shape[1]), np.nan, np.float32)
    covariates = np.full((batch, window + horizon, known[0].shape[1]), np.nan, np.float32)
    for i, (one, of_one, end) in enumerate(zip(series, known, ends, strict=True)):
        begin = max(0, end - window)
        first = window - (end - begin)
        target[i, first:], past[i, first:] = one.target[begin:end], one.past[begin:end]
        covariates[i, first : first + len(of_one[begin : end + horizon])] = of_one[begin : end + horizon]
        real = target[i][~np.isnan(target[i])]
        subtracted[i] = real[0] if shifts and len(real) else 0.0
    mask = ~np.isnan(target)
    shifted = np.where(mask, target - subtracted[:, None], 0).astype(np.float32)
    return {"target": shifted, "mask": mask, "past": past, "known": covariates}, subtracted


def values_after(series: Sequence[Series], rows: np.ndarray, horizon: int) -> np.ndarray:
    """Returns the values of the `horizon` rows after each of `rows (batch, F)`, float64 `(batch, F, horizon)`; NaN where
    missing, or beyond the last row."""
    ahead = rows[..., None] + 1 + np.arange(horizon)
    values = [one.target[np.minimum(of_one, len(one) - 1)] for one, of_one in zip(series, ahead, strict=True)]
    return np.where(ahead < np.array([len(one) for one in series])[:, None, None], np.stack(values), np.nan)


class ForecastWindows(keras.utils.PyDataset):
    """Batches `(inputs, values, weights)` for a `Forecaster`: windows at random places, each with several origins.

    The windows of an epoch depend on the seed and on its number alone. Origins lie in the second half of a window, after an
    eighth of its rows at least that are not missing.

    Args:
        series: the series, each with more rows than the horizon.
        model: the `Forecaster`, for its window, horizon and covariates.
        origins: origins of a window.
        batch_size: windows of a batch.
        seed: random seed of the windows.
        batches: batches of an epoch; if None as many as give it an origin a row, 50 at least.
    """

    def __init__(self, series: Sequence[Series], model, origins: int = 32, batch_size: int = 32, seed: int = 0, batches=None):
        super().__init__()
        self.series, self.window, self.horizon, self.shifts = list(series), model.window, model.horizon, model.kind.shifts
        self.known = [model.known_of(one) for one in series]
        self.origins, self.batch_size, self.seed, self.epoch = min(origins, -(-self.window // 2)), batch_size, seed, 0
        rows = np.array([len(one) - self.horizon for one in series], float)
        self.shares, self.least = rows / rows.sum(), LEAST_SHARE * min(self.window, rows.max())
        self.count = batches or max(LEAST_BATCHES, round(rows.sum() / self.origins / batch_size))

    def start_epoch(self, epoch: int) -> None:
        """Sets the number of the epoch."""
        self.epoch = epoch

    def on_epoch_end(self) -> None:
        self.epoch += 1

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int):
        rng = np.random.default_rng((self.seed, self.epoch, index))
        chosen = rng.choice(len(self.series), self.batch_size, p=self.shares)
        series, known = [self.series[i] for i in chosen], [self.known[i] for i in chosen]
        last = np.array([len(one) - self.horizon for one in series])  # the last end with all values after it
        ends = rng.integers(np.minimum(self.window, last), last + 1)
        inputs, shifts = read_windows(series, known, ends, self.window, self.horizon, self.shifts)
        inputs["origins"] = self._draw_origins(rng)
        rows = ends[:, None] - self.window + inputs["origins"]
        values = values_after(series, np.maximum(rows, 0), self.horizon)
        observed = np.take_along_axis(np.cumsum(inputs["mask"], axis=1), inputs["origins"], axis=1)
        weights = ~np.isnan(values) & (observed >= self.least)[..., None]
        return inputs, _shifted(values, shifts), weights.astype(np.float32)

    def _draw_origins(self, rng) -> np.ndarray:
        """Returns different rows of the second half of each window, in order, `(batch, F)`."""
        half = self.window // 2
        drawn = np.stack([rng.permutation(self.window - half)[: self.origins] for _ in range(self.batch_size)])
        return (half + np.sort(drawn, axis=1)).astype(np.int32)


class ForecastOrigins(keras.utils.PyDataset):
    """Batches like those of `ForecastWindows`, of given origins, one a window; the last batch is filled up at weight 0.

    Args:
        series, model, batch_size: see `ForecastWindows`.
        places: `(number of the series, row)` of each origin.
    """

    def __init__(self, series: Sequence[Series], model, places: Sequence[tuple[int, int]], batch_size: int = 32):
        super().__init__()
        self.series, self.places, self.batch_size = list(series), list(places), batch_size
        self.window, self.horizon, self.shifts = model.window, model.horizon, model.kind.shifts
        self.known = [model.known_of(one) for one in series]

    def __len__(self) -> int:
        return -(-len(self.places) // self.batch_size)

    def __getitem__(self, index: int):
        inputs, values, shifts, real = self.read(index)
        weights = ~np.isnan(values) & (np.arange(self.batch_size) < real)[:, None, None]
        return inputs, _shifted(values, shifts), weights.astype(np.float32)

    def read(self, index: int):
        """Returns the inputs of a batch, the values, the shift of each row, and how many rows are no copies."""
        places = self.places[index * self.batch_size : (index + 1) * self.batch_size]
        filled = [places[i % len(places)] for i in range(self.batch_size)]
        numbers, rows = zip(*filled, strict=True)
        series, known = [self.series[i] for i in numbers], [self.known[i] for i in numbers]
        inputs, shifts = read_windows(series, known, np.array(rows) + 1, self.window, self.horizon, self.shifts)
        inputs["origins"] = np.full((self.batch_size, 1), self.window - 1, np.int32)
        return inputs, values_after(series, np.array(rows)[:, None], self.horizon), shifts, len(places)


def _shifted(values: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """Returns values without the shift of their window, float32; 0 where they are missing."""
    return np.nan_to_num(values - shifts[:, None, None]).astype(np.float32)
