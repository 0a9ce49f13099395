"""Music for several voices as an array `(T, voices)` uint8, and as tokens, one voice after the other.

A cell holds the MIDI pitch of a note that begins at the step, 1 while a note is held, 0 at a rest.
"""

from collections.abc import Sequence

import numpy as np

from seqzoo.data.midi import KEYS, LOWEST, Note
from seqzoo.data.tokenizer import EOS

VOICES = 4  # soprano, alto, tenor and bass
REST, HELD = 0, 1
REST_ID, HELD_ID, LOWEST_ID = EOS + 1, EOS + 2, EOS + 3  # token ids, after the tokenizer's special ones
VOCABULARY = LOWEST_ID + KEYS


def sounding(voices: np.ndarray) -> np.ndarray:
    """Returns the sounding pitch of each voice at each step, `(T, voices)`: held notes keep their pitch, rests are 0."""
    began = np.where(voices == HELD, 0, np.arange(len(voices))[:, None])
    pitches = np.take_along_axis(voices, np.maximum.accumulate(began, axis=0), axis=0)
    return np.where(pitches == HELD, REST, pitches)  # a held note without a beginning


def subsample(count: int, voices: np.ndarray) -> np.ndarray:
    """Returns every `count`-th step, from the first; a note that began since the last kept step begins at the next one."""
    pitches = sounding(voices)[::count]
    begun = [(voices[max(0, step - count + 1) : step + 1] > HELD).any(axis=0) for step in range(0, len(voices), count)]
    moved = np.diff(pitches, axis=0, prepend=np.zeros_like(pitches[:1])) != 0
    return np.where(pitches == REST, REST, np.where(moved | begun, pitches, HELD)).astype(np.uint8)


def keys_of(voices: np.ndarray) -> np.ndarray:
    """Returns the piano roll of voices: `(T, 88)` bool, True where a key is down."""
    pitches = sounding(voices)
    keys = np.zeros((len(voices), KEYS), bool)
    keys[np.nonzero(pitches)[0], pitches[pitches != REST].astype(int) - LOWEST] = True
    return keys


def of_keys(keys: np.ndarray) -> np.ndarray:
    """Returns four voices of a piano roll: the highest key, the lowest, two between; of fewer keys some voices share one.

    A pitch that a voice keeps is one note.
    """
    pitches = np.full((len(keys), VOICES), REST, np.uint8)
    for step, down in enumerate(keys):
        chord = np.flatnonzero(down)[::-1] + LOWEST
        if len(chord):
            pitches[step] = chord[np.linspace(0, len(chord) - 1, VOICES).round().astype(int)]
    held = np.diff(pitches, axis=0, prepend=np.zeros_like(pitches[:1])) == 0
    return np.where(held & (pitches != REST), HELD, pitches).astype(np.uint8)


def notes(voices: np.ndarray) -> list[list[Note]]:
    """Returns the notes of each voice."""
    return [_notes(voice, pitches) for voice, pitches in zip(voices.T, sounding(voices).T, strict=True)]


def _notes(voice: np.ndarray, pitches: np.ndarray) -> list[Note]:
    starts = np.flatnonzero(voice != HELD).tolist()
    runs = zip(starts, [*starts[1:], len(voice)], strict=True)
    return [Note(start, end, int(pitches[start])) for start, end in runs if pitches[start] != REST]


def tokens(voices: np.ndarray) -> np.ndarray:
    """Returns the token ids of voices, `(4 T,)`, step by step and voice by voice, below `VOCABULARY`."""
    of_pitch = voices.astype(np.int32) - LOWEST + LOWEST_ID
    return np.where(voices > HELD, of_pitch, np.where(voices == HELD, HELD_ID, REST_ID)).ravel()


def of_tokens(ids: Sequence[int]) -> np.ndarray:
    """Returns the voices of token ids, `(T, 4)`, the inverse of `tokens`; an incomplete last step is left out."""
    ids = np.asarray(ids, np.int32)[: len(ids) // VOICES * VOICES].reshape(-1, VOICES)
    return np.where(ids >= LOWEST_ID, ids - LOWEST_ID + LOWEST, np.where(ids == HELD_ID, HELD, REST)).astype(np.uint8)
