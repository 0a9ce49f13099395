"""What a language model is asked on the command line: to write, to score, to fill a gap, to go on."""

import dataclasses
from pathlib import Path

from seqzoo import decoding, presets
from seqzoo.data.tokenizer import UNK
from seqzoo.inspection import token_heatmap
from seqzoo.models import Cloze, LanguageModel
from seqzoo.recipe import generate as sampling
from seqzoo.recipe import main as command_line
from seqzoo.tasks.language_modeling import generation


@dataclasses.dataclass(frozen=True)
class Generate(sampling.Tokens):
    prompt: str = ""
    """What each text begins with."""
    length: int = 80
    """Tokens at most, those of the prompt included; one more than these at least."""
    greedy: bool = False
    """Always the most probable token."""
    beam: int | None = None
    """No draw: the n best texts that a search finds which follows so many at a time."""
    length_penalty: float = 1.0
    """Of that search: 0 compares the probability of texts, 1 that of an average token of each."""

    def __post_init__(self):
        super().__post_init__()
        for flag in ("length", "beam"):
            command_line.check(flag, getattr(self, flag), lambda n: n is None or n >= 1, "a positive integer")
        command_line.check("length_penalty", self.length_penalty, lambda alpha: 0 <= alpha <= 100, "a number from 0 to 100")

    def sampler(self):
        return decoding.greedy if self.greedy else super().sampler()


def generate(asked, folder):
    model = loaded(folder, LanguageModel, "generate")
    prompt = model.tokenizer.encode(asked.prompt) if asked.prompt.strip() else []
    if prompt and set(prompt) == {UNK}:
        raise command_line.UsageError(f"--prompt: {asked.prompt!r} has no word that the model knows")
    if UNK in prompt:
        command_line.note(f"--prompt: {asked.prompt!r} has words that the model does not know")
    length = max(asked.length, len(prompt) + 1)
    if asked.beam:
        found = generation.best(model, asked.n, length, max(asked.beam, asked.n), asked.length_penalty, prompt)
    else:
        found = generation.generate(model, asked.n, length, asked.sampler(), prompt, asked.seed)
    print("\n\n".join(found) if model.carried else "\n".join(found))


@dataclasses.dataclass(frozen=True)
class Score(command_line.Predict):
    """One line for each text, the most probable first: log P TAB perplexity TAB text TAB each token's surprise in bits."""

    picture: str | None = None
    """A PNG file to draw the surprise of each token in."""


def score(lines, folder, picture=None):
    command_line.check("picture", picture, lambda path: path is None or path.endswith(".png"), "the name of a .png file")
    model = loaded(folder, LanguageModel, "score")
    scored = sorted(model.score(lines), key=lambda text: -text.log_p.sum())
    for text in scored:
        if text.unknown:
            command_line.note(f"unknown to the model, scored as <unk>: {', '.join(dict.fromkeys(text.unknown))}")
    if picture:
        token_heatmap.draw([generation.bits(text) for text in scored], Path(picture), "surprise of each token, in bits")
    for text in scored:
        shown = " ".join(f"{token}/{bits:.1f}" for token, bits in generation.bits(text))
        yield f"{text.log_p.sum():.3f}\t{text.perplexity:.2f}\t{' '.join(text.text.split())}\t{shown}"


@dataclasses.dataclass(frozen=True)
class Fill(command_line.Predict):
    """Lines `token TAB probability TAB text` for the gap, `___`, of each text."""

    n: int = 5
    """How many tokens."""

    model_name = "cloze"

    def __post_init__(self):
        command_line.check("n", self.n, lambda n: n >= 1, "a positive integer")


def fill(lines, folder, n=5):
    model = loaded(folder, Cloze, "fill")
    for line in lines:
        for token, p in model.fill(line, n):
            yield f"{token}\t{p:.3f}\t{' '.join(line.replace('___', token).split())}"


def predict(lines, folder):
    """The most probable next token."""
    model = loaded(folder, LanguageModel, "predict")
    for line in lines:
        token, p = generation.next_token(model, line)
        yield f"{token}\t{p:.3f}\t{' '.join(line.split())}"


def loaded(folder, kind, verb):
    """The model, which must be of that kind."""
    model = presets.load(folder)
    if isinstance(model, kind):
        return model
    how = "with --bidirectional" if kind is Cloze else "without --bidirectional"
    expected = f"a {kind.__name__}, which recipes.language_model trains {how}"
    raise command_line.UsageError(f"{verb}: {folder} holds a {type(model).__name__}, expected {expected}")
