"""Many-to-one model: classification of, or regression on, a sequence."""

from typing import NamedTuple

import keras
import numpy as np
from keras import ops

from seqzoo.backend import at_least_float32
from seqzoo.data.batches import in_order
from seqzoo.errors import DataError
from seqzoo.models.recurrent_stack import recurrent_stack
from seqzoo.models.token_embedding import token_embedding

ANSWERS = ("one", "yes-no", "several", "number")
POOLINGS = ("last", "mean", "max", "both")


class Answer(NamedTuple):
    """Prediction for one input: a label, labels joined by commas, or a number; and its probability (for a number, itself)."""

    label: str
    score: float


@keras.saving.register_keras_serializable("seqzoo")
class ManyToOne(keras.Model):
    """Sequence classifier or regressor: x<1>…x<T_x> -> vectors -> recurrent layers -> pooled states -> dense layers -> ŷ.

    The model takes `{"inputs": ids (batch, T_x) or vectors (batch, T_x, features), "mask": booleans (batch, T_x)}` and returns
    ŷ `(batch, labels)`, or `(batch, 1)` for a "yes-no" or a "number". `answers` takes raw texts if the model has a tokenizer.

    Args:
        vocabulary: the number of ids; None for vectors.
        features: the size of an input vector; None for ids.
        encoder: a layer that makes vectors of other inputs, such as `layers.SoundEncoder`, in place of both. `encoder(inputs,
            mask=mask)` returns vectors `(batch, T_x, features)`, `encoder.steps_mask(mask)` their mask; an input is
            `(steps, *encoder.input_shape_of_step)`.
        labels: names of the classes; for a "yes-no" the no first; none for a "number".
        answer: kind of output: "one" label (softmax), "yes-no" (sigmoid), "several" labels (a sigmoid each) or a "number".
        embedding: the size of an embedding vector; None for one-hot vectors, as in the notes.
        compact: whether a file holds the embedding vectors as int8, see `layers.CompactEmbedding`.
        cell, units, depth, bidirectional: arguments of `recurrent_stack`.
        pooling: pooling of the states: "last", "mean", "max", or "both" mean and max.
        dense: sizes of tanh layers before the output.
        dropout: dropout rate of the input vectors and of the pooled state, element by element.
        recurrent_dropout: dropout rate of the states; one mask a sequence.
        max_length: steps that `answers` reads of an input.
        tokenizer: a `data.tokenizer.Tokenizer`; `presets` saves it beside the weights.
        dtype: the dtype policy, such as "mixed_bfloat16"; Keras's global policy unless given. ŷ is float32.
    """

    def __init__(
        self,
        vocabulary=None,
        features=None,
        labels=(),
        answer="one",
        embedding=64,
        cell="gru",
        units=64,
        depth=1,
        bidirectional=False,
        pooling="last",
        dense=(),
        dropout=0.0,
        recurrent_dropout=0.0,
        max_length=None,
        tokenizer=None,
        dtype=None,
        encoder=None,
        compact=False,
        **kwargs,
    ):
        _check(vocabulary, features, encoder, tuple(labels), answer, pooling)
        _check_sizes(vocabulary, features, embedding, units, depth, dense, max_length)
        _check_rates(dropout, recurrent_dropout)
        policy = keras.dtype_policies.get(dtype or keras.config.dtype_policy())
        # === Layers ===
        drop = keras.layers.Dropout(dropout, dtype=policy)
        arguments = {"return_sequences": pooling != "last", "recurrent_dropout": recurrent_dropout, "dtype": policy}
        recurrent = recurrent_stack(cell, units, depth, bidirectional, **arguments)
        hidden = [keras.layers.Dense(size, activation="tanh", dtype=policy) for size in dense]
        y_hat = output_layer(labels, answer)
        of_tokens = token_embedding(vocabulary, embedding, policy, compact) if vocabulary and embedding else None

        # === Functional model ===
        mask = keras.Input((None,), dtype="bool", name="mask")
        steps_mask = mask
        if encoder is not None:
            inputs = keras.Input((None, *encoder.input_shape_of_step), dtype=encoder.input_dtype, name="inputs")
            x, steps_mask = encoder(inputs, mask=mask), encoder.steps_mask(mask)
        elif vocabulary is None:
            inputs = x = keras.Input((None, features), name="inputs")
        else:
            inputs = keras.Input((None,), dtype="int32", name="inputs")
            x = of_tokens(inputs) if embedding else ops.one_hot(inputs, vocabulary, dtype=policy.compute_dtype)
        x = drop(x)
        for layer in recurrent:
            x = layer(x, mask=steps_mask)
        x = drop(pool(x, steps_mask, pooling))
        for layer in hidden:
            x = layer(x)
        super().__init__(inputs={"inputs": inputs, "mask": mask}, outputs=y_hat(x), **kwargs)
        self.dtype_policy = policy  # Keras reads it for loss scaling; a functional model takes no `dtype`

        # === Config ===
        self.tokenizer, self.encoder, self.of_tokens = tokenizer, encoder, of_tokens
        self.upper_layers = lambda: (recurrent, hidden, y_hat)  # a function, of which Keras's file keeps no trace
        self.labels, self.answer, self.max_length = tuple(labels), answer, max_length
        self._config = {
            "vocabulary": vocabulary,
            "features": features,
            "labels": list(labels),
            "answer": answer,
            "embedding": embedding,
            "cell": cell,
            "units": units,
            "depth": depth,
            "bidirectional": bidirectional,
            "pooling": pooling,
            "dense": list(dense),
            "dropout": dropout,
            "recurrent_dropout": recurrent_dropout,
            "max_length": max_length,
            "dtype": policy.name,
            "encoder": keras.saving.serialize_keras_object(encoder) if encoder is not None else None,
            "compact": compact,
        }

    def answers(self, inputs, batch_size=32):
        """Returns the predicted `Answer` of each input: a raw text, or ids or vectors if the model has no tokenizer."""
        if isinstance(inputs, str):
            raise TypeError(f"`inputs` must be a list of texts, got one text, {inputs[:40]!r}.")
        if not inputs:
            return []
        y_hat = in_order(self.predict_on_batch, self.sequences(inputs), batch_size)
        return [to_answer(y, self.labels, self.answer) for y in y_hat]

    def sequences(self, inputs):
        """Returns inputs cut to `max_length`: texts as ids if the model has a tokenizer.

        Raises:
            DataError: an input is of a kind that the model does not take.
        """
        for sequence in inputs:
            self._check_input(sequence)
        encoded = self.tokenizer.encode_all(inputs) if self.tokenizer else inputs
        if self.max_length is None:
            return list(encoded)
        if self.encoder is not None:
            encoded = map(np.asarray, encoded)  # a sound or a clip is read
        return [sequence[: self.max_length] for sequence in encoded]

    def _check_input(self, sequence):
        if isinstance(sequence, str) != (self.tokenizer is not None):
            raise DataError("expected numbers, found texts" if isinstance(sequence, str) else "expected texts, found numbers")
        features = self._config["features"]
        if features and ops.shape(sequence)[1:] != (features,):
            raise DataError(f"expected a sequence of {features} numbers a step, found the shape {ops.shape(sequence)}")
        if self.encoder is not None and isinstance(sequence, np.ndarray):
            of_step = self.encoder.input_shape_of_step
            if sequence.shape[1:] != of_step:
                raise DataError(f"expected an array (steps, {', '.join(map(str, of_step))}), found the shape {sequence.shape}")

    def get_config(self):
        return dict(self._config, name=self.name, trainable=self.trainable)

    @classmethod
    def from_config(cls, config, custom_objects=None):
        encoder = keras.saving.deserialize_keras_object(config.get("encoder"))
        return cls(**config | {"encoder": encoder})


