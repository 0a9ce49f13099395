"""The verb generate of models of music, and its flags."""

import dataclasses
from pathlib import Path

from seqzoo import presets, recipe
from seqzoo.data import midi
from seqzoo.recipe import generate_flags
from seqzoo.recipe.flags import from_file
from seqzoo.tasks.music import data
from seqzoo.tasks.music.composing import LENGTH, compose, write
from seqzoo.training import run_folder


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
    length: int = LENGTH
    """Steps of a piece, with those of the prime; a piece in voices may end before."""
    prime: str | None = None
    """MIDI file with which the pieces begin."""
    folder: str | None = None
    """Folder for the pieces; `pieces` in the run's folder if not given, for a shipped model `runs/generate-music`."""

    def __post_init__(self):
        super().__post_init__()
        recipe.check("length", self.length, lambda n: n >= 1, "a positive integer")
        recipe.check_at_most(self, length=100_000)


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
