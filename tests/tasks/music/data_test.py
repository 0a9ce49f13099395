"""Pieces: their sources, their transpositions, and the inputs of each step."""

import os

import mido
import numpy as np
import pytest
from scipy import io

from seqzoo.data import midi, voices
from seqzoo.data.tokenizer import EOS, PAD
from seqzoo.errors import DataError
from seqzoo.tasks.music import data


def piece(seed, length=12):
    keys = np.zeros((length, midi.KEYS), bool)
    for row in keys:
        row[np.random.default_rng((seed, len(row), int(keys.sum()))).choice(range(20, 60), 4, replace=False)] = True
    return data.of_keys(keys)


def write_midi(folder, count):
    folder.mkdir(parents=True, exist_ok=True)
    for seed in range(count):
        midi.write(folder / f"{seed}.mid", [midi.notes_of_keys(piece(seed, 8 + seed).keys)], 1)


def save_matlab(path, **splits):
    arrays = {}
    for name, pieces in splits.items():
        arrays[name] = np.empty((1, len(pieces)), object)
        for i, keys in enumerate(pieces):
            arrays[name][0, i] = keys
    io.savemat(path, arrays)


def test_a_piece_moved_up_and_down_is_itself():
    one = piece(0)
    low, high = one.transposition_range()
    for semitones in (low, -1, 3, high):
        moved = one.transposed(semitones)
        assert np.array_equal(voices.keys_of(moved.voices), moved.keys)
        assert np.array_equal(moved.keys[:, max(0, semitones) : midi.KEYS + semitones or None].sum(), one.keys.sum())
        back = moved.transposed(-semitones)
        assert np.array_equal(back.keys, one.keys) and np.array_equal(back.voices, one.voices)
    assert one.transposed(low).transposition_range()[0] == 0 and one.transposed(high).transposition_range()[1] == 0


def test_parts_are_the_piece_and_begin_what_is_held():
    one = data.of_keys(np.repeat(piece(1).keys, 3, axis=0))
    parts = one.parts(7)
    assert [len(part) for part in parts] == [7, 7, 7, 7, 7, 1]
    assert np.array_equal(np.concatenate([part.keys for part in parts]), one.keys)
    for part in parts:
        assert np.array_equal(voices.keys_of(part.voices), part.keys)


def test_the_input_of_each_step_is_the_step_before():
    one = piece(2)
    x, y = data.frames(one)
    assert not x[0].any() and np.array_equal(x[1:], y[:-1]) and np.array_equal(y, one.keys)
    x, y = data.tokens(one)
    assert x[0] == PAD and np.array_equal(x[1:], y[:-1]) and y[-1] == EOS
    assert np.array_equal(voices.of_tokens(y[:-1]), one.voices)


@pytest.mark.parametrize("sequence", [data.frames, data.tokens])
def test_every_epoch_moves_each_piece_by_its_own_draw(sequence):
    pieces = [piece(seed) for seed in range(8)]
    batches = data.Transposed(pieces, sequence, 5, batch_size=4, seed=1)
    first = [y.copy() for y in batches.targets]
    batches.start_epoch(1)
    assert any(not np.array_equal(a, b) for a, b in zip(first, batches.targets, strict=True))
    for one, y in zip(pieces, batches.targets, strict=True):
        assert any(np.array_equal(sequence(one.transposed(by))[1], y) for by in range(-5, 6))
    batches.start_epoch(0)
    assert all(np.array_equal(a, b) for a, b in zip(first, batches.targets, strict=True))


def test_moves_become_fewer_until_there_are_none():
    pieces = [piece(seed) for seed in range(8)]
    batches = data.Transposed(pieces, data.frames, 9, batch_size=8, settled=3)
    for epoch, most in enumerate((9, 6, 3, 0, 0)):
        batches.start_epoch(epoch)
        for one, y in zip(pieces, batches.targets, strict=True):
            assert any(np.array_equal(one.transposed(by).keys, y) for by in range(-most, most + 1))


def test_unmoved_pieces_are_those_given():
    pieces = [piece(seed, 5 + seed) for seed in range(5)]
    batches = data.Transposed(pieces, data.frames, 0, batch_size=2, shuffle=False, buckets=[6, 12])
    real = sum(int((weights > 0).sum()) for _, _, weights in (batches[i] for i in range(len(batches))))
    assert real == sum(map(len, pieces))
    inputs, targets, _ = batches[0]
    assert inputs["inputs"].dtype == np.float32 and targets.shape == (2, 6, midi.KEYS)


