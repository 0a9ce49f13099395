"""Composing: pieces of music sampled from a trained model, and written as MIDI files with piano rolls."""

import dataclasses
from pathlib import Path

from seqzoo import decoding, presets, recipe
from seqzoo.data import midi, voices
from seqzoo.data.tokenizer import EOS
from seqzoo.decoding.generate import generate_vectors
from seqzoo.decoding.samplers import Sampler
from seqzoo.recipe import generate as generate_flags
from seqzoo.recipe.flags import from_file
from seqzoo.tasks.music import data, piano_roll
from seqzoo.tasks.music.data import Piece, encoding_of
from seqzoo.training import run_folder


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


def pieces_folder(given, folder):
    """The folder for pieces: the one given, `pieces` in the run's folder, or `runs/generate-NAME` for a shipped model."""
    own = Path("runs", f"generate-{folder.name}") if folder.parent == presets.SHIPPED else folder / "pieces"
    pieces = Path(given or own)
    pieces.mkdir(parents=True, exist_ok=True)
    return pieces


@dataclasses.dataclass(frozen=True)
class GenerateFlags(generate_flags.GenerateFlags):
    """Writes sampled pieces, each as a MIDI file and a piano roll; prints their paths."""

    n: int = 1
    """Number of pieces."""
    length: int = 64
    """Steps of a piece, with those of the prime; a piece in voices may end before."""
    prime: str | None = None
    """MIDI file with which the pieces begin."""
    folder: str | None = None
    """Folder for the pieces; `pieces` in the run's folder if not given, for a shipped model `runs/generate-music`."""

    def __post_init__(self):
        super().__post_init__()
        recipe.check("length", self.length, lambda n: n >= 1, "a positive integer")


def generate(config_class, flags, folder):
    """Composes and writes pieces; yields their paths. `config_class` is the recipe's."""
    config, model = from_file(config_class, folder / run_folder.CONFIG_FILE), presets.load(folder)
    steps, prime = data.STEPS[config.steps], None
    if flags.prime is not None:
        prime = data.of_keys(midi.read(flags.prime, steps))
        recipe.check("length", flags.length, lambda n: n > len(prime), f"more than the prime's {len(prime)} steps")
    pieces = compose(model, flags.length, flags.n, flags.temperature, flags.seed, prime)
    output = pieces_folder(flags.folder, folder)
    for number, piece in enumerate(pieces, start=1):
        name = f"{folder.name}-seed{flags.seed}-{number}"
        yield from write(piece, output / f"{name}.mid", name, steps, config.voices, len(prime or []))
