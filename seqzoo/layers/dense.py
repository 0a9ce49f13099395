"""Dense layer at each step, with a float32 gradient of the bias under mixed precision too."""

import keras
from keras import ops

from seqzoo.backend import matmul
from seqzoo.equations.unit import tanh


@keras.saving.register_keras_serializable("seqzoo")
class Dense(keras.layers.Dense):
    """Dense layer g(W x + b): W x has the compute dtype; the sum and the output are float32 (float64 under float64).

    `keras.layers.Dense` adds b in the compute dtype. The gradient of b is a sum over all steps of a batch, and a bfloat16 sum
    stops growing early: on TensorFlow's CPU the sum over 3,200 steps came to an eighth of its true value. Keras's tanh on JAX
    and Keras's product on PyTorch also round float64 to float32.
    """

    def call(self, inputs, training=None):
        z = ops.cast(matmul(inputs, ops.cast(self.kernel, inputs.dtype)), self.variable_dtype)
        g = tanh if self.activation is keras.activations.tanh else self.activation
        return g(z if self.bias is None else ops.add(z, self.bias))

    def compute_output_spec(self, inputs, training=None):
        return keras.KerasTensor(self.compute_output_shape(inputs.shape), self.variable_dtype)
