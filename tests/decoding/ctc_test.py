"""CTC: texts of paths, alignment and prefix beam search, against the enumeration of all paths."""

import itertools

import keras
import numpy as np
import pytest
from keras import ops

from seqzoo.decoding import Lexicon, ctc, ctc_beam

T, TOKENS = 5, 4


def log_probabilities(seed, steps=T, tokens=TOKENS):
    logits = np.random.default_rng(seed).normal(scale=2, size=(steps, tokens))
    return logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)


def text_of(path):
    return tuple(token for token, _ in itertools.groupby(path) if token)


def enumerated(log_p):
    """Log P of all texts, by all paths."""
    texts = {}
    for path in itertools.product(range(log_p.shape[1]), repeat=len(log_p)):
        p = np.exp(sum(log_p[t, token] for t, token in enumerate(path)))
        texts[text_of(path)] = texts.get(text_of(path), 0) + p
    return {text: np.log(p) for text, p in texts.items()}


def language_model(prefixes):
    """Log P of the next token that depends on the two last ones; id 0 is the end."""
    return np.array([log_probabilities([*prefix[-2:], len(prefix) % 3], 1)[0] for prefix in prefixes])


def log_p_of(text):
    return sum(language_model([text[:i]])[0][token] for i, token in enumerate((*text, 0)))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("weight, bonus", [(0.0, 0.0), (0.7, 0.0), (0.7, 1.5)])
def test_a_wide_beam_ranks_all_texts_as_the_enumeration_does(seed, weight, bonus):
    log_p = log_probabilities(seed)
    scores = {text: p + weight * log_p_of(text) + bonus * len(text) for text, p in enumerated(log_p).items()}
    candidates = ctc_beam(log_p, 1000, next_log_p=language_model if weight else None, weight=weight, bonus=bonus, n_best=1000)
    assert len(candidates) == len(scores)
    for candidate in candidates:
        assert np.isclose(candidate.score, scores[candidate.tokens], atol=1e-9)
        assert np.isclose(candidate.log_p, enumerated(log_p)[candidate.tokens], atol=1e-9)
    assert [c.score for c in candidates] == sorted((c.score for c in candidates), reverse=True)


@pytest.mark.parametrize("width", [1, 3, 8])
def test_a_narrow_beam_counts_no_path_twice(width):
    for seed in range(10):
        texts = enumerated(log_probabilities(seed))
        for candidate in ctc_beam(log_probabilities(seed), width, n_best=width):
            assert candidate.log_p <= texts[candidate.tokens] + 1e-9


@pytest.mark.parametrize("space", [None, 3])
def test_a_lexicon_leaves_its_texts_alone(space):
    log_p, words = log_probabilities(7), {(1, 2), (2,), (1, 2, 1)}
    lexicon = Lexicon(words, space)

    def made(text):
        if space is None:
            return any(text == sum(parts, ()) for n in range(T + 1) for parts in itertools.product(words, repeat=n))
        return not text or all(part in words for part in _split(text, space))

    scores = {text: p for text, p in enumerated(log_p).items() if made(text)}
    candidates = ctc_beam(log_p, 1000, lexicon=lexicon, n_best=1000)
    assert {c.tokens for c in candidates} == set(scores)
    assert all(np.isclose(c.log_p, scores[c.tokens]) for c in candidates)


def _split(text, space):
    joined = "".join("/" if token == space else str(token) for token in text)
    return [tuple(map(int, part)) for part in joined.split("/")]


def test_greedy_is_that_of_keras():
    log_p = np.stack([log_probabilities(seed, 9) for seed in range(6)])
    lengths = np.full(6, 9)
    (tokens,), _ = ops.ctc_decode(log_p.astype("float32"), lengths, "greedy", mask_index=0)
    for row, one in zip(ops.convert_to_numpy(tokens), log_p, strict=True):
        assert [aligned.token for aligned in ctc.greedy(one)] == [token for token in row if token >= 0]


def test_collapse_gives_the_steps_of_each_token():
    assert ctc.collapse([0, 1, 1, 0, 1, 2, 2]) == [(1, 1, 2), (1, 4, 4), (2, 5, 6)]
    assert ctc.collapse([0, 0]) == [] == ctc.collapse([])


@pytest.mark.parametrize("text", [(1, 2), (1, 1), (3,), (1, 2, 1, 3), ()])
def test_alignment_is_the_best_path_of_the_text(text):
    log_p = log_probabilities(3)
    paths = [path for path in itertools.product(range(TOKENS), repeat=T) if text_of(path) == text]
    best = max(paths, key=lambda path: sum(log_p[t, token] for t, token in enumerate(path)))
    assert ctc.align(log_p, text) == ctc.collapse(best)


def test_a_text_of_more_steps_than_there_are():
    assert ctc.steps_needed((1, 1, 2, 2)) == 6 and ctc.steps_needed(()) == 0
    with pytest.raises(ValueError, match="needs 6 steps, got 5"):
        ctc.align(log_probabilities(0), (1, 1, 2, 2))


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_loss_of_keras_is_that_of_the_enumeration(dtype):
    """Also of rows that are shorter than the batch, and of no token at all."""
    texts, lengths = [(1, 2), (3, 3), (2,), ()], [5, 5, 3, 4]
    logits = np.random.default_rng(1).normal(size=(4, 5, TOKENS)).astype("float32")
    z = ops.cast(ops.cast(logits, dtype), "float32")
    y = np.array([[*text, 0, 0][:2] for text in texts])
    loss = ops.ctc_loss(y, z, np.array([len(text) for text in texts]), np.array(lengths), mask_index=0)
    for row, (text, steps) in enumerate(zip(texts, lengths, strict=True)):
        log_p = ops.convert_to_numpy(z)[row, :steps].astype(np.float64)
        log_p = log_p - np.logaddexp.reduce(log_p, axis=1, keepdims=True)
        assert np.isclose(ops.convert_to_numpy(loss)[row], -enumerated(log_p)[text], atol=1e-5), (keras.backend.backend(), row)
