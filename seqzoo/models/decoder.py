"""Decoder of an encoder–decoder: each token given the tokens before and the encoded input, with or without attention."""

import keras
import numpy as np
from keras import ops

from seqzoo import backend
from seqzoo.data.tokenizer import BOS, PAD
from seqzoo.decoding.logits import MASKED_LOGIT
from seqzoo.layers import AdditiveAttention, MultiplicativeAttention, Stacked
from seqzoo.layers.dense import Dense
from seqzoo.models.recurrent_stack import recurrent_stack

ATTENTIONS = (None, "additive", "general", "dot")


@keras.saving.register_keras_serializable("seqzoo")
class Decoder(keras.layers.Layer):
    """Decoder: x<t> = the vector of y<t-1>, s<t> = recurrent layers, ŷ<t> = softmax(Wy h<t> + by).

    Without attention h<t> = s<t>. With attention h<t> = tanh(Wh[context<t>, s<t>]), and

    - without input feeding the context is that of the query s<t>. It does not enter the recurrence: training runs all steps as
      one sequence through the engine;
    - with input feeding and the score "general" or "dot" (Luong et al. 2015) x<t> = [y<t-1>, h<t-1>], the query is s<t>;
    - with input feeding and the score "additive" (Bahdanau et al. 2015) x<t> = [y<t-1>, context<t>], the query is s<t-1>.

    With input feeding training runs step by step.

    Args:
        embed: the layer of the tokens' vectors; a `keras.layers.ReversibleEmbedding` if `tied`.
        vocabulary: the number of ids, those of `data.tokenizer`: 0 (`<pad>`) and 2 (`<bos>`) are never predicted.
        embedding: the size of a token's vector.
        memory: the size of an encoded step.
        cell, units, depth: arguments of `recurrent_stack`.
        attention: the score: None for no attention, "additive", "general" or "dot".
        input_feeding: whether the attention of the step before is part of the input.
        tied: whether Wy is the transposed embedding (after a linear layer, if the sizes differ).
        dropout: dropout rate of every recurrent layer's input and of h; one mask a sequence.
        recurrent_dropout: dropout rate of the states; one mask a sequence.
    """

    def __init__(
        self,
        embed,
        vocabulary,
        embedding,
        memory,
        cell="gru",
        units=128,
        depth=1,
        attention="general",
        input_feeding=False,
        tied=False,
        dropout=0.0,
        recurrent_dropout=0.0,
        **kwargs,
    ):
        if attention not in ATTENTIONS:
            raise ValueError(f"`attention` must be one of {', '.join(map(str, ATTENTIONS))}, got {attention!r}.")
        if input_feeding and attention is None:
            raise ValueError("`input_feeding` needs `attention`.")
        super().__init__(autocast=False, **kwargs)
        policy = self.dtype_policy
        self.embed, self.vocabulary, self.units = embed, vocabulary, units
        arguments = {"dropout": dropout, "recurrent_dropout": recurrent_dropout, "dtype": policy, "return_state": True}
        self.recurrent = Stacked(recurrent_stack(cell, units, depth, return_sequences=True, **arguments), dtype=policy)
        self.attention = None if attention is None else _attention(attention, units, policy)
        self.feeds = input_feeding and ("context" if attention == "additive" else "h")
        self.combine = None if attention is None else Dense(units, "tanh", dtype=policy, name="combine")
        self.drop = keras.layers.Dropout(dropout, noise_shape=(None, 1, None), dtype=policy)
        self.narrow = Dense(embedding, dtype=policy, name="narrow") if tied and units != embedding else None
        self.y_hat = None if tied else Dense(vocabulary, dtype=policy, name="y_hat")
        self._build_layers(embedding, memory, units)

    def _build_layers(self, embedding, memory, units):
        fed = {"context": memory, "h": units}.get(self.feeds, 0)
        self.recurrent.build((None, None, embedding + fed))
        if self.attention is not None:
            self.attention.build([(None, None, units), (None, None, memory)])
            self.combine.build((None, None, memory + units))
        for layer in (self.narrow, self.y_hat):
            if layer is not None:
                layer.build((None, None, units))
        self.bias = self.add_weight(name="bias", shape=(self.vocabulary,), autocast=False) if self.y_hat is None else None
        self.built = True

    def adapt_bias(self, targets):
        """Sets the bias of the logits to log P of each token in the targets, lists of ids.

        The untrained model then predicts the frequencies of the tokens. Else it learns them first, through h and its weights
        rather than the bias: the tanh of h saturates, and nothing else is learnt for many steps.
        """
        counts = np.bincount(np.concatenate(targets), minlength=self.vocabulary) + 1.0
        (self if self.y_hat is None else self.y_hat).bias.assign(np.log(counts / counts.sum()))

    def initial_state(self, recurrent, encoded, mask):
        """Returns the state before the first step, a dict.

        Args:
            recurrent: the initial states of the recurrent layers, a flat list of `(batch, units)`.
            encoded: the encoded input `(batch, T_x, memory)`.
            mask: booleans `(batch, T_x)`.
        """
        state = {"recurrent": list(recurrent)}
        if self.attention is not None:
            state |= {"memory": self.attention.memory(encoded, mask), "attended": ops.cast(~mask, "float32")}
        if self.feeds == "h":
            state["fed"] = ops.zeros_like(recurrent[0])
        return state

    def run(self, y_prev, state, training=False):
        """Runs all steps of y<t-1>, ids `(batch, T_y)`.

        Returns:
            Logits `(batch, T_y, vocabulary)` in float32; and the weights of attention `(batch, T_y, T_x)`, None without it.
        """
        x = self.embed(y_prev)
        if self.feeds:
            h, alpha = self._run_by_step(x, state, training)
        else:
            s, *_ = self.recurrent(x, initial_state=state["recurrent"], training=training)
            h, alpha = self._attended(s, state)
        return self._logits(self.drop(h, training=training)), alpha

    def step(self, y_prev, state):
        """Runs one step, from y<t-1>, ids `(batch,)`, to the logits of y<t> and the next state."""
        h, recurrent, alpha = self._advance(self.embed(y_prev), state["recurrent"], state.get("fed"), state.get("memory"))
        new = state | {"recurrent": recurrent}
        if alpha is not None:
            new["attended"] = state["attended"] + ops.cast(alpha, "float32")
        if self.feeds == "h":
            new["fed"] = h
        return self._logits(h), new

    def _attended(self, s, state):
        if self.attention is None:
            return s, None
        context, alpha = self.attention.attend(s, state["memory"])
        return self._combined(context, s), alpha

    def _combined(self, context, s):
        return self.combine(ops.concatenate([context, ops.cast(s, context.dtype)], axis=-1))

    def _run_by_step(self, x, state, training):
        drops = [self._drops(layer.cell, x, training) for layer in self.recurrent.layers]

        def one_step(carry, x_t):
            h, recurrent, alpha = self._advance(x_t, *carry, state["memory"], drops)
            return (recurrent, h), (h, alpha)

        carry = state["recurrent"], state.get("fed", ops.zeros_like(state["recurrent"][0]))
        _, by_time = backend.scan(one_step, carry, (ops.swapaxes(x, 0, 1),))
        return tuple(ops.swapaxes(a, 0, 1) for a in by_time)

    def _drops(self, cell, x, training):
        """Returns the dropout masks of a cell's input and state, for all steps, or None for each."""
        batch = ops.shape(x)[0]
        rates = (cell.dropout, cell.kernel.shape[0], self.compute_dtype), (cell.recurrent_dropout, cell.units, cell.state_dtype)
        return [cell.dropout_mask(ops.ones((batch, n), dtype), rate) if training and rate else None for rate, n, dtype in rates]

    def _advance(self, x_t, recurrent, fed, memory, drops=None):
        """Runs one step, as `Decoder` says. Returns h<t> `(batch, units)`, the states of the layers, and the weights."""
        if self.feeds == "context":
            context, alpha = self.attention.step(self._top(recurrent), memory)
            fed = context
        if self.feeds:
            x_t = ops.concatenate([ops.cast(x_t, self.compute_dtype), ops.cast(fed, self.compute_dtype)], axis=-1)
        s, recurrent = self._recur(x_t, recurrent, drops)
        if self.attention is None:
            return s, recurrent, None
        if self.feeds != "context":
            context, alpha = self.attention.step(s, memory)
        return self._combined(context, s), recurrent, alpha

    def _recur(self, x_t, recurrent, drops):
        states, recurrent = [], list(recurrent)
        for i, layer in enumerate(self.recurrent.layers):
            parts = [recurrent.pop(0) for _ in layer.cell.unit.State._fields]
            x_t, parts = layer.cell.step(x_t, parts, *(drops[i] if drops else ()))
            states += parts
        return x_t, states

    def _top(self, recurrent):
        """Returns s<t-1> of the last layer, the first part of its state."""
        return recurrent[-len(self.recurrent.layers[-1].cell.unit.State._fields)]

    def _logits(self, h):
        h = h if self.narrow is None else self.narrow(h)
        z = self.embed(h, reverse=True) if self.y_hat is None else self.y_hat(h)
        z, ids = ops.cast(z, backend.at_least_float32(z.dtype)), ops.arange(self.vocabulary)
        bias = 0.0 if self.bias is None else ops.convert_to_tensor(self.bias)
        return z + ops.cast(ops.where((ids == PAD) | (ids == BOS), MASKED_LOGIT, bias), z.dtype)


def _attention(score, units, policy):
    return AdditiveAttention(units, dtype=policy) if score == "additive" else MultiplicativeAttention(score, dtype=policy)
