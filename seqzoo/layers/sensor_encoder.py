"""Sensor encoder: the channels of a sensor, standardized, and in training seen as another wearer would show them."""

import math

import keras
from keras import ops

from seqzoo.layers.standardization import Standardization


@keras.saving.register_keras_serializable("seqzoo")
class SensorEncoder(keras.layers.Layer):
    """Channels `(batch, T_x, features)` -> `Standardization`; in training first rotated and scaled, each row its own way.

    A rotation turns the channels three by three, such as the axes of an accelerometer and of a gyroscope, by one random angle
    around one random axis: nobody wears a sensor quite like another. A gain multiplies each three.

    Args:
        features: the number of channels; three by three if there is a rotation or a gain.
        rotation: standard deviation of the angle, in degrees.
        gain: standard deviation of the logarithm of the factor.
        seed: random seed of both.

    Call arguments: the channels; `mask`, booleans `(batch, T_x)`, which is that of the output too.
    """

    input_dtype = "float32"

    def __init__(self, features, rotation=0.0, gain=0.0, seed=None, **kwargs):
        super().__init__(**{"dtype": "float32"} | kwargs)
        if (rotation or gain) and features % 3:
            raise ValueError(f"`rotation` and `gain` need channels three by three, got {features!r}.")
        self.features, self.rotation, self.gain = features, rotation, gain
        self.seed, self.seeds = seed, keras.random.SeedGenerator(seed)
        self.standardization = Standardization(features)
        self.supports_masking = True

    @property
    def input_shape_of_step(self):
        """The shape of the channels of a step."""
        return (self.features,)

    def build(self, shape):
        self.standardization.build(shape)
        self.built = True

    def call(self, x, mask=None, training=False):
        if training and (self.rotation or self.gain):
            x = self._vary(x)
        return self.standardization(x)

    def _vary(self, x):
        """Channels turned by Rodrigues' formula, R = I + sin θ K + (1 - cos θ) K², and scaled."""
        shape, threes = ops.shape(x), self.features // 3
        axis, angle, gain = (keras.random.normal((shape[0], size), seed=self.seeds) for size in (3, 1, threes))
        axis = axis / ops.sqrt(ops.sum(axis**2, axis=1, keepdims=True))
        angle = ops.expand_dims(math.radians(self.rotation) * angle, 2)
        a, b, c = axis[:, 0], axis[:, 1], axis[:, 2]
        zero = ops.zeros_like(a)
        k = ops.reshape(ops.stack([zero, -c, b, c, zero, -a, -b, a, zero], axis=1), (-1, 3, 3))
        turn = ops.expand_dims(ops.eye(3), 0) + ops.sin(angle) * k + (1 - ops.cos(angle)) * ops.matmul(k, k)
        vectors = ops.reshape(x, (shape[0], -1, 3))  # (batch, T_x * threes, 3)
        turned = ops.reshape(ops.matmul(vectors, ops.transpose(turn, (0, 2, 1))), (shape[0], shape[1], threes, 3))
        return ops.reshape(turned * ops.exp(self.gain * gain)[:, None, :, None], shape)

    def adapt(self, rows):
        """Standardizes each channel by rows of the training data: see `Standardization.adapt`."""
        self.standardization.adapt(rows)
        self.built = True

    def steps_mask(self, mask):
        """The mask of the output, of the mask of the input: the same."""
        return mask

    def compute_output_shape(self, shape):
        return shape

    def get_config(self):
        own = {name: getattr(self, name) for name in ("features", "rotation", "gain", "seed")}
        return super().get_config() | own
