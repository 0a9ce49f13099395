"""Sensor encoder: the channels of a sensor, standardized, summed up by convolutions, and in training seen as another wearer
would show them."""

import math

import keras
from keras import ops

from seqzoo.layers.arguments import positive_integer
from seqzoo.layers.standardization import Standardization

REACH = 2  # samples that a convolution sees on either side


@keras.saving.register_keras_serializable("seqzoo")
class SensorEncoder(keras.layers.Layer):
    """Channels `(batch, T_x, features)` -> `Standardization` -> convolutions; in training first rotated and scaled, each row in
    its own way.

    Each convolution, over five samples and with ReLU, halves the steps; layer normalisation follows the last.
    A rotation turns the channels three by three, such as the axes of an accelerometer and of a gyroscope, by one random angle
    around one random axis: nobody wears a sensor quite like another; or two by two, as those of a pen, in the plane. A gain
    multiplies each vector.

    Args:
        features: the number of channels; a multiple of `axes` if there is a rotation or a gain.
        filters: filters of each convolution; none if empty, and the encoder then reads single samples too.
        channels: names of the channels, by which data of files are read.
        rotation: standard deviation of the angle, in degrees.
        gain: standard deviation of the logarithm of the factor.
        axes: 3 or 2, the channels of a vector.
        seed: random seed of both.

    Call arguments: the channels; `mask`, booleans `(batch, T_x)`, which `steps_mask` turns into that of the output.
    """

    input_dtype = "float32"

    def __init__(self, features, filters=(), channels=(), rotation=0.0, gain=0.0, axes=3, seed=None, **kwargs):
        super().__init__(**{"dtype": "float32"} | kwargs)
        if axes not in (2, 3) or (rotation or gain) and features % axes:
            raise ValueError(f"`rotation` and `gain` need channels by twos or threes, got {features!r}, and `axes` {axes!r}.")
        self.features, self.channels, self.rotation, self.gain = features, tuple(channels), rotation, gain
        self.filters = tuple(positive_integer("filters", size) for size in filters)
        self.axes, self.seed, self.seeds = axes, seed, keras.random.SeedGenerator(seed)
        self.standardization = Standardization(features)
        options = {"kernel_size": 2 * REACH + 1, "strides": 2, "activation": "relu", "dtype": self.dtype_policy}
        self.convolutions = [keras.layers.Conv1D(size, **options) for size in self.filters]
        self.norm = keras.layers.LayerNormalization(dtype=self.dtype_policy) if filters else None
        self.supports_masking = True

    @property
    def input_shape_of_step(self):
        """The shape of the channels of a step."""
        return (self.features,)

    @property
    def by_step(self):
        """Whether a step of the output is of one sample, so that samples can be read one at a time."""
        return not self.filters

    def build(self, shape):
        self.standardization.build(shape)
        for layer, size in zip(self.convolutions, (self.features, *self.filters), strict=False):
            layer.build((None, None, size))
        if self.norm:
            self.norm.build((None, None, self.filters[-1]))
        self.built = True

    def call(self, x, mask=None, training=False):
        if training and (self.rotation or self.gain):
            x = self._vary(x)
        x = self.standardization(x)
        for layer in self.convolutions:
            if mask is not None:  # padding is as nothing: a real step sees 0 there
                x, mask = ops.where(ops.expand_dims(mask, -1), x, 0.0), mask[:, ::2]
            x = layer(ops.pad(x, [[0, 0], [REACH, REACH], [0, 0]]))
        return self.norm(x) if self.norm else x

    def _vary(self, x):
        """Channels turned and scaled, vector by vector."""
        shape, axes = ops.shape(x), self.axes
        count = self.features // axes
        angle, gain = (keras.random.normal((shape[0], size), seed=self.seeds) for size in (1, count))
        angle = ops.expand_dims(math.radians(self.rotation) * angle, 2)
        turn = (self._turn_in_space if axes == 3 else self._turn_in_plane)(angle)
        vectors = ops.reshape(x, (shape[0], -1, axes))  # (batch, T_x * count, axes)
        turned = ops.reshape(ops.matmul(vectors, ops.transpose(turn, (0, 2, 1))), (shape[0], shape[1], count, axes))
        return ops.reshape(turned * ops.exp(self.gain * gain)[:, None, :, None], shape)

    def _turn_in_space(self, angle):
        """Rotations around random axes, by Rodrigues' formula: R = I + sin θ K + (1 - cos θ) K²."""
        axis = keras.random.normal((ops.shape(angle)[0], 3), seed=self.seeds)
        axis = axis / ops.sqrt(ops.sum(axis**2, axis=1, keepdims=True))
        a, b, c = axis[:, 0], axis[:, 1], axis[:, 2]
        zero = ops.zeros_like(a)
        k = ops.reshape(ops.stack([zero, -c, b, c, zero, -a, -b, a, zero], axis=1), (-1, 3, 3))
        return ops.expand_dims(ops.eye(3), 0) + ops.sin(angle) * k + (1 - ops.cos(angle)) * ops.matmul(k, k)

    def _turn_in_plane(self, angle):
        return ops.concatenate(
            [ops.concatenate([ops.cos(angle), -ops.sin(angle)], 2), ops.concatenate([ops.sin(angle), ops.cos(angle)], 2)], 1
        )

    def adapt(self, rows):
        """Standardizes each channel by rows of the training data: see `Standardization.adapt`."""
        if not self.built:
            self.build((None, None, self.features))
        self.standardization.adapt(rows)

    def steps_mask(self, mask):
        """The mask of the output, of the mask of the input: every second step of it for each convolution."""
        return mask[:, :: 2 ** len(self.filters)]

    def compute_mask(self, x, mask=None):
        return None if mask is None else self.steps_mask(mask)

    def compute_output_shape(self, shape):
        batch, steps, features = shape
        return batch, steps and -(-steps // 2 ** len(self.filters)), (features, *self.filters)[-1]

    def get_config(self):
        own = {name: getattr(self, name) for name in ("features", "filters", "channels", "rotation", "gain", "axes", "seed")}
        return super().get_config() | own
