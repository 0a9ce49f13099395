"""Voices: the same music as notes, keys, tokens and fewer steps."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqzoo.data import midi, voices
from seqzoo.data.tokenizer import SPECIAL


def sung(seed, length=24):
    """Voices at random, of which none is held after a rest."""
    chance = np.random.default_rng(seed)
    array = chance.integers(40, 80, (length, voices.VOICES)).astype(np.uint8)
    array[chance.random(array.shape) < 0.2] = voices.REST
    for step in range(1, length):
        array[step] = np.where((chance.random(4) < 0.5) & (array[step - 1] != voices.REST), voices.HELD, array[step])
    return array


seeds = st.integers(0, 10**6)


@given(seeds)
def test_tokens_are_the_voices_in_turn_and_back(seed):
    array = sung(seed)
    ids = voices.tokens(array)
    assert ids.shape == (array.size,) and ids.min() >= len(SPECIAL) and ids.max() < voices.VOCABULARY
    assert np.array_equal(voices.of_tokens(ids), array)
    assert np.array_equal(voices.of_tokens(ids[:-1]), array[:-1])


@given(seeds)
def test_notes_sound_where_the_voices_do(seed):
    array = sung(seed)
    pitches = np.zeros(array.shape, int)
    for voice, notes in enumerate(voices.notes(array)):
        for start, end, pitch in notes:
            assert array[start, voice] == pitch and not pitches[start:end, voice].any()
            pitches[start:end, voice] = pitch
    assert np.array_equal(pitches, voices.sounding(array))
    assert np.array_equal(voices.keys_of(array).sum(axis=1), [len(set(row) - {0}) for row in pitches.tolist()])


@given(seeds, st.sampled_from([1, 2, 4]))
def test_fewer_steps_sound_the_same_and_forget_no_beginning(seed, count):
    array = sung(seed)
    fewer = voices.subsample(count, array)
    assert np.array_equal(voices.sounding(fewer), voices.sounding(array)[::count])
    if count == 1:
        assert np.array_equal(fewer, array)
    for step in range(len(fewer)):
        before = range(max(0, (step - 1) * count + 1), step * count + 1)
        begun = np.any([array[i] > voices.HELD for i in before], axis=0)
        assert (fewer[step] != voices.HELD)[begun].all()


def test_what_begins_between_two_steps_begins_at_the_next():
    array = np.array([[60], [1], [60], [1], [1], [62], [1], [1]], np.uint8)
    assert voices.subsample(4, array)[:, 0].tolist() == [60, 60]
    assert voices.subsample(2, array)[:, 0].tolist() == [60, 60, 1, 62]


@given(seeds)
def test_voices_of_keys_press_these_keys(seed):
    chance = np.random.default_rng(seed)
    keys = np.zeros((20, midi.KEYS), bool)
    for row in keys:
        row[chance.choice(midi.KEYS, chance.integers(0, 5), replace=False)] = True
    array = voices.of_keys(keys)
    assert np.array_equal(voices.keys_of(array), keys)
    assert (np.diff(voices.sounding(array).astype(int), axis=1) <= 0).all()  # the soprano is highest


@pytest.mark.parametrize("down, expected", [([], [0] * 4), ([5], [26] * 4), ([1, 5, 9, 11, 20], [41, 32, 26, 22])])
def test_voices_of_few_and_of_many_keys(down, expected):
    keys = np.zeros((1, midi.KEYS), bool)
    keys[0, down] = True
    assert voices.of_keys(keys)[0].tolist() == expected
