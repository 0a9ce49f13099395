"""Commands of language models: generate texts, score texts, fill gaps."""

import dataclasses
from pathlib import Path

from seqzoo import decoding, presets
from seqzoo.data.tokenizer import UNK
from seqzoo.errors import UsageError, note
from seqzoo.inspection import token_heatmap
from seqzoo.models import Cloze, LanguageModel
from seqzoo.recipe import Command, PredictFlags, check, check_at_most
from seqzoo.recipe.generate_flags import SamplingFlags
from seqzoo.tasks.language_modeling import generation


@dataclasses.dataclass(frozen=True)
class GenerateFlags(SamplingFlags):
    """Prints texts that the model samples, or that a beam search ranks highest."""

    prompt: str = ""
    """Text with which each result begins."""
    length: int = 80
    """Most tokens of a text, with those of the prompt; at least one more than the prompt has."""
    greedy: bool = False
    """Take the most probable token at each step, in place of sampling."""
    beam: int | None = None
    """Beam width: the n most probable texts of a beam search, in place of sampling."""
    length_penalty: float = 1.0
    """Length penalty of the beam search: 0 compares log P of texts, 1 its mean over their tokens."""

    def __post_init__(self):
        super().__post_init__()
        for flag in ("length", "beam"):
            check(flag, getattr(self, flag), lambda n: n is None or n >= 1, "a positive integer")
        check_at_most(self, length=100_000, beam=1000)
        check("greedy", self.greedy, lambda greedy: not (greedy and self.beam), "none with --beam, which does not sample")
        check("length_penalty", self.length_penalty, lambda alpha: 0 <= alpha <= 100, "a number from 0 to 100")

    def sampler(self):
        return decoding.greedy if self.greedy else super().sampler()


def generate(flags, folder):
    """Returns generated texts as lines to print."""
    model = loaded(folder, LanguageModel, "generate")
    prompt = model.tokenizer.encode(flags.prompt) if flags.prompt.strip() else []
    if prompt and set(prompt) == {UNK}:
        raise UsageError(f"--prompt: {flags.prompt!r} has no word that the model knows")
    if UNK in prompt:
        note(f"--prompt: {flags.prompt!r} has words that the model does not know")
    length = max(flags.length, len(prompt) + 1)
    if flags.beam:
        texts = generation.beam_search(model, flags.n, length, max(flags.beam, flags.n), flags.length_penalty, prompt)
    else:
        texts = generation.sample(model, flags.n, length, flags.sampler(), prompt, flags.seed)
    return ["\n\n".join(texts)] if model.carried else texts


@dataclasses.dataclass(frozen=True)
class ScoreFlags(PredictFlags):
    """Prints a line for each text, the most probable first: log P TAB perplexity TAB text TAB bits of each token."""

    picture: str | None = None
    """PNG file for a heat map of the surprise of each token."""


def score(flags, folder):
    """Yields a line for each scored text, the most probable first."""
    lines, picture = flags.lines("score"), flags.picture
    check("picture", picture, lambda path: path is None or path.endswith(".png"), "the name of a .png file")
    model = loaded(folder, LanguageModel, "score")
    scored = sorted(model.score(lines), key=lambda text: -text.log_p.sum())
    for text in scored:
        if text.unknown:
            note(f"unknown to the model, scored as <unk>: {', '.join(dict.fromkeys(text.unknown))}")
    if picture:
        token_heatmap.draw([generation.bits(text) for text in scored], Path(picture), "surprise of each token, in bits")
    for text in scored:
        surprises = " ".join(f"{token}/{bits:.1f}" for token, bits in generation.bits(text))
        yield f"{text.log_p.sum():.3f}\t{text.perplexity:.2f}\t{' '.join(text.text.split())}\t{surprises}"


@dataclasses.dataclass(frozen=True)
class FillFlags(PredictFlags):
    """Prints the most probable tokens for the gap `___` of each text: token TAB probability TAB text."""

    n: int = 5
    """Number of tokens for each gap."""

    model_name = "cloze"

    def __post_init__(self):
        check("n", self.n, lambda n: n >= 1, "a positive integer")
        check_at_most(self, n=10_000)


def fill(flags, folder):
    """Yields a line for each of the most probable tokens for each gap."""
    lines, model = flags.lines("fill"), loaded(folder, Cloze, "fill")
    for line in lines:
        for token, p in model.fill(line, flags.n):
            yield f"{token}\t{p:.3f}\t{' '.join(line.replace('___', token).split())}"


def predict(flags, folder):
    """Yields the most probable next token of each text: token TAB probability TAB text."""
    lines, model = flags.lines(), loaded(folder, LanguageModel, "predict")
    for line in lines:
        token, p = generation.next_token(model, line)
        yield f"{token}\t{p:.3f}\t{' '.join(line.split())}"


def loaded(folder, kind, verb):
    """Returns the model of a run; raises a `UsageError` where the model is not of the class `kind`."""
    model = presets.load(folder)
    if isinstance(model, kind):
        return model
    flag = "with --bidirectional" if kind is Cloze else "without --bidirectional"
    expected = f"a {kind.__name__}, which recipes.language_model trains {flag}"
    raise UsageError(f"{verb}: {folder} holds a {type(model).__name__}, expected {expected}")


COMMANDS = {
    "predict": Command(PredictFlags, predict, "the most probable next token of each text"),
    "score": Command(ScoreFlags, score, "log-probability and perplexity of each text, the most probable first"),
    "fill": Command(FillFlags, fill, "the most probable words for the gap in a text"),
    "generate": Command(GenerateFlags, generate, "new texts, sampled or by beam search"),
}
