"""Spoken strings: what is mixed is what the settings say."""

import random

import numpy as np

from seqzoo.datasets import spoken_strings
from seqzoo.datasets.spoken_strings import Mixture, mixed, say, stretch

VOICES = {
    character: np.sin(2 * np.pi * (200 + 20 * i) / 8000 * np.arange(2000)).astype("float32")
    for i, character in enumerate(spoken_strings.DOMAINS["letters"])
}
CLEAN = Mixture(pause=(0.1, 0.1), noise=(90, 90), speed=(1, 1), pitch=(1, 1), gain=(0, 0))


def test_the_seed_determines_all_and_no_text_is_in_two_splits(monkeypatch):
    monkeypatch.setattr(spoken_strings, "read", lambda data_dir: VOICES)
    sizes = {"train": 30, "validation": 10, "test": 10}
    first, again, other = (spoken_strings.load(seed=seed, sizes=sizes) for seed in (0, 0, 1))
    assert first.train.targets == again.train.targets != other.train.targets
    np.testing.assert_array_equal(np.asarray(first.test.inputs[3]), np.asarray(again.test.inputs[3]))
    texts = [set(split.targets) for split in (first.train, first.validation, first.test)]
    assert not texts[0] & texts[1] and not texts[1] & texts[2] and not texts[0] & texts[2]
    assert all(
        text.isdigit() for text, domain in zip(first.train.targets, first.train.domains, strict=True) if domain == "digits"
    )
    assert all(3 <= len(text) <= 8 for text in first.train.targets)


def test_a_string_has_its_characters_and_pauses():
    sound = say(VOICES, "12", random.Random(0), CLEAN)
    assert len(sound) == 2 * 2000 + 3 * 800 and np.abs(sound).max() <= 1
    loud = np.abs(sound.reshape(-1, 400)).max(axis=1) > 0.02
    assert "".join("01"[int(x)] for x in loud) == "00" + "11111" + "00" + "11111" + "00"


def test_the_noise_is_as_loud_as_it_says():
    rng, mixture = random.Random(1), Mixture(pause=(0.5, 0.5), noise=(10, 10), speed=(1, 1), pitch=(1, 1), gain=(0, 0))
    sound = say(VOICES, "55555", rng, mixture)
    noise, speech = np.mean(sound[:4000] ** 2), np.mean(sound[4000:6000] ** 2)
    assert 7 < 10 * np.log10(speech / noise - 1) < 13


def test_stretching_keeps_the_pitch():
    tone = np.sin(2 * np.pi * 400 / 8000 * np.arange(4000))
    for factor in (0.7, 1.0, 1.6):
        longer = stretch(tone, factor)
        assert len(longer) == round(4000 * factor)
        peak = np.abs(np.fft.rfft(longer * np.hanning(len(longer)))).argmax() * 8000 / len(longer)
        assert abs(peak - 400) < 8


def test_texts_are_avoided():
    few = Mixture(characters=(1, 1), pause=(0, 0))
    assert set(mixed(VOICES, "0", 20, few, ("digits",), avoid=set("012345678")).targets) == {"9"}
