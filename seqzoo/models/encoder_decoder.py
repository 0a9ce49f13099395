"""Encoder–decoder, many-to-many with Tx ≠ Ty: a sequence in, a sequence of another length out."""

import functools
import math
from typing import NamedTuple

import keras
import numpy as np
from keras import ops

from seqzoo import backend, decoding
from seqzoo.data.batches import Batches
from seqzoo.data.tokenizer import BOS, EOS, PAD, UNK
from seqzoo.decoding import SpecialTokens
from seqzoo.errors import DataError
from seqzoo.layers import Stacked
from seqzoo.layers.dense import Dense
from seqzoo.models.decoder import Decoder
from seqzoo.models.recurrent_stack import recurrent_stack
from seqzoo.models.token_embedding import token_embedding

MOST_ROWS = 1024  # hypotheses that are decoded together
LENGTHS = 8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024  # of padded inputs that are decoded


class Output(NamedTuple):
    """Output for one input: its text; the natural log P of its tokens, `<eos>` included; the tokens' ids, without it; and
    whether it ended, or was cut at the longest length."""

    text: str
    log_p: float
    tokens: list
    ended: bool = True

    @property
    def score(self):
        """The geometric mean of the tokens' probabilities, 0 to 1, that of `<eos>` among them if the output ended."""
        return float(np.exp(self.log_p / max(len(self.tokens) + self.ended, 1)))