def pool(states, mask, pooling):
    """Returns pooled states `(batch, units)`, twice as long for "both", of the real steps of states `(batch, T_x, units)`."""
    if pooling == "last":  # the recurrent layers return the last state only
        return states
    if pooling == "both":
        return ops.concatenate([pool(states, mask, "mean"), pool(states, mask, "max")], axis=-1)
    real = ops.expand_dims(mask, -1)
    if pooling == "max":
        highest = ops.max(ops.where(real, states, ops.full_like(states, float("-inf"))), axis=1)
        return ops.where(ops.any(real, axis=1), highest, ops.zeros_like(highest))
    wide = at_least_float32(states.dtype)  # a float16 sum can stop growing at 2048, and overflows at 65504
    real = ops.cast(real, wide)
    mean = ops.sum(ops.cast(states, wide) * real, axis=1) / ops.maximum(ops.sum(real, axis=1), 1)
    return ops.cast(mean, states.dtype)


def output_layer(labels, answer):
    """Returns the dense layer of ŷ for a kind of answer, in float32."""
    activation = {"one": "softmax", "number": "linear"}.get(answer, "sigmoid")
    outputs = len(labels) if answer in ("one", "several") else 1
    return keras.layers.Dense(outputs, activation=activation, dtype="float32", name="y_hat")


