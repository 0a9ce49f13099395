"""One-to-many model, a sequence generator: each step given the steps before, and optionally a class."""

import keras
from keras import ops

from seqzoo.backend import at_least_float32
from seqzoo.data.tokenizer import BOS, EOS, PAD, UNK
from seqzoo.decoding import SpecialTokens
from seqzoo.decoding.logits import MASKED_LOGIT
from seqzoo.layers import Stacked
from seqzoo.layers.dense import Dense
from seqzoo.models.recurrent_stack import recurrent_stack
from seqzoo.models.token_embedding import token_embedding


@keras.saving.register_keras_serializable("seqzoo")
class OneToMany(keras.Model):
    """Sequence generator: x<1> = the class's vector, or 0; x<t+1> = y<t>; ŷ<t> = g'(Wy a<t> + by), g' softmax or sigmoid.

    The model takes `{"inputs": y<0>…y<T-1>}`, the predecessor of each step: ids `(batch, T)`, 0 at the first step, or vectors
    `(batch, T, features)`, zeros at the first step; and `"label"`, class numbers `(batch,)`, if it has classes. The model
    returns logits, the arguments of g', `(batch, T, vocabulary)` or `(batch, T, features)`, in float32.

    Padding on the right needs no mask, since no step depends on later steps.

    Args:
        vocabulary: the number of ids, those of `data.tokenizer`: 0 (`<pad>`, the zero vector) and 2 (`<bos>`) are never
            predicted. None for vectors.
        features: the size of a vector, whose components are independently 0 or 1; None for ids.
        labels: names of the classes; none for no class.
        embedding: the size of an embedding vector.
        compact: whether a file holds the embedding vectors as int8, see `layers.CompactEmbedding`.
        cell, units, depth: arguments of `recurrent_stack`.
        tied: whether Wy is the transposed embedding (after a linear layer, if the sizes differ).
        dropout: dropout rate of every layer's input and of the last layer's output; one mask a sequence.
        recurrent_dropout: dropout rate of the states; one mask a sequence.
        tokenizer: a `data.tokenizer.Tokenizer`; `presets` saves it beside the weights.
        dtype: the dtype policy, such as "mixed_bfloat16"; states and logits are float32.
    """

    def __init__(
        self,
        vocabulary=None,
        features=None,
        labels=(),
        embedding=64,
        compact=False,
        cell="gru",
        units=128,
        depth=1,
        tied=False,
        dropout=0.0,
        recurrent_dropout=0.0,
        tokenizer=None,
        dtype=None,
        **kwargs,
    ):
        if (vocabulary is None) == (features is None):
            raise ValueError(f"Give `vocabulary` for ids or `features` for vectors, got {vocabulary!r} and {features!r}.")
        if tied and vocabulary is None:
            raise ValueError("`tied` needs a `vocabulary`: vectors have no embedding.")
        if isinstance(labels, str) or len(set(labels)) < len(labels):
            raise ValueError(f"`labels` must be a list of different names, got {labels!r}.")
        policy = keras.dtype_policies.get(dtype or keras.config.dtype_policy())
        super().__init__(dtype=policy, **kwargs)
        # === Layers ===
        self.size = embedding if vocabulary else features
        self.embed = token_embedding(vocabulary, embedding, policy, compact, tied, name="embed") if vocabulary else None
        self.of_class = token_embedding(len(labels), self.size, policy, name="of_class") if labels else None
        arguments = {"dropout": dropout, "recurrent_dropout": recurrent_dropout, "dtype": policy, "return_state": True}
        self.recurrent = Stacked(recurrent_stack(cell, units, depth, return_sequences=True, **arguments), dtype=policy)
        self.drop = keras.layers.Dropout(dropout, noise_shape=(None, 1, None), dtype=policy)
        self.narrow = Dense(embedding, dtype=policy, name="narrow") if tied and units != embedding else None
        self.y_hat = None if tied else Dense(vocabulary or features, dtype=policy, name="y_hat")

        # === Config ===
        self.tokenizer, self.labels = tokenizer, tuple(labels)
        self._config = {
            "vocabulary": vocabulary,
            "features": features,
            "labels": list(labels),
            "embedding": embedding,
            "compact": compact,
            "cell": cell,
            "units": units,
            "depth": depth,
            "tied": tied,
            "dropout": dropout,
            "recurrent_dropout": recurrent_dropout,
            "dtype": policy.name,
        }
        self._build_layers(units)

    def _build_layers(self, units):
        """Builds all weights, so that `call`, `run` and `step` may each come first."""
        for layer in (self.embed, self.of_class):
            if layer is not None:
                layer.build((None, None))
        self.recurrent.build((None, None, self.size))
        for layer in (self.narrow, self.y_hat):
            if layer is not None:
                layer.build((None, None, units))
        tied, shape = self._config["tied"], (self._config["vocabulary"],)
        self.bias = self.add_weight(name="bias", shape=shape, autocast=False) if tied else None
        self.built = True

    def call(self, inputs, training=False):
        y_prev = inputs["inputs"]
        return self.run(y_prev, self.initial_state(ops.shape(y_prev)[0], inputs.get("label")), training)[0]

    def run(self, y_prev, state, training=False):
        """Runs all steps of a chunk of a sequence. Returns `(logits, state)`; the state starts the next chunk.

        Args:
            y_prev: `(batch, T)` ids or `(batch, T, features)` vectors.
            state: from `initial_state`, or from the previous chunk.
        """
        x, state = self._first(self._vectors(y_prev), state)
        a, *state = self.recurrent(x, initial_state=state, training=training)
        return self._logits(self.drop(a, training=training)), self._carried(state)

    def step(self, y_prev, state):
        """Runs one step, from y<t-1>, `(batch,)` ids or `(batch, features)`, to the logits of y<t> and the next state."""
        x, state = self._first(self._vectors(y_prev)[:, None], state)
        a, state = self.recurrent.step(x[:, 0], state)
        return self._logits(a), self._carried(state)

    @property
    def special_tokens(self):
        """The special tokens of `data.tokenizer`, with `<pad>`, the zero vector, as y<0>."""
        return SpecialTokens(start=PAD, eos=(EOS,), pad=PAD, never=(PAD, UNK, BOS))

    def initial_state(self, batch, label=None):
        """Returns the initial state, a list: zeros `(batch, units)` for each part of each layer's state.

        With classes the last element is the class's vector `(batch, size)`, which the next step adds to its input.

        Args:
            label: class numbers `(batch,)`.
        """
        if (label is None) != (self.of_class is None):
            raise ValueError(f"`label` must be given if the model has classes, and only then; it has {len(self.labels)}.")
        pending = [] if label is None else [ops.cast(self.of_class(label), "float32")]
        return self.recurrent.get_initial_state(batch) + pending

    def _vectors(self, y_prev):
        if self.embed is None:
            return ops.cast(y_prev, self.compute_dtype)
        x = self.embed(y_prev)
        return x * ops.cast(ops.expand_dims(y_prev != PAD, -1), x.dtype)

    def _first(self, x, state):
        """Returns x with the class's vector added to its first step, and the state of the recurrent layers."""
        if self.of_class is None:
            return x, list(state)
        *state, pending = state
        first = x[:, :1] + ops.cast(pending[:, None], x.dtype)
        return ops.concatenate([first, x[:, 1:]], axis=1), state

    def _carried(self, state):
        return state if self.of_class is None else [*state, ops.zeros((ops.shape(state[0])[0], self.size), "float32")]

    def _logits(self, a):
        if self.y_hat is None:
            a = a if self.narrow is None else self.narrow(a)
            z = self.embed(a, reverse=True)
        else:
            z = self.y_hat(a)
        z = ops.cast(z, at_least_float32(z.dtype))
        if self.embed is None:
            return z
        ids = ops.arange(z.shape[-1])
        bias = 0.0 if self.bias is None else ops.convert_to_tensor(self.bias)
        return z + ops.cast(ops.where((ids == PAD) | (ids == BOS), MASKED_LOGIT, bias), z.dtype)

    def get_config(self):
        return dict(self._config, name=self.name, trainable=self.trainable)

    @classmethod
    def from_config(cls, config, custom_objects=None):
        return cls(**config)