@keras.saving.register_keras_serializable("seqzoo")
class EncoderDecoder(keras.Model):
    """Encoder–decoder: x<1>…x<T_x> -> recurrent layers -> a dense bridge to the decoder's first state -> y<1>…y<T_y>.

    The model takes `{"inputs": ids (batch, T_x), "mask": booleans (batch, T_x), "y_prev": ids y<0>…y<T_y-1> (batch, T_y)}`,
    y<0> being `<bos>`, and returns logits `(batch, T_y, target_vocabulary)` in float32. Training on the given y<t-1> is teacher
    forcing. Padding of y on the right needs no mask, since no step depends on later steps.

    Args:
        vocabulary: the number of the input's ids, those of `data.tokenizer`.
        target_vocabulary: the number of the output's ids; `vocabulary` unless given.
        embedding: the size of a token's vector, on both sides.
        compact: whether a file holds these vectors as int8, see `layers.CompactEmbedding`.
        cell, units, depth: arguments of `recurrent_stack`, for the encoder and the decoder.
        bidirectional: whether each layer of the encoder is a `Bidirectional`.
        decoder_cell, decoder_depth: of the decoder, where they differ.
        attention, input_feeding: see `Decoder`.
        shared: whether both sides have one embedding, for one vocabulary.
        tied: whether the decoder's output matrix is its transposed embedding.
        dropout, recurrent_dropout: see `Decoder`; those of the encoder too.
        scheduled_sampling: share of the y<t-1> that are sampled from the model in training, not given (Bengio et al. 2015): a
            first run with the given ones makes the samples, for all steps at once (Duckworth et al. 2019).
        max_length: tokens that `answers` reads of an input.
        max_output: tokens of an output at most, `<eos>` included.
        tokenizer: a `data.tokenizer_pair.TokenizerPair`; `presets` saves it beside the weights.
        dtype: the dtype policy, such as "mixed_bfloat16"; states and logits are float32.
    """

    def __init__(
        self,
        vocabulary,
        target_vocabulary=None,
        embedding=64,
        compact=False,
        cell="gru",
        units=128,
        depth=1,
        bidirectional=True,
        decoder_cell=None,
        decoder_depth=None,
        attention="general",
        input_feeding=False,
        shared=False,
        tied=False,
        dropout=0.0,
        recurrent_dropout=0.0,
        scheduled_sampling=0.0,
        max_length=200,
        max_output=200,
        tokenizer=None,
        dtype=None,
        **kwargs,
    ):
        target_vocabulary = target_vocabulary or vocabulary
        if shared and target_vocabulary != vocabulary:
            raise ValueError(f"`shared` needs one vocabulary, got {vocabulary} ids and {target_vocabulary}.")
        if not 0 <= scheduled_sampling < 1:
            raise ValueError(f"`scheduled_sampling` must be at least 0 and below 1, got {scheduled_sampling!r}.")
        policy = keras.dtype_policies.get(dtype or keras.config.dtype_policy())
        super().__init__(dtype=policy, **kwargs)
        # === Layers ===
        rates = {"dropout": dropout, "recurrent_dropout": recurrent_dropout}
        arguments = rates | {"return_sequences": True, "return_state": True, "dtype": policy}
        target_embed = token_embedding(target_vocabulary, embedding, policy, compact, tied, name="target_embed")
        self.embed = target_embed if shared else token_embedding(vocabulary, embedding, policy, compact, name="embed")
        self.encoder = Stacked(recurrent_stack(cell, units, depth, bidirectional, **arguments), dtype=policy)
        self.decoder = Decoder(
            target_embed,
            target_vocabulary,
            embedding,
            2 * units if bidirectional else units,
            decoder_cell or cell,
            units,
            decoder_depth or depth,
            attention,
            input_feeding,
            tied,
            **rates,
            dtype=policy,
        )
        states = self.decoder.recurrent.get_initial_state(1)
        self.bridge = [Dense(units, "tanh", dtype=policy, name=f"bridge_{i}") for i in range(len(states))]
        self.seed_generator = keras.random.SeedGenerator(0)

        # === Config ===
        self.tokenizer, self.max_length, self.max_output = tokenizer, max_length, max_output
        self.scheduled_sampling = scheduled_sampling
        self._config = {
            "vocabulary": vocabulary,
            "target_vocabulary": target_vocabulary,
            "embedding": embedding,
            "compact": compact,
            "cell": cell,
            "units": units,
            "depth": depth,
            "bidirectional": bidirectional,
            "decoder_cell": decoder_cell,
            "decoder_depth": decoder_depth,
            "attention": attention,
            "input_feeding": input_feeding,
            "shared": shared,
            "tied": tied,
            "dropout": dropout,
            "recurrent_dropout": recurrent_dropout,
            "scheduled_sampling": scheduled_sampling,
            "max_length": max_length,
            "max_output": max_output,
            "dtype": policy.name,
        }
        self._build_layers(embedding)

    def _build_layers(self, embedding):
        """Builds all weights, so that `call` and `step` may each come first."""
        for layer in {id(layer): layer for layer in (self.embed, self.decoder.embed)}.values():
            layer.build((None, None))
        self.encoder.build((None, None, embedding))
        for i, bridge in enumerate(self.bridge):
            bridge.build((None, sum(part.shape[-1] for part in self._encoder_states(self.encoder.get_initial_state(1), i))))
        self.built = True

    def _encoder_states(self, states, i):
        """Returns the encoder's states from which part i of the decoder's state is made: all of the layer below or beside."""
        parts, depth = len(self.bridge) // len(self.decoder.recurrent.layers), len(self.encoder.layers)
        size, layer = len(states) // depth, min(i // parts, depth - 1)
        return states[layer * size : (layer + 1) * size]

    def start(self, vectors, frozen=False):
        """Sets the vectors of the tokens, all of the source, then all of the target; frozen ones are not trained.

        The model must be `compact`.
        """
        size = self._config["vocabulary"]
        for embed, of_side in ((self.embed, vectors[:size]), (self.decoder.embed, vectors[size:])):
            embed.start(of_side, frozen)

    def call(self, inputs, training=False):
        state, y_prev = self.encode(inputs, training), inputs["y_prev"]
        if training and self.scheduled_sampling:
            y_prev = self._sampled(y_prev, self.decoder.run(y_prev, state)[0])
        return self.decoder.run(y_prev, state, training)[0]

    def encode(self, inputs, training=False):
        """Returns the state of the decoder before its first step, from `{"inputs", "mask"}`."""
        mask = ops.cast(inputs["mask"], "bool")
        encoded, *states = self.encoder(self.embed(inputs["inputs"]), mask=mask, training=training)
        first = [bridge(ops.concatenate(self._encoder_states(states, i), axis=-1)) for i, bridge in enumerate(self.bridge)]
        return self.decoder.initial_state(first, encoded, mask)

    def step(self, y_prev, state):
        """Runs one step, from y<t-1>, ids `(batch,)`, to the logits of y<t> and the next state; `encode` gives the first."""
        return self.decoder.step(y_prev, state)

    def covered(self, state):
        """Returns the sum of the attention that each input step has had, `(batch, T_x)`, 1 at padding."""
        if self.decoder.attention is None:
            raise ValueError("`coverage` needs a model with `attention`.")
        return state["attended"]

    @property
    def special_tokens(self):
        """The special tokens of `data.tokenizer`, with `<bos>` as y<0>."""
        return SpecialTokens(start=BOS, eos=(EOS,), pad=PAD, never=(PAD, UNK, BOS))

    def _sampled(self, y_prev, z):
        """Returns y<t-1>, some of them sampled from the logits of the step before; y<0> stays."""
        shape = ops.shape(y_prev)
        z = ops.stop_gradient(ops.reshape(z[:, :-1], (-1, z.shape[-1])))
        sampled = ops.reshape(keras.random.categorical(z, 1, dtype="int32", seed=self.seed_generator), (shape[0], shape[1] - 1))
        sampled = ops.concatenate([y_prev[:, :1], ops.cast(sampled, y_prev.dtype)], axis=1)
        chosen = keras.random.uniform(shape, seed=self.seed_generator) < self.scheduled_sampling
        return ops.where(chosen & (y_prev != PAD), sampled, y_prev)

    def answers(self, inputs, width=1, length_penalty=1.0, coverage=0.0, batch_size=32):
        """Returns the `Output` of each input, a text, or ids if the model has no tokenizer. See `n_best`."""
        return [outputs[0] for outputs in self.n_best(inputs, 1, width, length_penalty, coverage, batch_size)]

    def n_best(self, inputs, n=5, width=None, length_penalty=1.0, coverage=0.0, batch_size=32):
        """Returns the n best `Output`s of each input, best first; fewer, where there are no more.

        Args:
            inputs: texts, or lists of ids if the model has no tokenizer. Only their first `max_length` tokens are read.
            width: beam width, n unless given; 1 is greedy decoding.
            length_penalty, coverage: see `decoding.beam`; coverage needs attention.
        """
        if isinstance(inputs, str):
            raise TypeError(f"`inputs` must be a list of texts, got one text, {inputs[:40]!r}.")
        width = n if width is None else width
        batch_size = max(1, min(batch_size, MOST_ROWS // max(width, 1)))
        options = {"width": width, "n_best": n, "length_penalty": length_penalty, "coverage": coverage}
        found = [None] * len(inputs)
        for batch, rows in _in_batches(self.sequences(inputs), batch_size):
            hypotheses = decoding.beam(self.step, self._encode(batch), self.max_output, **options)
            for row, number in enumerate(rows):
                found[number] = [self._output(hypothesis) for hypothesis in hypotheses[row]]
        return found

    def _output(self, hypothesis):
        ids = [i for i in hypothesis.tokens if i != EOS]
        text = self.tokenizer.target.decode(ids) if self.tokenizer else ""
        return Output(text, hypothesis.log_p, ids, ended=len(ids) < len(hypothesis.tokens))

    def sequences(self, inputs):
        """Returns inputs as ids, cut to `max_length`.

        Raises:
            DataError: an input is of a kind that the model does not take.
        """
        for sequence in inputs:
            if isinstance(sequence, str) != (self.tokenizer is not None):
                raise DataError(f"expected {'texts' if self.tokenizer else 'lists of ids'}, found {sequence!r}")
        encoded = self.tokenizer.source.encode_all(inputs) if self.tokenizer else _checked(inputs, self._config["vocabulary"])
        return [ids[: self.max_length] for ids in encoded]

    def targets(self, outputs):
        """Returns outputs, texts or lists of ids, as ids with `<eos>` at the end, `max_output` at most."""
        texts = iter(self.tokenizer.target.encode_all([o for o in outputs if isinstance(o, str)]) if self.tokenizer else ())
        encoded = _checked([next(texts) if isinstance(o, str) else o for o in outputs], self._config["target_vocabulary"])
        return [[*ids[: self.max_output - 1], EOS] for ids in encoded]

    @functools.cached_property  # not tracked by Keras
    def _encode(self):
        return backend.jit(self.encode, self.variables)

    @functools.cached_property
    def _teacher_forced(self):
        def run(inputs, y_prev, y):
            z, alpha = self.decoder.run(y_prev, self.encode(inputs))
            return -ops.sparse_categorical_crossentropy(y, z, from_logits=True), z if alpha is None else alpha

        return backend.jit(run, self.variables)

    def forced(self, inputs, outputs, batch_size=32):
        """Runs the model on given outputs. Returns `(log P of each token (T_y,), attention (T_y, T_x) or None)` for each pair.

        Args:
            inputs: texts, or lists of ids if the model has no tokenizer.
            outputs: one for each input, a text or a list of ids. The last token is `<eos>`.
        """
        if len(inputs) != len(outputs):
            raise ValueError(f"`outputs` must be as many as the inputs, {len(inputs)}, got {len(outputs)}.")
        found, targets = [None] * len(inputs), self.targets(outputs)
        longest = 8 * -(-max(map(len, targets), default=1) // 8)  # few shapes
        for batch, rows in _in_batches(self.sequences(inputs), batch_size):
            y = np.zeros((len(batch["mask"]), longest), np.int32)
            for row, number in enumerate(rows):
                y[row, : len(targets[number])] = targets[number]
            log_p, alpha = (ops.convert_to_numpy(a) for a in self._teacher_forced(batch, _before(y), ops.convert_to_tensor(y)))
            lengths = ops.convert_to_numpy(batch["mask"]).sum(axis=1)
            for row, number in enumerate(rows):
                steps = len(targets[number])
                weights = None if self.decoder.attention is None else alpha[row, :steps, : lengths[row]]
                found[number] = log_p[row, :steps], weights
        return found

    def get_config(self):
        return dict(self._config, name=self.name, trainable=self.trainable)

    @classmethod
    def from_config(cls, config, custom_objects=None):
        return cls(**config)


def _checked(sequences, vocabulary):
    """Returns lists of ids; raises a DataError for other values, and for an id outside the vocabulary."""
    for sequence in sequences:
        array = np.asarray(sequence)
        if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
            raise DataError(f"expected a list of ids, found {sequence!r}")
        if array.size and not 0 <= array.min() <= array.max() < vocabulary:
            raise DataError(f"expected ids from 0 to {vocabulary - 1}, found {sequence!r}")
    return [np.asarray(sequence, np.int32).tolist() for sequence in sequences]


def _in_batches(sequences, batch_size):
    """Yields `({"inputs", "mask"}, row numbers)`; the batches are filled up with rows that have no number.

    Shapes are few, and the same for other sequences: each is compiled once.
    """
    if not sequences:
        return
    longest, rows = max(map(len, sequences)), min(batch_size, 4 ** math.ceil(math.log(len(sequences), 4)))
    buckets = [length for length in LENGTHS if length < 2 * longest] + [8 * math.ceil(longest / 8)] * (longest > LENGTHS[-1])
    batches = Batches(sequences, np.arange(len(sequences)), rows, shuffle=False, buckets=buckets or [LENGTHS[0]])
    for i in range(len(batches)):
        inputs, rows, weights = batches[i]
        yield {name: ops.convert_to_tensor(a) for name, a in inputs.items()}, rows[weights > 0]


def _before(y):
    """Returns y<t-1> of y<t> `(batch, T_y)`."""
    return ops.convert_to_tensor(np.concatenate([np.full_like(y[:, :1], BOS), y[:, :-1]], axis=1))
