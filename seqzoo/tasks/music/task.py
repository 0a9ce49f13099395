"""Task of music: nats a step beside baselines of counts, the most probable keys, a sampled piece, piano rolls."""

import numpy as np

from seqzoo.data import midi
from seqzoo.evaluation import tables
from seqzoo.recipe import Task
from seqzoo.tasks.music import composing, counterpoint, piano_roll
from seqzoo.tasks.music.probabilities import count_surprise, key_probabilities, surprise

KEY_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
PLOTTED = 2  # pieces
SAMPLED = 5  # pieces, for the rules of four-part writing


class MusicTask(Task):
    """Pieces of music; models of each step given the steps before.

    Args:
        in_voices: whether a model reads and writes four voices, or the keys of a piano.
        steps: of a quarter note.
    """

    imports = "from seqzoo.tasks.music import composing"

    def __init__(self, in_voices, steps):
        self.in_voices, self.steps = in_voices, steps
        self.usage = (
            "(piece,) = composing.compose(model, length=64, seed=1)\n"
            f'composing.write(piece, "piece.mid", "piece", steps={steps}, in_voices={in_voices})'
        )

    def metrics(self, model, split):
        return _metrics(surprise(model, split.inputs))

    def baselines(self, dataset):
        by_name = count_surprise(dataset.train.inputs, dataset.test.inputs, self.in_voices)
        return {name: _metrics(surprises) for name, surprises in by_name.items()}

    def examples(self, model, split, seed, count=5):
        """The most probable keys at a step of some pieces."""
        rng = np.random.default_rng(seed)
        pieces = [split.inputs[i] for i in rng.permutation(len(split.inputs))[:count]]
        for piece, p in zip(pieces, key_probabilities(model, pieces), strict=True):
            step = int(rng.integers(len(piece)))
            down = np.flatnonzero(piece.keys[step])
            likely = np.sort(np.argsort(-p[step])[: max(len(down), 1)])
            yield f"most probable at step {step + 1} of {len(piece)}", _format_keys(likely), _format_keys(down)

    def details(self, name, model, dataset):
        """How often sampled pieces in voices, and those of the test split, keep two rules of four-part writing."""
        if not self.in_voices:
            return ""
        sampled = composing.compose(model, composing.LENGTH, SAMPLED)
        pieces = {f"{SAMPLED} sampled pieces": sampled, "test split": dataset.test.inputs}
        return tables.table({name: _rules([piece.voices for piece in of_name]) for name, of_name in pieces.items()})

    def plots(self, model, split, folder, title):
        """Piano rolls of some pieces above the probabilities of their keys."""
        pieces, rolls, notes = split.inputs[:PLOTTED], {}, {}
        for i, (piece, p) in enumerate(zip(pieces, key_probabilities(model, pieces), strict=True), start=1):
            rolls |= {f"test piece {i}": piece.keys, f"test piece {i}, probability of each key given the steps before": p}
            notes[f"test piece {i}"] = sum(composing.notes_of(piece, self.in_voices), [])
        piano_roll.draw(rolls, folder / "rolls.png", title, self.steps, notes)

    def samples(self, model, folder, seed):
        """A sampled piece as `sample.mid`, and its piano roll."""
        (piece,) = composing.compose(model, composing.LENGTH, seed=seed)
        composing.write(piece, folder / "sample.mid", "sample", self.steps, self.in_voices)


def _metrics(surprises):
    """Nats a step: from each piece's second step on, as published for `JSB_Chorales.mat`, and of all steps."""
    later = np.concatenate([steps[1:] for steps in surprises])
    return {"nats_per_step": float(later.mean()), "first_steps_too": float(np.concatenate(surprises).mean())}


def _rules(pieces):
    in_range = {f"{voice}_in_range": share for voice, share in counterpoint.in_range(pieces).items()}
    return in_range | {"parallels": counterpoint.parallels(pieces)}


def _format_keys(keys):
    """Names of keys: `C4 E4 G4`."""
    pitches = [int(key) + midi.LOWEST for key in keys]
    return " ".join(f"{KEY_NAMES[pitch % 12]}{pitch // 12 - 1}" for pitch in pitches) or "silence"
