"""The recipe end to end on tiny folders of sounds: what it writes, prints and refuses."""

import io
import json
import sys

import numpy as np
import pytest
import soundfile

from recipes import language_model, speech
from seqzoo import presets
from seqzoo.data.tokenizer import Tokenizer
from seqzoo.datasets import spoken_strings
from seqzoo.models import LanguageModel, Transcript
from seqzoo.recipe import main
from seqzoo.tasks.speech import task

TINY = ("--units", "4", "--epochs", "1", "--batch-size", "8", "--bands", "8")
NAME, RATE = "speech", 1000
FILES = {"model.keras", "tokenizer.json", "config.json", "metrics.json", "curves.png", "README.md", "logs", "rows.npy"}
TONES = {"a": 100, "b": 200, "c": 350}


def run(*arguments):
    main(speech.RECIPE, list(map(str, arguments)))


def tones(text, seed=0):
    rng, t = np.random.default_rng(seed), np.arange(150) / RATE
    parts = [np.sin(2 * np.pi * TONES[x] * t) if x in TONES else np.zeros(60) for x in text]
    return 0.3 * np.concatenate(parts) + rng.normal(scale=0.01, size=sum(map(len, parts)))


def put(folder):
    rng, lines = np.random.default_rng(0), []
    (folder / "said").mkdir()
    for i in range(30):
        text = "".join(rng.choice(list("abc"), rng.integers(2, 5))) + " ab" * (i % 3 == 0)
        soundfile.write(folder / "said" / f"{i}.wav", tones(text, i), RATE)
        lines.append(f"{i}.wav\t{text}")
    (folder / "said" / "texts.tsv").write_text("\n".join(lines))
    (folder / "tones").mkdir()
    for i in range(24):
        soundfile.write(folder / "tones" / f"{'abc'[i % 3]}_x_{i}.wav", tones("abc"[i % 3], i), RATE)


@pytest.fixture(scope="module", params=["transcripts"])
def form(request):
    return ("--data", "said", "--no-bidirectional")


def finish(*flags):
    run(*flags, *TINY)


def test_a_run_leaves_its_files_and_metrics_beside_baselines(trained):
    assert {path.name for path in trained.iterdir()} == FILES
    record = json.loads((trained / "metrics.json").read_text())
    assert set(record["test"]) == {"character_error_rate", "word_error_rate"}
    assert set(record["baseline"]) == {"most frequent", "linear, frame by frame"}


def test_predict_prints_transcript_score_and_file(trained, capsys):
    run("predict", "said/0.wav", "said/1.wav", "--beam", "4")
    lines = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert [line[2] for line in lines] == ["said/0.wav", "said/1.wav"]
    assert all(0 <= float(score) <= 1 and set(text) <= set("abc ") for text, score, _ in lines)


def test_predict_prints_json_with_times(trained, capsys):
    run("predict", "said/0.wav", "--as", "json")
    record = json.loads(capsys.readouterr().out)
    assert record["text"].split() == [word["word"] for word in record["words"]]
    assert all(0 <= word["begin"] < word["end"] for word in record["words"])


def test_words_have_the_times_of_their_characters():
    times = [("h", 0.1, 0.2), ("i", 0.3, 0.4), (" ", 0.5, 0.6), ("b", 0.9, 1.0)]
    found = json.loads(task.as_json(Transcript("hi b", -1.0, times), "x.wav"))
    assert found["words"] == [{"word": "hi", "begin": 0.1, "end": 0.4}, {"word": "b", "begin": 0.9, "end": 1.0}]


def test_a_stream_prints_the_text_of_the_file(trained, capsys, monkeypatch):
    samples = (tones("abcabc") * 32767).astype("<i2")
    soundfile.write("s.wav", samples, RATE)
    run("predict", "s.wav")
    text = capsys.readouterr().out.split("\t")[0]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(samples.tobytes() + b"\x00")))
    run("predict", "--stream")
    assert capsys.readouterr().out.removesuffix("\n") == text


def test_a_lexicon_and_a_language_model(trained, here, capsys):
    (here / "words.txt").write_text("ab\nabc\nzz\n")
    tokenizer = Tokenizer.train(["abc ab"], "char", 20)
    presets.save(LanguageModel(tokenizer.size, embedding=4, units=4, tokenizer=tokenizer), _folder(here / "lm"))
    run("predict", "said/0.wav", "--beam", "8", "--lexicon", "words.txt", "--language-model", "lm", "--weight", "0.3")
    text = capsys.readouterr().out.split("\t")[0]
    assert set(text.split()) <= {"ab", "abc"}
    assert language_model.RECIPE.name == "language_model"


def _folder(path):
    path.mkdir()
    return path


