"""Running mean and standard deviation of a series, by which a model scales each step without a look ahead."""

import keras
from keras import ops

from seqzoo import backend


@keras.saving.register_keras_serializable("seqzoo")
class RunningScale(keras.layers.Layer):
    """Mean μ<t> and standard deviation σ<t> of a series up to each step, with weights that fall exponentially:

        α<t> = (1 - γ) / (1 - γ^n)        n: number of the steps up to t, γ = 1 - 1 / span
        δ<t> = y<t> - μ<t-1>
        μ<t> = μ<t-1> + α<t> δ<t>
        v<t> = (1 - α<t>) (v<t-1> + α<t> δ<t>²),  σ<t> = √v<t>

    So (y - μ) / σ is the same for a·y + b as for y, a > 0. Source: D.H.D. West, Updating mean and variance estimates,
    Communications of the ACM 22 (1979), with the weights of an exponential average and Adam's correction of its start.

    Args:
        span: steps over which a weight falls to 1 / e.

    Call arguments:
        y: `(batch, T)`, of any shift; float32.
        mask: booleans `(batch, T)`. A False step changes nothing.

    Returns:
        μ and σ, `(batch, T)` each.
    """

    def __init__(self, span, **kwargs):
        super().__init__(**{"dtype": "float32"} | kwargs)
        if not span >= 1:
            raise ValueError(f"`span` must be a number from 1, got {span!r}.")
        self.span, self.supports_masking = span, True

    def call(self, y, mask):
        def step(state, y_t, real):
            state, mean_and_deviation = self.step(y_t, real, state)
            return state, mean_and_deviation

        steps = ops.transpose(ops.cast(y, self.compute_dtype)), ops.transpose(mask)
        _, outputs = backend.scan(step, self.initial_state(y[:, 0]), steps)
        return tuple(ops.transpose(output) for output in outputs)

    def initial_state(self, y_t):
        """Returns γ^n, μ and v before the first step."""
        zeros = ops.zeros_like(ops.cast(y_t, self.compute_dtype))
        return ops.ones_like(zeros), zeros, zeros

    def step(self, y_t, real, state):
        """Returns the next state, and (μ<t>, σ<t>), `(batch,)` each; where `real` is False the state stays."""
        before, mean, variance = state
        decay = before * (1 - 1 / self.span)
        alpha = ops.where(real, ops.minimum(1 / self.span / ops.maximum(1 - decay, 1e-7), 1.0), 0.0)  # rounded, 1 may be above
        delta = ops.where(real, y_t - mean, 0.0)
        mean = mean + alpha * delta
        variance = (1 - alpha) * (variance + alpha * delta**2)
        state = ops.where(real, decay, before), mean, variance
        return state, (mean, ops.sqrt(variance))

    def compute_output_spec(self, y, mask):
        return tuple(keras.KerasTensor(y.shape, dtype=self.compute_dtype) for _ in range(2))

    def get_config(self):
        return super().get_config() | {"span": self.span}