def test_a_folder_of_midi_files_is_split_by_seed(tmp_path):
    write_midi(tmp_path / "own" / "below", 25)
    splits = data.load(str(tmp_path / "own"), steps="quarter", seed=3)
    assert [len(pieces) for pieces in splits] == [19, 3, 3]
    assert sorted(len(one) for pieces in splits for one in pieces) == list(range(8, 33))
    again = data.load(str(tmp_path / "own"), steps="eighth", seed=3)
    assert [2 * len(one) for one in splits.test] == [len(one) for one in again.test]
    assert len(data.load_test(str(tmp_path / "own"))) == 25


def test_copies_of_a_file_stay_in_one_split_and_leave_the_others_where_they_are(tmp_path):
    write_midi(tmp_path, 20)
    before = data.load(str(tmp_path), seed=3)
    for name in range(0, 20, 2):
        (tmp_path / f"{name} (1).mid").write_bytes((tmp_path / f"{name}.mid").read_bytes())
    after = data.load(str(tmp_path), seed=3)
    assert sum(map(len, before)) == 20 and sum(map(len, after)) == 30
    lengths, lengths_before = ([{len(one) for one in pieces} for pieces in splits] for splits in (after, before))
    assert lengths == lengths_before and sum(map(len, lengths)) == 20  # no two pieces have one length


def test_files_that_cannot_be_read_are_skipped_and_named_in_one_note(tmp_path, capsys):
    write_midi(tmp_path, 4)
    whole = data.read_folder(tmp_path, 1)
    assert not capsys.readouterr().err
    (tmp_path / "._0.mid").write_bytes(b"\0\5\x16\7\0\2\0\0Mac OS X        ")
    (tmp_path / "empty.mid").write_bytes(b"")
    (tmp_path / "cut.mid").write_bytes((tmp_path / "1.mid").read_bytes()[:-9])
    drums = [mido.Message("note_on", channel=9, note=60), mido.Message("note_off", channel=9, note=60, time=480)]
    mido.MidiFile(tracks=[mido.MidiTrack(drums)]).save(tmp_path / "drums.mid")
    os.mkfifo(tmp_path / "pipe.mid")
    pieces = data.read_folder(tmp_path, 1)
    assert [piece.keys.tolist() for piece in pieces] == [piece.keys.tolist() for piece in whole]
    note = capsys.readouterr().err.strip()
    assert note.startswith(f"note: {tmp_path}: 5 of 9 files cannot be read: ._0.mid: ") and "\n" not in note
    assert all(f"; {name}.mid: " in note for name in ("cut", "drums", "empty", "pipe")) and note.endswith("they are skipped")
    assert len(data.load(str(tmp_path)).train) == 2


def test_a_matlab_file_has_its_own_splits(tmp_path):
    keys = {name: [piece(10 * i + j).keys.astype(np.uint8) for j in range(i + 1)] for i, name in enumerate(data.MATLAB)}
    save_matlab(tmp_path / "a.mat", **keys)
    splits = data.load(str(tmp_path / "a.mat"))
    assert [len(pieces) for pieces in splits] == [1, 2, 3]
    assert np.array_equal(splits.test[2].keys, keys["testdata"][2])


def test_bad_sources_are_one_line(tmp_path):
    keys = piece(0).keys.astype(np.uint8)
    (tmp_path / "empty").mkdir()
    write_midi(tmp_path / "two", 2)
    (tmp_path / "two" / "copy.mid").write_bytes((tmp_path / "two" / "0.mid").read_bytes())
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "x.mid").write_text("no MIDI")
    (tmp_path / "bad" / "y.mid").mkdir()
    (tmp_path / "text.mat").write_text("no MATLAB file")
    save_matlab(tmp_path / "keys.mat", traindata=[keys])
    save_matlab(tmp_path / "narrow.mat", **dict.fromkeys(data.MATLAB, [keys[:, :5], keys]))
    save_matlab(tmp_path / "twos.mat", **dict.fromkeys(data.MATLAB, [keys * 2, keys[:3]]))
    expected = {
        "empty": "expected MIDI files (.mid or .midi), found none",
        "two": "expected 3 MIDI files at least, to train, validate and test, found 2 that differ",
        "bad": "bad: 2 of 2 files cannot be read: x.mid: expected a MIDI file, found a damaged one (no header, MThd); y.mid:",
        "text.mat": "expected a readable MATLAB file",
        "none.mat": "expected a readable MATLAB file",
        "keys.mat": "holds no validdata, testdata",
        "narrow.mat": "traindata: expected arrays (T, 88) of 0 and 1, found one of shape (12, 5)",
        "twos.mat": "traindata: expected arrays (T, 88) of 0 and 1",
        "nothing": "expected chorales, a folder of MIDI files or a .mat file",
    }
    for name, message in expected.items():
        with pytest.raises(DataError) as caught:
            data.load(str(tmp_path / name))
        assert message in str(caught.value) and "\n" not in str(caught.value)