def to_answer(y, labels, answer):
    """Returns the `Answer` that ŷ of one input stands for, an array `(labels,)` or `(1,)`."""
    if answer == "number":
        return Answer(f"{y[0]:.3f}", float(y[0]))
    if answer == "several":
        chosen = [label for label, p in zip(labels, y, strict=True) if p >= 0.5]
        return Answer(",".join(chosen), float(y.max()))
    if answer == "yes-no":
        y = [1 - y[0], y[0]]
    best = max(range(len(y)), key=y.__getitem__)
    return Answer(labels[best], float(y[best]))


def _check(vocabulary, features, encoder, labels, answer, pooling):
    if sum(given is not None for given in (vocabulary, features, encoder)) != 1:
        given = f"{vocabulary!r}, {features!r} and {encoder!r}"
        raise ValueError(f"Give `vocabulary` for ids, `features` for vectors or an `encoder` for other inputs, got {given}.")
    check_answer(labels, answer)
    if pooling not in POOLINGS:
        raise ValueError(f"`pooling` must be one of {', '.join(POOLINGS)}, got {pooling!r}.")


def check_answer(labels, answer):
    """Raises a `ValueError` for an unknown kind of answer, or for labels that do not fit the kind."""
    if answer not in ANSWERS:
        raise ValueError(f"`answer` must be one of {', '.join(ANSWERS)}, got {answer!r}.")
    counts = {"number": [0], "yes-no": [2]}.get(answer, range(1 if answer == "several" else 2, 10**9))
    if len(labels) not in counts or len(set(labels)) < len(labels):
        expected = {"number": "none", "yes-no": "two"}.get(answer, "two or more")
        raise ValueError(f'`labels` must be {expected}, all different, for the answer "{answer}", got {list(labels)}.')


def _check_sizes(vocabulary, features, embedding, units, depth, dense, max_length):
    given = {"vocabulary": vocabulary, "features": features, "embedding": embedding, "max_length": max_length}
    sizes = {name: size for name, size in given.items() if size is not None} | {"units": units, "depth": depth}
    for name, size in [*sizes.items(), *(("dense", size) for size in dense)]:
        check_size(name, size)


def check_size(name, size):
    """Raises a `ValueError` that names the argument, unless the size is a positive integer."""
    if isinstance(size, bool) or not isinstance(size, int) or size < 1:
        raise ValueError(f"`{name}` must be a positive integer, got {size!r}.")


def _check_rates(dropout, recurrent_dropout):
    for name, rate in (("dropout", dropout), ("recurrent_dropout", recurrent_dropout)):
        check_rate(name, rate)


def check_rate(name, rate):
    """Raises a `ValueError` that names the argument, unless the dropout rate is at least 0 and below 1."""
    if not 0 <= rate < 1:
        raise ValueError(f"`{name}` must be at least 0 and below 1, got {rate!r}.")
