"""Influence of lags: how much a row of the history moves the forecast of a `Forecaster`."""

import numpy as np
from keras import ops

from seqzoo import backend
from seqzoo.data.forecast_windows import ForecastOrigins

ORIGINS = 64  # over which the influence is averaged


def influence_of_lags(model, split, seed):
    """Returns the mean |d location / d y| of the rows before an origin, the last first, `(window,)`, without a unit.

    The location is the median of quantiles, or the mean, of the scaled value; the mean is over `ORIGINS` origins and the steps
    of the horizon.
    """
    places = split.places()
    chosen = [places[i] for i in np.random.default_rng(seed).permutation(len(places))[:ORIGINS]]
    batches = ForecastOrigins(split.series, model, chosen, batch_size=len(chosen))
    inputs, *_ = batches.read(0)
    inputs = {name: ops.convert_to_tensor(array) for name, array in inputs.items()}
    column = len(model.kind.locations) // 2 if all(model.kind.locations) else 0

    def location(target, rest):
        outputs = model(rest | {"target": target}, training=False)
        return outputs["location"][..., None] + outputs["scale"][..., None] * outputs["parameters"][..., column]

    upstream = ops.ones((len(chosen), 1, model.horizon)) / model.horizon
    gradients = ops.convert_to_numpy(backend.vjp(location, inputs["target"], inputs, upstream))
    return np.abs(gradients).mean(axis=0)[::-1]
