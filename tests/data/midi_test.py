"""MIDI: what is written is read again, in any number of steps; what is no MIDI is one line."""

import mido
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqzoo.data import midi, midi_events
from seqzoo.data.midi import Note
from seqzoo.errors import DataError


def keys_of(notes):
    keys = np.zeros((max(note.end for note in notes), midi.KEYS), bool)
    for start, end, pitch in notes:
        keys[start:end, pitch - midi.LOWEST] = True
    return keys


@st.composite
def rolls(draw):
    chance = np.random.default_rng(draw(st.integers(0, 10**6)))
    keys = chance.random((draw(st.integers(1, 20)), midi.KEYS)) < 0.1
    keys[-1, draw(st.integers(0, midi.KEYS - 1))] = True
    return keys


@given(rolls())
def test_notes_of_keys_press_these_keys_and_end_where_they_are_let_go(keys):
    notes = midi.notes_of_keys(keys)
    assert np.array_equal(keys_of(notes), keys)
    for start, end, pitch in notes:
        key = keys[:, pitch - midi.LOWEST]
        assert not start or not key[start - 1]
        assert end == len(keys) or not key[end]


@settings(max_examples=20, deadline=None)
@given(rolls(), st.sampled_from([1, 2, 4]))
def test_what_is_written_is_read_again(tmp_path_factory, keys, steps):
    path = tmp_path_factory.mktemp("midi") / "a.mid"
    notes = midi.notes_of_keys(keys)
    midi.write(path, [notes[::2], notes[1::2]], steps)
    assert np.array_equal(midi.read(path, steps), keys)
    assert np.array_equal(midi.read(path, 2 * steps), np.repeat(keys, 2, axis=0))


def test_each_list_of_notes_is_a_track_on_a_channel_that_is_no_drum(tmp_path):
    midi.write(tmp_path / "a.mid", [[Note(i, i + 1, 60)] for i in range(12)], 1)
    tracks = mido.MidiFile(tmp_path / "a.mid").tracks
    channels = [message.channel for track in tracks for message in track if message.type == "note_on"]
    assert len(set(channels)) == 12 and midi.DRUMS not in channels
    assert midi.read(tmp_path / "a.mid", 1).sum() == 12


def saved(path, *messages, ticks=480):
    file = mido.MidiFile(ticks_per_beat=ticks)
    file.tracks.append(mido.MidiTrack(messages))
    file.save(path)
    return path


def on(pitch, time=0, channel=0, velocity=64):
    return mido.Message("note_on", note=pitch, time=time, channel=channel, velocity=velocity)


def test_times_are_rounded_and_no_note_is_shorter_than_a_step(tmp_path):
    path = saved(tmp_path / "a.mid", on(60, 470), on(60, 20, velocity=0), on(62, 480), on(62, 970, velocity=0))
    keys = midi.read(path, 1)
    assert np.argwhere(keys).tolist() == [[1, 39], [2, 41], [3, 41]]


def test_drums_and_pitches_off_the_piano_are_left_out(tmp_path):
    path = saved(tmp_path / "a.mid", on(60, channel=9), on(5), on(64), on(64, 480, velocity=0))
    assert np.argwhere(midi.read(path, 1)).tolist() == [[0, 43]]


def test_what_sounds_at_the_end_of_its_track_ends_there(tmp_path):
    end = mido.MetaMessage("end_of_track", time=960)
    assert midi.read(saved(tmp_path / "a.mid", on(60), end), 1).sum() == 2


def track(*events, ticks=480, kind=b"MTrk"):
    """The bytes of a file with one track of events, each with its delta time."""
    content = b"".join(events)
    return b"MThd\0\0\0\6\0\1\0\1" + ticks.to_bytes(2) + kind + len(content).to_bytes(4) + content


QUARTER, END = b"\x83\x60", b"\0\xff\x2f\0"
NOTE = b"\0\x90\x3c\x40" + QUARTER + b"\x80\x3c\0"


@pytest.mark.parametrize(
    "events, steps",
    [
        ([b"\0\xff\x59\2\xfe\xff", NOTE], "#"),  # a key signature of 254 flats
        ([b"\0\xff\x59\0", b"\0\xff\x51\1\0", b"\0\xff\x54\1\xff", b"\0\xff\x58\0", b"\0\xff\x7e\1a", NOTE], "#"),
        ([b"\0\xf0\2ab", b"\0\xf7\1\x90", b"\0\xf8", b"\0\xc1\1", b"\0\xe1\0\0", NOTE], "#"),
        ([b"\0\x90\x3c\x40", QUARTER, b"\x3c\0", QUARTER, b"\x3c\x40", QUARTER, b"\x3c\0"], "#.#"),  # running status
        ([b"\0\x90\x3c\x40", b"\0\xff\1\1a", QUARTER, b"\x3c\0"], "#"),
        (
            [
                b"\0\x90\x3c\x40",
                QUARTER,
                b"\x90\x3c\x40",
                QUARTER,
                b"\x80\x3c\0",
                b"\x8f\0\x90\x3c\x40",
                QUARTER,
                b"\x80\x3c\0",
            ],
            "##....#",  # a second note-on ends the first note
        ),
        ([b"\0\x90\x3c\x40", b"\0\x90\x3c\x40", QUARTER, b"\x80\x3c\0", QUARTER, b"\x80\x3c\0"], "#"),
    ],
)
def test_notes_are_read_whatever_else_a_track_holds(tmp_path, events, steps):
    (tmp_path / "a.mid").write_bytes(track(*events, END))
    keys = midi.read(tmp_path / "a.mid", 1)
    assert "".join(".#"[key] for key in keys[:, 60 - midi.LOWEST].astype(int)) == steps and keys.sum() == steps.count("#")


