"""What a recipe says of a model that composes: how probable music is to it, beside baselines; its own pieces; pictures."""

import numpy as np
from scipy.special import expit, log_softmax, softmax

from seqzoo.data import midi, voices
from seqzoo.data.batches import steps_in_order
from seqzoo.inspection import plots
from seqzoo.recipe import report
from seqzoo.tasks.music import data, piano_roll
from seqzoo.tasks.music.composing import _notes
from seqzoo.tasks.music.data import encoding_of

NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
PITCHES = 128  # of MIDI
STRENGTH = 2  # observations that what is generally frequent counts as
SHOWN = 2  # pieces in the picture


# Probabilities


def logits(model, pieces, batch_size=32):
    """For each piece `(T, 88)`, or of voices `(4 T + 1, VOCABULARY)`, each step given those before it."""
    inputs = [encoding_of(model)(piece)[0] for piece in pieces]
    found = steps_in_order(lambda batch: (model.predict_on_batch({"inputs": batch["inputs"]}),), inputs, batch_size)
    return [z for (z,) in found]


def surprise(model, pieces):
    """-log P of each step of each piece, given those before it: arrays `(T,)`, in nats.

    Of frames it is summed over the keys, each of which is by itself; of voices over these, each given those above it.
    """
    return [_surprise(encoding_of(model)(piece)[1], z) for piece, z in zip(pieces, logits(model, pieces), strict=True)]


def _surprise(y, z):
    if y.ndim == 2:
        return (np.logaddexp(0, z) - y * z).sum(axis=1)
    of_tokens = -np.take_along_axis(log_softmax(z, axis=-1), y[:, None], axis=-1)[:-1, 0]  # without the end
    return of_tokens.reshape(-1, voices.VOICES).sum(axis=1)


def key_probabilities(model, pieces):
    """P(key is down) at each step, given those before it: arrays `(T, 88)`. Of voices each is given those above it too."""
    found = zip(pieces, logits(model, pieces), strict=True)
    return [expit(z) if encoding_of(model) is data.frames else _of_voices(piece, softmax(z, axis=-1)) for piece, z in found]


def _of_voices(piece, p):
    p = p[:-1].reshape(len(piece), voices.VOICES, -1)
    of_key = p[:, :, voices.LOWEST_ID :].copy()  # (T, 4, 88)
    before = voices.sounding(piece.voices)[:-1]
    step, voice = np.nonzero(before != voices.REST)
    of_key[step + 1, voice, before[step, voice].astype(int) - midi.LOWEST] += p[step + 1, voice, voices.HELD_ID]
    return 1 - np.prod(1 - of_key, axis=1)


# Figures


def figures(surprises):
    """Nats a step: from each piece's second step on, as published for `JSB_Chorales.mat`, and of all steps."""
    later = np.concatenate([of_one[1:] for of_one in surprises])
    return {"nats_per_step": float(later.mean()), "first_steps_too": float(np.concatenate(surprises).mean())}


def _of_model(model, part):
    return figures(surprise(model, part.inputs))


def kind(of_voices):
    """What `report` asks for; the baselines are those of frames or of voices."""

    def of_baselines(problem):
        return baselines(problem.train.inputs, problem.test.inputs, of_voices)

    return report.Kind(_of_model, of_baselines, _examples, asked="`python -m recipes.music generate` asks it")


def baselines(train, test, of_voices):
    """{name: figures}: how often each key is down, or each token is a voice's; and how often after what was the step before."""
    columns, contexts, outcomes = (_of_each_voice, PITCHES, voices.VOCABULARY) if of_voices else (_of_each_key, 2, 2)
    before, now = (np.concatenate(of_all) for of_all in zip(*map(columns, train), strict=True))
    column = np.arange(now.shape[1])
    counts = np.zeros((len(column), contexts, outcomes))
    np.add.at(counts, (column, before, now), 1)
    alone = (counts.sum(axis=1) + 1) / (counts.sum(axis=(1, 2)) + outcomes)[:, None]  # (columns, outcomes)
    after = (counts + STRENGTH * alone[:, None]) / (counts.sum(axis=2, keepdims=True) + STRENGTH)
    guesses = {"frequency": np.broadcast_to(alone[:, None], counts.shape), "step before": after}
    return {
        name: figures([-np.log(p[column, before, now]).sum(axis=1) for before, now in map(columns, test)])
        for name, p in guesses.items()
    }


def _of_each_key(piece):
    """Whether each key was down and is: `(T, 88)` each."""
    now = piece.keys.astype(int)
    return np.concatenate([np.zeros_like(now[:1]), now[:-1]]), now


def _of_each_voice(piece):
    """The pitch that each voice sang, and its token: `(T, 4)` each."""
    sung = voices.sounding(piece.voices).astype(int)
    return np.concatenate([np.zeros_like(sung[:1]), sung[:-1]]), voices.tokens(piece.voices).reshape(sung.shape)


def _examples(model, part, seed, count=5):
    """Of a step of some pieces the keys that are most probable."""
    chance = np.random.default_rng(seed)
    pieces = [part.inputs[i] for i in chance.permutation(len(part.inputs))[:count]]
    for piece, p in zip(pieces, key_probabilities(model, pieces), strict=True):
        step = int(chance.integers(len(piece)))
        down = np.flatnonzero(piece.keys[step])
        likely = np.sort(np.argsort(-p[step])[: max(len(down), 1)])
        yield f"most probable at step {step + 1} of {len(piece)}", _named(likely), _named(down)


def _named(keys):
    """Names of keys: `C4 E4 G4`."""
    pitches = [int(key) + midi.LOWEST for key in keys]
    return " ".join(f"{NAMES[pitch % 12]}{pitch // 12 - 1}" for pitch in pitches) or "silence"


# Pieces


def pictures(folder, model, part, history, steps):
    """Curves; and of some pieces the keys that are down above their probabilities. Returns the paths."""
    title, folder = folder.name, report.folder_of_pictures(folder)
    plots.curves(history, folder / "curves.png", title)
    pieces, rolls, notes = part.inputs[:SHOWN], {}, {}
    for i, (piece, p) in enumerate(zip(pieces, key_probabilities(model, pieces), strict=True), start=1):
        rolls |= {f"test piece {i}": piece.keys, f"test piece {i}, probability of each key given the steps before": p}
        notes[f"test piece {i}"] = sum(_notes(piece, encoding_of(model) is data.tokens), [])
    piano_roll.draw(rolls, folder / "rolls.png", title, steps, notes)
    return sorted(folder.glob("*.png"))
