"""Notes' events in the bytes of a MIDI file; all other events are skipped unread, so that none of them can be wrong.

The package mido, which writes our files, decodes each key signature and time signature while it reads, and refuses a file for
an odd one; it also reads a time of any number of bytes.
"""

from collections.abc import Iterator
from typing import NamedTuple

HEADER, TRACK = b"MThd", b"MTrk"  # names of chunks
LONGEST_NUMBER = 4  # bytes of a number of variable length
META, SYSEX, SYSEX_MORE = 0xFF, 0xF0, 0xF7
END_OF_TRACK = 0x2F
OFF, ON = 0x8, 0x9  # the upper half of a status byte
DATA_BYTES = {0x8: 2, 0x9: 2, 0xA: 2, 0xB: 2, 0xC: 1, 0xD: 1, 0xE: 2}  # of an event, by the upper half of its status
SYSTEM_DATA_BYTES = {0xF1: 1, 0xF2: 2, 0xF3: 1}  # and none of the other system events


class Event(NamedTuple):
    """Event of a track: ticks since its beginning, and a note on or off; at the track's end `channel` and `pitch` are None."""

    at: int
    on: bool
    channel: int | None
    pitch: int | None


def parse(content: bytes) -> tuple[int, list[list[Event]]]:
    """Returns the division, which is the ticks of a quarter note if it is below 2^15, and the events of each track.

    All tracks are read, also those that the header does not count; what follows the tracks need be no chunk.

    Raises:
        ValueError: the content is no MIDI file, or a damaged one; the message says why.
    """
    chunks = _chunks(content)
    name, header = next(chunks, (b"", b""))
    if name != HEADER or len(header) < 6:
        raise ValueError("no header, MThd")
    tracks = [list(_events(chunk)) for name, chunk in chunks if name == TRACK]
    count = int.from_bytes(header[2:4])
    if len(tracks) < count:
        raise ValueError(f"{len(tracks)} tracks, {count} in its header")
    return int.from_bytes(header[4:6]), tracks


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yields the name and the content of each chunk, up to bytes that are none."""
    at = 0
    while at + 8 <= len(content):
        start, end = at + 8, at + 8 + int.from_bytes(content[at + 4 : at + 8])
        name = content[at : at + 4]
        if end > len(content):
            if name in (HEADER, TRACK):
                raise ValueError(f"ends in the chunk that begins at byte {at}")
            return
        yield name, content[start:end]
        at = end


def _events(track: bytes) -> Iterator[Event]:
    """Yields the events of a track, the last of which is its end."""
    at, time, status = 0, 0, None
    while at < len(track):
        ticks, at = _number(track, at)
        time += ticks
        byte = _byte(track, at)
        if byte in (META, SYSEX, SYSEX_MORE):
            if byte == META and _byte(track, at + 1) == END_OF_TRACK:
                break
            length, start = _number(track, at + 1 + (byte == META))
            at = start + length
        else:
            status, at = (byte, at + 1) if byte & 0x80 else (status, at)  # without a status byte, that of the event before
            start, at = at, at + _data_bytes(status)
            if at <= len(track) and status >> 4 in (OFF, ON):
                yield Event(time, status >> 4 == ON and track[start + 1] > 0, status & 0xF, min(track[start], 127))
        if at > len(track):
            raise ValueError("a track ends in an event")
    yield Event(time, False, None, None)


def _data_bytes(status: int | None) -> int:
    if status is None:
        raise ValueError("data where an event should begin")
    return DATA_BYTES[status >> 4] if status >> 4 in DATA_BYTES else SYSTEM_DATA_BYTES.get(status, 0)


def _byte(track: bytes, at: int) -> int:
    if at >= len(track):
        raise ValueError("a track ends in an event")
    return track[at]


def _number(track: bytes, at: int) -> tuple[int, int]:
    """Returns a number of variable length, and where it ends: 7 bits a byte, the highest first; the last byte is below 128."""
    number = 0
    for i in range(at, at + LONGEST_NUMBER):
        byte = _byte(track, i)
        number = number << 7 | byte & 0x7F
        if byte < 0x80:
            return number, i + 1
    raise ValueError(f"a number of more than {LONGEST_NUMBER} bytes, a time or a length")
