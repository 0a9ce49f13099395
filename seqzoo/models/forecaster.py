"""Forecaster: the next values of a time series, from its history and covariates."""

from typing import NamedTuple

import keras
import numpy as np
from keras import ops, tree

from seqzoo import backend
from seqzoo.data.calendar_features import SIZES, calendar
from seqzoo.data.forecast_windows import ForecastOrigins
from seqzoo.data.time_steps import Step
from seqzoo.errors import DataError, note
from seqzoo.layers import Stacked
from seqzoo.layers.forecast_head import ForecastHead
from seqzoo.layers.running_scale import RunningScale
from seqzoo.layers.standardization import Standardization
from seqzoo.models import forecast_stream
from seqzoo.models.forecast_outputs import DISTRIBUTIONS, output_of
from seqzoo.models.many_to_one import check_rate, check_size
from seqzoo.models.recurrent_stack import recurrent_stack


class Forecast(NamedTuple):
    """Forecast of a series: its times, `(steps,)`, and a quantile of each time and level, `(steps, levels)`."""

    name: str
    times: np.ndarray
    levels: tuple[float, ...]
    quantiles: np.ndarray


@keras.saving.register_keras_serializable("seqzoo")
class Forecaster(keras.Model):
    """Time series -> scaled by its running mean and deviation -> recurrent layers -> at each origin the next `horizon` values.

    An origin is a step after which a forecast is made, from that step and those before alone. A training sequence has many.
    The model takes a dict of

        target (batch, T): the series, any number where it is missing
        mask (batch, T): booleans, False where it is missing; the recurrent layers skip such steps
        past (batch, T, past): covariates of the same steps, NaN where missing
        known (batch, T + horizon, known): covariates of these steps and the `horizon` that follow
        origins (batch, F): the numbers of the origins, int32

    and returns `{"parameters": (batch, F, horizon, parameters), "location", "scale": (batch, F)}`, see `forecast_outputs`.
    Targets of a training are values `(batch, F, horizon)` with `sample_weight` of that shape, 0 where a value is missing.
    `compile` it without a loss: the loss is that of the output. `forecasts` takes whole series, `ForecastStream` rows.

    Args:
        horizon: steps of a forecast.
        past, known: names of the covariates. Call `adapt` before training.
        calendar: names of features of the calendar, see `data.calendar_features`; they come before the known covariates.
        output: "quantiles", "gaussian", "student-t" or "negative-binomial".
        levels: quantiles of "quantiles", from 0 to 1, in order.
        window: steps of the history that `forecasts` reads.
        lags: steps of the history that a linear model, whose forecast is added, sees.
        seasons: lengths of seasons, in steps, `lags` at most: the dense layers see the values a season before.
        minimum: least value of a series, such as 0; forecasts below are cut. None for none.
        step: name of the step of time, such as "1 hour"; other series are refused. Any if "".
        span: argument of `RunningScale`.
        cell, units, depth: arguments of `recurrent_stack`.
        features: size of the dense layers of a future step.
        dropout: dropout rate of the inputs and of the states.
        recurrent_dropout: dropout rate of the states; one mask a sequence.
        dtype: the dtype policy, such as "mixed_bfloat16"; scales and outputs are float32.
    """

    def __init__(
        self,
        horizon,
        past=(),
        known=(),
        calendar=(),
        output="quantiles",
        levels=(0.1, 0.5, 0.9),
        window=336,
        lags=168,
        seasons=(),
        minimum=None,
        step="",
        span=168.0,
        cell="gru",
        units=64,
        depth=1,
        features=32,
        dropout=0.0,
        recurrent_dropout=0.0,
        dtype=None,
        **kwargs,
    ):
        _check(horizon, output, levels, lags, seasons, units, depth, features, dropout, recurrent_dropout)
        policy = keras.dtype_policies.get(dtype or keras.config.dtype_policy())
        super().__init__(**kwargs)
        self.dtype_policy = policy  # Keras reads it for loss scaling
        # === Layers ===
        self.kind, self.kind_name = output_of(output, levels), output
        self.scaling = RunningScale(span)
        self.of_past, self.of_known = Standardization(name="of_past"), Standardization(name="of_known")
        self.drop = keras.layers.Dropout(dropout, dtype=policy)
        arguments = {"return_sequences": True, "recurrent_dropout": recurrent_dropout, "dtype": policy}
        self.recurrent = Stacked(recurrent_stack(cell, units, depth, **arguments), dropout=dropout, dtype=policy)
        self.head = ForecastHead(horizon, features, self.kind.locations, lags, seasons, dropout, dtype=policy)

        # === Config ===
        self.horizon, self.window, self.lags, self.levels, self.minimum = horizon, window, lags, tuple(levels), minimum
        self.step_name = step
        self.past, self.known, self.calendar = tuple(past), tuple(known), tuple(calendar)
        self._config = {
            "horizon": horizon,
            "past": list(past),
            "known": list(known),
            "calendar": list(calendar),
            "output": output,
            "levels": list(levels),
            "window": window,
            "lags": lags,
            "seasons": list(seasons),
            "minimum": minimum,
            "step": step,
            "span": span,
            "cell": cell,
            "units": units,
            "depth": depth,
            "features": features,
            "dropout": dropout,
            "recurrent_dropout": recurrent_dropout,
            "dtype": policy.name,
        }
        self._build(len(past), len(known) + sum(SIZES[name] for name in calendar))

    def _build(self, past, known):
        """Creates all weights, by a call on tensors without numbers."""
        shapes = {"target": (None,), "mask": (None,), "past": (None, past), "known": (None, known), "origins": (None,)}
        dtypes = {"mask": "bool", "origins": "int32"}
        self({name: keras.Input(shape, dtype=dtypes.get(name), name=name) for name, shape in shapes.items()})

    def call(self, inputs, training=False):
        target, mask, origins = inputs["target"], inputs["mask"], inputs["origins"]
        past, known = self.of_past(inputs["past"]), self.of_known(inputs["known"])
        means, deviations = self.scaling(target, mask)
        scaled = ops.where(mask, (target - means) / divisor(deviations), 0)
        steps = ops.shape(target)[1]
        x = ops.concatenate([scaled[..., None], past, known[:, :steps]], axis=-1)
        states = self.recurrent(self.drop(x, training=training), mask=mask, training=training)
        state = at_rows(states, origins)
        location, scale = at_rows(means, origins), at_rows(deviations, origins)
        ahead = at_rows(known, origins[..., None] + 1 + ops.arange(self.horizon, dtype="int32"))
        lags = self._lags(target, mask, origins, location, scale)
        return {"parameters": self.head(state, ahead, lags, training=training), "location": location, "scale": scale}

    def _lags(self, target, mask, origins, location, scale):
        """The last values before and at each origin, the last first, scaled; 0, the mean, for those that are missing."""
        rows = origins[..., None] - ops.arange(self.lags, dtype="int32")
        real = (rows >= 0) & at_rows(mask, ops.maximum(rows, 0))
        values = at_rows(target, ops.maximum(rows, 0))
        return ops.where(real, (values - location[..., None]) / divisor(scale)[..., None], 0)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Returns the mean loss of the values that are there, in scaled units."""
        location, scale = y_pred["location"][..., None], divisor(y_pred["scale"])[..., None]
        loss = self.kind.loss(y_pred["parameters"], ops.cast(y, "float32"), location, scale)
        weight = ops.ones_like(loss) if sample_weight is None else ops.cast(sample_weight, loss.dtype)
        rows = ops.sum(loss * weight, axis=(1, 2)) / ops.maximum(ops.mean(ops.sum(weight, axis=(1, 2))), 1.0)
        return backend.mean_of_batch(rows)

    def step(self, target, mask, past, known, ahead, state):
        """Reads one row at inference, and forecasts: the computation of `call`, a step at a time.

        Args:
            target, mask: `(batch,)`.
            past: `(batch, past)`.
            known: `(batch, known)`, of this step.
            ahead: `(batch, horizon, known)`, of the steps that follow.
            state: of `initial_state`, or that the previous `step` returned.

        Returns:
            The output of `call` at this step, `(batch, 1, ...)`, and the state.
        """
        scales, recurrent, output, values, reals = state
        scales, (mean, deviation) = self.scaling.step(target, mask, scales)
        scaled = ops.where(mask, (target - mean) / divisor(deviation), 0)
        x = ops.concatenate([scaled[:, None], self.of_past(past), self.of_known(known)], axis=-1)
        new = self.recurrent.step(x, recurrent)
        output, recurrent = tree.map_structure(lambda a, b: ops.where(mask[:, None], b, a), (output, recurrent), new)
        values = ops.concatenate([target[:, None], values[:, :-1]], axis=1)
        reals = ops.concatenate([mask[:, None], reals[:, :-1]], axis=1)
        lags = ops.where(reals, (values - mean[:, None]) / divisor(deviation)[:, None], 0)
        parameters = self.head(output[:, None], self.of_known(ahead)[:, None], lags[:, None])
        forecast = {"parameters": parameters, "location": mean[:, None], "scale": deviation[:, None]}
        return forecast, (scales, recurrent, output, values, reals)

    def initial_state(self, batch):
        """Returns the state before the first row of `batch` series."""
        zeros = ops.zeros((batch,))
        recurrent = [part for layer in self.recurrent.layers for part in layer.get_initial_state(batch)]
        output = ops.zeros((batch, self.recurrent.layers[-1].units), self.recurrent.compute_dtype)
        values = ops.zeros((batch, self.lags))
        return self.scaling.initial_state(zeros), recurrent, output, values, ops.zeros((batch, self.lags), "bool")

    def adapt(self, series):
        """Standardizes the covariates by those of a list of `Series`, the training part of each."""
        self.of_past.adapt(np.concatenate([one.past for one in series]))
        known = [self.known_of(one)[: len(one)] for one in series]
        self.of_known.adapt(np.concatenate(known))

    def known_of(self, series, steps=None):
        """Returns the known covariates of a series, float32 `(T + steps, features)`: of the calendar, then its own; NaN where
        they are missing. `steps` are the horizon's unless given."""
        rows = len(series) + (steps or self.horizon)
        own = np.full((rows, len(self.known)), np.nan, np.float32)
        own[: len(series.known)] = series.known[:rows]
        return np.concatenate([calendar(series.times(end=rows), self.calendar), own], axis=1)

    def forecasts(self, series, steps=None, levels=None, samples=200, seed=0):
        """Returns the `Forecast` of each series after its last row, from its last `window` rows.

        Args:
            series: `data.time_series.Series`, with the covariates of the model.
            steps: steps to forecast, `horizon` unless given. More than these are forecast step by step: `samples` paths are
                drawn, in which each value is the next input. That takes a distribution, and no past covariates.
            levels: quantiles from 0 to 1; those of the training unless given.
            seed: random seed of the paths.

        Raises:
            DataError: a series has no number, lacks a covariate, or a value of one for the steps to forecast.
        """
        steps, levels = steps or self.horizon, tuple(levels or self.levels)
        for one in series:
            self.check_series(one, steps)
        places = [(i, len(one) - 1) for i, one in enumerate(series)]
        quantiles = self.quantiles_at(series, places, levels, steps, samples, seed)
        return [
            Forecast(one.name, one.times(len(one), len(one) + steps), levels, of_one)
            for one, of_one in zip(series, quantiles, strict=True)
        ]

    def check_series(self, series, steps):
        """Raises a `DataError` if a series lacks what a forecast of so many steps needs."""
        if np.isnan(series.target).all():
            raise DataError(f"{series.name}: no number, expected a history")
        if self.step_name and not series.step.equals(Step.parse(self.step_name)):
            raise DataError(f"{series.name}: a step of {series.step}, the model was trained on {self.step_name}")
        if self.calendar and not series.step.unit:
            raise DataError(f"{series.name}: rows without times, the model reads the calendar")
        if self.minimum is not None and np.nanmin(series.target) < self.minimum:
            note(f"{series.name}: numbers below {self.minimum:g}, at which this model cuts its forecasts")
        if series.past.shape[1] != len(self.past) or series.known.shape[1] != len(self.known):
            raise DataError(f"{series.name}: expected the covariates {', '.join((*self.past, *self.known)) or 'none'}")
        ahead = series.known[len(series) : len(series) + steps]
        if self.known and (len(ahead) < steps or np.isnan(ahead).any()):
            raise DataError(f"{series.name}: expected {', '.join(self.known)} of the next {steps} steps too (--future)")

    def quantiles_at(self, series, places, levels, steps=None, samples=200, seed=0, batch_size=32):
        """Returns the forecasts of origins, float64 `(origins, steps, levels)`: see `forecasts`.

        Args:
            places: `(number of the series, row)` of each origin.
        """
        steps = steps or self.horizon
        if steps > self.horizon:
            return self._cut(forecast_stream.quantiles_of_paths(self, series, places, levels, steps, samples, seed))
        batches, found = ForecastOrigins(series, self, places, batch_size), []
        for i in range(len(batches)):
            inputs, _, shifts, count = batches.read(i)
            outputs = {name: np.float64(output) for name, output in self.predict_on_batch(inputs).items()}
            found.append((self.quantiles_of(outputs, levels)[:, 0] + shifts[:, None, None])[:count, :steps])
        return self._cut(np.concatenate(found))

    def _cut(self, values):
        return values if self.minimum is None else np.maximum(values, self.minimum)

    def quantiles_of(self, outputs, levels):
        """Returns quantiles `(batch, F, horizon, levels)` of the model's outputs as arrays."""
        location, scale = (outputs[name][..., None] for name in ("location", "scale"))
        return self.kind.quantiles(outputs["parameters"], levels, location, scale)

    def get_config(self):
        return dict(self._config, name=self.name, trainable=self.trainable)

    @classmethod
    def from_config(cls, config, custom_objects=None):
        return cls(**config)


