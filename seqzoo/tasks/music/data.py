"""Pieces of music from MIDI files, MATLAB files or chorales, and their sequences for the prediction of the next step."""

import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy import io

from seqzoo.data import midi, voices
from seqzoo.data.batches import Batches
from seqzoo.data.midi import KEYS
from seqzoo.data.targets import Split
from seqzoo.data.tokenizer import EOS, PAD
from seqzoo.datasets import catalog, chorales
from seqzoo.errors import DataError, note_of_data, one_line

STEPS = {"quarter": 1, "eighth": 2, "sixteenth": 4}  # of a quarter note
MATLAB = ("traindata", "validdata", "testdata")
NAMED = 20  # files that cannot be read
HELD_OUT = 10  # of a folder's different files one in 10 is in the validation split, and one in 10 in the test split


@dataclass(frozen=True)
class Piece:
    """Piece of music: `keys`, `(T, 88)` bool, True where a key is down, A0 to C8; `voices`, `(T, 4)`, see `data.voices`."""

    keys: np.ndarray
    voices: np.ndarray

    def __len__(self) -> int:
        return len(self.keys)

    def parts(self, length: int) -> list["Piece"]:
        """Returns the piece in parts of at most `length` steps. A note held at the start of a part begins there."""
        return [self._part(slice(start, start + length)) for start in range(0, len(self), length)]

    def _part(self, steps: slice) -> "Piece":
        first = voices.sounding(self.voices)[steps][:1]
        return Piece(self.keys[steps], np.concatenate([first, self.voices[steps][1:]]))

    def transposed(self, semitones: int) -> "Piece":
        """Returns the piece higher, or lower, by an interval in its `transposition_range`."""
        moved = np.where(self.voices > voices.HELD, self.voices.astype(int) + semitones, self.voices).astype(np.uint8)
        return Piece(np.roll(self.keys, semitones, axis=1), moved)

    def transposition_range(self) -> tuple[int, int]:
        """Returns the lowest and the highest interval, in semitones, by which the piece stays on the piano."""
        used = np.flatnonzero(self.keys.any(axis=0))
        return (-int(used[0]), KEYS - 1 - int(used[-1])) if len(used) else (0, 0)


class Splits(NamedTuple):
    """Pieces of the three splits."""

    train: list[Piece]
    validation: list[Piece]
    test: list[Piece]


# Sources


def load(source: str, data_dir: str | None = None, steps: str = "quarter", seed: int = 0) -> Splits:
    """Returns train, validation and test pieces.

    Args:
        source: "chorales"; a MATLAB file in the form of `JSB_Chorales.mat`, whose steps and splits are its own; or a folder of
            MIDI files, of which a tenth each, chosen by `seed`, are the validation and the test split; equal pieces stay in one
            split.
        data_dir: the folder of named data sets.
        steps: "quarter", "eighth" or "sixteenth": the note that is a step.

    Raises:
        DataError: a file is unreadable or not as expected, or there are too few.
    """
    path = Path(source).expanduser()
    if path.suffix.lower() == ".mat":
        return _load_matlab(path)
    if path.is_dir():
        return _split(read_folder(path, STEPS[steps]), seed, source)
    if source == "chorales":
        return _load_chorales(data_dir, STEPS[steps])
    raise DataError(f"{source}: expected chorales, a folder of MIDI files or a .mat file in the form of JSB_Chorales.mat")


def load_test(source: str, data_dir: str | None = None, steps: str = "quarter") -> list[Piece]:
    """Returns test pieces for a trained model: the whole of a folder of MIDI files, else the test split."""
    path = Path(source).expanduser()
    return read_folder(path, STEPS[steps]) if path.is_dir() else load(source, data_dir, steps).test


def read_folder(folder: Path, steps: int) -> list[Piece]:
    """Returns the pieces of the MIDI files in a folder and its subfolders, by name; a note names those that cannot be read.

    Raises:
        DataError: no file can be read.
    """
    files = sorted(file for file in folder.rglob("*") if file.suffix.lower() in (".mid", ".midi"))
    if not files:
        raise DataError(f"{folder}: expected MIDI files (.mid or .midi), found none")
    pieces, skipped = [], []
    for file in files:
        try:
            pieces.append(of_keys(midi.read(file, steps)))
        except DataError as error:
            skipped.append(str(error).replace(str(file), str(file.relative_to(folder)), 1))
    more = f"; and {len(skipped) - NAMED} more" if len(skipped) > NAMED else ""
    message = f"{folder}: {len(skipped)} of {len(files)} files cannot be read: {'; '.join(skipped[:NAMED])}{more}"
    if not pieces:
        raise DataError(message)
    if skipped:
        note_of_data(f"{message}; they are skipped")
    return pieces


