"""Composing: pieces of music sampled from a trained model, and written as MIDI files with piano rolls."""

from pathlib import Path

from seqzoo import decoding
from seqzoo.data import midi, voices
from seqzoo.data.tokenizer import EOS
from seqzoo.decoding.generate import generate_vectors
from seqzoo.decoding.samplers import Sampler
from seqzoo.tasks.music import data, piano_roll
from seqzoo.tasks.music.data import Piece, encoding_of

LENGTH = 64  # steps of a piece, unless given


def compose(model, length, count=1, temperature=1.0, seed=0, prime=None):
    """Returns sampled pieces, which begin with `prime`, a `Piece`, if given.

    Args:
        length: steps of a piece; a piece in voices may end before.
    """
    state = model.initial_state(count)
    if encoding_of(model) is data.frames:
        prompt = None if prime is None else prime.keys
        sampled = generate_vectors(model.step, state, length, midi.KEYS, prompt, temperature, seed)
        return [data.of_keys(keys > 0.5) for keys in sampled]
    prompts = None if prime is None else voices.tokens(prime.voices).tolist()
    sampled = decoding.generate(model.step, state, voices.VOICES * length, Sampler(temperature), prompts, seed=seed).sequences
    arrays = (voices.of_tokens([token for token in ids if token != EOS]) for ids in sampled)
    return [Piece(voices.keys_of(array), array) for array in arrays]


def notes_of(piece, in_voices):
    """The notes of a piece: a list for each voice, or one list for the piano."""
    return voices.notes(piece.voices) if in_voices else [midi.notes_of_keys(piece.keys)]


def write(piece, path, title, steps, in_voices, primed=0):
    """Writes a piece as a MIDI file, and its piano roll beside the file, with the suffix `.png`; returns both paths.

    Args:
        steps: of a quarter note.
        primed: steps of the prime, which the piano roll marks.
    """
    notes, picture = notes_of(piece, in_voices), Path(path).with_suffix(".png")
    midi.write(path, notes, steps)
    piano_roll.draw({"": piece.keys}, picture, title, steps, {"": sum(notes, [])}, primed)
    return path, picture
