"""Spoken digits of several speakers: `python -m benchmarks.spoken_digits FOLDER`.

FOLDER holds the recordings of the Free Spoken Digit Dataset, `digit_speaker_index.wav`. Three things are measured: single
digits (many to one), where the indices 0 to 4 are the test split; single digits of each speaker by a model that was trained on
the others; and strings of 3 to 8 recordings, one after the other with short pauses, which a model transcribes by CTC.
"""

import argparse
import random
import re
from pathlib import Path

import numpy as np

from recipes import speech
from seqzoo.data.examples import Examples, hold_out
from seqzoo.data.sounds import SoundFile, Waveform
from seqzoo.evaluation import tables
from seqzoo.tasks.speech.data import Sounds, as_split

RATE, PAUSE, NOISE = 8000, (0.02, 0.2), 0.003
STRINGS = {"train": 4000, "validation": 400, "test": 600}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    recordings = [SoundFile.open(path, RATE) for path in sorted(Path(arguments.folder).glob("*.wav"))]
    config = speech.Config(data=arguments.folder, kind="names", seed=arguments.seed)
    is_test = {sound: re.search("_[0-4].wav$", sound.path) is not None for sound in recordings}
    rows = {"single digits, index 0-4": accuracies(config, recordings, lambda sound: is_test[sound])}
    for speaker in sorted({speaker_of(sound) for sound in recordings}):
        rows[f"single digits of {speaker}"] = accuracies(config, recordings, lambda s, name=speaker: speaker_of(s) == name)
        print(tables.table({speaker: rows[f"single digits of {speaker}"]}), flush=True)
    others = [row for name, row in rows.items() if " of " in name]
    rows["mean of the speakers"] = {name: float(np.mean([row[name] for row in others])) for name in others[0]}
    print(tables.table(rows), flush=True)
    print(tables.table(error_rates_of_strings(config, recordings, is_test)))


def speaker_of(sound):
    return Path(sound.path).stem.split("_")[1]


def digit_of(sound):
    return Path(sound.path).name[0]


def accuracies(config, recordings, is_test):
    """Accuracy on the test recordings of a model that was trained on the others, and of the baselines."""
    test, rest = ([s for s in recordings if bool(is_test(s)) is wanted] for wanted in (True, False))
    train, validation = hold_out(_examples(rest), config.seed, 1 / 9)
    labels = tuple("0123456789")
    dataset = Sounds(labels, *(as_split(part, labels, "") for part in (train, validation, _examples(test))), RATE)
    model, _ = speech.RECIPE.train(config, dataset, verbose=False)
    task = speech.RECIPE.task_of(config)
    scores = {"model": task.metrics(model, dataset.test)} | task.baselines(dataset)
    return {name: values["accuracy"] for name, values in scores.items()}


def _examples(recordings):
    return Examples(recordings, [digit_of(sound) for sound in recordings])


def error_rates_of_strings(config, recordings, is_test):
    """Error rates of strings whose recordings are in one split each."""
    rng = random.Random(config.seed)
    rest = [sound for sound in recordings if not is_test[sound]]
    rng.shuffle(rest)
    parts = {
        "train": rest[len(rest) // 9 :],
        "validation": rest[: len(rest) // 9],
        "test": [s for s in recordings if is_test[s]],
    }
    splits = [as_split(strings(rng, parts[name], count), (), "") for name, count in STRINGS.items()]
    dataset = Sounds((), *splits, RATE)
    model, _ = speech.RECIPE.train(config, dataset, verbose=False)
    task = speech.RECIPE.task_of(config)
    return {"strings of digits": task.metrics(model, dataset.test)} | task.baselines(dataset)


def strings(rng, recordings, count):
    """Strings of recordings of one speaker each, with pauses and a little noise."""
    by_speaker = {}
    for sound in recordings:
        by_speaker.setdefault(speaker_of(sound), []).append(sound)
    inputs, targets = [], []
    for _ in range(count):
        chosen = rng.choices(by_speaker[rng.choice(sorted(by_speaker))], k=rng.randint(3, 8))
        parts = [np.zeros(round(RATE * rng.uniform(*PAUSE)), np.float32)]
        for sound in chosen:
            parts += [np.asarray(sound), np.zeros(round(RATE * rng.uniform(*PAUSE)), np.float32)]
        whole = np.concatenate(parts)
        noise = np.random.default_rng(rng.getrandbits(64)).normal(scale=NOISE, size=len(whole))
        inputs.append(Waveform.of(whole + noise))
        targets.append("".join(map(digit_of, chosen)))
    return Examples(inputs, targets)


if __name__ == "__main__":
    main()