def divisor(deviation):
    """Returns what to divide by: the deviation, or 1 where it is 0, of a constant history."""
    return ops.where(deviation > 0, deviation, 1)


def at_rows(a, rows):
    """Returns the rows of a, `(batch, T)` or `(batch, T, features)`, with the numbers `rows`, `(batch, ...)`."""
    flat = ops.reshape(rows, (ops.shape(a)[0], -1))
    if len(a.shape) == 3:
        taken = ops.take_along_axis(a, flat[..., None], axis=1)
        return ops.reshape(taken, (*ops.shape(rows), a.shape[-1]))
    return ops.reshape(ops.take_along_axis(a, flat, axis=1), ops.shape(rows))


def _check(horizon, output, levels, lags, seasons, units, depth, features, dropout, recurrent_dropout):
    sizes = {"horizon": horizon, "lags": lags, "units": units, "depth": depth, "features": features}
    for name, size in sizes.items():
        check_size(name, size)
    for name, rate in (("dropout", dropout), ("recurrent_dropout", recurrent_dropout)):
        check_rate(name, rate)
    if output not in ("quantiles", *DISTRIBUTIONS):
        raise ValueError(f"`output` must be quantiles or one of {', '.join(DISTRIBUTIONS)}, got {output!r}.")
    if not levels or list(levels) != sorted(set(levels)) or not 0 < levels[0] <= levels[-1] < 1:
        raise ValueError(f"`levels` must be different numbers between 0 and 1, in order, got {tuple(levels)}.")
    if any(not 1 < season <= lags for season in seasons):
        raise ValueError(f"`seasons` must be from 2 to `lags`, {lags}, got {tuple(seasons)}.")
