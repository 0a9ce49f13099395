"""Speech recognizer: sounds to texts by connectionist temporal classification, T_x ≠ T_y without attention."""

import functools
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
from keras import ops

from seqzoo import backend
from seqzoo.data.batches import Batches
from seqzoo.data.sounds import SoundFile
from seqzoo.data.tokenizer import SPECIAL
from seqzoo.decoding import ctc, ctc_beam
from seqzoo.decoding.ctc import BLANK
from seqzoo.errors import DataError
from seqzoo.layers import SoundEncoder, Stacked
from seqzoo.models.recurrent_stack import recurrent_stack

SPECIALS = len(SPECIAL) - 1  # ids of the tokenizer without an output here: the blank stands for all of them
MOST_SAMPLES = 2**24  # of sounds that are read together
UNKNOWN = 0  # of a token that the tokenizer does not know


class Transcript(NamedTuple):
    """Transcript of a sound: its text, log P(text | sound), and the seconds `(token, begin, end)` of its tokens."""

    text: str
    log_p: float
    times: list

    @property
    def score(self):
        """The geometric mean of the probability of a token: of P(text | sound), one factor a token and one for the end."""
        return float(np.exp(self.log_p / (len(self.times) + 1)))


@keras.saving.register_keras_serializable("seqzoo")
class SpeechRecognizer(keras.Model):
    """Sounds -> log-mel frames, `stack` a step -> recurrent layers -> a dense layer at each step -> logits, trained by CTC.

    The model takes `{"inputs": waveforms (batch, samples), 1.0 at full scale, "mask": booleans (batch, samples)}` and returns
    logits `(batch, T_x, tokens)`, float32; id 0 is the blank. Targets are ids `(batch, T_y)`, 0 at padding. `compile` it
    without a loss: the loss is -log P(y | x), the mean over the batch. `transcripts` takes waveforms or sound files;
    `SpeechStream` takes sound as it arrives, if the model is not bidirectional or has a `lookahead`.

    Args:
        tokens: the number of ids, the blank included; unless given, of the blank and the tokenizer's tokens, in their order.
        sample_rate, bands, window, hop, stack, augment: arguments of `SoundEncoder`. Call `adapt` before training.
        cell, units, depth, bidirectional, lookahead: arguments of `recurrent_stack`; a depth of 0 for no recurrent layer, where
            the logits of a step depend on its frames alone.
        dropout: dropout rate of the vectors and of the states, element by element.
        recurrent_dropout: dropout rate of the states; one mask a sequence.
        tokenizer: a `data.tokenizer.Tokenizer`; `presets` saves it beside the weights.
        dtype: the dtype policy, such as "mixed_bfloat16"; spectrogram and logits are float32.
    """

    def __init__(
        self,
        tokens=None,
        sample_rate=16_000,
        bands=40,
        window=0.032,
        hop=0.01,
        stack=3,
        augment=False,
        cell="gru",
        units=128,
        depth=1,
        bidirectional=True,
        lookahead=None,
        dropout=0.0,
        recurrent_dropout=0.0,
        tokenizer=None,
        dtype=None,
        **kwargs,
    ):
        if lookahead is not None and not bidirectional:
            raise ValueError(f"`lookahead` needs `bidirectional=True`, got {lookahead!r}.")
        if tokens is None and tokenizer is None:
            raise ValueError("Give `tokens`, their number, or a `tokenizer`.")
        tokens = tokenizer.size - SPECIALS if tokens is None else tokens
        policy = keras.dtype_policies.get(dtype or keras.config.dtype_policy())
        # === Layers ===
        encoder = SoundEncoder(sample_rate, bands, window, hop, stack, augment, dtype=policy)
        drop = keras.layers.Dropout(dropout, dtype=policy)
        arguments = {"return_sequences": True, "recurrent_dropout": recurrent_dropout, "dtype": policy}
        layers = recurrent_stack(cell, units, depth, bidirectional, lookahead=lookahead, **arguments) if depth else []
        recurrent = Stacked(layers, dropout=dropout, dtype=policy) if layers else None
        logits = keras.layers.Dense(tokens, dtype="float32", name="logits")

        # === Functional model ===
        inputs, mask = keras.Input((None,), name="inputs"), keras.Input((None,), dtype="bool", name="mask")
        x = drop(encoder(inputs, mask=mask))
        x = recurrent(x, mask=encoder.steps_mask(mask)) if layers else x
        super().__init__(inputs={"inputs": inputs, "mask": mask}, outputs=logits(drop(x)), **kwargs)
        self.dtype_policy = policy  # Keras reads it for loss scaling; a functional model takes no `dtype`

        # === Config ===
        self.encoder, self.recurrent, self.logits, self.tokenizer = encoder, recurrent, logits, tokenizer
        self.sample_rate, self.streams = sample_rate, bool(depth) and (not bidirectional or lookahead is not None)
        self.step_seconds = encoder.step_samples / sample_rate
        self._config = {
            "tokens": tokens,
            "sample_rate": sample_rate,
            "bands": bands,
            "window": window,
            "hop": hop,
            "stack": stack,
            "augment": augment,
            "cell": cell,
            "units": units,
            "depth": depth,
            "bidirectional": bidirectional,
            "lookahead": lookahead,
            "dropout": dropout,
            "recurrent_dropout": recurrent_dropout,
            "dtype": policy.name,
        }

    def adapt(self, waveforms):
        """Normalises each mel band by waveforms of the training data; at the model's sampling rate."""
        self.encoder.adapt(waveforms)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Returns the batch mean of -log P(y | x), each row weighted. A target that needs more steps than T_x has no share."""
        steps = ops.sum(ops.cast(self.encoder.steps_mask(x["mask"]), "int32"), axis=1)
        y = ops.cast(y, "int32")
        lengths = ops.sum(ops.cast(y != BLANK, "int32"), axis=1)
        repeated = ops.sum(ops.cast((y[:, 1:] == y[:, :-1]) & (y[:, 1:] != BLANK), "int32"), axis=1)
        loss = ops.ctc_loss(y, ops.cast(y_pred, "float32"), lengths, steps, mask_index=BLANK)
        loss = ops.where(steps >= lengths + repeated, loss, 0)  # backends give it different large numbers
        if sample_weight is not None:
            loss = loss * ops.cast(sample_weight, loss.dtype)
        return backend.mean_of_batch(loss)

    def transcripts(self, sounds, width=1, lexicon=None, next_log_p=None, weight=0.5, bonus=0.0, batch_size=32):
        """Returns the `Transcript` of each sound.

        Args:
            sounds: waveforms `(samples,)` at the model's sampling rate, paths, or `data.sounds.SoundFile`s.
            width: beam width; 1 is greedy decoding, without lexicon and language model.
            lexicon, next_log_p, weight, bonus: see `decoding.ctc_beam`.
        """
        search = functools.partial(
            ctc_beam, width=width, blank=BLANK, lexicon=lexicon, next_log_p=next_log_p, weight=weight, bonus=bonus
        )
        opened = [SoundFile.open(s, self.sample_rate) if isinstance(s, (str, Path)) else s for s in sounds]
        return [self._transcript(log_p, None if width == 1 else search) for log_p in self.log_probabilities(opened, batch_size)]

    def _transcript(self, log_p, search):
        if search is None:
            aligned = ctc.greedy(log_p, BLANK)
            return self.transcript_of(aligned, float(log_p.max(axis=1).sum()))
        found = search(log_p)
        tokens, of_text = (found[0].tokens, found[0].log_p) if found else ((), float(log_p[:, BLANK].sum()))
        return self.transcript_of(ctc.align(log_p, tokens, BLANK), of_text)

    def transcript_of(self, aligned, log_p):
        """Returns the transcript of aligned tokens: see `decoding.ctc`."""
        names, seconds = self.names, self.step_seconds
        times = [(names[token], first * seconds, (last + 1) * seconds) for token, first, last in aligned]
        ids = [token + SPECIALS for token, _, _ in aligned]
        return Transcript(self.tokenizer.decode(ids) if self.tokenizer else "", log_p, times)

    @property
    def names(self):
        """The names of the tokens by their ids; "" of the blank."""
        known = self.tokenizer.tokens[len(SPECIAL) :] if self.tokenizer else range(1, self._config["tokens"])
        return ["", *map(str, known)]

    def log_probabilities(self, sounds, batch_size=32):
        """Returns log P of each token at each step of each sound, `(T_x, tokens)` each; blank is id 0."""
        if not len(sounds):
            return []
        batch_size = max(1, min(batch_size, MOST_SAMPLES // max(map(len, sounds))))
        batches, found = Batches(sounds, np.arange(len(sounds)), batch_size, shuffle=False), [None] * len(sounds)
        for i in range(len(batches)):
            inputs, rows, weights = batches[i]
            log_p = ops.convert_to_numpy(ops.log_softmax(self.predict_on_batch(inputs)))
            for row, number in enumerate(rows):
                if weights[row]:
                    found[number] = log_p[row, : self.encoder.steps(len(sounds[number]))]
        return found

    def targets(self, texts, sounds=None):
        """Returns texts as ids `(N, T_y)`, 0 at padding.

        Args:
            sounds: if given, each must have as many steps as its text needs.

        Raises:
            DataError: a text is empty, has an unknown token, or needs more steps than its sound has.
        """
        encoded = [[max(i - SPECIALS, UNKNOWN) for i in ids] for ids in self.tokenizer.encode_all(texts)]
        y = np.full((len(encoded), max(map(len, encoded), default=1)), BLANK, np.int32)
        for i, (row, ids) in enumerate(zip(y, encoded, strict=True)):
            fault = self._fault(texts[i], ids, None if sounds is None else self.encoder.steps(len(sounds[i])))
            if fault:
                name = getattr(sounds and sounds[i], "path", f"input {i + 1}")
                raise DataError(f"{name}: the transcript {texts[i][:40]!r} {fault}")
            row[: len(ids)] = ids
        return y

    def _fault(self, text, ids, steps):
        """What is wrong with the transcript of a sound of so many steps, a text, or "" if nothing is."""
        if not text.strip():
            return "is empty"
        if UNKNOWN in ids:
            unknown = self.tokenizer.cut_all([text])[0][ids.index(UNKNOWN)]
            return f"has {unknown!r}, expected {''.join(self.names)[:60]} alone"
        needed = ctc.steps_needed(ids)
        if steps is not None and steps < needed:
            return f"needs {needed} steps of {1000 * self.step_seconds:.0f} ms, the sound has {steps}"
        return ""

    def get_config(self):
        return dict(self._config, name=self.name, trainable=self.trainable)

    @classmethod
    def from_config(cls, config, custom_objects=None):
        return cls(**config)
