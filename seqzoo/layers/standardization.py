"""Standardization of covariates by the training data; missing numbers become the mean."""

import keras
import numpy as np
from keras import ops

MOST = 10.0  # deviations: a covariate beyond them is new to the model, and must not rule it


@keras.saving.register_keras_serializable("seqzoo")
class Standardization(keras.layers.Layer):
    """Covariates `(..., features)` -> (x - mean) / deviation, cut to ±10; a missing number, NaN, becomes 0, the mean.

    `adapt` sets mean and deviation, which are saved with the model; before that they are 0 and 1.

    Args:
        features: the number of covariates, where the layer is the `encoder` of a model.
    """

    input_dtype, by_step = "float32", True

    def __init__(self, features=None, **kwargs):
        super().__init__(**{"dtype": "float32"} | kwargs)
        self.features, self.supports_masking = features, True

    @property
    def input_shape_of_step(self):
        """The shape of the covariates of a step."""
        return (self.features,)

    def build(self, shape):
        options = {"shape": (shape[-1],), "trainable": False}
        self.mean = self.add_weight(name="mean", initializer="zeros", **options)
        self.deviation = self.add_weight(name="deviation", initializer="ones", **options)
        self.built = True

    def call(self, x, mask=None):
        z = ops.clip((x - self.mean) / self.deviation, -MOST, MOST)
        return ops.where(ops.isnan(x), 0.0, z)

    def adapt(self, rows):
        """Sets mean and deviation to those of rows `(N, features)`, an array or a list of arrays, without their NaN; a constant
        has the deviation 1."""
        rows = np.ma.masked_invalid(np.concatenate(rows) if isinstance(rows, list) else rows, copy=True).astype(np.float64)
        if not self.built:
            self.build(rows.shape)
        self.mean.assign(rows.mean(axis=0).filled(0))
        deviation = rows.std(axis=0).filled(0)
        self.deviation.assign(np.where(deviation > 0, deviation, 1))

    def steps_mask(self, mask):
        """The mask of the output, of the mask of the input: the same."""
        return mask

    def compute_output_shape(self, shape):
        return shape

    def get_config(self):
        return super().get_config() | {"features": self.features}
