"""Speech: transcripts with error rates, or labels; spectrograms with what the model makes of them."""

import json
import sys

import numpy as np
from keras import ops

from seqzoo import presets, recipe
from seqzoo.data import files, sounds
from seqzoo.data.sounds import SoundFile
from seqzoo.datasets import spoken_strings
from seqzoo.decoding import Lexicon, ctc
from seqzoo.errors import DataError, note
from seqzoo.evaluation import tables
from seqzoo.inspection import transcript_plot
from seqzoo.models import SpeechRecognizer, SpeechStream
from seqzoo.tasks.classification import ClassificationTask
from seqzoo.tasks.speech import baselines
from seqzoo.tasks.speech.fusion import LanguageModelScores
from seqzoo.tasks.speech.metrics import error_rates
from seqzoo.tasks.speech.tokens import tokenizer_of

BATCH = 32  # sounds that are read together
BLOCK = 64  # sounds whose transcripts are printed together
PICTURES = 3
NOISES = (20, 10, 5)  # signal-to-noise ratios of generated strings, in dB
STRINGS, STRINGS_QUICK = 150, 25  # at each of them, of each domain


class SpeechTask(recipe.Task):
    """Sounds with a transcript each, for a `SpeechRecognizer`; or with a label each, for a `ManyToOne` model.

    Args:
        config: the recipe's.
    """

    imports = "import numpy as np"

    def __init__(self, config):
        self.config = config
        self.of_labels = SoundLabels(config.bands)
        transcribes = config.kind == "transcripts" or config.data == spoken_strings.NAME
        answer = "model.transcripts" if transcribes else '(getattr(model, "transcripts", None) or model.answers)'
        waveform = 'waveform = np.zeros(8000, "float32")  # at the sampling rate of the model'
        self.usage = f"{waveform}; transcripts take the paths of sound files too\nprint({answer}([waveform])[0])"

    def metrics(self, model, split):
        if not isinstance(model, SpeechRecognizer):
            return self.of_labels.metrics(model, split)
        return error_rates(split.targets, texts_of(model, split.inputs))

    def baselines(self, dataset):
        if dataset.labels:
            return self.of_labels.baselines(dataset)
        tokenizer = tokenizer_of(self.config, dataset.train.targets)
        bands, seed, quick = self.config.bands, self.config.seed, self.config.quick
        texts = baselines.transcripts_of_baselines(dataset, tokenizer, bands, seed, quick)
        return {name: error_rates(dataset.test.targets, outputs) for name, outputs in texts.items()}

    def examples(self, model, split, seed, count=5):
        if not isinstance(model, SpeechRecognizer):
            return (yield from self.of_labels.examples(model, split, seed, count))
        rows = np.random.default_rng(seed).permutation(len(split.inputs))[:count]
        for i, text in zip(rows, texts_of(model, [split.inputs[i] for i in rows]), strict=True):
            yield format_sound(split.inputs[i]), text or "(nothing)", split.targets[i]

    def details(self, name, model, dataset):
        """Error rates of generated strings by their characters and the noise; the strings are mixed for this table alone."""
        if self.config.data != spoken_strings.NAME:
            return ""
        voices, rows = spoken_strings.read(self.config.data_dir), {}
        count = STRINGS_QUICK if self.config.quick else STRINGS
        for domain in spoken_strings.DOMAINS:
            for noise in NOISES:
                mixture = spoken_strings.Mixture(noise=(noise, noise))
                options = {"mixture": mixture, "domains": (domain,), "avoid": set(dataset.train.targets)}
                strings = spoken_strings.mixed(voices, f"{self.config.seed} noise {noise} {domain}", count, **options)
                what = {"digits": "digits", "letters": "digits and letters"}[domain]
                rows[f"{name}, {what}, {noise} dB"] = error_rates(strings.targets, texts_of(model, strings.inputs))
        return tables.table(rows)

    def plots(self, model, split, folder, title):
        if not isinstance(model, SpeechRecognizer):
            return self.of_labels.plots(model, split, folder, title)
        rows = np.random.default_rng(self.config.seed).permutation(len(split.inputs))[:PICTURES]
        for number, i in enumerate(rows, start=1):
            said = f"{title}: {split.targets[i]}"
            draw_transcript(model, split.inputs[i], folder / f"transcript-{number}.png", said)

    def predict(self, model, lines, stream=False, rate=None, form="text", **search):
        if not isinstance(model, SpeechRecognizer):
            recipe.check("stream", stream, lambda on: not on, "no stream of a model of labels")
            return self.of_labels.predict(model, lines)
        if stream:
            expected = "a model of --lookahead or --no-bidirectional"
            recipe.check("stream", "a bidirectional one", lambda _: model.streams, expected)
            return stream_text(model, sys.stdin.buffer, rate or model.sample_rate)
        return self._transcribed(model, lines, form, search_options(model, **search))

    def _transcribed(self, model, lines, form, options):
        for begin in range(0, len(lines), BLOCK):
            names = [line.strip() for line in lines[begin : begin + BLOCK]]
            opened = [opened_sound(name, model.sample_rate) for name in names]
            for name, found in zip(names, model.transcripts(opened, batch_size=BATCH, **options), strict=True):
                yield as_json(found, name) if form == "json" else f"{found.text}\t{found.score:.3f}\t{name}"


