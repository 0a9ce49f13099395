"""The recipe end to end on a few tiny pieces: what it writes, prints, composes and refuses."""

import json
from pathlib import Path

import keras
import numpy as np
import pytest
from scipy import io

from recipes import music as recipe
from seqzoo import presets
from seqzoo.data import midi, voices
from seqzoo.data.targets import Dataset, Split
from seqzoo.recipe import main
from seqzoo.tasks.music import MusicTask, data, probabilities

TINY = ("--units", "4", "--embedding", "4", "--epochs", "2", "--batch-size", "4", "--max-length", "16")
NAME = "music"
FILES = {
    "model.keras",
    "config.json",
    "metrics.json",
    "curves.png",
    "README.md",
    "sample.mid",
    "sample.png",
    "logs",
    "rows.npy",
}
FORMS = {"frames": ("--no-voices",), "voices": ()}


def keys(seed, length=12):
    """Four keys at each step, at random."""
    chance = np.random.default_rng(seed)
    array = np.zeros((length, midi.KEYS), bool)
    for row in array:
        row[chance.choice(range(20, 60), 4, replace=False)] = True
    return array


def write_folder(folder, count=6):
    folder.mkdir()
    for seed in range(count):
        midi.write(folder / f"{seed}.mid", [midi.notes_of_keys(keys(seed))], 1)


def run(*arguments):
    main(recipe.RECIPE, list(map(str, arguments)))


def put(folder):
    write_folder(folder / "own")


@pytest.fixture(scope="module", params=FORMS)
def form(request):
    return FORMS[request.param]


def finish(*form):
    run("--data", "own", *form, *TINY)


def test_a_run_leaves_its_files_and_figures_beside_the_baselines(trained):
    assert {path.name for path in trained.iterdir()} == FILES
    record = json.loads((trained / "metrics.json").read_text())
    assert set(record["baseline"]) == {"frequency", "step before"}
    assert all(set(figures) == set(record["test"]) for figures in record["baseline"].values())
    assert midi.read(trained / "sample.mid", 1).any()


def test_evaluate_says_what_the_run_said_and_takes_another_folder(trained, here, capsys):
    figure = json.loads((trained / "metrics.json").read_text())["test"]["nats_per_step"]
    run("evaluate")
    assert f"{figure:.3f}" in capsys.readouterr().out
    write_folder(here / "new", 2)
    run("evaluate", "--data", "new")
    assert f"{figure:.3f}" not in capsys.readouterr().out


def test_inspect_draws(trained):
    run("inspect")
    assert {path.name for path in (trained / "pictures").iterdir()} == {"curves.png", "rolls.png"}


def test_generate_writes_pieces_that_begin_with_the_prime(trained, here, capsys):
    prime = keys(7, 4)
    midi.write(here / "prime.mid", [midi.notes_of_keys(prime)], 1)
    run("generate", "--length", "10", "--prime", "prime.mid", "--n", "2", "--temperature", "0.8")
    files = [Path(file) for file in capsys.readouterr().out.split()]
    assert [file.suffix for file in files] == 2 * [".mid", ".png"] and all(file.exists() for file in files)
    for file in files[::2]:
        found = midi.read(file, 1)
        assert len(found) <= 10 and np.array_equal(found[:4], prime)


def test_the_same_seed_composes_the_same(trained, capsys):
    contents = []
    for seed, to in (3, "a"), (3, "b"), (4, "c"):
        run("generate", "--length", "6", "--seed", str(seed), "--folder", to)
        contents.append(Path(capsys.readouterr().out.split()[0]).read_bytes())
    assert contents[0] == contents[1] != contents[2]


def test_surprise_is_that_of_the_probabilities(trained):
    model, one = presets.load(trained), data.of_keys(keys(1))
    (nats,), (p,) = probabilities.surprise(model, [one]), probabilities.key_probabilities(model, [one])
    assert nats.shape == (12,) and p.shape == (12, midi.KEYS) and (p >= 0).all() and (p <= 1).all()
    if data.encoding_of(model) is data.frames:
        expected = -np.log(np.where(one.keys, p, 1 - p)).sum(axis=1)
        assert np.allclose(nats, expected, atol=1e-4)
    else:
        assert np.allclose(nats, _by_steps(model, one), atol=1e-4)


