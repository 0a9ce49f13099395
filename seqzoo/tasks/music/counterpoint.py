"""Two rules of four-part writing: each voice stays in its range, and no two voices move in parallel fifths or octaves."""

import itertools

import numpy as np

from seqzoo.data import voices

RANGES = {"soprano": (60, 81), "alto": (53, 76), "tenor": (48, 69), "bass": (36, 64)}  # lowest and highest MIDI pitch
PERFECT = (0, 7)  # semitones of an octave (or a unison) and of a fifth, modulo 12


def in_range(pieces: list[np.ndarray]) -> dict[str, float]:
    """Returns the share of each voice's steps, rests aside, at which its pitch is in its range, for pieces `(T, voices)`."""
    pitches = np.concatenate([voices.sounding(piece) for piece in pieces])
    by_voice = zip(RANGES.items(), pitches.T, strict=True)
    return {name: _share((low <= of_voice) & (of_voice <= high), of_voice > 0) for (name, (low, high)), of_voice in by_voice}


def parallels(pieces: list[np.ndarray]) -> float:
    """Returns the share of steps to which two voices move in one direction from a fifth to a fifth, or octave to octave."""
    return _share(np.concatenate([_parallel(voices.sounding(piece).astype(int)) for piece in pieces]))


def _parallel(pitches):
    """Whether each step but the first is reached in parallel, `(T - 1,)`."""
    moves, sounds = np.diff(pitches, axis=0), (pitches[1:] > 0) & (pitches[:-1] > 0)
    found = np.zeros(len(moves), bool)
    for a, b in itertools.combinations(range(pitches.shape[1]), 2):
        intervals = (pitches[:, a] - pitches[:, b]) % 12
        same = np.isin(intervals[1:], PERFECT) & (intervals[1:] == intervals[:-1])
        found |= same & (moves[:, a] * moves[:, b] > 0) & sounds[:, a] & sounds[:, b]
    return found


def _share(true, of=None):
    """The share of true values, of those at which `of` is true; 0 of none."""
    chosen = true if of is None else true[of]
    return float(chosen.mean()) if len(chosen) else 0.0