class SoundLabels(ClassificationTask):
    """Classification of sounds, with baselines on spectrograms of so many bands."""

    def __init__(self, bands):
        self.bands = bands

    def predict(self, model, lines):
        rate = model.encoder.log_mel.sample_rate
        opened = [opened_sound(line.strip(), rate) for line in lines]
        for line, answer in zip(lines, model.answers(opened), strict=True):
            yield f"{answer.label}\t{answer.score:.3f}\t{line.strip()}"

    def baselines(self, dataset):
        splits = ("train", "validation", "test")
        vectors = {name: baselines.spectra(getattr(dataset, name).inputs, dataset.rate, self.bands) for name in splits}
        return super().baselines(dataset.with_inputs(vectors))

    def format_input(self, value):
        return value if isinstance(value, str) else format_sound(value)


def texts_of(model, inputs):
    """The text that the model makes of each sound."""
    return [transcript.text for transcript in model.transcripts(inputs, batch_size=BATCH)]


def format_sound(sound):
    return sound.path if isinstance(sound, SoundFile) else f"{len(sound):,} samples"


def opened_sound(name, rate):
    """The waveform of a sound file; a note says if it is silent."""
    waveform = np.asarray(SoundFile.open(name, rate))
    if not waveform.any():
        note(f"{name}: silent, all samples are 0")
    return waveform


def search_options(model, beam=1, lexicon=None, language_model=None, weight=0.5, bonus=0.0):
    """Arguments of `SpeechRecognizer.transcripts`, of the flags of predict."""
    options = {"width": beam, "weight": weight, "bonus": bonus}
    if lexicon is not None:
        words = [line.strip() for line in files.read_lines(lexicon, "a file with one word a line") if line.strip()]
        names = {name: token for token, name in enumerate(model.names)}
        known = [[names[character] for character in word] for word in words if set(word) <= set(names)]
        if not known:
            raise DataError(f"{lexicon}: expected words of the characters {''.join(names)[:60]}, found none")
        if len(known) < len(words):
            note(f"{lexicon}: {len(words) - len(known):,} of {len(words):,} words have characters that the model does not know")
        options["lexicon"] = Lexicon(known, names.get(" "))
    if language_model is not None:
        options["next_log_p"] = LanguageModelScores(presets.load(language_model), model.names)
    return options


def stream_text(model, source, rate, seconds=0.1):
    """Prints the characters of raw samples as they become final. Yields nothing but the end of the line."""
    stream, size = SpeechStream(model), 2 * max(1, round(seconds * rate))
    resampled = sounds.Resampler(rate, model.sample_rate)
    names, ended = model.names, False
    while not ended:
        content = source.read(size)
        ended = len(content) < size
        waveform = np.frombuffer(content[: len(content) // 2 * 2], "<i2").astype(np.float32) / 32768
        log_p = stream.push(resampled(waveform, ended))
        for token in stream.tokens(np.concatenate([log_p, stream.finish()]) if ended else log_p):
            print(names[token], end="", flush=True)
    yield ""


def as_json(transcript, name):
    """A transcript as a line of JSON, with the seconds of its words and characters."""
    words = []
    for token, begin, end in transcript.times:
        if token.isspace() or token.startswith("▁") or not words:
            words.append({"word": "", "begin": round(begin, 3), "end": round(end, 3)})
        if not token.isspace():
            word = words[-1]
            word.update(word=word["word"] + token.strip("▁"), begin=word["begin"] if word["word"] else round(begin, 3))
            word["end"] = round(end, 3)
    characters = [[token, round(begin, 3), round(end, 3)] for token, begin, end in transcript.times]
    record = {"file": name, "text": transcript.text, "score": round(transcript.score, 4)}
    return json.dumps(
        record | {"words": [word for word in words if word["word"]], "characters": characters}, ensure_ascii=False
    )


def draw_transcript(model, sound, path, title):
    """Writes the spectrogram of a sound, with the model's probabilities and alignment."""
    (log_p,) = model.log_probabilities([sound])
    log_mel = model.encoder.log_mel
    decibels = ops.convert_to_numpy(log_mel.decibels(np.asarray(sound)[None]))[0]
    names, aligned = model.names, ctc.greedy(log_p)
    transcript_plot.draw(decibels, log_mel.hop, np.exp(log_p), names, aligned, model.step_seconds, path, title)