def of_keys(keys: np.ndarray) -> Piece:
    """Returns the piece of a piano roll, with voices from its keys."""
    return Piece(keys, voices.of_keys(keys))


def _split(pieces: list[Piece], seed: int, source: str) -> Splits:
    groups = defaultdict(list)
    for piece in pieces:
        groups[piece.keys.tobytes()].append(piece)
    if len(groups) < 3:
        found = f"found {len(groups)} that differ"
        raise DataError(f"{source}: expected 3 MIDI files at least, to train, validate and test, {found}")
    equal = list(groups.values())
    random.Random(seed).shuffle(equal)
    count = -(-len(equal) // HELD_OUT)
    return Splits(*(list(chain(*part)) for part in (equal[2 * count :], equal[:count], equal[count : 2 * count])))


def _load_chorales(data_dir: str | None, steps: int) -> Splits:
    builder = catalog.find("chorales", data_dir)
    catalog.prepare(builder)
    rows = (catalog.read(builder, split) for split in Splits._fields)
    arrays = ((voices.subsample(chorales.STEPS // steps, row["voices"]) for row in split) for split in rows)
    return Splits(*([Piece(voices.keys_of(array), array) for array in split] for split in arrays))


def _load_matlab(path: Path) -> Splits:
    try:
        arrays = io.loadmat(path, variable_names=MATLAB)
    except Exception as error:  # scipy raises errors of many kinds
        raise DataError(f"{path}: expected a readable MATLAB file ({one_line(error, 100)})") from error
    missing = [name for name in MATLAB if name not in arrays or not arrays[name].size]
    if missing:
        raise DataError(f"{path}: holds no {', '.join(missing)}, expected {', '.join(MATLAB)}")
    return Splits(*([_piece_of_cell(cell, f"{path}: {name}") for cell in arrays[name].flat] for name in MATLAB))


def _piece_of_cell(cell: np.ndarray, where: str) -> Piece:
    shape = getattr(cell, "shape", ())
    if len(shape) != 2 or not shape[0] or shape[1] != KEYS or not np.isin(cell, (0, 1)).all():
        raise DataError(f"{where}: expected arrays (T, {KEYS}) of 0 and 1, found one of shape {shape}")
    return of_keys(cell.astype(bool))


# Sequences: `(x, y)` with x<1> = 0 and x<t+1> = y<t>


def frames(piece: Piece) -> tuple[np.ndarray, np.ndarray]:
    """Returns the sequence `(x, y)` of a piece's keys: `(T, 88)` each."""
    y = piece.keys.astype(np.int32)
    return np.concatenate([np.zeros((1, KEYS)), y[:-1]]).astype(np.float32), y


def tokens(piece: Piece) -> tuple[np.ndarray, np.ndarray]:
    """Returns the sequence `(x, y)` of a piece's tokens, the voices in turn at each step, and `EOS`: `(4 T + 1,)` each."""
    y = np.append(voices.tokens(piece.voices), EOS)
    return np.append(PAD, y[:-1]), y


def as_split(pieces: list[Piece], max_length: int) -> Split:
    """Returns a split of pieces, cut into parts of at most `max_length` steps; the target of a part is the part itself."""
    parts = [part for piece in pieces for part in piece.parts(max_length)]
    return Split(parts, parts, [])


class Transposed(Batches):
    """`Batches` of pieces, each transposed in every epoch by a random interval.

    Args:
        pieces: of the training split.
        sequence: `frames` or `tokens`.
        semitones: the largest interval, up or down; no piece leaves the piano.
        settled: the epoch, from 0, at which the largest interval has shrunk to none; None for never.
        batch_size, **options: those of `Batches`.
    """

    def __init__(self, pieces: list[Piece], sequence: Callable, semitones: int, batch_size: int, settled=None, **options):
        self.pieces, self.sequence, self.semitones, self.settled = pieces, sequence, semitones, settled
        super().__init__(*zip(*map(sequence, pieces), strict=True), batch_size, per_step=True, **options)

    def start_epoch(self, epoch: int) -> None:
        if self.semitones:
            most = round(self.semitones * max(0.0, 1 - epoch / self.settled)) if self.settled else self.semitones
            rng = random.Random(f"{self.seed} {epoch}")
            moved = (piece.transposed(_random_interval(piece, most, rng)) for piece in self.pieces)
            self.sequences, self.targets = zip(*map(self.sequence, moved), strict=True)
        super().start_epoch(epoch)


def _random_interval(piece: Piece, most: int, rng: random.Random) -> int:
    low, high = piece.transposition_range()
    return rng.randint(max(low, -most), min(high, most))


def encoding_of(model):
    """Returns the encoding of the pieces that a model reads: the function `frames`, or `tokens` for voices."""
    return tokens if model.embed is not None else frames