def test_the_language_model_gives_log_p_of_its_own_texts():
    tokenizer = Tokenizer.train(["abc ab"], "char", 20)
    model = LanguageModel(tokenizer.size, embedding=4, units=4, tokenizer=tokenizer)
    names = ["", "a", "b", "c", " ", "?"]
    scores, text = task.LanguageModelScores(model, names), "ab c"
    prefixes = [tuple(names.index(x) for x in text[:i]) for i in range(len(text) + 1)]
    found = [scores([prefix])[0] for prefix in prefixes]
    log_p = [row[names.index(x)] for row, x in zip(found, text, strict=False)] + [found[-1][0]]
    np.testing.assert_allclose(log_p, model.score([text])[0].log_p, atol=1e-5)
    again = task.LanguageModelScores(model, names)
    for length in range(len(text) + 1):  # several prefixes at once
        together = again([prefixes[length]] * 20)
        np.testing.assert_allclose(together[7], found[length], atol=1e-5)


def test_evaluate_takes_another_folder_and_inspect_draws(trained, here, capsys):
    _folder(here / "new")
    soundfile.write(here / "new" / "x.wav", tones("abc"), RATE)
    (here / "new" / "t.tsv").write_text("x.wav\tabc\n")
    run("evaluate", "--data", "new")
    assert "1 test" in capsys.readouterr().out
    run("inspect")
    assert {path.name for path in (trained / "pictures").iterdir()} >= {"curves.png", "transcript-1.png"}


def test_labels_by_name_are_many_to_one(here, capsys):
    run("--data", "tones", "--test", "*_[0-5].wav", *TINY, "--out", "labels")
    record = json.loads((here / "labels/metrics.json").read_text())
    assert record["data"]["test"] == 6 and "accuracy" in record["test"]
    assert "summary + logistic regression" in record["baseline"]
    capsys.readouterr()
    run("predict", "--out", "labels", "tones/a_x_0.wav")
    label, _, file = capsys.readouterr().out.split("\t")
    assert label in "abc" and file.strip() == "tones/a_x_0.wav"
    run("inspect", "--out", "labels")


def test_the_default_data_have_a_table_by_noise(here, monkeypatch, capsys):
    voices = {
        x: np.sin(np.arange(1500) * (0.1 + 0.03 * i)).astype("float32") for i, x in enumerate(spoken_strings.DOMAINS["letters"])
    }
    monkeypatch.setattr(spoken_strings, "read", lambda data_dir: voices)
    monkeypatch.setattr(spoken_strings, "SIZES", {"train": 24, "validation": 8, "test": 8})
    monkeypatch.setattr(task, "STRINGS", 4)
    run("--stack", "6", *TINY)
    printed = capsys.readouterr().out
    assert "digits, 10 dB" in printed and "digits and letters, 5 dB" in printed


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--data", "none/"], "none: No such file or directory: expected a folder of sound files"),
        (["--data", "said", "--test", "*.mp3"], "--test: expected a pattern of some of the 30 files, *.mp3 matches 0"),
        (["--lookahead", "2", "--no-bidirectional"], "--lookahead: expected none with --no-bidirectional"),
        (["--sample-rate", "10"], "--sample-rate: expected 1,000 to 192,000, got 10"),
        (["predict", "none.wav"], "none.wav: No such file"),
        (["predict", "said/texts.tsv"], "said/texts.tsv: "),
        (["predict", "--stream", "said/0.wav"], "--stream: expected no files beside it"),
        (["predict", "said/0.wav", "--lexicon", "words.txt"], "--lexicon: expected a --beam above 1 with it"),
        (["predict", "said/0.wav", "--beam", "4", "--language-model", "runs/speech"], "expected a model of characters"),
        (["predict", "said/0.wav", "--beam", "0"], "--beam: expected an integer from 1, got 0"),
        (["predict", "said/0.wav", "--rate", "8000"], "--rate: expected a positive integer, with --stream"),
    ],
)
def test_bad_input_gets_one_line(trained, capsys, arguments, message):
    with pytest.raises(SystemExit) as stop:
        run(*arguments)
    error = capsys.readouterr().err.splitlines()[-1]
    assert stop.value.code == 2 and error.startswith("error: ") and message in error


@pytest.mark.parametrize(
    "text, message",
    [("abcabcabc", "0.wav: the transcript 'abcabcabc' needs 9 steps of 30 ms, the sound has"), ("", "is empty")],
)
def test_a_transcript_that_cannot_be_learnt_names_its_file(here, capsys, text, message):
    for i in range(12):
        soundfile.write(here / "said" / f"{i}.wav", tones("a"), RATE)
    (here / "said" / "texts.tsv").write_text("\n".join(f"{i}.wav\t{text if i < 8 else 'a' * (i - 7)}" for i in range(12)))
    with pytest.raises(SystemExit):
        run("--data", "said", *TINY)
    assert message in capsys.readouterr().err
