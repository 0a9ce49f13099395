"""The layers of a forecaster above the recurrent ones: the state at an origin becomes a forecast of each future step."""

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable("seqzoo")
class ForecastHead(keras.layers.Layer):
    """Forecasts of `horizon` steps from the state a at an origin, all at once:

        u<h> = relu(W_h a + U k<h> + S s<h> + b_h)        k<h>: known covariates, s<h>: values a season before
        p<h> = V relu(W u<h> + b) + c + A_h l              l: the last values, of which A_h l is a linear autoregression

    So a linear model of the history is a part of it. Sources: the context of each step of R. Wen et al., A Multi-Horizon
    Quantile Recurrent Forecaster (2017); the linear part of G. Lai et al., Modeling Long- and Short-Term Temporal Patterns
    with Deep Neural Networks (SIGIR 2018), which begins at 0 here.

    Args:
        horizon: steps of a forecast.
        features: size of u.
        locations: for each parameter of p the factor, 0 or 1, by which the linear part counts.
        lags: length of l.
        seasons: lengths of seasons, in steps, `lags` at most.
        dropout: dropout rate of a.

    Call arguments: a `(batch, F, units)`; k `(batch, F, horizon, known)`; l `(batch, F, lags)`, the last value first. Returns
    p `(batch, F, horizon, parameters)`, float32.
    """

    def __init__(self, horizon, features, locations, lags, seasons=(), dropout=0.0, **kwargs):
        super().__init__(autocast=False, **kwargs)
        self.horizon, self.features, self.locations = horizon, features, tuple(locations)
        self.lags, self.seasons, self.dropout = lags, tuple(seasons), dropout
        policy = {"dtype": self.dtype_policy}
        self.drop = keras.layers.Dropout(dropout, **policy)
        self.of_state = keras.layers.Dense(horizon * features, name="of_state", **policy)
        self.of_known = keras.layers.Dense(features, use_bias=False, name="of_known", **policy)
        self.of_season = keras.layers.Dense(features, use_bias=False, name="of_season", **policy)
        self.hidden = keras.layers.Dense(features, activation="relu", name="hidden", **policy)
        self.parameters_of = keras.layers.Dense(len(self.locations), dtype="float32", name="parameters")
        self.linear = keras.layers.Dense(horizon, kernel_initializer="zeros", dtype="float32", name="linear")
        steps = np.arange(1, horizon + 1)
        self.places = [season * -(-steps // season) - steps for season in self.seasons]  # in l, of the step a season before

    def build(self, state_shape, known_shape, lags_shape):
        self.of_state.build(state_shape)
        if known_shape[-1]:
            self.of_known.build(known_shape)
        if self.seasons:
            self.of_season.build((None, None, self.horizon, len(self.seasons)))
        self.hidden.build((None, None, self.horizon, self.features))
        self.parameters_of.build((None, None, self.horizon, self.features))
        self.linear.build(lags_shape)
        self.built = True

    def call(self, state, known, lags, training=False):
        batch, origins, _ = ops.shape(state)
        u = self.of_state(self.drop(state, training=training))
        u = ops.reshape(u, (batch, origins, self.horizon, self.features))
        if known.shape[-1]:
            u = u + self.of_known(known)
        if self.seasons:
            u = u + self.of_season(ops.stack([ops.take(lags, place, axis=2) for place in self.places], axis=-1))
        p = self.parameters_of(self.hidden(ops.relu(u)))
        return p + ops.expand_dims(self.linear(lags), -1) * ops.convert_to_tensor(self.locations, "float32")

    def compute_output_shape(self, state_shape, known_shape, lags_shape):
        return (*state_shape[:2], self.horizon, len(self.locations))

    def get_config(self):
        own = ("horizon", "features", "locations", "lags", "seasons", "dropout")
        return super().get_config() | {name: getattr(self, name) for name in own}