def _by_steps(model, one):
    """-log P of the voices' tokens, one step of the model at a time."""
    state, y, found = model.initial_state(1), 0, []
    for token in voices.tokens(one.voices):
        z, state = model.step(keras.ops.convert_to_tensor([y]), state)
        z = keras.ops.convert_to_numpy(z)[0].astype(float)
        found.append(np.log(np.exp(z).sum()) - z[token])
        y = int(token)
    return np.reshape(found, (-1, voices.VOICES)).sum(axis=1)


def baselines(pieces, in_voices):
    split = Split(pieces, pieces, [])
    return MusicTask(in_voices, 1).baselines(Dataset((), split, split, split))


@pytest.mark.parametrize("in_voices", [False, True])
def test_baselines_are_probabilities(in_voices):
    """Of all that one key, or one voice, can do at a step the probabilities sum to one: none is more than certain."""
    pieces = [data.of_keys(keys(seed)) for seed in range(4)]
    found = baselines(pieces, in_voices)
    steady = [data.of_keys(np.repeat(keys(seed)[:1], 60, axis=0)) for seed in range(4)]
    kept = baselines(steady, in_voices)
    assert all(figure > 0 for figures in (*found.values(), *kept.values()) for figure in figures.values())
    assert kept["step before"]["nats_per_step"] < 0.3 * kept["frequency"]["nats_per_step"]


def test_a_matlab_file_and_several_trainings(here):
    parts = {}
    for i, name in enumerate(data.MATLAB):
        parts[name] = np.empty((1, 3), object)
        for j in range(3):
            parts[name][0, j] = keys(10 * i + j, 4).astype(np.uint8)
    io.savemat(here / "a.mat", parts)
    run("--data", "a.mat", "--transpose", "0", "--repeats", "2", "--quick", "--out", "other", *TINY)
    assert "spread" in (here / "other" / "README.md").read_text()


@pytest.mark.parametrize(
    "arguments, message",
    [
        (("--data", "none"), "none: expected chorales, a folder of MIDI files or a .mat file"),
        (("--data", "bad"), "bad: 1 of 1 files cannot be read: x.mid: expected a MIDI file"),
        (("--transpose", "-1"), "--transpose: expected an integer from 0"),
        (("--transpose-until", "0"), "--transpose-until: expected above 0 and at most 1"),
        (("--bidirectional",), "--bidirectional: expected none"),
        (("generate", "--temperature", "0"), "--temperature: expected a positive number"),
        (("generate", "--temperature", "nan"), "--temperature: expected a positive number"),
        (("generate", "--length", "0"), "--length: expected a positive integer"),
        (("generate", "--out", "none"), "none: no trained model there"),
    ],
)
def test_bad_input_is_one_line(here, capsys, arguments, message):
    (here / "bad").mkdir()
    (here / "bad" / "x.mid").write_text("no MIDI")
    with pytest.raises(SystemExit) as end:
        run(*arguments)
    error = capsys.readouterr().err.strip()
    assert end.value.code == 2 and error.startswith("error: ") and "\n" not in error
    assert message in error
    assert not (here / "runs").exists()


@pytest.mark.parametrize(
    "notes, arguments, message",
    [
        ([], (), "prime.mid: holds no notes"),
        ([midi.Note(0, 9, 60)], ("--length", "9"), "--length: expected more than the prime's 9 steps"),
    ],
)
def test_a_prime_that_is_none_is_one_line(trained, here, capsys, notes, arguments, message):
    midi.write(here / "prime.mid", [notes], 1)
    with pytest.raises(SystemExit):
        run("generate", "--prime", "prime.mid", *arguments)
    assert message in capsys.readouterr().err
    assert not (trained / "pieces").exists()
