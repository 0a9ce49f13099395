"""Forecasts of rows as they arrive, and step by step: a forecaster reads one row at a time and carries its state."""

import numpy as np
from keras import ops, tree

from seqzoo import backend

PATHS = 4096  # that are drawn together


class ForecastStream:
    """Forecasts of several series after each row, from this row and those before: those of `Forecaster.forecasts` where it
    reads the same rows. Memory does not grow with their number.

    Args:
        model: a `Forecaster`.
        batch: how many series are read.
    """

    def __init__(self, model, batch=1):
        self.model, self.batch = model, batch
        self._step = backend.jit(model.step, model.variables)
        self.reset()

    def reset(self):
        """Begins anew, before the first row."""
        self.state, self.shifts = self.model.initial_state(self.batch), np.full(self.batch, np.nan)

    def push(self, target, past, known, ahead):
        """Reads a row of each series. Returns the model's outputs, arrays in the unit of the series, to `quantiles_of`.

        Args:
            target: `(batch,)`, NaN where missing.
            past: `(batch, past)`.
            known: `(batch, known)`, of the row, as `Forecaster.known_of` returns them.
            ahead: `(batch, horizon, known)`, of the steps that follow.
        """
        target = np.asarray(target, np.float64)
        mask = ~np.isnan(target)
        self.shifts = np.where(np.isnan(self.shifts) & mask, target if self.model.kind.shifts else 0.0, self.shifts)
        shifts = np.nan_to_num(self.shifts)
        rows = np.where(mask, target - shifts, 0).astype(np.float32), mask
        rows += tuple(np.asarray(array, np.float32) for array in (past, known, ahead))
        outputs, self.state = self._step(*map(ops.convert_to_tensor, rows), self.state)
        outputs = {name: np.float64(ops.convert_to_numpy(output)) for name, output in outputs.items()}
        return outputs | {"location": outputs["location"] + shifts[:, None]}

    def repeat(self, times):
        """Returns a stream of `times` copies of each series, each as far as this one."""
        copies = ForecastStream.__new__(ForecastStream)
        copies.model, copies.batch, copies._step = self.model, self.batch * times, self._step
        copies.state = tree.map_structure(lambda part: ops.repeat(part, times, axis=0), self.state)
        copies.shifts = np.repeat(self.shifts, times)
        return copies


def quantiles_of_paths(model, series, places, levels, steps, samples, seed):
    """Returns quantiles of sampled paths, `(origins, steps, levels)`: see `Forecaster.quantiles_at`."""
    if model.past:
        raise ValueError(f"{steps} steps are more than the horizon, {model.horizon}, and past covariates end at the last row.")
    rng, known = np.random.default_rng(seed), [model.known_of(one, steps + model.horizon) for one in series]
    size, found = max(1, PATHS // samples), []
    for begin in range(0, len(places), size):
        numbers, rows = zip(*places[begin : begin + size], strict=True)
        paths = _paths(model, [series[i] for i in numbers], [known[i] for i in numbers], rows, steps, samples, rng)
        found.append(np.moveaxis(np.quantile(paths, levels, axis=1), 0, -1))
    return np.concatenate(found)


def _paths(model, series, known, rows, steps, samples, rng):
    """Returns `(origins, samples, steps)` values after the rows."""
    count = len(series)
    stream, past, horizon = ForecastStream(model, count), np.zeros((count, 0)), model.horizon
    padded = [np.pad(of_one, ((model.window, 0), (0, 0))) for of_one in known]

    def covariates(t):
        """The known covariates of the row t steps after the origin, and of the steps that follow it."""
        from_here = [of_one[row + model.window + t :] for of_one, row in zip(padded, rows, strict=True)]
        return np.stack([of_one[0] for of_one in from_here]), np.stack([of_one[1 : 1 + horizon] for of_one in from_here])

    for t in range(1 - model.window, 1):
        values = [one.target[row + t] if row + t >= 0 else np.nan for one, row in zip(series, rows, strict=True)]
        outputs = stream.push(values, past, *covariates(t))
    stream, past = stream.repeat(samples), np.zeros((count * samples, 0))
    first = {name: np.repeat(output, samples, axis=0) for name, output in outputs.items()}
    outputs, drawn = first, []
    for t in range(1, steps + 1):
        p, location, scale = outputs["parameters"][:, 0, 0], outputs["location"][:, 0], outputs["scale"][:, 0]
        values = model.kind.sample(p, location, scale, rng)
        drawn.append(values if model.minimum is None else np.maximum(values, model.minimum))
        of_row, ahead = (np.repeat(array, samples, axis=0) for array in covariates(t))
        outputs = stream.push(drawn[-1], past, of_row, ahead)
    return np.stack(drawn, axis=-1).reshape(count, samples, steps)
