"""Chorales: the reader of scores and the split on scores made here, the counts on the real release."""

import dataclasses
import hashlib
import io
import zipfile
from xml.etree import ElementTree

import numpy as np
import pytest
from extent import full
from network import fetching

from seqzoo.data import voices
from seqzoo.datasets import chorales
from seqzoo.errors import DataError
from seqzoo.tasks.music import data

NAMES = ("Soprano", "Alto", "Tenor", "Bass")


def note(pitch, duration, tie="", chord=False):
    step, octave = pitch[0], pitch[-1]
    alter = {"#": "<alter>1</alter>", "b": "<alter>-1</alter>"}.get(pitch[1:2], "")
    return (
        f"<note>{'<chord/>' if chord else ''}<pitch><step>{step}</step>{alter}<octave>{octave}</octave></pitch>"
        f'<duration>{duration}</duration>{f"""<tie type="{tie}"/>""" if tie else ""}</note>'
    )


def rest(duration):
    return f"<note><rest/><duration>{duration}</duration></note>"


def part(*measures, divisions=2):
    first = f"<attributes><divisions>{divisions}</divisions></attributes>"
    return "<part>" + "".join(f"<measure>{first if not i else ''}{m}</measure>" for i, m in enumerate(measures)) + "</part>"


def score(*parts):
    return f"<score-partwise>{''.join(parts)}</score-partwise>"


def melody(*pitches):
    return score(*[part("".join(note(pitch, 2) for pitch in pitches))] * 4)


def mxl(text):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as opened:
        opened.writestr("META-INF/container.xml", "<container/>")
        opened.writestr("score.xml", text)
    return file.getvalue()


def read(*parts):
    return chorales.voices_of(ElementTree.fromstring(score(*parts)).findall("part")).T.tolist()


def test_pitches_rests_and_lengths_in_sixteenths():
    (found,) = read(part(note("C4", 2) + note("F#4", 1) + note("Bb3", 1), rest(1) + note("C#5", 1)))
    assert found == [60, 1, 1, 1, 66, 1, 58, 1, 0, 0, 73, 1]


def test_a_tied_note_goes_on_and_a_repeated_one_begins():
    (found,) = read(part(note("C4", 2, "start"), note("C4", 1, "stop") + note("C4", 1)))
    assert found == [60, 1, 1, 1, 1, 1, 60, 1]


def test_divisions_may_change_and_a_pickup_is_as_long_as_it_is():
    attributes = "<attributes><divisions>6</divisions></attributes>"
    (found,) = read(part(note("C4", 1), attributes + note("D4", 6), divisions=1))
    assert found == [60, 1, 1, 1, 62, 1, 1, 1]


def test_of_notes_at_once_the_first_counts():
    backup, forward = "<backup><duration>2</duration></backup>", "<forward><duration>1</duration></forward>"
    (found,) = read(part(note("C4", 2) + note("E4", 2, chord=True) + backup + forward + note("G3", 1) + note("A3", 1)))
    assert found == [60, 1, 1, 1, 57, 1]


def test_triplets_and_grace_notes_are_no_error_and_a_short_part_rests():
    grace = "<note><grace/><pitch><step>C</step><octave>4</octave></pitch></note>"
    first, second = read(part(grace + "".join(note("D4", 1) for _ in range(6)), divisions=3), part(note("C3", 2)))
    assert len(first) == len(second) == 8 and first.count(62) == 6
    assert second == [48, 1, 1, 1, 0, 0, 0, 0]


def test_only_scores_of_four_parts_are_read():
    files = [("a/b/bwv1.mxl", mxl(melody("C4", "D4"))), ("a/b/bwv2.mxl", mxl(score(part(note("C4", 2)))))]
    assert [name for name, _ in chorales.read_scores(iter(files))] == ["bwv1"]


def test_a_melody_is_in_one_part_in_whatever_key():
    def split(*pitches):
        return chorales.split_of(np.array(pitches, np.uint8)[:, None])

    for seed in range(20):
        pitches = np.random.default_rng(seed).integers(55, 75, 12)
        moved = np.repeat(pitches + 3, 2)  # repeated notes do not count
        assert split(*pitches) == split(*moved)
    assert {split(*np.random.default_rng(seed).integers(55, 75, 12)) for seed in range(50)} == set(data.Splits._fields)


def test_load_gives_every_piece_in_one_split(tmp_path, monkeypatch):
    (tmp_path / "downloads").mkdir()
    archive = tmp_path / "downloads" / "music21-10.5.1-py3-none-any.whl"
    scores = {f"bwv{i}": [f"{name}4" for name in np.random.default_rng(i).choice(list("CDEFGAB"), 9)] for i in range(60)}
    with zipfile.ZipFile(archive, "w") as opened:
        for name, pitches in scores.items():
            opened.writestr(f"music21/corpus/bach/{name}.mxl", mxl(melody(*pitches)))
    sha256 = hashlib.sha256(archive.read_bytes()).hexdigest()
    monkeypatch.setattr(chorales, "RELEASE", dataclasses.replace(chorales.RELEASE, sha256=sha256))
    splits = data.load("chorales", str(tmp_path), "quarter")
    assert sum(map(len, splits)) == 60 and all(splits)
    for piece in splits.test:
        assert piece.voices.shape == (9, 4) and (piece.voices > voices.HELD).all()
        assert (piece.keys.sum(axis=1) == 1).all()


def test_no_network_and_no_copy_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(DataError, match="^music21 10.5.1: .*no network") as caught:
        data.load("chorales", str(tmp_path))
    assert "\n" not in str(caught.value)


@full
def test_the_real_release(tmp_path):
    """The one test of this file that uses the network (20 MB); skipped where there is none."""
    with fetching():
        splits = data.load("chorales", str(tmp_path), "sixteenth")
    assert [len(pieces) for pieces in splits] == [293, 29, 42]
    for voice, (low, high) in enumerate([(57, 81), (53, 74), (48, 69), (36, 64)]):
        pitches = [pitch for pieces in splits for piece in pieces for pitch in piece.voices[:, voice] if pitch > voices.HELD]
        assert (min(pitches), max(pitches)) == (low, high)
