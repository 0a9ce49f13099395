"""One-to-one model: classification of, or regression on, a vector of fixed size, without recurrence."""

import keras
import numpy as np

from seqzoo.data.batches import in_order
from seqzoo.errors import DataError
from seqzoo.models.many_to_one import check_answer, check_rate, check_size, output_layer, to_answer


@keras.saving.register_keras_serializable("seqzoo")
class OneToOne(keras.Model):
    """Vector classifier or regressor, T_x = T_y = 1: x -> dense layers -> ŷ.

    The model takes `{"inputs": vectors (batch, features)}` and returns ŷ `(batch, labels)`, or `(batch, 1)` for a "yes-no" or a
    "number". Sequences of one length `(batch, T_x, features)` are flattened. The model ignores a `"mask"`, so that it trains on
    `data.batches.Batches` of such sequences.

    Args:
        features: the size of an input vector, or the shape of an input, such as `(T_x, features)`.
        labels: names of the classes; for a "yes-no" the no first; none for a "number".
        answer: kind of output: "one" label (softmax), "yes-no" (sigmoid), "several" labels (a sigmoid each) or a "number".
        dense: sizes of the layers before the output; none for logistic or linear regression.
        activation: activation of those layers, by its name in Keras.
        dropout: dropout rate of the input and of the layers' outputs, element by element.
        dtype: the dtype policy, such as "mixed_bfloat16"; Keras's global policy unless given. ŷ is float32.
    """

    def __init__(self, features, labels=(), answer="one", dense=(64,), activation="relu", dropout=0.0, dtype=None, **kwargs):
        shape = tuple(features) if isinstance(features, (list, tuple)) else (features,)
        _check(shape, tuple(labels), answer, dense, dropout)
        policy = keras.dtype_policies.get(dtype or keras.config.dtype_policy())
        # === Layers ===
        flatten = keras.layers.Flatten(dtype=policy)
        drop = keras.layers.Dropout(dropout, dtype=policy)
        hidden = [keras.layers.Dense(size, activation=activation, dtype=policy) for size in dense]
        y_hat = output_layer(labels, answer)

        # === Functional model ===
        inputs = keras.Input(shape, name="inputs")
        x = drop(flatten(inputs))
        for layer in hidden:
            x = drop(layer(x))
        super().__init__(inputs={"inputs": inputs}, outputs=y_hat(x), **kwargs)
        self.dtype_policy = policy  # Keras reads it for loss scaling; a functional model takes no `dtype`

        # === Config ===
        self.labels, self.answer, self.shape = tuple(labels), answer, shape
        self._config = {
            "features": list(shape),
            "labels": list(labels),
            "answer": answer,
            "dense": list(dense),
            "activation": activation,
            "dropout": dropout,
            "dtype": policy.name,
        }

    def call(self, inputs, training=None, mask=None):
        return super().call({"inputs": inputs["inputs"]}, training=training)

    def answers(self, inputs, batch_size=32):
        """Returns the predicted `Answer` of each input."""
        if not len(inputs):
            return []
        one_step = [x.reshape(1, -1) for x in self.sequences(inputs)]  # T_x = 1
        return [to_answer(y, self.labels, self.answer) for y in in_order(self._predict, one_step, batch_size)]

    def _predict(self, batch):
        return self.predict_on_batch({"inputs": batch["inputs"].reshape(-1, *self.shape)})

    def sequences(self, inputs):
        """Returns inputs as float32 arrays of the model's shape.

        Raises:
            DataError: an input is not numeric, or has another shape.
        """
        return [self._array(x, f"input {i}") for i, x in enumerate(inputs, start=1)]

    def _array(self, x, name):
        try:
            array = np.asarray(x, np.float32)
        except (TypeError, ValueError) as error:
            raise DataError(f"{name}: expected numbers of the shape {self.shape}, found {x!r:.40}") from error
        if array.shape != self.shape:
            raise DataError(f"{name}: expected numbers of the shape {self.shape}, found the shape {array.shape}")
        return array

    def get_config(self):
        return dict(self._config, name=self.name, trainable=self.trainable)

    @classmethod
    def from_config(cls, config, custom_objects=None):
        return cls(**config)


def _check(shape, labels, answer, dense, dropout):
    for name, sizes in (("features", shape or (None,)), ("dense", dense)):
        for size in sizes:
            check_size(name, size)
    check_answer(labels, answer)
    check_rate("dropout", dropout)
