"""MIDI files: read as piano rolls, written from notes."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import mido
import numpy as np

from seqzoo.data import files, midi_events
from seqzoo.data.midi_events import Event
from seqzoo.errors import DataError

KEYS = 88  # of a piano
LOWEST = 21  # the MIDI pitch of its first key, A0
TICKS = 480  # of a quarter note, in written files
LOUDNESS = 72  # velocity of 1..127, in written files
DRUMS = 9  # the channel on which a pitch means an instrument
LONGEST = 100_000  # steps: longer files are refused
PATTERNS = b"\0\2"  # bytes 8 and 9 of a file whose tracks do not sound together, format 2


class Note(NamedTuple):
    """Note: a MIDI pitch from the step `start` up to, not including, the step `end`."""

    start: int
    end: int
    pitch: int


def read(path: str | Path, steps: int) -> np.ndarray:
    """Returns the piano roll of a MIDI file: `(T, 88)` bool, True where a key is down, up to the end of the last note.

    Starts and ends of notes are moved to the nearest step; a note lasts one step at least. Tempo, loudness, drums and pitches
    outside a piano's range are left out.

    Args:
        steps: steps of a quarter note.

    Raises:
        DataError: the file is no MIDI file or one of format 2, holds no notes, or is too long.
    """
    notes = [note for note in _notes(*_open(path), steps) if LOWEST <= note.pitch < LOWEST + KEYS]
    if not notes:
        raise DataError(f"{path}: holds no notes of a piano's {KEYS} keys")
    length = max(note.end for note in notes)
    if length > LONGEST:
        raise DataError(f"{path}: {length:,} steps, expected at most {LONGEST:,}")
    keys = np.zeros((length, KEYS), bool)
    for start, end, pitch in notes:
        keys[start:end, pitch - LOWEST] = True
    return keys


def _open(path: str | Path) -> tuple[int, list[list[Event]]]:
    """The ticks of a quarter note, and the events of each track."""
    content = files.read_bytes(path, "a MIDI file")
    try:
        ticks, tracks = midi_events.parse(content)
    except ValueError as error:
        raise DataError(f"{path}: expected a MIDI file, found a damaged one ({error})") from error
    if content[8:10] == PATTERNS:
        raise DataError(f"{path}: expected a MIDI file of format 0 or 1, found format 2, tracks that do not sound together")
    if not 0 < ticks < 2**15:
        raise DataError(f"{path}: expected a MIDI file that counts in quarter notes, found one that counts in seconds")
    return ticks, tracks


def _notes(ticks: int, tracks: list[list[Event]], steps: int) -> Iterator[Note]:
    """Yields the notes of all tracks. The next note of a pitch ends a note without an end, or else the end of its track."""
    for track in tracks:
        down = {}  # {(channel, pitch): start}
        for at, on, channel, pitch in track[:-1]:
            if (channel, pitch) in down:
                yield _in_steps(down.pop((channel, pitch)), at, pitch, steps / ticks)
            if on and channel != DRUMS:
                down[channel, pitch] = at
        for (_, pitch), start in down.items():
            yield _in_steps(start, track[-1].at, pitch, steps / ticks)


def _in_steps(start: int, end: int, pitch: int, scale: float) -> Note:
    first = round(start * scale)
    return Note(first, max(first + 1, round(end * scale)), pitch)


def write(path: str | Path, tracks: Sequence[Sequence[Note]], steps: int, tempo: float = 72) -> None:
    """Writes a MIDI file: one track, with its own channel, for each list of notes.

    Args:
        steps: steps of a quarter note.
        tempo: quarter notes per minute.
    """
    file = mido.MidiFile(ticks_per_beat=TICKS)
    for channel, notes in enumerate(tracks):
        track = mido.MidiTrack(_messages(notes, TICKS // steps, channel + (channel >= DRUMS)))
        if not channel:
            track.insert(0, mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(tempo)))
        file.tracks.append(track)
    file.save(path)


def _messages(notes: Sequence[Note], ticks: int, channel: int) -> Iterator[mido.Message]:
    """Yields note-on and note-off messages in order of time; at one time, ends come before starts."""
    ends = [(note.end * ticks, "note_off", note.pitch) for note in notes]
    starts = [(note.start * ticks, "note_on", note.pitch) for note in notes]
    events = sorted(ends + starts)  # "note_off" sorts before "note_on"
    for (before, _, _), (at, kind, pitch) in pairwise([(0, "", 0), *events]):
        yield mido.Message(kind, channel=channel, note=pitch, velocity=LOUDNESS, time=at - before)


def notes_of_keys(keys: np.ndarray) -> list[Note]:
    """Returns the notes of a piano roll, `(T, 88)` of 0 and 1: a key that stays down is one note."""
    edges = np.diff(np.asarray(keys, np.int8), axis=0, prepend=0, append=0)  # (T + 1, 88)
    starts, ends = np.argwhere(edges.T > 0), np.argwhere(edges.T < 0)  # by key, then by time
    return [Note(int(start), int(end), int(key) + LOWEST) for (key, start), (_, end) in zip(starts, ends, strict=True)]
