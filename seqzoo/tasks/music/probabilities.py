"""Probabilities of pieces of music: under a trained model, and under counts of keys or tokens."""

import numpy as np
from scipy.special import expit, log_softmax, softmax

from seqzoo.data import midi, voices
from seqzoo.data.batches import steps_in_order
from seqzoo.tasks.music import data
from seqzoo.tasks.music.data import encoding_of

PITCHES = 128  # of MIDI
STRENGTH = 2  # pseudo-counts of the frequency without a context


def logits(model, pieces, batch_size=32):
    """Logits of each step given the steps before: for each piece `(T, 88)`, in voices `(4 T + 1, VOCABULARY)`."""
    inputs = [encoding_of(model)(piece)[0] for piece in pieces]
    batches = steps_in_order(lambda batch: (model.predict_on_batch({"inputs": batch["inputs"]}),), inputs, batch_size)
    return [z for (z,) in batches]


def surprise(model, pieces):
    """Surprise of each step of each piece, -log P given the steps before: arrays `(T,)`, in nats.

    The surprise of a frame is a sum over its keys, which are independent; in voices it is a sum over the voices, each given the
    voices above.
    """
    return [_surprise(encoding_of(model)(piece)[1], z) for piece, z in zip(pieces, logits(model, pieces), strict=True)]


def _surprise(y, z):
    if y.ndim == 2:
        return (np.logaddexp(0, z) - y * z).sum(axis=1)
    tokens = -np.take_along_axis(log_softmax(z, axis=-1), y[:, None], axis=-1)[:-1, 0]  # without the end
    return tokens.reshape(-1, voices.VOICES).sum(axis=1)


def key_probabilities(model, pieces):
    """P(key is down) at each step, given the steps before: arrays `(T, 88)`. A voice is also given the voices above."""
    pairs = zip(pieces, logits(model, pieces), strict=True)
    return [expit(z) if encoding_of(model) is data.frames else _voice_keys(piece, softmax(z, axis=-1)) for piece, z in pairs]


def _voice_keys(piece, p):
    p = p[:-1].reshape(len(piece), voices.VOICES, -1)
    keys = p[:, :, voices.LOWEST_ID :].copy()  # (T, 4, 88)
    before = voices.sounding(piece.voices)[:-1]
    step, voice = np.nonzero(before != voices.REST)
    keys[step + 1, voice, before[step, voice].astype(int) - midi.LOWEST] += p[step + 1, voice, voices.HELD_ID]
    return 1 - np.prod(1 - keys, axis=1)


def count_surprise(train, test, in_voices):
    """`{baseline: surprise of each test piece}` under counts of keys or of voices' tokens, alone and given the step before."""
    columns, contexts, outcomes = (_voice_columns, PITCHES, voices.VOCABULARY) if in_voices else (_key_columns, 2, 2)
    before, now = (np.concatenate(pieces) for pieces in zip(*map(columns, train), strict=True))
    column = np.arange(now.shape[1])
    counts = np.zeros((len(column), contexts, outcomes))
    np.add.at(counts, (column, before, now), 1)
    alone = (counts.sum(axis=1) + 1) / (counts.sum(axis=(1, 2)) + outcomes)[:, None]  # (columns, outcomes)
    after = (counts + STRENGTH * alone[:, None]) / (counts.sum(axis=2, keepdims=True) + STRENGTH)
    tables = {"frequency": np.broadcast_to(alone[:, None], counts.shape), "step before": after}
    return {
        name: [-np.log(p[column, before, now]).sum(axis=1) for before, now in map(columns, test)] for name, p in tables.items()
    }


def _key_columns(piece):
    """Whether each key was down and is: `(T, 88)` each."""
    now = piece.keys.astype(int)
    return np.concatenate([np.zeros_like(now[:1]), now[:-1]]), now


def _voice_columns(piece):
    """The pitch that each voice sang, and its token: `(T, 4)` each."""
    sung = voices.sounding(piece.voices).astype(int)
    return np.concatenate([np.zeros_like(sung[:1]), sung[:-1]]), voices.tokens(piece.voices).reshape(sung.shape)