@st.composite
def messages(draw):
    channel, pitch, time = st.integers(0, 15), st.integers(0, 127), st.integers(0, 2**21)
    kinds = {
        "note_on": {"note": pitch, "velocity": pitch},
        "note_off": {"note": pitch},
        "control_change": {"control": pitch, "value": pitch},
        "program_change": {"program": pitch},
        "pitchwheel": {"pitch": st.integers(-8192, 8191)},
    }
    kind = draw(st.sampled_from(list(kinds)))
    values = {name: draw(value) for name, value in kinds[kind].items()}
    return mido.Message(kind, channel=draw(channel), time=draw(time), **values)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(messages(), max_size=12), max_size=3))
def test_events_are_those_that_mido_reads(tmp_path_factory, tracks):
    path = tmp_path_factory.mktemp("midi") / "a.mid"
    mido.MidiFile(tracks=[mido.MidiTrack(one) for one in tracks], ticks_per_beat=96).save(path)
    ticks, read = midi_events.parse(path.read_bytes())
    expected = []
    for one in mido.MidiFile(path).tracks:
        times = np.cumsum([message.time for message in one]).tolist()
        notes = [(at, m) for at, m in zip(times, one, strict=True) if m.type in ("note_on", "note_off")]
        events = [(at, m.type == "note_on" and m.velocity > 0, m.channel, m.note) for at, m in notes]
        expected.append([*events, (times[-1], False, None, None)])
    assert ticks == 96 and read == expected


@given(st.binary(max_size=60))
def test_no_bytes_stop_it(content):
    for damaged in (content, track(content), track(NOTE, content)):
        try:
            midi_events.parse(damaged)
        except ValueError as error:
            assert str(error)


def test_other_chunks_are_skipped_and_the_events_after_the_end_too(tmp_path):
    one = track(NOTE, END, NOTE)
    (tmp_path / "a.mid").write_bytes(one[:14] + b"XFIH\0\0\0\2ab" + one[14:] + b"rest")
    assert midi.read(tmp_path / "a.mid", 1).sum() == 1


@pytest.mark.parametrize("junk", [b"\0" * 5, b"\0" * 64, b"\n", b"appended by a mailer, as text"])
def test_what_follows_the_tracks_is_skipped(tmp_path, junk):
    (tmp_path / "a.mid").write_bytes(track(NOTE, END) + junk)
    assert midi.read(tmp_path / "a.mid", 1).sum() == 1


def test_tracks_that_the_header_does_not_count_are_read(tmp_path):
    one, other = track(NOTE, END), track(NOTE.replace(b"\x3c", b"\x40"), END)
    (tmp_path / "a.mid").write_bytes(one + other[14:])
    assert midi.read(tmp_path / "a.mid", 1).sum() == 2


@pytest.mark.parametrize(
    "content, message",
    [
        (track(b"\0\x90\x3c\x40" + b"\xff" * 200 + b"\0\x80\x3c\0"), "a number of more than 4 bytes, a time or a length"),
        (track(b"\0\x90\x3c\x40" + b"\xff\xff\xff\x7f\x80\x3c\0"), "steps, expected at most 100,000"),
        (track(b"\0\xff\1\xff\xff\xff\x7f"), "a track ends in an event"),
        (track(b"\0\x3c\x40"), "data where an event should begin"),
        (track(NOTE, ticks=0), "counts in quarter notes"),
        (track(NOTE, kind=b"XXXX"), "0 tracks, 1 in its header"),
        (track(NOTE)[:18] + b"\xff\xff\xff\xff" + NOTE, "ends in the chunk that begins at byte 14"),
        (b"MThd\0\0\0\6\0\2" + track(NOTE, END)[10:], "expected a MIDI file of format 0 or 1, found format 2"),
        (b"", "expected a MIDI file, found a damaged one"),
        (b"no MIDI at all", "expected a MIDI file"),
        (b"MThd\0\0\0\6\0\1\0\1\x01\xe0MTrk\0\0\0\x09abc", "expected a MIDI file"),
        (b"MThd\0\0\0\6\0\1\0\1\xe2\x50MTrk\0\0\0\4\0\xff\x2f\0", "counts in seconds"),
        (b"MThd\0\0\0\6\0\1\0\1\x01\xe0MTrk\0\0\0\4\0\xff\x2f\0", "holds no notes"),
    ],
)
def test_bad_files_are_one_line(tmp_path, content, message):
    (tmp_path / "a.mid").write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        midi.read(tmp_path / "a.mid", 1)
    assert str(caught.value).startswith(f"{tmp_path / 'a.mid'}: ") and "\n" not in str(caught.value)


def test_a_cut_file_is_one_line_wherever_it_is_cut(tmp_path):
    keys = np.random.default_rng(0).random((8, midi.KEYS)) < 0.2
    midi.write(tmp_path / "a.mid", [midi.notes_of_keys(keys)], 1)
    content = (tmp_path / "a.mid").read_bytes()
    for length in range(0, len(content) - 1, 7):
        (tmp_path / "b.mid").write_bytes(content[:length])
        with pytest.raises(DataError):
            midi.read(tmp_path / "b.mid", 1)


def test_a_missing_file_and_one_that_is_too_long_are_one_line(tmp_path):
    with pytest.raises(DataError, match="No such file"):
        midi.read(tmp_path / "none.mid", 1)
    path = saved(tmp_path / "a.mid", on(60), on(60, 2**27, velocity=0))
    with pytest.raises(DataError, match="steps, expected at most"):
        midi.read(path, 4)
