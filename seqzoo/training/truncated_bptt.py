"""Truncated back-propagation through time: the state is carried from batch to batch, the gradient is not."""

import keras
from keras import ops


class TruncatedBPTT(keras.Model):
    """Model for truncated back-propagation through time: each batch starts from the final state of the batch before.

    It wraps a `models.OneToMany` and trains on `data.windows.StreamWindows`. Variables that do not train hold the state. (A
    `stateful` layer does not work on JAX, where Keras does not carry its state through `fit`.)
    """

    def __init__(self, model, batch_size):
        super().__init__(dtype=model.dtype_policy)  # by which Keras decides whether to scale the loss
        self.model = model
        shapes = [state.shape for state in model.initial_state(batch_size)]
        options = {"trainable": False, "autocast": False}  # autocast would round the state
        self.state = [self.add_weight(name=f"state_{i}", shape=shape, **options) for i, shape in enumerate(shapes)]
        self.built = True

    def call(self, inputs, training=False):
        continues = ops.cast(inputs["continues"], "bool")[:, None]
        state = map(ops.convert_to_tensor, self.state)
        state = [ops.where(continues & ops.isfinite(s), s, ops.zeros_like(s)) for s in state]  # a state may overflow
        z, state = self.model.run(inputs["inputs"], state, training)
        for variable, value in zip(self.state, state, strict=True):
            variable.assign(ops.stop_gradient(value))
        return z
