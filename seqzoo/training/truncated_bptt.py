"""Truncated back-propagation through time: the state is carried from batch to batch, the gradient is not."""

import keras
from keras import ops


class TruncatedBPTT(keras.Model):
    """A `models.OneToMany` over `data.streams.Windows`: each batch goes on with the state in which the one before it ended.

    The state is kept in variables that do not train. (A `stateful` layer would do, but not on JAX, where Keras does not carry
    its state through `fit`.)
    """

    def __init__(self, model, batch_size):
        super().__init__(dtype=model.dtype_policy)  # by which Keras decides whether the loss is scaled
        self.model = model
        shapes = [part.shape for part in model.initial_state(batch_size)]
        how = {"trainable": False, "autocast": False}  # it would round the state
        self.state = [self.add_weight(name=f"state_{i}", shape=shape, **how) for i, shape in enumerate(shapes)]
        self.built = True

    def call(self, inputs, training=False):
        continues = ops.cast(inputs["continues"], "bool")[:, None]
        state = map(ops.convert_to_tensor, self.state)
        state = [ops.where(continues & ops.isfinite(part), part, ops.zeros_like(part)) for part in state]  # one may overflow
        z, state = self.model.run(inputs["inputs"], state, training)
        for variable, part in zip(self.state, state, strict=True):
            variable.assign(ops.stop_gradient(part))
        return z
