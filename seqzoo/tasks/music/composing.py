"""Pieces of music from a trained model: sampled, and written as MIDI files beside a piano roll."""

from pathlib import Path

from seqzoo import presets
from seqzoo.data import midi, voices
from seqzoo.data.tokenizer import EOS
from seqzoo.decoding.generate import generate, generate_vectors
from seqzoo.decoding.samplers import Sampler
from seqzoo.tasks.music import data, piano_roll
from seqzoo.tasks.music.data import Piece, encoding_of


def compose(model, length, count=1, temperature=1.0, seed=0, prime=None):
    """Pieces of so many steps, which begin with `prime`, a `Piece`, if given. Of voices they may end before."""
    state = model.initial_state(count)
    if encoding_of(model) is data.frames:
        prompt = None if prime is None else prime.keys
        found = generate_vectors(model.step, state, length, midi.KEYS, prompt, temperature, seed)
        return [data.of_keys(keys > 0.5) for keys in found]
    prompts = None if prime is None else voices.tokens(prime.voices).tolist()
    found = generate(model.step, state, voices.VOICES * length, Sampler(temperature), prompts, seed=seed).sequences
    sung = (voices.of_tokens([token for token in ids if token != EOS]) for ids in found)
    return [Piece(voices.keys_of(of_one), of_one) for of_one in sung]


def _notes(piece, of_voices):
    """The notes of each voice, or those of the piano."""
    return voices.notes(piece.voices) if of_voices else [midi.notes_of_keys(piece.keys)]


def write(piece, path, title, steps, of_voices, primed=0):
    """A MIDI file, and beside it a picture with the suffix `.png`, in which so many steps are marked as given: both paths."""
    notes, picture = _notes(piece, of_voices), Path(path).with_suffix(".png")
    midi.write(path, notes, steps)
    piano_roll.draw({"": piece.keys}, picture, title, steps, {"": sum(notes, [])}, primed)
    return path, picture


def folder_of_pieces(to, folder):
    """Where composed pieces go: `to` if given, else in the run's folder, for a model that ships under `runs`."""
    own = Path("runs", f"generate-{folder.name}") if folder.parent == presets.SHIPPED else folder / "pieces"
    pieces = Path(to or own)
    pieces.mkdir(parents=True, exist_ok=True)
    return pieces
