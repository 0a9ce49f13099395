"""A language model as a distribution over texts."""

import itertools

import keras
import numpy as np
import pytest
from backends import arrays, full_on_others

from seqzoo import decoding, presets
from seqzoo.data.tokenizer import EOS, PAD, UNK, Tokenizer
from seqzoo.data.windows import StreamWindows
from seqzoo.errors import DataError
from seqzoo.models import LanguageModel, language_model
from seqzoo.training import losses, metrics
from seqzoo.training.truncated_bptt import TruncatedBPTT

pytestmark = full_on_others
WORDS = "the cat sat on mats"


def built(**arguments):
    tokenizer = Tokenizer.train([WORDS])
    model = LanguageModel(tokenizer.size, **{"units": 6, "embedding": 4, "cell": "lstm", "tokenizer": tokenizer} | arguments)
    chance = np.random.default_rng(1)
    model.set_weights([chance.normal(0, 0.7, w.shape) for w in model.get_weights()])
    return model


def random_ids(length, seed=0):
    return [int(i) for i in np.random.default_rng(seed).choice([1, 3, 4, 5, 6, 7, 8], length)]


@pytest.mark.parametrize("carried", [False, True])
def test_the_probabilities_of_all_short_sentences_sum_to_one(carried):
    """Those of no word and of one, and of all that begin with two; the unknown word counts as one."""
    model = built(carried=carried)
    words = [UNK, *range(4, 9)]
    ended = [[EOS], *([w, EOS] for w in words)]
    begun = [list(pair) for pair in itertools.product(words, repeat=2)]
    of_all = model.log_probabilities(ended + begun, start=model.start)
    assert abs(sum(np.exp(log_p.astype("float64").sum()) for log_p in of_all) - 1) < 1e-6


def test_probabilities_are_those_of_the_whole_model_whatever_the_batch():
    model = built(depth=2)
    sequences = [random_ids(length, length) for length in (3, 11, 1, 7, 7)]
    together = model.log_probabilities(sequences, batch_size=2)
    for ids, log_p in zip(sequences, together, strict=True):
        z = arrays(keras.ops.log_softmax(model({"inputs": np.array([[PAD, *ids[:-1]]], "int32")})))[0]
        np.testing.assert_allclose(log_p, z[np.arange(len(ids)), ids], atol=1e-5)


def test_a_long_sequence_is_read_in_pieces(monkeypatch):
    model, ids = built(), random_ids(50)
    (whole,) = model.log_probabilities([ids])
    monkeypatch.setattr(language_model, "TOKENS_AT_ONCE", 7)
    (pieces,) = model.log_probabilities([ids], batch_size=1)
    np.testing.assert_allclose(pieces, whole, atol=1e-5)


def test_score_names_tokens_and_what_is_unknown():
    model = built()
    scored = model.score(["the cat sat", "The DOG sat on"])
    assert [text.tokens for text in scored] == [["the", "cat", "sat"], ["the", "dog", "sat", "on"]]
    assert [text.unknown for text in scored] == [[], ["dog"]]
    assert [len(text.log_p) for text in scored] == [4, 5]
    assert scored[0].perplexity == pytest.approx(np.exp(-scored[0].log_p.mean()))
    for text, message in (("  ", "input 2 is empty"), ("\u200b", "input 2 has no token")):
        if not model.tokenizer.cut_all([text])[0]:
            with pytest.raises(DataError, match=message):
                model.score(["the cat", text])
    assert model.score([]) == []
    (composed,) = model.score(["The cafe\u0301 SAT on"])
    assert composed.tokens == ["the", "café", "sat", "on"]


@pytest.mark.parametrize("carried", [False, True])
def test_what_is_sampled_has_the_probability_that_it_is_scored_with(carried):
    model = built(carried=carried)
    found = decoding.generate(model.step, model.initial_state(5), 9, start=model.start, never=(), seed=2)
    scored = model.log_probabilities(found.sequences, start=model.start)
    for log_p, of_sample in zip(scored, found.log_p, strict=True):
        np.testing.assert_allclose(of_sample[: len(log_p)], log_p, atol=1e-5)
        assert not of_sample[len(log_p) :].any()


def test_characters_that_lower_case_composes_are_scored_one_by_one():
    """`J` and a caron (U+030C) are two characters; in lower case they are one, U+01F0."""
    tokenizer = Tokenizer.train(["J\u030can", "an j \u030c"], level="char")
    (scored,) = LanguageModel(tokenizer.size, units=4, embedding=3, tokenizer=tokenizer).score(["J\u030can"])
    assert scored.tokens == ["\u01f0", "a", "n"] and len(scored.log_p) == 4 and not scored.unknown


def test_a_preset_says_the_same(tmp_path):
    model = built(carried=True, tied=True, depth=2)
    presets.save(model, tmp_path)
    loaded = presets.load(tmp_path)
    assert loaded.carried and loaded.tokenizer == model.tokenizer
    np.testing.assert_array_equal(loaded.score(["the cat"])[0].log_p, model.score(["the cat"])[0].log_p)


def compiled(model, batch_size, rate=0.0):
    carried = TruncatedBPTT(model, batch_size)
    carried.compile(keras.optimizers.SGD(rate), losses.CrossEntropy(logits=True), weighted_metrics=[metrics.nats])
    return carried


def test_a_stream_in_windows_is_the_stream_as_a_whole():
    model, ids = built(depth=2), random_ids(23)
    figures = compiled(model, 1).evaluate(StreamWindows(ids, 1, 5), return_dict=True, verbose=0)
    assert figures["nats"] == pytest.approx(-np.mean(model.log_probabilities([ids])[0]), abs=1e-5)


def test_rows_begin_anew_in_every_epoch():
    """With a rate of zero each epoch has the same loss, though the state of the one before is there."""
    model, windows = built(), StreamWindows(random_ids(40), 2, 5)
    carried = compiled(model, 2)
    history = carried.fit(windows, epochs=2, shuffle=False, verbose=0).history["nats"]
    assert history[0] == pytest.approx(history[1], abs=1e-6)
    assert carried.evaluate(windows, return_dict=True, verbose=0)["nats"] == pytest.approx(history[0], abs=1e-5)
    rows = [model.log_probabilities([row])[0] for row in windows.y]
    assert -np.mean(rows[0]) == pytest.approx(_of_row(carried, windows, 0), abs=1e-5)


def _of_row(carried, windows, row):
    found = []
    for i in range(len(windows)):
        inputs, y, _ = windows[i]
        found.append(arrays(losses.of_logits(keras.ops.convert_to_tensor(y), carried(inputs)))[row])
    return float(np.mean(found))


def test_it_learns():
    model, ids = built(), [4, 5, 6, 7, 8, EOS] * 40
    carried = compiled(model, 4, rate=0.1)
    carried.fit(StreamWindows(ids, 4, 6), epochs=3, shuffle=False, verbose=0)
    assert -np.mean(model.log_probabilities([ids])[0]) < np.log(6)  # what the frequencies of the tokens alone give
